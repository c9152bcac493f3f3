"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "4d4efadd246b93f2c73a94b0f83186bacbf80f7153fe00080b1e4e066edec458"
