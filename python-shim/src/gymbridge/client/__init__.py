"""The Python client: `remote_env` and `remote_vector_env` step environments that run in a server.

`remote_policy` asks a policy server, and `evaluate` plays with it. Of the environments' client `session` opens and
keeps what the server has, `shard_stream` drives one process of it, `line` is the way there, `gathering` puts together
what several answer, `stepping` has some lanes step on their own.
"""
