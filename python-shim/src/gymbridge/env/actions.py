"""Checks that a batch of values lies in its space, saying which one does not and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.codec.leaves import Array, ArrayLeaf, Leaf, all_true
from gymbridge.codec.values import Arrays, BatchCodec
from gymbridge.codec.variable import Choice, Elements, GraphLeaf, OneOfLeaf, SequenceLeaf
from gymbridge.errors import invalid_argument

# Numbers up to which Python's own comparisons take less time than NumPy's.
_SMALL = 128


class BatchChecker:
    """Refuses values outside a space with INVALID_ARGUMENT. `row` is a value's name: "lane" or "observation"."""

    def __init__(self, codec: BatchCodec, what: str, row: str, first_row: int = 0) -> None:
        self._checks = _checks(codec)
        self._single = self._checks[0] if len(self._checks) == 1 else None
        self._what = what
        self._row = row
        self._first_row = first_row

    def __call__(self, arrays: Arrays, ignored: Array | None = None, rows: Sequence[int] | None = None) -> None:
        """Checks N values; those where `ignored` (bool (N)) is true may be anything. `rows` are their numbers."""
        found = self._single(arrays[0], ignored) if self._single else _first(self._checks, arrays, ignored)
        if found is not None:
            index, path, problem = found
            row = index if rows is None else rows[index]
            path = f" {path}" if path else ""
            raise invalid_argument(f"{self._what}{path} of {self._row} {self._first_row + row}{problem}")


# Finds, in a column, the first value outside the space: its row, the path of its leaf, and what is wrong.
_Check = Callable[[Any, "Array | None"], "tuple[int, str, str] | None"]


def _checks(codec: BatchCodec) -> list[_Check]:
    return [_check(leaf) for leaf in codec.leaves]


def _first(checks: list[_Check], arrays: Arrays, ignored: Array | None = None) -> tuple[int, str, str] | None:
    for column, check in zip(arrays, checks, strict=True):
        found = check(column, ignored)
        if found is not None:
            return found
    return None


def _check(leaf: Leaf) -> _Check:
    if isinstance(leaf, ArrayLeaf):
        return _array_check(leaf)
    if isinstance(leaf, SequenceLeaf):
        return _sequence_check(leaf)
    if isinstance(leaf, GraphLeaf):
        return _graph_check(leaf)
    if isinstance(leaf, OneOfLeaf):
        return _one_of_check(leaf)
    return _text_check(leaf)


def _array_check(leaf: ArrayLeaf) -> _Check:
    inside, expected = _bounds(leaf.space)
    limits = _limits(leaf.space)

    def check(array: Array, ignored: Array | None) -> tuple[int, str, str] | None:
        if limits is not None and 0 < array.size <= _SMALL:
            numbers = array.tolist() if array.ndim == 1 else array.ravel().tolist()
            if len(numbers) == 1 and limits[0] <= numbers[0] <= limits[1]:
                return None
            total = sum(numbers)
            # Comparisons may pass over a NaN, but no sum does.
            if limits[0] <= min(numbers) and max(numbers) <= limits[1] and total == total:
                return None
        good = inside(array)
        if all_true(good):
            return None
        if ignored is not None:
            good = good | ignored.reshape(-1, *([1] * (good.ndim - 1)))
            if all_true(good):
                return None
        row, *place = (int(i) for i in np.argwhere(~good)[0])
        component = f" component {place}" if place else ""
        return row, leaf.path, f"{component}: got {array[(row, *place)]}, expected {expected(tuple(place))}"

    return check


def _row_check(problem: Callable[[Any], tuple[str, str] | None]) -> _Check:
    def check(rows: list[Any], ignored: Array | None) -> tuple[int, str, str] | None:
        for index, row in enumerate(rows):
            found = None if ignored is not None and ignored[index] else problem(row)
            if found is not None:
                return index, *found
        return None

    return check


def _text_check(leaf: Leaf) -> _Check:
    space: Any = leaf.space

    def problem(row: str) -> tuple[str, str] | None:
        if space.contains(row):
            return None
        expected = f"{space.min_length} to {space.max_length} characters out of {space.characters!r}"
        return leaf.path, f": got {row!r}, expected {expected}"

    return _row_check(problem)


def _sequence_check(leaf: SequenceLeaf) -> _Check:
    checks = _checks(leaf.element)

    def problem(row: Elements) -> tuple[str, str] | None:
        found = _first(checks, row.batch)
        return None if found is None else (found[1], f" element {found[0]}{found[2]}")

    return _row_check(problem)


def _graph_check(leaf: GraphLeaf) -> _Check:
    nodes = _array_check(leaf.nodes)
    edges = None if leaf.edges is None else _array_check(leaf.edges)

    def problem(row: Any) -> tuple[str, str] | None:
        found, what = nodes(row.nodes, None), "node"
        if found is None and edges is not None and row.edges is not None:
            found, what = edges(row.edges, None), "edge"
        return None if found is None else (found[1], f" {what} {found[0]}{found[2]}")

    return _row_check(problem)


def _one_of_check(leaf: OneOfLeaf) -> _Check:
    parts = [_checks(part) for part in leaf.parts]

    def problem(row: Choice) -> tuple[str, str] | None:
        found = _first(parts[row.index], row.batch)
        return None if found is None else found[1:]

    return _row_check(problem)


def _limits(space: Any) -> tuple[float, float] | None:
    """The least and the greatest number, where these are finite and the same for all components."""
    if isinstance(space, spaces.Box):
        low, high = space.low, space.high
        if low.size == 0 or low.dtype.kind not in "iuf" or not (np.isfinite(low).all() and np.isfinite(high).all()):
            return None
        same = (low == low.flat[0]).all() and (high == high.flat[0]).all()
        return (low.flat[0].item(), high.flat[0].item()) if same else None
    if isinstance(space, spaces.Discrete):
        return int(space.start), int(space.start) + int(space.n) - 1
    return (0, 1) if isinstance(space, spaces.MultiBinary) else None


_Bounds = tuple[Callable[[Array], Array], Callable[[tuple[int, ...]], str]]


def _bounds(space: Any) -> _Bounds:
    if isinstance(space, spaces.Box):
        return _box_bounds(space)
    if isinstance(space, spaces.MultiBinary):
        return (lambda array: (array == 0) | (array == 1)), lambda place: "0 or 1"
    start = np.asarray(space.start)
    count = np.asarray(space.nvec if isinstance(space, spaces.MultiDiscrete) else space.n)
    end = start + (count - 1)

    def inside(array: Array) -> Array:
        result: Array = (array >= start) & (array <= end)
        return result

    return inside, lambda place: f"an integer from {start[place]} to {end[place]}"


def _box_bounds(space: spaces.Box) -> _Bounds:
    low, high = space.low, space.high
    floating = np.dtype(space.dtype).kind == "f"
    unbounded = floating and not (np.isfinite(low).all() and np.isfinite(high).all())

    def inside(array: Array) -> Array:
        result: Array = (array >= low) & (array <= high)
        return result & np.isfinite(array) if unbounded else result

    def expected(place: tuple[int, ...]) -> str:
        bounds = f"a finite number in [{low[place]}, {high[place]}]" if floating else f"[{low[place]}, {high[place]}]"
        return bounds + ": clip it to the space"

    return inside, expected
