"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "3ae3afec47824119e86e3e4ad01088fb602d6c3b7439a2d02a22223abba6ed21"
