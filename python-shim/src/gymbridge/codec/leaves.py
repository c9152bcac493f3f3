"""Columns of a batch: what one leaf of a space, a part that is neither Tuple nor Dict, makes of N values."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.codec.dtypes import from_bytes, to_bytes

Array = np.ndarray[Any, Any]


def all_true(array: Array) -> bool:
    """Whether a bool array has no False; for small arrays much faster than its `all`."""
    return 0 not in array.tobytes()


class Leaf(ABC):
    """A leaf: where it is in the space, e.g. `["pair"][1]`, and its space.

    A column holds N values of it: an array (N, *shape) where they have one size, a list of N rows where they vary.
    `buffers` is its number of buffers on the wire, `min_bytes` the least that one value takes there.
    """

    def __init__(self, path: str, keys: tuple[Any, ...], space: spaces.Space[Any], buffers: int, min_bytes: int):
        self.path = path
        self.keys = keys
        self.space = space
        self.buffers = buffers
        self.min_bytes = min_bytes

    @abstractmethod
    def allocate(self, n: int) -> Any:
        """A column of N values, all zero or empty."""

    @abstractmethod
    def put(self, column: Any, index: int, value: Any) -> None:
        """Copies a value into the column; ValueError, naming the leaf, where it does not fit."""

    @abstractmethod
    def get(self, column: Any, index: Any) -> Any:
        """The value at an index; for a slice, the stacked values: an array, or a tuple where values vary in size."""

    @abstractmethod
    def column(self, values: Any) -> Any:
        """A column with copies of stacked values.

        ValueError, naming the leaf, where they do not fit; TypeError for a number in place of N of them.
        """

    @abstractmethod
    def take(self, column: Any, indices: Sequence[int]) -> Any:
        """A new column of the values at these indices."""

    @abstractmethod
    def join(self, columns: Sequence[Any]) -> Any:
        """The columns end to end."""

    @abstractmethod
    def lay(self, column: Any) -> list[bytes]:
        """The column's buffers."""

    @abstractmethod
    def read(self, buffers: Iterator[bytes], n: int, what: str) -> Any:
        """A column of N values from the next buffers; INVALID_ARGUMENT, naming `what` and the leaf, for wrong ones."""

    @abstractmethod
    def not_finite(self, column: Any) -> tuple[int, str, str] | None:
        """The first value with an infinity or NaN, the path of its leaf, and where: ` component [0] is nan`."""


class ArrayLeaf(Leaf):
    """Box, Discrete, MultiDiscrete or MultiBinary: one buffer of shape (N, *shape)."""

    def __init__(self, path: str, keys: tuple[Any, ...], space: spaces.Space[Any]) -> None:
        self.dtype: np.dtype[Any] = np.dtype(space.dtype or np.int64)
        self.shape = tuple(space.shape or ())
        super().__init__(path, keys, space, 1, self.dtype.itemsize * int(np.prod(self.shape)))
        # Whether any bytes of the right number are values as they are.
        self.is_plain = sys.byteorder == "little" and self.dtype.isnative and self.dtype.kind in "iuf"
        self.is_floating = self.dtype.kind == "f"
        # An element of an array (N) is a NumPy scalar: right for Discrete, but a Box has arrays of shape ().
        self.is_array = self.shape != () or isinstance(space, spaces.Discrete)

    def allocate(self, n: int) -> Array:  # noqa: D102
        return np.zeros((n, *self.shape), self.dtype)

    def put(self, column: Array, index: int, value: Any) -> None:  # noqa: D102
        if type(value) is not np.ndarray:
            value = np.asarray(value)
        elif value.dtype is self.dtype and value.shape == self.shape:
            column[index] = value
            return
        if value.shape != self.shape:
            raise ValueError(f"{self.path} has shape {value.shape}, its space {self.space} has {self.shape}".lstrip())
        self._check_dtype(value)
        column[index] = value

    def get(self, column: Array, index: Any) -> Any:  # noqa: D102
        return column[index] if self.is_array else np.asarray(column[index])

    def column(self, values: Any) -> Array:  # noqa: D102
        array = np.asarray(values)
        if array.shape == (0,):
            return self.allocate(0)
        expected = ("N", *self.shape)
        if array.ndim == 0:
            raise TypeError(f"{self.path} is {values!r}, expected an array of shape {expected}".lstrip())
        if array.shape[1:] != self.shape:
            raise ValueError(f"{self.path} has shape {array.shape}, expected {expected} for {self.space}".lstrip())
        self._check_dtype(array)
        return array.astype(self.dtype)

    def take(self, column: Array, indices: Sequence[int]) -> Array:  # noqa: D102
        taken: Array = column[indices]
        return taken

    def join(self, columns: Sequence[Array]) -> Array:  # noqa: D102
        return np.concatenate(columns) if columns else self.allocate(0)

    def lay(self, column: Array) -> list[bytes]:  # noqa: D102
        return [to_bytes(column)]

    def read(self, buffers: Iterator[bytes], n: int, what: str) -> Array:  # noqa: D102
        data = next(buffers)
        if self.is_plain and data and len(data) == n * self.min_bytes:
            return np.ndarray((n, *self.shape), self.dtype, bytearray(data))
        return from_bytes(data, self.dtype, (n, *self.shape), what + self.path)

    def not_finite(self, column: Array) -> tuple[int, str, str] | None:  # noqa: D102
        if not self.is_floating or all_true(np.isfinite(column)):
            return None
        row, *place = (int(i) for i in np.argwhere(~np.isfinite(column))[0])
        component = f" component {place}" if place else ""
        return row, self.path, f"{component} is {column[(row, *place)]}"

    def _check_dtype(self, value: Array) -> None:
        if value.dtype is not self.dtype and value.dtype != self.dtype and not _fits(value, self.dtype):
            raise ValueError(f"{self.path} has type {value.dtype}, its space {self.space} has {self.dtype}".lstrip())


def _fits(value: Array, dtype: np.dtype[Any]) -> bool:
    if np.can_cast(value.dtype, dtype, "same_kind"):
        return True
    # Python integers arrive as int64 and may stand for unsigned ones.
    return value.dtype.kind in "iu" and dtype.kind in "iuf" and bool((value.astype(dtype) == value).all())
