"""A lane's saved state as bytes, and back: data of the protocol's own kind, with a checksum."""

from __future__ import annotations

import hashlib
from typing import Any

from google.protobuf.message import DecodeError

from gymbridge.codec.items import decode_item, encode_item
from gymbridge.errors import invalid_argument
from gymbridge.v1 import value_pb2

# The last character is the format's version.
_MAGIC = b"gymbridge state 1"
_DIGEST_BYTES = 16


def pack(env_id: str, state: dict[str, Any]) -> bytes:
    """The bytes of an environment's state, which holds what an item can."""
    body: bytes = encode_item({"env_id": env_id, "state": state}).SerializeToString()
    return _MAGIC + hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() + body


def unpack(env_id: str, data: bytes) -> dict[str, Any]:
    """The state; INVALID_ARGUMENT for bytes that are damaged, of another version or of another environment."""
    start = len(_MAGIC) + _DIGEST_BYTES
    if not data.startswith(_MAGIC):
        raise invalid_argument(f"got {len(data)} bytes that are no saved state, or one of another version")
    body = data[start:]
    if hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() != data[len(_MAGIC) : start]:
        raise invalid_argument("a saved state is damaged: its checksum does not fit")
    try:
        whole = decode_item(value_pb2.Item.FromString(body))
        saved_id, state = whole["env_id"], whole["state"]
    except (DecodeError, TypeError, KeyError) as error:
        raise invalid_argument("a saved state is damaged") from error
    if saved_id != env_id:
        raise invalid_argument(f"got a state of {saved_id}, expected one of {env_id}")
    if not isinstance(state, dict):
        raise invalid_argument("a saved state is damaged")
    return state
