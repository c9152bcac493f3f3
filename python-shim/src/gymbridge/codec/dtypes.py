"""Element types: the protocol's names and NumPy's."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gymbridge.errors import invalid_argument
from gymbridge.v1 import space_pb2

_NAMES = {
    "bool": space_pb2.DTYPE_BOOL,
    "int8": space_pb2.DTYPE_INT8,
    "int16": space_pb2.DTYPE_INT16,
    "int32": space_pb2.DTYPE_INT32,
    "int64": space_pb2.DTYPE_INT64,
    "uint8": space_pb2.DTYPE_UINT8,
    "uint16": space_pb2.DTYPE_UINT16,
    "uint32": space_pb2.DTYPE_UINT32,
    "uint64": space_pb2.DTYPE_UINT64,
    "float16": space_pb2.DTYPE_FLOAT16,
    "float32": space_pb2.DTYPE_FLOAT32,
    "float64": space_pb2.DTYPE_FLOAT64,
}
_TO_WIRE = {np.dtype(name): number for name, number in _NAMES.items()}
_FROM_WIRE = {number: np.dtype(name) for name, number in _NAMES.items()}
_LITTLE = sys.byteorder == "little"
# NumPy's own limits: of an array's dimensions, and of its bytes even where one dimension is 0.
_MAX_DIMENSIONS = 32
_MAX_BYTES = 1 << 62


def is_sendable(dtype: np.dtype[Any]) -> bool:
    """Whether the protocol has this element type."""
    return dtype in _TO_WIRE or dtype.newbyteorder("=") in _TO_WIRE


def encode_dtype(dtype: np.dtype[Any]) -> space_pb2.DType:
    """The protocol's number of a NumPy type; INVALID_ARGUMENT for one it lacks, such as complex or object."""
    number = _TO_WIRE.get(dtype) or _TO_WIRE.get(dtype.newbyteorder("="))
    if number is None:
        raise invalid_argument(f"arrays of type {dtype} cannot be sent; use one of {', '.join(_NAMES)}")
    return number


def decode_dtype(number: int, default: str | None = None) -> np.dtype[Any]:
    """The NumPy type in native byte order; `default` stands for DTYPE_UNSPECIFIED, which is otherwise refused."""
    if number == space_pb2.DTYPE_UNSPECIFIED and default is not None:
        return np.dtype(default)
    dtype: np.dtype[Any] | None = _FROM_WIRE.get(number)  # type: ignore[call-overload]
    if dtype is None:
        raise invalid_argument(f"unknown element type number {number}")
    return dtype


def to_bytes(array: np.ndarray[Any, Any] | np.generic) -> bytes:
    """The array's or scalar's elements, little-endian and row-major."""
    if _LITTLE and array.dtype.isnative:
        return array.tobytes()
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def view_of(array: np.ndarray[Any, Any]) -> bytes | memoryview:
    """As `to_bytes`, without a copy where the elements lie as they should."""
    if _LITTLE and array.dtype.isnative and array.flags.c_contiguous:
        return memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
    return to_bytes(array)


def from_bytes(
    data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], what: str, copy: bool = True
) -> np.ndarray[Any, Any]:
    """An array in native byte order; INVALID_ARGUMENT, naming `what`, where the length does not fit.

    It is writable, or where `copy` is false and the bytes are as they should be, a read-only view of them.
    """
    if len(shape) > _MAX_DIMENSIONS:
        raise invalid_argument(f"{what}: {len(shape)} dimensions, more than {_MAX_DIMENSIONS}")
    count = extent = 1
    for dimension in shape:
        if dimension < 0:
            raise invalid_argument(f"{what}: negative dimension in shape {list(shape)}")
        count *= dimension
        extent *= max(dimension, 1)
    if len(data) != count * dtype.itemsize or extent * dtype.itemsize > _MAX_BYTES:
        raise invalid_argument(
            f"{what}: got {len(data)} bytes, expected {count * dtype.itemsize} for shape {list(shape)} of {dtype}"
        )
    if dtype == np.bool_ and data.translate(None, b"\0\1"):
        raise invalid_argument(f"{what}: a bool is one byte, 0 or 1")
    if _LITTLE and dtype.isnative:
        return np.ndarray(shape, dtype, bytearray(data) if copy else data)
    little = np.frombuffer(data, dtype.newbyteorder("<"))
    return little.astype(dtype, copy=True).reshape(shape)
