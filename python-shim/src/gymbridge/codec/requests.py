"""The usual request to step, read without protobuf's objects: all lanes, values of a size that is known.

Of such a request everything but its two numbers and the values is known beforehand. What looks otherwise, right or
wrong, is left to protobuf, so that there is one place that refuses.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gymbridge.codec.leaves import ArrayLeaf
from gymbridge.codec.steps import head
from gymbridge.codec.values import Arrays, BatchCodec
from gymbridge.v1 import environment_pb2 as pb

_FIELDS = {name: field.number for name, field in pb.InteractRequest.DESCRIPTOR.fields_by_name.items()}
_SEQUENCE, _ACKNOWLEDGED = _FIELDS["sequence"] << 3, _FIELDS["acknowledged"] << 3


class Step(NamedTuple):
    """A request to step all lanes; `actions` are arrays of its own."""

    sequence: int
    acknowledged: int
    actions: Arrays


class StepParser:
    """Reads requests to step `n` lanes with values of `codec`."""

    def __init__(self, codec: BatchCodec, n: int) -> None:
        # What stands before the first buffer, and of each buffer what comes behind it.
        self._before = b""
        self._leaves: list[tuple[int, np.dtype, tuple[int, ...], bytes]] = []
        leaves = [leaf for leaf in codec.leaves if isinstance(leaf, ArrayLeaf) and leaf.is_plain and leaf.min_bytes]
        self._is_possible = 0 < len(leaves) == len(codec.leaves)
        if self._is_possible:
            sizes = [n * leaf.min_bytes for leaf in leaves]
            heads = [head(1, size) for size in sizes]
            inner = sum(sizes) + sum(map(len, heads))
            actions = head(pb.StepRequest.DESCRIPTOR.fields_by_name["actions"].number, inner)
            self._before = head(_FIELDS["step"], len(actions) + inner) + actions + heads[0]
            for leaf, size, after in zip(leaves, sizes, [*heads[1:], b""], strict=True):
                self._leaves.append((size, leaf.dtype, (n, *leaf.shape), after))

    def parse(self, data: bytes) -> Step | None:
        """The request in these bytes; None where it is another kind, or looks otherwise."""
        if not self._is_possible or len(data) < 2 or data[0] != _SEQUENCE:
            return None
        try:
            sequence, at = data[1], 2
            if sequence > 0x7F:
                sequence, at = _number(data, 1)
            start = at
            at += len(self._before)
            if data[start:at] != self._before:
                return None
            actions = []
            for size, dtype, shape, after in self._leaves:
                actions.append(np.ndarray(shape, dtype, bytearray(data[at : at + size])))
                at += size
                if after:
                    if data[at : at + len(after)] != after:
                        return None
                    at += len(after)
            acknowledged = 0
            if at < len(data):
                if data[at] != _ACKNOWLEDGED:
                    return None
                acknowledged, at = _number(data, at + 1)
            return Step(sequence, acknowledged, actions) if at == len(data) else None
        except (IndexError, TypeError):
            # It ends too early.
            return None


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The varint there, and where it ends; IndexError where the data ends before it does."""
    byte = data[at]
    number = byte & 0x7F
    shift = 7
    while byte > 0x7F:
        at += 1
        byte = data[at]
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > 63:
            raise IndexError
    return number, at + 1
