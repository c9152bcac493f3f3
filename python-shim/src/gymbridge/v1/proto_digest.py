"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "eb2294f856f30b4ba1d6886fe86e65550ef910077fbd666834a027924a0f0d8b"
