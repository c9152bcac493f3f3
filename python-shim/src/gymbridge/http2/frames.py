"""HTTP/2 frames as bytes: types, flags, error codes, and the few headers that a gRPC server sends."""

from __future__ import annotations

import struct
from urllib.parse import quote

from gymbridge.http2.compression import ACCEPTED, GZIP

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# Length (16 + 8 bits), type, flags, stream.
HEAD = struct.Struct(">HBBBI")
HEAD_SIZE = HEAD.size
# gRPC's own: compressed or not, and the message's length.
PREFIX = struct.Struct(">BI")
# A DATA frame's head and the prefix of the message that it holds whole.
MESSAGE_HEAD = struct.Struct(">HBBBIBI")

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)

END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
HAS_PRIORITY = 0x20

NO_ERROR = 0x0
PROTOCOL_ERROR = 0x1
INTERNAL_ERROR = 0x2
FLOW_CONTROL_ERROR = 0x3
STREAM_CLOSED = 0x5
FRAME_SIZE_ERROR = 0x6
REFUSED_STREAM = 0x7
COMPRESSION_ERROR = 0x9
ENHANCE_YOUR_CALM = 0xB

SETTINGS_ENABLE_PUSH = 0x2
SETTINGS_MAX_CONCURRENT_STREAMS = 0x3
SETTINGS_INITIAL_WINDOW_SIZE = 0x4
SETTINGS_MAX_FRAME_SIZE = 0x5
SETTINGS_MAX_HEADER_LIST_SIZE = 0x6

DEFAULT_WINDOW = 65_535
MAX_WINDOW = 2**31 - 1
# What we take of a peer (the default, never raised), and the largest that a peer may allow us.
MAX_FRAME_SIZE = 16_384
LARGEST_FRAME_SIZE = 2**24 - 1


class ProtocolError(Exception):
    """The peer breaks the protocol; the connection ends with this HTTP/2 error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A whole frame."""
    size = len(payload)
    return HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


def settings(values: dict[int, int]) -> bytes:
    """A SETTINGS frame."""
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", key, value) for key, value in values.items()))


def header(name: bytes, value: bytes) -> bytes:
    """A header field in HPACK, neither indexed nor Huffman-coded, so that it depends on no state."""
    return b"\0" + _string(name) + _string(value)


def _string(text: bytes) -> bytes:
    # An integer with a prefix of 7 bits, then the bytes.
    size = len(text)
    if size < 127:
        return bytes((size,)) + text
    size -= 127
    head = bytearray((127,))
    while size >= 128:
        head.append(size & 127 | 128)
        size >>= 7
    head.append(size)
    return bytes(head) + text


# Index 8 of HPACK's static table is ":status: 200".
RESPONSE_HEADERS = (
    b"\x88" + header(b"content-type", b"application/grpc") + header(b"grpc-accept-encoding", ACCEPTED.encode())
)
PACKED_RESPONSE_HEADERS = RESPONSE_HEADERS + header(b"grpc-encoding", GZIP.encode())


def trailers(code: int, message: str, details: str | None) -> bytes:
    """The header block that ends a call: gRPC's status code, message and base64 details."""
    block = header(b"grpc-status", str(code).encode())
    if message:
        # Percent-encoded UTF-8, at most a few kilobytes: header lists are limited to 8 KiB by default.
        block += header(b"grpc-message", quote(message[:1000], safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~").encode())
    if details:
        block += header(b"grpc-status-details-bin", details.encode())
    return block


def window_update(stream: int, increment: int) -> bytes:
    """Lets the peer send so many bytes more; on stream 0, on all streams together."""
    return frame(WINDOW_UPDATE, 0, stream, increment.to_bytes(4, "big"))


def check_size(payload: bytes, size: int) -> None:
    """ProtocolError for a payload of another size."""
    if len(payload) != size:
        raise ProtocolError(FRAME_SIZE_ERROR, f"a frame of {len(payload)} bytes, expected {size}")


def without_padding(payload: bytes) -> bytes:
    """The payload of a frame with the PADDED flag, without its padding."""
    if not payload or payload[0] >= len(payload):
        raise ProtocolError(PROTOCOL_ERROR, "more padding than frame")
    return payload[1 : len(payload) - payload[0]]
