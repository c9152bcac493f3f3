"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "9202ced4054d4956ae69f892779ddd91a07be0e23af0578e0795088add2ad190"
