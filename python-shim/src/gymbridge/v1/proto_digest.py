"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "b0b435fa74a71dee2201d1ed895654c5a3345a67fdb7aafd5ccc5ba272c02053"
