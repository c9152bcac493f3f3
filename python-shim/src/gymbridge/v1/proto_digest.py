"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "c2298c1d882ba1dfb8022430bafea7ec99f2b483c0fd28ce64b7baa4461d99f2"
