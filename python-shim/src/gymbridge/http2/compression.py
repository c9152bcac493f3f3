"""gzip as gRPC has it: message by message, each with a flag that says whether it is packed."""

from __future__ import annotations

import zlib

# What a header names, and what this end takes.
GZIP = "gzip"
ACCEPTED = "identity,gzip"
# Less is not worth it. Fast rather than small: whoever packs keeps an environment waiting.
_LEAST_BYTES = 1024
_LEVEL = 1
# zlib's way to say gzip's header and checksum.
_WINDOW_BITS = 31


class TooLarge(Exception):
    """A message is larger than what is taken, once it is unpacked."""


def pack(message: bytes) -> tuple[int, bytes]:
    """The flag and the bytes to send: packed, where that makes them fewer."""
    if len(message) >= _LEAST_BYTES:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS)
        packed = packer.compress(message) + packer.flush()
        if len(packed) < len(message):
            return 1, packed
    return 0, message


def unpack(packed: bytes, limit: int) -> bytes:
    """The message; TooLarge above the limit, before more memory than that is taken; ValueError for anything else."""
    unpacker = zlib.decompressobj(_WINDOW_BITS)
    try:
        message = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise ValueError(f"a message that is no gzip: {error}") from error
    if len(message) > limit:
        raise TooLarge(f"got a message of {len(packed)} bytes that unpacks to more than {limit}, the most taken here")
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("a message that ends within its gzip, or goes on behind it")
    return message
