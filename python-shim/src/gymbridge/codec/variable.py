"""Leaves whose values vary in size: Text, Sequence, Graph, OneOf. Their columns are lists of rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
from gymnasium import spaces

from gymbridge.codec.dtypes import from_bytes, to_bytes
from gymbridge.codec.leaves import Array, ArrayLeaf, Leaf
from gymbridge.errors import RequestError, invalid_argument

if TYPE_CHECKING:
    from gymbridge.codec.values import BatchCodec

_INT32: np.dtype[Any] = np.dtype(np.int32)
_UINT8: np.dtype[Any] = np.dtype(np.uint8)
# Of elements that take no bytes, any number fits into a message.
_MAX_EMPTY = 1 << 16


class VariableLeaf(Leaf):
    """A leaf with rows: what `pack` makes of a value and `unpack` turns into a value again. Rows are not changed."""

    def allocate(self, n: int) -> list[Any]:  # noqa: D102
        return [self.empty()] * n

    def put(self, column: list[Any], index: int, value: Any) -> None:  # noqa: D102
        column[index] = self.pack(value)

    def get(self, column: list[Any], index: Any) -> Any:  # noqa: D102
        rows = column[index]
        return tuple(map(self.unpack, rows)) if isinstance(index, slice) else self.unpack(rows)

    def column(self, values: Any) -> list[Any]:  # noqa: D102
        if not isinstance(values, (list, tuple)):
            raise self._misfit(values, "a tuple or list of values")
        return [self.pack(value) for value in values]

    def take(self, column: list[Any], indices: Sequence[int]) -> list[Any]:  # noqa: D102
        return [column[index] for index in indices]

    def join(self, columns: Sequence[list[Any]]) -> list[Any]:  # noqa: D102
        return list(chain.from_iterable(columns))

    def not_finite(self, column: list[Any]) -> tuple[int, str, str] | None:  # noqa: D102
        for index, row in enumerate(column):
            found = self.row_not_finite(row)
            if found is not None:
                return index, *found
        return None

    @abstractmethod
    def empty(self) -> Any:
        """The row of an allocated batch."""

    @abstractmethod
    def pack(self, value: Any) -> Any:
        """A row with a copy of the value; ValueError, naming the leaf, where it does not fit."""

    @abstractmethod
    def unpack(self, row: Any) -> Any:
        """The row's value, as the space has it."""

    @abstractmethod
    def row_not_finite(self, row: Any) -> tuple[str, str] | None:
        """The path of the leaf and where in the row a number is not finite."""

    def _misfit(self, value: Any, expected: str) -> ValueError:
        got = type(value).__name__
        return ValueError(f"{self.path} is of class {got}, expected {expected} for {self.space}".lstrip())


class TextLeaf(VariableLeaf):
    """Strings: offsets in bytes, then UTF-8. A row is the string."""

    def __init__(self, path: str, keys: tuple[Any, ...], space: spaces.Text) -> None:
        super().__init__(path, keys, space, 2, 4)

    def empty(self) -> str:  # noqa: D102
        return ""

    def pack(self, value: Any) -> str:  # noqa: D102
        if not isinstance(value, str):
            raise self._misfit(value, "a str")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"{self.path} is {value!r}, which has no UTF-8 form".lstrip()) from error
        return str(value)

    def unpack(self, row: str) -> str:  # noqa: D102
        return row

    def row_not_finite(self, row: str) -> None:  # noqa: D102
        return None

    def lay(self, column: list[str]) -> list[bytes]:  # noqa: D102
        encoded = [row.encode() for row in column]
        return [_offsets(map(len, encoded), self.path), b"".join(encoded)]

    def read(self, buffers: Iterator[bytes], n: int, what: str) -> list[str]:  # noqa: D102
        what += self.path
        offsets = _read_offsets(next(buffers), n, what)
        data = next(buffers)
        if len(data) != offsets[-1]:
            raise invalid_argument(f"{what}: got {len(data)} bytes of text, expected {offsets[-1]} from its offsets")
        try:
            return [data[start:end].decode() for start, end in _pairs(offsets)]
        except UnicodeDecodeError as error:
            raise invalid_argument(f"{what}: the text is not UTF-8: {error}") from error


@dataclass(frozen=True, slots=True)
class Elements:
    """A row of a Sequence: a batch of its `n` elements."""

    n: int
    batch: list[Any]


class SequenceLeaf(VariableLeaf):
    """Sequences: offsets in elements, then the elements' buffers. A row is `Elements`."""

    def __init__(self, path: str, keys: tuple[Any, ...], space: spaces.Sequence, element: BatchCodec) -> None:
        super().__init__(path, keys, space, 1 + element.buffers, 4)
        self.element = element
        self._stacked = space.stack

    def empty(self) -> Elements:  # noqa: D102
        return Elements(0, self.element.allocate(0))

    def pack(self, value: Any) -> Elements:  # noqa: D102
        if self._stacked:
            return Elements(*self.element.unstack(value))
        if not isinstance(value, (list, tuple)):
            raise self._misfit(value, "a tuple or list of elements")
        return Elements(len(value), self.element.stack(value))

    def unpack(self, row: Elements) -> Any:  # noqa: D102
        if self._stacked:
            return self.element.value(row.batch, slice(None))
        return tuple(self.element.value(row.batch, index) for index in range(row.n))

    def row_not_finite(self, row: Elements) -> tuple[str, str] | None:  # noqa: D102
        found = self.element.not_finite(row.batch)
        return None if found is None else (found[1], f" element {found[0]}{found[2]}")

    def lay(self, column: list[Elements]) -> list[bytes]:  # noqa: D102
        elements = self.element.join([row.batch for row in column])
        return [_offsets((row.n for row in column), self.path), *self.element.lay(elements)]

    def read(self, buffers: Iterator[bytes], n: int, what: str) -> list[Elements]:  # noqa: D102
        offsets = _read_offsets(next(buffers), n, what + self.path, self.element.bytes_per_value)
        batch = self.element.read(buffers, int(offsets[-1]), what)
        return [Elements(end - start, [column[start:end] for column in batch]) for start, end in _pairs(offsets)]


class GraphLeaf(VariableLeaf):
    """Graphs: offsets and buffer of the nodes, then of the edges, then links. A row is a GraphInstance.

    Links are int32 and count each graph's nodes from 0.
    """

    def __init__(self, path: str, keys: tuple[Any, ...], space: spaces.Graph) -> None:
        for part in (space.node_space, space.edge_space):
            if not isinstance(part, (spaces.Box, spaces.Discrete, type(None))):
                raise RequestError(
                    grpc.StatusCode.UNIMPLEMENTED,
                    f"nodes and edges of a Graph can be sent as Box or Discrete, not as {type(part).__name__}: {space}",
                )
        super().__init__(path, keys, space, 5 if space.edge_space is None else 6, 9)
        self.nodes = ArrayLeaf(path + ".nodes", (), space.node_space)
        self.edges = None if space.edge_space is None else ArrayLeaf(path + ".edges", (), space.edge_space)

    def empty(self) -> spaces.GraphInstance:  # noqa: D102
        return spaces.GraphInstance(self.nodes.allocate(0), None, None)

    def pack(self, value: Any) -> spaces.GraphInstance:  # noqa: D102
        if not isinstance(value, tuple) or len(value) != 3:
            raise self._misfit(value, "a GraphInstance")
        nodes = self.nodes.column(value[0])
        if value[1] is None and value[2] is None:
            return spaces.GraphInstance(nodes, None, None)
        if self.edges is None:
            raise ValueError(f"{self.path} has edges or edge_links, its space {self.space} has none".lstrip())
        if value[1] is None or value[2] is None:
            raise ValueError(f"{self.path} has only one of edges and edge_links; give both or neither".lstrip())
        edges, links = self.edges.column(value[1]), np.asarray(value[2])
        if links.shape != (len(edges), 2) or links.dtype.kind not in "iu":
            got = f"type {links.dtype} and shape {links.shape}"
            raise ValueError(f"{self.path}.edge_links has {got}, expected integers of shape {(len(edges), 2)}".lstrip())
        if ((links < 0) | (links >= len(nodes))).any():
            raise ValueError(f"{self.path}.edge_links has indices outside the {len(nodes)} nodes".lstrip())
        return spaces.GraphInstance(nodes, edges, links.astype(np.int32))

    def unpack(self, row: spaces.GraphInstance) -> spaces.GraphInstance:  # noqa: D102
        return row

    def row_not_finite(self, row: Any) -> tuple[str, str] | None:  # noqa: D102
        found, what = self.nodes.not_finite(row.nodes), "node"
        if found is None and self.edges is not None and row.edges is not None:
            found, what = self.edges.not_finite(row.edges), "edge"
        return None if found is None else (found[1], f" {what} {found[0]}{found[2]}")

    def lay(self, column: list[Any]) -> list[bytes]:  # noqa: D102
        linked = [row for row in column if row.edge_links is not None]
        has_edges = np.array([row.edge_links is not None for row in column], np.uint8)
        counts = (0 if row.edge_links is None else len(row.edge_links) for row in column)
        buffers = [_offsets((len(row.nodes) for row in column), self.nodes.path)]
        buffers += self.nodes.lay(self.nodes.join([row.nodes for row in column]))
        buffers += [_offsets(counts, self.path + ".edges"), to_bytes(has_edges)]
        if self.edges is not None:
            buffers += self.edges.lay(self.edges.join([row.edges for row in linked]))
        links = [row.edge_links for row in linked]
        return [*buffers, to_bytes(np.concatenate(links)) if links else b""]

    def read(self, buffers: Iterator[bytes], n: int, what: str) -> list[spaces.GraphInstance]:  # noqa: D102
        ends = _read_offsets(next(buffers), n, what + self.nodes.path, self.nodes.min_bytes)
        nodes = self.nodes.read(buffers, int(ends[-1]), what)
        edge_ends = _read_offsets(next(buffers), n, f"{what}{self.path}.edges")
        count = int(edge_ends[-1])
        has_edges = from_bytes(next(buffers), _UINT8, (n,), f"{what}{self.path}: presence of edges")
        if (has_edges > (self.edges is not None)).any() or (np.diff(edge_ends)[has_edges == 0] != 0).any():
            expected = "0" if self.edges is None else "0 where a value has no edges, 1 where it may have some"
            raise invalid_argument(f"{what}{self.path}: presence of edges is wrong, expected {expected}")
        edges = None if self.edges is None else self.edges.read(buffers, count, what)
        links = from_bytes(next(buffers), _INT32, (count, 2), f"{what}{self.path}.edge_links")
        limits = np.repeat(np.diff(ends), np.diff(edge_ends))[:, None]
        if ((links < 0) | (links >= limits)).any():
            raise invalid_argument(f"{what}{self.path}.edge_links: an index outside the nodes of its graph")
        return [
            spaces.GraphInstance(
                nodes[start:end],
                edges[first:last] if edges is not None and present else None,
                links[first:last] if present else None,
            )
            for (start, end), (first, last), present in zip(_pairs(ends), _pairs(edge_ends), has_edges, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of a OneOf: the alternative's index and a batch of one value of it."""

    index: int
    batch: list[Any]


class OneOfLeaf(VariableLeaf):
    """Disjoint unions: choices, then for each alternative the buffers of the values that chose it."""

    def __init__(self, path: str, keys: tuple[Any, ...], space: spaces.OneOf[Any], parts: Sequence[BatchCodec]) -> None:
        super().__init__(path, keys, space, 1 + sum(part.buffers for part in parts), 4)
        self.parts = parts

    def empty(self) -> Choice:  # noqa: D102
        return Choice(0, self.parts[0].allocate(1))

    def pack(self, value: Any) -> Choice:  # noqa: D102
        if not isinstance(value, tuple) or len(value) != 2 or not isinstance(value[0], (int, np.integer)):
            raise self._misfit(value, "a tuple (index, value)")
        index = int(value[0])
        if not 0 <= index < len(self.parts):
            raise ValueError(f"{self.path} chooses {index}, its space {self.space} has {len(self.parts)}".lstrip())
        return Choice(index, self.parts[index].stack([value[1]]))

    def unpack(self, row: Choice) -> tuple[Any, Any]:  # noqa: D102
        return np.int64(row.index), self.parts[row.index].value(row.batch, 0)

    def row_not_finite(self, row: Choice) -> tuple[str, str] | None:  # noqa: D102
        found = self.parts[row.index].not_finite(row.batch)
        return None if found is None else found[1:]

    def lay(self, column: list[Choice]) -> list[bytes]:  # noqa: D102
        buffers = [to_bytes(np.array([row.index for row in column], np.int32))]
        for index, part in enumerate(self.parts):
            buffers += part.lay(part.join([row.batch for row in column if row.index == index]))
        return buffers

    def read(self, buffers: Iterator[bytes], n: int, what: str) -> list[Choice]:  # noqa: D102
        choices = from_bytes(next(buffers), _INT32, (n,), f"{what}{self.path}: choices")
        if ((choices < 0) | (choices >= len(self.parts))).any():
            raise invalid_argument(f"{what}{self.path}: a choice outside 0 to {len(self.parts) - 1}")
        counts = np.bincount(choices, minlength=len(self.parts)).tolist()
        batches = [part.read(buffers, count, what) for part, count in zip(self.parts, counts, strict=True)]
        rows = []
        taken = [0] * len(self.parts)
        for index in choices.tolist():
            place = taken[index]
            rows.append(Choice(index, [column[place : place + 1] for column in batches[index]]))
            taken[index] += 1
        return rows


def _offsets(counts: Iterable[int], what: str) -> bytes:
    offsets = np.cumsum([0, *counts], dtype=np.int64)
    if offsets[-1] > np.iinfo(np.int32).max:
        raise RequestError(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"{what}: a batch of {offsets[-1]} elements; a message takes {np.iinfo(np.int32).max}".lstrip(": "),
        )
    return to_bytes(offsets.astype(np.int32))


def _read_offsets(data: bytes, n: int, what: str, bytes_per_element: int = 1) -> Array:
    offsets = from_bytes(data, _INT32, (n + 1,), f"{what}: offsets")
    if offsets[0] != 0 or (offsets[1:] < offsets[:-1]).any():
        raise invalid_argument(f"{what}: offsets must start at 0 and never fall")
    if bytes_per_element == 0 and offsets[-1] > _MAX_EMPTY:
        raise invalid_argument(f"{what}: {offsets[-1]} elements without content, more than {_MAX_EMPTY}")
    return offsets


def _pairs(offsets: Array) -> Iterator[tuple[int, int]]:
    listed = offsets.tolist()
    return pairwise(listed)
