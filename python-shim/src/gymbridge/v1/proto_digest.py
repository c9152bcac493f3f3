"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "ca994b64ca5b9742b7d60b17bbd1cb25f24eaeed25f5f5ead8bebb7d1345070a"
