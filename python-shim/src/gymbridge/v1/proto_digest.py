"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "ff8700ae51f700858e58e7d3b24065a4b112d7246f7a404358dec4d32e0c0a7f"
