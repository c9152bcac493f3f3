"""gRPC over HTTP/2 on one thread, for the worker's streams.

grpcio answers a stream through threads of its own: each message wakes two or three of them, which costs several times
what a small environment's step takes, and they compete with the environment for the interpreter. Here the thread that
steps the environments reads the socket itself. `server` accepts and polls, `connection` speaks HTTP/2, `call` is one
RPC, `frames` knows the bytes. Only what a gRPC server needs is here: RFC 9113 without push and priorities, and
https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, with gzip. HPACK is the `hpack` package's.
"""
