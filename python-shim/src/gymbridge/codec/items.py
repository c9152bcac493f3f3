"""Self-describing data, for info, options, keyword arguments and frames: Python objects as items and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from google.protobuf import struct_pb2

from gymbridge.codec.dtypes import decode_dtype, encode_dtype, from_bytes, is_sendable, to_bytes
from gymbridge.errors import invalid_argument
from gymbridge.v1 import value_pb2 as pb

# A map's level costs three of protobuf's nested messages (map, its entry, item), of which a parser takes 100.
_MAX_DEPTH = 24
_INT64 = range(-(2**63), 2**63)


def encode_map(mapping: Mapping[Any, Any]) -> pb.ItemMap:
    """A mapping as a message; keys that are not strings become their `str`."""
    message = pb.ItemMap()
    fill_map(message, mapping)
    return message


def fill_map(message: pb.ItemMap, mapping: Mapping[Any, Any], depth: int = 1) -> None:
    """Puts a mapping into a message that exists already."""
    if depth > _MAX_DEPTH:
        raise invalid_argument(f"data nested deeper than {_MAX_DEPTH} levels")
    message.SetInParent()
    items = message.items
    for key, value in mapping.items():
        _fill(items[key if type(key) is str else str(key)], value, depth)


def encode_item(value: Any) -> pb.Item:
    """One datum as a message.

    None, bool, int, float and str keep their kind; numeric and bool arrays, NumPy's scalars and bytes become tensors;
    arrays of anything else, lists, tuples and sets become lists; mappings become maps. INVALID_ARGUMENT for anything
    else, and for integers beyond 64 bits.
    """
    message = pb.Item()
    _fill(message, value, 0)
    return message


def _fill(message: pb.Item, value: Any, depth: int) -> None:
    if isinstance(value, np.ndarray):
        if is_sendable(value.dtype):
            tensor = message.tensor
            tensor.dtype = encode_dtype(value.dtype)
            tensor.shape.extend(value.shape)
            tensor.data = to_bytes(value)
        elif value.ndim == 0:
            _fill(message, value.item(), depth)
        else:
            _fill_list(message, value, depth)
    elif value is None:
        message.null = struct_pb2.NULL_VALUE
    elif isinstance(value, np.generic) and is_sendable(value.dtype):
        _fill(message, np.asarray(value), depth)
    elif isinstance(value, bool):
        message.boolean = value
    elif isinstance(value, int):
        if value not in _INT64:
            raise invalid_argument(f"the integer {value} does not fit into 64 bits")
        message.integer = int(value)
    elif isinstance(value, (float, np.floating)):
        message.real = float(value)
    elif isinstance(value, str):
        message.text = value
    elif isinstance(value, Mapping):
        fill_map(message.map, value, depth + 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        _fill_list(message, value, depth)
    elif isinstance(value, (bytes, bytearray)):
        _fill(message, np.frombuffer(value, np.uint8), depth)
    else:
        raise invalid_argument(f"an object of class {type(value).__name__} cannot be sent")


def _fill_list(message: pb.Item, values: Any, depth: int) -> None:
    if depth >= _MAX_DEPTH:
        raise invalid_argument(f"data nested deeper than {_MAX_DEPTH} levels")
    message.list.SetInParent()
    items = message.list.items
    for value in values:
        _fill(items.add(), value, depth + 1)


def decode_map(message: pb.ItemMap, depth: int = 1) -> dict[str, Any]:
    """A message as a dict; INVALID_ARGUMENT where it is malformed or nested too deep."""
    if depth > _MAX_DEPTH:
        raise invalid_argument(f"data nested deeper than {_MAX_DEPTH} levels")
    return {key: decode_item(item, depth) for key, item in message.items.items()}


def decode_item(message: pb.Item, depth: int = 0) -> Any:
    """One datum: None, bool, int, float, str, a NumPy array or scalar, a list or a dict."""
    kind = message.WhichOneof("kind")
    if kind == "null":
        return None
    if kind in ("boolean", "integer", "real", "text"):
        return getattr(message, kind)
    if kind == "tensor":
        tensor = message.tensor
        dtype, data, shape = decode_dtype(tensor.dtype), tensor.data, tensor.shape
        if shape:
            return from_bytes(data, dtype, tuple(shape), "tensor")
        return from_bytes(data, dtype, (), "tensor", copy=False)[()]
    if kind == "list":
        if depth >= _MAX_DEPTH:
            raise invalid_argument(f"data nested deeper than {_MAX_DEPTH} levels")
        return [decode_item(item, depth + 1) for item in message.list.items]
    if kind == "map":
        return decode_map(message.map, depth + 1)
    raise invalid_argument("an item of no kind")
