"""Gymnasium's ten spaces as messages and back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.codec.dtypes import decode_dtype, encode_dtype, from_bytes, to_bytes
from gymbridge.errors import invalid_argument
from gymbridge.v1 import space_pb2 as pb

_MAX_DEPTH = 32
_MAX_ELEMENTS = 1 << 28
# NumPy takes 32 or more; a batch has one dimension more than its space.
_MAX_DIMENSIONS = 31


def encode_space(space: spaces.Space[Any]) -> pb.Space:
    """The message for a space; INVALID_ARGUMENT for one that the protocol cannot describe.

    That is a class that is not one of Gymnasium's ten, and nesting of more than 32 levels.
    """
    try:
        return _encode(space, 0)
    except (OverflowError, ValueError) as error:
        raise invalid_argument(f"the space {space} cannot be sent: {error}") from error


def _encode(space: spaces.Space[Any], depth: int) -> pb.Space:
    _check_depth(depth)
    depth += 1
    if isinstance(space, spaces.Box):
        return pb.Space(box=_encode_box(space))
    if isinstance(space, spaces.Discrete):
        dtype = encode_dtype(np.dtype(getattr(space, "dtype", None) or np.int64))
        return pb.Space(discrete=pb.DiscreteSpace(n=int(space.n), start=int(space.start), dtype=dtype))
    if isinstance(space, spaces.MultiDiscrete):
        message = pb.MultiDiscreteSpace(dtype=encode_dtype(np.dtype(space.dtype)), shape=space.shape)
        message.nvec.extend(int(n) for n in space.nvec.flat)
        if np.any(space.start):
            message.start.extend(int(start) for start in space.start.flat)
        return pb.Space(multi_discrete=message)
    if isinstance(space, spaces.MultiBinary):
        return pb.Space(multi_binary=pb.MultiBinarySpace(shape=space.shape))
    if isinstance(space, spaces.Text):
        charset = "".join(space.character_list)
        return pb.Space(text=pb.TextSpace(min_length=space.min_length, max_length=space.max_length, charset=charset))
    if isinstance(space, spaces.Tuple):
        return pb.Space(tuple=pb.TupleSpace(spaces=[_encode(part, depth) for part in space.spaces]))
    if isinstance(space, spaces.Dict):
        parts = [pb.NamedSpace(name=str(name), space=_encode(part, depth)) for name, part in space.spaces.items()]
        return pb.Space(dict=pb.DictSpace(spaces=parts))
    if isinstance(space, spaces.Sequence):
        element = _encode(space.feature_space, depth)
        return pb.Space(sequence=pb.SequenceSpace(element=element, stacked=space.stack))
    if isinstance(space, spaces.Graph):
        edge = None if space.edge_space is None else _encode(space.edge_space, depth)
        return pb.Space(graph=pb.GraphSpace(node=_encode(space.node_space, depth), edge=edge))
    if isinstance(space, spaces.OneOf):
        return pb.Space(one_of=pb.OneOfSpace(spaces=[_encode(part, depth) for part in space.spaces]))
    raise invalid_argument(not_sent(space))


def not_sent(space: spaces.Space[Any]) -> str:
    """Why a space of an unknown class cannot be sent, and what to do."""
    return (
        f"a space of class {type(space).__name__} cannot be sent: {space}. Gymnasium's own ten kinds can: serve the "
        "environment in a wrapper that has one of these instead, e.g. TransformObservation or TransformAction"
    )


def decode_space(message: pb.Space) -> spaces.Space[Any]:
    """The Gymnasium space of a message; INVALID_ARGUMENT where the message makes no sense."""
    try:
        return _decode(message, 0)
    except (AssertionError, OverflowError, TypeError, ValueError) as error:  # what Gymnasium's constructors raise
        raise invalid_argument(f"a space that Gymnasium refuses: {error}") from error


def _decode(message: pb.Space, depth: int) -> spaces.Space[Any]:
    _check_depth(depth)
    depth += 1
    kind = message.WhichOneof("kind")
    if kind == "box":
        return _decode_box(message.box)
    if kind == "discrete":
        discrete = message.discrete
        dtype = decode_dtype(discrete.dtype, "int64")
        _check_integers(dtype, [discrete.n], [discrete.start], "Discrete")
        options: dict[str, Any] = {} if dtype == np.int64 else {"dtype": dtype}
        return spaces.Discrete(discrete.n, start=discrete.start, **options)
    if kind == "multi_discrete":
        return _decode_multi_discrete(message.multi_discrete)
    if kind == "multi_binary":
        shape = _shape(message.multi_binary.shape, "MultiBinary")
        # Gymnasium tells MultiBinary(3) from MultiBinary([3]); the first is the usual one.
        return spaces.MultiBinary(shape[0] if len(shape) == 1 else list(shape))
    if kind == "text":
        text = message.text
        if len(set(text.charset)) != len(text.charset):
            raise invalid_argument(f"a Text space with a repeated character: {text.charset!r}")
        return spaces.Text(text.max_length, min_length=text.min_length, charset=text.charset)
    if kind == "tuple":
        return spaces.Tuple([_decode(part, depth) for part in message.tuple.spaces])
    if kind == "dict":
        parts = [(part.name, _decode(part.space, depth)) for part in message.dict.spaces]
        if len({name for name, _ in parts}) != len(parts):
            raise invalid_argument(f"a Dict space with a repeated name: {[name for name, _ in parts]}")
        return spaces.Dict(parts)
    if kind == "sequence":
        return spaces.Sequence(_decode(message.sequence.element, depth), stack=message.sequence.stacked)
    if kind == "graph":
        node = _decode(message.graph.node, depth)
        edge = _decode(message.graph.edge, depth) if message.graph.HasField("edge") else None
        return spaces.Graph(node, edge)
    if kind == "one_of":
        if not message.one_of.spaces:
            raise invalid_argument("a OneOf space without alternatives")
        return spaces.OneOf([_decode(part, depth) for part in message.one_of.spaces])
    raise invalid_argument("a space of no kind")


def _check_depth(depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise invalid_argument(f"a space is nested deeper than {_MAX_DEPTH} levels")


def _shape(dimensions: Any, what: str) -> tuple[int, ...]:
    shape = tuple(int(dimension) for dimension in dimensions)
    elements = 1
    for dimension in shape:
        elements *= max(dimension, 1)
        if dimension < 0 or elements > _MAX_ELEMENTS:
            raise invalid_argument(
                f"a {what} space of shape {list(shape)}; at most {_MAX_ELEMENTS} elements can be had"
            )
    if len(shape) > _MAX_DIMENSIONS:
        raise invalid_argument(f"a {what} space of {len(shape)} dimensions; at most {_MAX_DIMENSIONS} can be had")
    return shape


def _check_integers(dtype: np.dtype[Any], counts: Iterable[int], starts: Iterable[int], what: str) -> None:
    if dtype.kind not in "iu":
        raise invalid_argument(f"a {what} space of type {dtype}, which is no integer type")
    low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    for n, start in zip(counts, starts, strict=True):
        if not 1 <= n <= high or start < low or start + n - 1 > high:
            raise invalid_argument(f"a {what} space of {n} values from {start}, which {dtype} cannot hold")


def _one_or_all(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    same = array.size > 0 and bool(np.all(array == array.flat[0]))
    return array.reshape(-1)[:1] if same else array


def _encode_box(space: spaces.Box) -> pb.BoxSpace:
    dtype = np.dtype(space.dtype)
    message = pb.BoxSpace(dtype=encode_dtype(dtype), shape=space.shape)
    message.low = to_bytes(_one_or_all(space.low))
    message.high = to_bytes(_one_or_all(space.high))
    if dtype.kind in "iu":
        if not np.all(space.bounded_below):
            message.unbounded_below = to_bytes(_one_or_all(~space.bounded_below))
        if not np.all(space.bounded_above):
            message.unbounded_above = to_bytes(_one_or_all(~space.bounded_above))
    return message


def _decode_box(message: pb.BoxSpace) -> spaces.Box:
    dtype = decode_dtype(message.dtype)
    shape = _shape(message.shape, "Box")
    low = _bounds(message.low, dtype, shape, "Box low")
    high = _bounds(message.high, dtype, shape, "Box high")
    box = spaces.Box(low, high, shape, dtype=dtype.type)
    if dtype.kind in "iu":
        bool_ = np.dtype(bool)
        if message.unbounded_below:
            box.bounded_below = ~_bounds(message.unbounded_below, bool_, shape, "Box unbounded_below")
        if message.unbounded_above:
            box.bounded_above = ~_bounds(message.unbounded_above, bool_, shape, "Box unbounded_above")
    return box


def _bounds(data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], what: str) -> np.ndarray[Any, Any]:
    if len(data) == dtype.itemsize:
        return np.full(shape, from_bytes(data, dtype, (), what), dtype)
    return from_bytes(data, dtype, shape, what)


def _decode_multi_discrete(message: pb.MultiDiscreteSpace) -> spaces.MultiDiscrete:
    shape = _shape(message.shape, "MultiDiscrete")
    dtype = decode_dtype(message.dtype, "int64")
    count = math.prod(shape)
    if len(message.nvec) != count or len(message.start) not in (0, count):
        raise invalid_argument(
            f"a MultiDiscrete space of shape {list(shape)} with {len(message.nvec)} numbers of values "
            f"and {len(message.start)} smallest values"
        )
    starts = message.start or [0] * count
    _check_integers(dtype, message.nvec, starts, "MultiDiscrete")
    nvec, start = (np.array(numbers, dtype).reshape(shape) for numbers in (message.nvec, starts))
    return spaces.MultiDiscrete(nvec, dtype=dtype, start=start)
