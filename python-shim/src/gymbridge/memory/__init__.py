"""Shared memory beside a stream: docs/protocol.md, "Shared memory", says what lies where.

`segment` is the file that both sides map, `ring` the messages in it, `offer` how a server comes to share one with a
client, `link` what a client makes of it.
"""
