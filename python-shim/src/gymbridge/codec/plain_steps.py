"""The usual step, written and read without protobuf's objects: values of a size that is known.

Of such a request or response everything but some numbers and the values is known beforehand. What looks otherwise,
right or wrong, is left to protobuf, so that there is one place that refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from gymbridge.codec.leaves import Array, ArrayLeaf
from gymbridge.codec.steps import Data, buffer_heads, head
from gymbridge.codec.values import Arrays, BatchCodec
from gymbridge.v1 import environment_pb2 as pb

_REQUEST = {name: field.number for name, field in pb.InteractRequest.DESCRIPTOR.fields_by_name.items()}
_RESPONSE = {name: field.number for name, field in pb.InteractResponse.DESCRIPTOR.fields_by_name.items()}
_STEP = {name: field.number for name, field in pb.StepResponse.DESCRIPTOR.fields_by_name.items()}
_ACTIONS = pb.StepRequest.DESCRIPTOR.fields_by_name["actions"].number
_SEQUENCE, _ACKNOWLEDGED = _REQUEST["sequence"], _REQUEST["acknowledged"]
_NUMBER_TAGS = {_RESPONSE[name] << 3 for name in ("sequence", "environment_nanos", "server_nanos", "queue_nanos")}
_ENVIRONMENT_TAG, _SERVER_TAG, _QUEUE_TAG = (
    _RESPONSE[name] << 3 for name in ("environment_nanos", "server_nanos", "queue_nanos")
)
_BYTES = [bytes((byte,)) for byte in range(0x100)]
_SEQUENCE_TAG: bytes = _BYTES[_SEQUENCE << 3]
ACKNOWLEDGED_TAG: bytes = _BYTES[_ACKNOWLEDGED << 3]
_STEP_TAG = _RESPONSE["step"] << 3 | 2


@dataclass(slots=True)
class Step:
    """A request to step all lanes.

    `head` is its number's field, which its response begins with too; `actions` are arrays of its own.
    """

    head: bytes
    sequence: int
    acknowledged: int
    actions: Arrays


class _Layout:
    """Where the values of `n` lanes lie in a field of Buffers; ValueError where not everything is known beforehand.

    `before` stands before the first one; `leaves` are each one's size, type and shape, and what stands behind it.
    """

    def __init__(self, codec: BatchCodec, n: int, field: int) -> None:
        leaves = [leaf for leaf in codec.leaves if isinstance(leaf, ArrayLeaf) and leaf.is_plain and leaf.min_bytes]
        if not leaves or len(leaves) != len(codec.leaves):
            raise ValueError("values of various sizes, or that not all bytes are")
        sizes = tuple(n * leaf.min_bytes for leaf in leaves)
        first, heads, self.size = buffer_heads(field, sizes)
        self.before = first + heads[0]
        self.leaves = [
            (size, leaf.dtype, (n, *leaf.shape), after)
            for leaf, size, after in zip(leaves, sizes, [*heads[1:], b""], strict=True)
        ]


class StepParser:
    """Reads requests to step `n` lanes with values of `codec`."""

    def __init__(self, codec: BatchCodec, n: int) -> None:
        self._before = b""
        self._leaves: list[tuple[int, np.dtype[Any], tuple[int, ...], bytes]] = []
        try:
            layout = _Layout(codec, n, _ACTIONS)
        except ValueError:
            return
        self._before = head(_REQUEST["step"], layout.size) + layout.before
        self._leaves = layout.leaves

    def parse(self, data: bytes) -> Step | None:
        """The request in these bytes; None where it is another kind, or looks otherwise."""
        if not self._leaves or len(data) < 2 or data[0] != _SEQUENCE << 3:
            return None
        try:
            sequence, at = data[1], 2
            if sequence > 0x7F:
                sequence, at = _number(data, 1)
            begin = at
            at += len(self._before)
            if data[begin:at] != self._before:
                return None
            actions = []
            for size, dtype, shape, after in self._leaves:
                start, at = at, at + size
                actions.append(np.ndarray(shape, dtype, bytearray(data[start:at])))
                if after:
                    if data[at : at + len(after)] != after:
                        return None
                    at += len(after)
            acknowledged = 0
            if at < len(data):
                if data[at] != _ACKNOWLEDGED << 3:
                    return None
                acknowledged, at = _number(data, at + 1)
            return Step(data[:begin], sequence, acknowledged, actions) if at == len(data) else None
        except (IndexError, TypeError):
            # It ends too early.
            return None


def sequence_field(sequence: int) -> bytes:
    """A request's number, or a response's, as it stands at the beginning."""
    return _SEQUENCE_TAG + varint(sequence)


def acknowledged_field(acknowledged: int) -> bytes:
    """What a request acknowledges, as it stands at the end."""
    return ACKNOWLEDGED_TAG + varint(acknowledged)


class StepWriter:
    """Writes requests to step all of some lanes, without their numbers, which can be put before and after them."""

    def __init__(self, codec: BatchCodec) -> None:
        self._codec = codec
        leaf = codec.single_array
        self._leaf = leaf if leaf is not None and leaf.is_plain else None
        self._before: dict[int, bytes] = {}

    def write_array(self, actions: Any, n: int) -> bytes | None:
        """As `write`, of stacked actions; None where they are anything but one array of the space's own type."""
        leaf = self._leaf
        if leaf is None or type(actions) is not np.ndarray:
            return None
        if actions.dtype is not leaf.dtype or actions.shape != (n, *leaf.shape):
            return None
        data = actions.tobytes()
        before = self._before.get(n)
        if before is None:
            first, heads, size = buffer_heads(_ACTIONS, (len(data),))
            before = self._before[n] = head(_REQUEST["step"], size) + first + heads[0]
        return before + data

    def write(self, actions: Arrays) -> bytes:
        """The bytes of an InteractRequest that has only its `step`."""
        buffers = self._codec.lay(actions)
        first, heads, size = buffer_heads(_ACTIONS, tuple(map(len, buffers)))
        parts = [head(_REQUEST["step"], size), first]
        for before, data in zip(heads, buffers, strict=True):
            parts += (before, data)
        return b"".join(parts)


# Columns of observations, rewards, terminated, truncated, and whatever else the response has.
Results = tuple[Arrays, Array, Array, Array, pb.StepResponse | None]


class StepReader:
    """Reads responses to steps of `n` lanes with observations of `codec`.

    Arrays are the caller's own, or without `copy` views of what was received, which cannot be written to.
    """

    def __init__(self, codec: BatchCodec, n: int, copy: bool) -> None:
        self._copy = copy
        self._n = n
        self._layout: _Layout | None = None
        self._size = 0
        try:
            self._layout = layout = _Layout(codec, n, _STEP["observations"])
        except ValueError:
            return
        heads = head(_STEP["rewards"], 8 * n), head(_STEP["terminated"], n), head(_STEP["truncated"], n)
        self._heads = heads
        self._size = layout.size + sum(map(len, heads)) + 10 * n
        self._shape = (n,)

    def read(self, data: Data) -> Results | None:
        """What a step gave; None where the response is another one, or looks otherwise."""
        layout = self._layout
        if layout is None:
            return None
        try:
            found = _find_step(data)
            if found is None or found[1] - found[0] < self._size:
                return None
            at, end = found
            copy = self._copy
            start = at + len(layout.before)
            if data[at:start] != layout.before:
                return None
            columns: Arrays = []
            for size, dtype, shape, after in layout.leaves:
                array: Array = np.ndarray(shape, dtype, data, start)
                columns.append(array.copy() if copy else array)
                at = start + size
                start = at + len(after)
                if after and data[at:start] != after:
                    return None
            before_rewards, before_terminated, before_truncated = self._heads
            n, shape = self._n, self._shape
            start = at + len(before_rewards)
            at = start + 8 * n
            middle = at + len(before_terminated)
            later = middle + n + len(before_truncated)
            terminated, truncated = bytes(data[middle : middle + n]), bytes(data[later : later + n])
            if (
                data[start - len(before_rewards) : start] != before_rewards
                or data[at:middle] != before_terminated
                or data[middle + n : later] != before_truncated
                or terminated.strip(b"\0\1")
                or truncated.strip(b"\0\1")
            ):
                return None
            rewards: Array = np.ndarray(shape, np.float64, data, start)
            at = later + n
            return (
                columns,
                rewards.copy() if copy else rewards,
                np.ndarray(shape, np.bool_, bytearray(terminated)),
                np.ndarray(shape, np.bool_, bytearray(truncated)),
                pb.StepResponse.FromString(bytes(data[at:end])) if at < end else None,
            )
        except (IndexError, TypeError, DecodeError):
            # It ends too early.
            return None


def _find_step(data: Data) -> tuple[int, int] | None:
    """Where the response's step begins and ends; None where it has none or something else."""
    at, size = 0, len(data)
    found = None
    while at < size:
        tag = data[at]
        at += 1
        if tag in _NUMBER_TAGS:
            while data[at] > 0x7F:
                at += 1
            at += 1
        elif tag == _STEP_TAG and found is None:
            length, at = _number(data, at)
            if at + length > size:
                return None
            found = at, at + length
            at += length
        else:
            return None
    return found


def server_times(data: Data) -> tuple[int, int, int]:
    """A response's `environment_nanos`, `server_nanos` and `queue_nanos`; 0 for what it does not have."""
    at, size = 0, len(data)
    environment = server = queue = 0
    try:
        while at < size:
            tag = data[at]
            number, at = _number(data, at + 1)
            if tag & 7 == 2:
                at += number
            elif tag == _ENVIRONMENT_TAG:
                environment = number
            elif tag == _SERVER_TAG:
                server = number
            elif tag == _QUEUE_TAG:
                queue = number
    except IndexError:
        # No response; whoever reads it says so.
        pass
    return environment, server, queue


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    if number < 0x80:
        return _BYTES[number]
    if number < 0x4000:
        return _BYTES[number & 0x7F | 0x80] + _BYTES[number >> 7]
    return _BYTES[number & 0x7F | 0x80] + _BYTES[number >> 7 & 0x7F | 0x80] + varint(number >> 14)


def _number(data: Data, at: int) -> tuple[int, int]:
    """The varint there, and where it ends; IndexError where the data ends before it does."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    second = data[at + 1]
    if second < 0x80:
        return first & 0x7F | second << 7, at + 2
    number, shift = first & 0x7F | (second & 0x7F) << 7, 14
    for place in range(at + 2, at + 9):
        byte = data[place]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place + 1
        shift += 7
    raise IndexError
