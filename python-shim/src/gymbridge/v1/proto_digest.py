"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "78d1542f67652dd6c8fe13b3cf3936cd285390505f6e5fb40287d38955ae16ed"
