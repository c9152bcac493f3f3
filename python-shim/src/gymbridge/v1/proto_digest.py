"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "488741a2465057ba1380d64ee9ffd86c290a8b939de508d05e8461eaad409933"
