"""Which .proto files these stubs were generated from; written by generate.py."""

SHA256 = "50cdbf0f5efe77a7ace6f46eb80fc3dc0dcd4553903b759a128189acb9b97450"
