"""The response to a step, put together from bytes: the same as protobuf's, for a tenth of the time.

Each part is a field of `StepResponse`, or an entry of its infos. An entry's bytes end with its array's, so that what
comes before them is made by protobuf once for each name, type and shape, and kept.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gymbridge.codec.dtypes import is_sendable, to_bytes
from gymbridge.codec.items import encode_item, encode_map
from gymbridge.errors import RequestError
from gymbridge.v1 import environment_pb2 as pb

# An environment that makes up names as it goes is not to fill the memory.
_MAX_NAMES = 1000
_REAL = struct.Struct("<d")
_STEP = pb.InteractResponse.DESCRIPTOR.fields_by_name["step"].number
_FIELDS = {name: field.number for name, field in pb.StepResponse.DESCRIPTOR.fields_by_name.items()}
_OBSERVATIONS, _FINAL_OBSERVATIONS = _FIELDS["observations"], _FIELDS["final_observations"]
_REWARDS, _TERMINATED, _TRUNCATED = _FIELDS["rewards"], _FIELDS["terminated"], _FIELDS["truncated"]
_INFOS, _LANE_INFOS, _FINAL_INFOS = _FIELDS["infos"], _FIELDS["lane_infos"], _FIELDS["final_infos"]
_RESPONSE = pb.InteractResponse.DESCRIPTOR.fields_by_name
_ENVIRONMENT_NANOS = bytes((_RESPONSE["environment_nanos"].number << 3,))
_SERVER_NANOS = bytes((_RESPONSE["server_nanos"].number << 3,))
# The bytes of a varint: those that more follow, and the last one. Zeros at the end do no harm.
_MORE, _LAST = [bytes((i | 0x80,)) for i in range(0x80)], [bytes((i,)) for i in range(0x80)]
PLAIN_NANOS = 1 << 28
# Answers up to this size are put together at once: a copy takes less time than it does to handle the parts.
_JOINED_BYTES = 16_384
Data = bytes | bytearray | memoryview


class PlainEncoder:
    """Encodes the usual step: `n` lanes, observations that are one array of `nbytes`, no infos, no episode's end.

    Of its response everything but numbers and values is known beforehand.
    """

    def __init__(self, n: int, nbytes: int) -> None:
        first, (second,), length = buffer_heads(_OBSERVATIONS, (nbytes,))
        *self._heads, more = _result_heads(n)
        self._before = head(_STEP, length + more) + first + second
        self._reals = struct.Struct(f"<{n}d").pack

    def encode(
        self,
        number: bytes,
        environment_nanos: int,
        server_nanos: int,
        observations: bytes,
        rewards: Sequence[float],
        terminated: Sequence[bool],
        truncated: Sequence[bool],
    ) -> bytes:
        """The whole response; `number` is its sequence's field, the times are less than 2**28."""
        before_rewards, before_terminated, before_truncated = self._heads
        return b"".join(
            (
                number,
                _ENVIRONMENT_NANOS,
                _MORE[environment_nanos & 0x7F],
                _MORE[environment_nanos >> 7 & 0x7F],
                _MORE[environment_nanos >> 14 & 0x7F],
                _LAST[environment_nanos >> 21],
                _SERVER_NANOS,
                _MORE[server_nanos & 0x7F],
                _MORE[server_nanos >> 7 & 0x7F],
                _MORE[server_nanos >> 14 & 0x7F],
                _LAST[server_nanos >> 21],
                self._before,
                observations,
                before_rewards,
                self._reals(*rewards),
                before_terminated,
                bytes(terminated),
                before_truncated,
                bytes(truncated),
            )
        )


class StepEncoder:
    """Encodes the steps of a session.

    `warn` is told of infos that cannot be sent, which are left out. `everywhere` is an array that never changes: the
    mask of what all lanes have.
    """

    def __init__(self, warn: Callable[[str], None], everywhere: np.ndarray[Any, Any]) -> None:
        self._warn = warn
        self._everywhere = everywhere
        self._masks: dict[Any, bytes] = {}
        self._prefixes: dict[tuple[Any, ...], bytes] = {}

    def encode(
        self,
        observations: Sequence[Data],
        rewards: bytes,
        terminated: bytes,
        truncated: bytes,
        infos: Mapping[str, Any] | None,
        lane_infos: Sequence[Mapping[str, Any]] | None,
        final_observations: Sequence[Data] | None,
        final_infos: Mapping[str, Any] | None,
    ) -> list[Data]:
        """The parts of an InteractResponse that has only its `step`; more fields can be put before or after them."""
        parts: list[Data] = [b""]
        size = _add_buffers(parts, _OBSERVATIONS, observations)
        before_rewards, before_terminated, before_truncated, more = _result_heads(len(terminated))
        parts += (before_rewards, rewards, before_terminated, terminated, before_truncated, truncated)
        size += more
        if infos is not None:
            size += self._add_infos(parts, _INFOS, infos)
        if lane_infos is not None:
            for info in lane_infos:
                size += self._add_infos(parts, _LANE_INFOS, info)
        if final_observations is not None:
            size += _add_buffers(parts, _FINAL_OBSERVATIONS, final_observations)
        if final_infos is not None:
            size += self._add_infos(parts, _FINAL_INFOS, final_infos)
        parts[0] = head(_STEP, size)
        return [b"".join(parts)] if size <= _JOINED_BYTES else parts

    def _add_infos(self, parts: list[Data], field: int, infos: Mapping[str, Any]) -> int:
        data = self.encode_infos(infos) if infos else b""
        before = head(field, len(data))
        parts += (before, data)
        return len(before) + len(data)

    def encode_infos(self, infos: Mapping[str, Any]) -> bytes:
        """Infos, in vector form or a lane's own, as an ItemMap's bytes."""
        parts: list[bytes] = []
        everywhere, masks = self._everywhere, self._masks
        try:
            for key, value in infos.items():
                if value is everywhere:
                    parts.append(masks.get(key) or self._mask(key))
                    continue
                if type(value) is float:
                    parts += (self._prefixes.get((key, float)) or self._float_prefix(key), _REAL.pack(value))
                    continue
                if type(value) is np.ndarray or isinstance(value, np.generic):
                    prefix = self._prefixes.get((key, value.dtype.num, value.shape)) or self._prefix(key, value)
                    if prefix is not None:
                        parts += (prefix, to_bytes(value))
                        continue
                # The bytes of several maps, end to end, are the map of all their entries.
                parts.append(encode_map({key: value}).SerializeToString())
        except RequestError:
            return encode_map(_sendable(infos, self._warn)).SerializeToString()  # type: ignore[no-any-return]
        return b"".join(parts)

    def _mask(self, key: Any) -> bytes:
        if len(self._masks) >= _MAX_NAMES:
            self._masks.clear()
        entry: bytes = encode_map({key: self._everywhere}).SerializeToString()
        self._masks[key] = entry
        return entry

    def _float_prefix(self, key: Any) -> bytes:
        entry: bytes = encode_map({key: 0.0}).SerializeToString()
        return self._keep((key, float), entry[: -_REAL.size])

    def _prefix(self, key: Any, array: np.ndarray[Any, Any] | np.generic) -> bytes | None:
        if not is_sendable(array.dtype) or array.nbytes == 0:
            return None
        entry: bytes = encode_map({key: array}).SerializeToString()
        return self._keep((key, array.dtype.num, array.shape), entry[: -array.nbytes])

    def _keep(self, key: tuple[Any, ...], prefix: bytes) -> bytes:
        if len(self._prefixes) >= _MAX_NAMES:
            self._prefixes.clear()
        self._prefixes[key] = prefix
        return prefix


def _add_buffers(parts: list[Data], field: int, buffers: Sequence[Data]) -> int:
    """Adds a field of Buffers; its bytes."""
    first, heads, size = buffer_heads(field, tuple(map(len, buffers)))
    parts.append(first)
    for before, data in zip(heads, buffers, strict=True):
        parts += (before, data)
    return size


@functools.lru_cache(maxsize=256)
def head(field: int, length: int) -> bytes:
    """What stands before a field's bytes: its number, that a length follows, and the length."""
    first = field << 3 | 2
    if length < 0x80:
        return bytes((first, length))
    rest = []
    while length >= 0x80:
        rest.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes((first, *rest, length))


@functools.lru_cache(maxsize=256)
def buffer_heads(field: int, sizes: tuple[int, ...]) -> tuple[bytes, list[bytes], int]:
    """What stands before a field of Buffers of these sizes, and before each buffer; and the bytes of all of it."""
    heads = [head(1, size) for size in sizes]
    inner = sum(map(len, heads)) + sum(sizes)
    first = head(field, inner)
    return first, heads, len(first) + inner


@functools.lru_cache(maxsize=256)
def _result_heads(n: int) -> tuple[bytes, bytes, bytes, int]:
    """What stands before N rewards, and twice N flags; and the bytes of all of it."""
    heads = head(_REWARDS, 8 * n), head(_TERMINATED, n), head(_TRUNCATED, n)
    return *heads, sum(map(len, heads)) + 10 * n


def _sendable(infos: Mapping[str, Any], warn: Callable[[str], None]) -> dict[str, Any]:
    kept = {}
    for key, value in infos.items():
        try:
            encode_item(value)
            kept[key] = value
        except RequestError as error:
            if isinstance(value, dict):
                kept[key] = _sendable(value, warn)
            else:
                warn(f"info {key!r} is left out: {error.message}")
    return {
        key: value
        for key, value in kept.items()
        if not str(key).startswith("_") or key[1:] not in infos or key[1:] in kept
    }
