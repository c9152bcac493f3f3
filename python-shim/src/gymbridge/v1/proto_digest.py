"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "c16debef547762d80aa56756fc83abe1e6042ac6d81d49b1566a32c66032ab07"
