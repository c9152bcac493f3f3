"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "14562b52b0ac0e710cb6f07fa3aef8b6ffd7cdaaeb00fa866c9c1a9f3bcb1f7e"
