"""Checks that a batch of values lies in its space, saying which one does not and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.codec.values import Array, Arrays, BatchCodec, Leaf
from gymbridge.errors import invalid_argument


class BatchChecker:
    """Refuses values outside a space with INVALID_ARGUMENT. `row` is a value's name: "lane" or "observation"."""

    def __init__(self, codec: BatchCodec, what: str, row: str, first_row: int = 0) -> None:
        self._checks = [(leaf, _check(leaf)) for leaf in codec.leaves]
        self._what = what
        self._row = row
        self._first_row = first_row

    def __call__(self, arrays: Arrays, ignored: Array | None = None) -> None:
        """Checks N values; those where `ignored` (bool (N)) is true may be anything."""
        for array, (leaf, (inside, expected)) in zip(arrays, self._checks, strict=True):
            good = inside(array)
            if good.all():
                continue
            if ignored is not None:
                good = good | ignored.reshape(-1, *([1] * (good.ndim - 1)))
                if good.all():
                    continue
            place = tuple(int(i) for i in np.argwhere(~good)[0])
            component = f" component {list(place[1:])}" if len(place) > 1 else ""
            path = f" {leaf.path}" if leaf.path else ""
            raise invalid_argument(
                f"{self._what}{path} of {self._row} {self._first_row + place[0]}{component}: got {array[place]}, "
                "expected " + expected(place[1:])
            )


_Check = tuple[Callable[[Array], Array], Callable[[tuple[int, ...]], str]]


def _check(leaf: Leaf) -> _Check:
    space: Any = leaf.space
    if isinstance(space, spaces.Box):
        return _check_box(space)
    if isinstance(space, spaces.MultiBinary):
        return (lambda array: (array == 0) | (array == 1)), lambda place: "0 or 1"
    start = np.asarray(space.start)
    count = np.asarray(space.nvec if isinstance(space, spaces.MultiDiscrete) else space.n)
    end = start + count - 1

    def inside(array: Array) -> Array:
        result: Array = (array >= start) & (array <= end)
        return result

    return inside, lambda place: f"an integer from {start[place]} to {end[place]}"


def _check_box(space: spaces.Box) -> _Check:
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
