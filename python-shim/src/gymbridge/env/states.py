"""A lane's saved state as bytes, and back: data of the protocol's own kind, under a key that only servers know.

Without the key a client could make states of its own, and with them set whatever an environment's attributes hold.
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from gymbridge.codec.items import decode_item, encode_item
from gymbridge.errors import invalid_argument
from gymbridge.security import SecurityError
from gymbridge.v1 import value_pb2

# The last character is the format's version.
_MAGIC = b"gymbridge state 2"
_DIGEST_BYTES = 32
_MIN_KEY_BYTES = 16


def make_key(file: str | None) -> bytes:
    """The key in a file, without blanks around it, or a random one without a file; SecurityError."""
    if file is None:
        return secrets.token_bytes(32)
    try:
        key = Path(file).read_bytes().strip()
    except OSError as error:
        raise SecurityError(f"--state-key {file}: {error.strerror or error}") from error
    if len(key) < _MIN_KEY_BYTES:
        raise SecurityError(
            f"--state-key {file} has {len(key)} bytes, expected {_MIN_KEY_BYTES} or more, e.g. of openssl rand -hex 32"
        )
    return key


def pack(env_id: str, state: dict[str, Any], key: bytes) -> bytes:
    """The bytes of an environment's state, which holds what an item can."""
    body: bytes = encode_item({"env_id": env_id, "state": state}).SerializeToString()
    return _MAGIC + _digest(body, key) + body


def unpack(env_id: str, data: bytes, key: bytes) -> dict[str, Any]:
    """The state; INVALID_ARGUMENT for bytes that no server with this key has made, or for another environment."""
    start = len(_MAGIC) + _DIGEST_BYTES
    if not data.startswith(_MAGIC):
        raise invalid_argument(f"got {len(data)} bytes that are no saved state, or one of another version")
    body = data[start:]
    if not hmac.compare_digest(_digest(body, key), data[len(_MAGIC) : start]):
        raise invalid_argument(
            "a saved state is damaged or of another server: states outlive their server, and move to others, where all "
            "are started with the same --state-key FILE"
        )
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


def _digest(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _MAGIC + body, "sha256")
