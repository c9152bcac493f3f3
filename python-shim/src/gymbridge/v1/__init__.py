"""Generated from proto/gymbridge/v1 by python-shim/generate.py; not to be edited."""
