"""Batches of a space's values: one column per leaf, in the space's pre-order, and their bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import grpc
from gymnasium import spaces

from gymbridge.codec.dtypes import from_bytes, to_bytes, view_of
from gymbridge.codec.leaves import Array, ArrayLeaf, Leaf
from gymbridge.codec.variable import GraphLeaf, OneOfLeaf, SequenceLeaf, TextLeaf
from gymbridge.errors import RequestError, invalid_argument
from gymbridge.v1 import value_pb2 as pb

__all__ = ["Array", "ArrayLeaf", "Arrays", "BatchCodec", "Leaf"]

# Arrays up to this size are copied in less time than a view takes to be made.
_COPIED_BYTES = 8192

# One column per leaf: an array (N, *leaf.shape), or a list of N rows for Text, Sequence, Graph and OneOf.
Arrays = list[Any]


class BatchCodec:
    """Batches of N values of one space. A batch is a list of columns, one per leaf: what is neither Tuple nor Dict.

    `buffers` is the number of buffers on the wire; `bytes_per_value` what a value takes there, at least where values
    vary in size. `single_array` is the leaf of a space whose values are arrays, None for others. UNIMPLEMENTED for a
    space that is not one of Gymnasium's ten.
    """

    def __init__(self, space: spaces.Space[Any], path: str = "") -> None:
        self.space = space
        self.leaves = list(_leaves(space, (), path))
        self.buffers = sum(leaf.buffers for leaf in self.leaves)
        self.bytes_per_value = sum(leaf.min_bytes for leaf in self.leaves)
        self._is_fixed = all(isinstance(leaf, ArrayLeaf) for leaf in self.leaves)
        self._build = _builder(space, iter(enumerate(self.leaves)))
        self._single = self.leaves[0] if len(self.leaves) == 1 and not self.leaves[0].keys else None
        self.single_array = self._single if isinstance(self._single, ArrayLeaf) and self._single.is_array else None
        self._floating = [
            (number, leaf)
            for number, leaf in enumerate(self.leaves)
            if not isinstance(leaf, ArrayLeaf) or leaf.is_floating
        ]

    def allocate(self, n: int) -> Arrays:
        """N values, all zero bits, and empty where they vary in size."""
        return [leaf.allocate(n) for leaf in self.leaves]

    def write(self, arrays: Arrays, index: int, value: Any) -> None:
        """Copies one value into the batch; ValueError, naming the leaf, where its shape or type does not fit."""
        if self._single is not None:
            self._single.put(arrays[0], index, value)
            return
        for column, leaf in zip(arrays, self.leaves, strict=True):
            part = value
            for key in leaf.keys:
                part = part[key]
            leaf.put(column, index, part)

    def value(self, arrays: Arrays, index: int | slice) -> Any:
        """One value of the batch, as the space has it: views of the arrays, NumPy scalars for Discrete.

        For a slice, its values stacked as Gymnasium does: arrays (n, …), and tuples where values vary in size.
        """
        return self._build(arrays, index)

    def rows(self, arrays: Arrays) -> Any:
        """A sequence of the batch's values, as `value` gives them."""
        if self.single_array is not None:
            return arrays[0]
        return [self._build(arrays, index) for index in range(len(arrays[0]))]

    def stack(self, values: Iterable[Any]) -> Arrays:
        """A batch of the given values."""
        listed = list(values)
        arrays = self.allocate(len(listed))
        for index, value in enumerate(listed):
            self.write(arrays, index, value)
        return arrays

    def unstack(self, stacked: Any) -> tuple[int, Arrays]:
        """N, and a batch of the values that `value` gives for a slice; ValueError where they do not fit the space."""
        arrays = []
        for leaf in self.leaves:
            part = stacked
            for key in leaf.keys:
                part = part[key]
            arrays.append(leaf.column(part))
        lengths = {len(column) for column in arrays}
        if len(lengths) > 1:
            raise ValueError(f"the parts of stacked values of {self.space} have different lengths {sorted(lengths)}")
        return max(lengths, default=0), arrays

    def take(self, arrays: Arrays, indices: Sequence[int]) -> Arrays:
        """A new batch of the values at these indices, in their order."""
        return [leaf.take(column, indices) for column, leaf in zip(arrays, self.leaves, strict=True)]

    def join(self, batches: Sequence[Arrays]) -> Arrays:
        """The batches end to end."""
        return [leaf.join([arrays[number] for arrays in batches]) for number, leaf in enumerate(self.leaves)]

    def not_finite(self, arrays: Arrays) -> tuple[int, str, str] | None:
        """The first value of the batch with an infinity or NaN, its leaf's path, and where: ` component [0] is nan`."""
        for number, leaf in self._floating:
            found = leaf.not_finite(arrays[number])
            if found is not None:
                return found
        return None

    def lay(self, arrays: Arrays) -> list[bytes]:
        """The batch's buffers."""
        if self._is_fixed:
            return [to_bytes(array) for array in arrays]
        return [data for column, leaf in zip(arrays, self.leaves, strict=True) for data in leaf.lay(column)]

    def parts(self, arrays: Arrays) -> list[bytes | memoryview]:
        """The batch's buffers as `lay` gives them, but large ones are views of the arrays, to be copied at once."""
        if self._is_fixed:
            return [view_of(array) if array.nbytes > _COPIED_BYTES else to_bytes(array) for array in arrays]
        return [*self.lay(arrays)]

    def read(self, buffers: Iterator[bytes], n: int, what: str) -> Arrays:
        """N values from the next buffers, of which there are enough; INVALID_ARGUMENT as `decode`."""
        return [leaf.read(buffers, n, what) for leaf in self.leaves]

    def encode(self, arrays: Arrays) -> pb.Buffers:
        """The batch's bytes."""
        return pb.Buffers(buffers=self.lay(arrays))

    def fill(self, message: pb.Buffers, arrays: Arrays) -> None:
        """Puts the batch's bytes into an empty message that exists already."""
        message.buffers.extend(self.lay(arrays))

    def decode(self, message: pb.Buffers, n: int, what: str, copy: bool = True) -> Arrays:
        """N values in columns of their own; without `copy`, arrays may be read-only views of what was received.

        INVALID_ARGUMENT, naming `what` and the leaf, for buffers of a wrong number, length or structure. Whether the
        values lie in the space is not checked.
        """
        buffers = message.buffers
        if len(buffers) != self.buffers:
            raise invalid_argument(f"{what}: got {len(buffers)} buffers, expected {self.buffers} for {self.space}")
        if copy or not self._is_fixed:
            return self.read(iter(buffers), n, what)
        return [
            from_bytes(data, leaf.dtype, (n, *leaf.shape), what + leaf.path, copy=False)
            for data, leaf in zip(buffers, self.leaves, strict=True)
            if isinstance(leaf, ArrayLeaf)
        ]


def _leaves(space: spaces.Space[Any], keys: tuple[Any, ...], path: str) -> Iterator[Leaf]:
    if isinstance(space, spaces.Dict):
        for name, part in space.spaces.items():
            yield from _leaves(part, (*keys, name), f"{path}[{name!r}]")
    elif isinstance(space, spaces.Tuple):
        for index, part in enumerate(space.spaces):
            yield from _leaves(part, (*keys, index), f"{path}[{index}]")
    elif isinstance(space, (spaces.Box, spaces.MultiDiscrete, spaces.MultiBinary, spaces.Discrete)):
        yield ArrayLeaf(path, keys, space)
    elif isinstance(space, spaces.Text):
        yield TextLeaf(path, keys, space)
    elif isinstance(space, spaces.Sequence):
        yield SequenceLeaf(path, keys, space, BatchCodec(space.feature_space, path + ".element"))
    elif isinstance(space, spaces.Graph):
        yield GraphLeaf(path, keys, space)
    elif isinstance(space, spaces.OneOf):
        parts = [BatchCodec(part, f"{path}.alternative[{index}]") for index, part in enumerate(space.spaces)]
        yield OneOfLeaf(path, keys, space, parts)
    else:
        raise RequestError(
            grpc.StatusCode.UNIMPLEMENTED, f"values of a space of class {type(space).__name__} cannot be sent: {space}"
        )


_Builder = Callable[[Arrays, Any], Any]


def _builder(space: spaces.Space[Any], leaves: Iterator[tuple[int, Leaf]]) -> _Builder:
    if isinstance(space, spaces.Dict):
        named = [(name, _builder(part, leaves)) for name, part in space.spaces.items()]
        return lambda arrays, index: {name: build(arrays, index) for name, build in named}
    if isinstance(space, spaces.Tuple):
        parts = [_builder(part, leaves) for part in space.spaces]
        return lambda arrays, index: tuple(build(arrays, index) for build in parts)
    number, leaf = next(leaves)
    if isinstance(leaf, ArrayLeaf) and leaf.is_array:
        return lambda arrays, index: arrays[number][index]
    return lambda arrays, index: leaf.get(arrays[number], index)
