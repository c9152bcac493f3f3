"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "7b8a25fdee951c080898a74d88a172582763840288c2ee36ab07c929d198d50b"
