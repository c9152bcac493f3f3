"""Batches of a fixed-size space's values: one array per leaf, in the space's pre-order, and their bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.codec.dtypes import from_bytes, to_bytes
from gymbridge.errors import RequestError, invalid_argument
from gymbridge.v1 import value_pb2 as pb

Array = np.ndarray[Any, Any]
Arrays = list[Array]


@dataclass(frozen=True)
class Leaf:
    """One buffer of a batch: where it is in the space, e.g. `["pair"][1]`, and its space, element type and shape."""

    path: str
    keys: tuple[Any, ...]
    space: spaces.Space[Any]
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


class BatchCodec:
    """Batches of N values of one space. A batch is a list of arrays, one per leaf, each of shape (N, *leaf.shape).

    Raises UnsupportedSpace for Text, Sequence, Graph and OneOf, whose values vary in size.
    """

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.space = space
        self.leaves = list(_leaves(space, ()))
        self.bytes_per_value = sum(leaf.dtype.itemsize * int(np.prod(leaf.shape)) for leaf in self.leaves)
        self._build = _builder(space, iter(range(len(self.leaves))))
        self._single = self.leaves[0] if len(self.leaves) == 1 and not self.leaves[0].keys else None

    def allocate(self, n: int) -> Arrays:
        """N values, all zero bits."""
        return [np.zeros((n, *leaf.shape), leaf.dtype) for leaf in self.leaves]

    def write(self, arrays: Arrays, index: int, value: Any) -> None:
        """Puts one value into the batch; ValueError, naming the leaf, where its shape or type does not fit."""
        if self._single is not None:
            _put(arrays[0], index, value, self._single)
            return
        for array, leaf in zip(arrays, self.leaves, strict=True):
            part = value
            for key in leaf.keys:
                part = part[key]
            _put(array, index, part, leaf)

    def value(self, arrays: Arrays, index: int) -> Any:
        """One value of the batch, as the space has it: views of the arrays, NumPy scalars for Discrete."""
        return self._build(arrays, index)

    def stack(self, values: Iterable[Any]) -> Arrays:
        """A batch of the given values."""
        listed = list(values)
        arrays = self.allocate(len(listed))
        for index, value in enumerate(listed):
            self.write(arrays, index, value)
        return arrays

    def encode(self, arrays: Arrays) -> pb.Buffers:
        """The batch's bytes."""
        message = pb.Buffers()
        self.fill(message, arrays)
        return message

    def fill(self, message: pb.Buffers, arrays: Arrays) -> None:
        """Puts the batch's bytes into an empty message that exists already."""
        message.buffers.extend([to_bytes(array) for array in arrays])

    def decode(self, message: pb.Buffers, n: int, what: str) -> Arrays:
        """N values in arrays of their own; INVALID_ARGUMENT, naming `what`, for wrong numbers or lengths of buffers."""
        buffers = message.buffers
        if len(buffers) != len(self.leaves):
            raise invalid_argument(f"{what}: got {len(buffers)} buffers, expected {len(self.leaves)} for {self.space}")
        return [
            from_bytes(data, leaf.dtype, (n, *leaf.shape), f"{what}{leaf.path}")
            for data, leaf in zip(buffers, self.leaves, strict=True)
        ]


class UnsupportedSpace(RequestError):
    """A space whose values this release does not send."""


def _leaves(space: spaces.Space[Any], keys: tuple[Any, ...]) -> Iterable[Leaf]:
    if isinstance(space, spaces.Dict):
        for name, part in space.spaces.items():
            yield from _leaves(part, (*keys, name))
    elif isinstance(space, spaces.Tuple):
        for index, part in enumerate(space.spaces):
            yield from _leaves(part, (*keys, index))
    elif isinstance(space, (spaces.Box, spaces.MultiDiscrete, spaces.MultiBinary, spaces.Discrete)):
        path = "".join(f"[{key!r}]" for key in keys)
        yield Leaf(path, keys, space, np.dtype(space.dtype or np.int64), tuple(space.shape or ()))
    else:
        import grpc

        raise UnsupportedSpace(
            grpc.StatusCode.UNIMPLEMENTED,
            f"values of a {type(space).__name__} space vary in size and are not supported yet: {space}",
        )


_Builder = Callable[[Arrays, int], Any]


def _builder(space: spaces.Space[Any], numbers: Any) -> _Builder:
    if isinstance(space, spaces.Dict):
        named = [(name, _builder(part, numbers)) for name, part in space.spaces.items()]
        return lambda arrays, index: {name: build(arrays, index) for name, build in named}
    if isinstance(space, spaces.Tuple):
        parts = [_builder(part, numbers) for part in space.spaces]
        return lambda arrays, index: tuple(build(arrays, index) for build in parts)
    number = next(numbers)
    if space.shape == () and not isinstance(space, spaces.Discrete):
        return lambda arrays, index: np.asarray(arrays[number][index])
    return lambda arrays, index: arrays[number][index]


def _put(array: Array, index: int, value: Any, leaf: Leaf) -> None:
    if type(value) is not np.ndarray:
        value = np.asarray(value)
    if value.shape != leaf.shape:
        raise ValueError(f"{leaf.path} has shape {value.shape}, its space {leaf.space} has {leaf.shape}".lstrip())
    if value.dtype is not leaf.dtype and value.dtype != leaf.dtype and not _fits(value, leaf.dtype):
        raise ValueError(f"{leaf.path} has type {value.dtype}, its space {leaf.space} has {leaf.dtype}".lstrip())
    array[index] = value


def _fits(value: Array, dtype: np.dtype[Any]) -> bool:
    if np.can_cast(value.dtype, dtype, "same_kind"):
        return True
    # Python integers arrive as int64 and may stand for unsigned ones.
    return value.dtype.kind in "iu" and dtype.kind in "iuf" and bool((value.astype(dtype) == value).all())
