"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "e7e286e153d3e65740417b54cc4dda2f04c187fbd8e817764f3ede8cd6291a17"
