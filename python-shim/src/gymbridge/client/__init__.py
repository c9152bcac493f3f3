"""The Python client: `remote_policy` asks a policy server, `evaluate` plays with it, `bench` times Gymnasium itself."""
