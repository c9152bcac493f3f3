"""Gymnasium's ten spaces as messages and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.codec.dtypes import decode_dtype, encode_dtype, from_bytes, to_bytes
from gymbridge.errors import invalid_argument
from gymbridge.v1 import space_pb2 as pb

_MAX_DEPTH = 32
_MAX_ELEMENTS = 1 << 28


def encode_space(space: spaces.Space[Any]) -> pb.Space:
    """The message for a space; INVALID_ARGUMENT for a class that is not one of Gymnasium's ten."""
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
        return pb.Space(tuple=pb.TupleSpace(spaces=[encode_space(part) for part in space.spaces]))
    if isinstance(space, spaces.Dict):
        parts = [pb.NamedSpace(name=str(name), space=encode_space(part)) for name, part in space.spaces.items()]
        return pb.Space(dict=pb.DictSpace(spaces=parts))
    if isinstance(space, spaces.Sequence):
        element = encode_space(space.feature_space)
        return pb.Space(sequence=pb.SequenceSpace(element=element, stacked=space.stack))
    if isinstance(space, spaces.Graph):
        edge = None if space.edge_space is None else encode_space(space.edge_space)
        return pb.Space(graph=pb.GraphSpace(node=encode_space(space.node_space), edge=edge))
    if isinstance(space, spaces.OneOf):
        return pb.Space(one_of=pb.OneOfSpace(spaces=[encode_space(part) for part in space.spaces]))
    raise invalid_argument(f"a space of class {type(space).__name__} cannot be sent: {space}")


def decode_space(message: pb.Space, depth: int = 0) -> spaces.Space[Any]:
    """The Gymnasium space of a message; INVALID_ARGUMENT where the message makes no sense."""
    if depth > _MAX_DEPTH:
        raise invalid_argument(f"a space is nested deeper than {_MAX_DEPTH} levels")
    kind = message.WhichOneof("kind")
    if kind == "box":
        return _decode_box(message.box)
    if kind == "discrete":
        discrete = message.discrete
        if discrete.n < 1:
            raise invalid_argument(f"a Discrete space of {discrete.n} values")
        dtype = decode_dtype(discrete.dtype, "int64")
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
        return spaces.Text(text.max_length, min_length=text.min_length, charset=text.charset)
    if kind == "tuple":
        return spaces.Tuple([decode_space(part, depth + 1) for part in message.tuple.spaces])
    if kind == "dict":
        parts = [(part.name, decode_space(part.space, depth + 1)) for part in message.dict.spaces]
        if len({name for name, _ in parts}) != len(parts):
            raise invalid_argument(f"a Dict space with a repeated name: {[name for name, _ in parts]}")
        return spaces.Dict(parts)
    if kind == "sequence":
        return spaces.Sequence(decode_space(message.sequence.element, depth + 1), stack=message.sequence.stacked)
    if kind == "graph":
        node: Any = decode_space(message.graph.node, depth + 1)
        edge: Any = decode_space(message.graph.edge, depth + 1) if message.graph.HasField("edge") else None
        return spaces.Graph(node, edge)
    if kind == "one_of":
        return spaces.OneOf([decode_space(part, depth + 1) for part in message.one_of.spaces])
    raise invalid_argument("a space of no kind")


def _shape(dimensions: Any, what: str) -> tuple[int, ...]:
    shape = tuple(int(dimension) for dimension in dimensions)
    count = 1
    for dimension in shape:
        count *= dimension
        if dimension < 0 or count > _MAX_ELEMENTS:
            raise invalid_argument(f"a {what} space of shape {list(shape)}")
    return shape


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
    dtype: Any = decode_dtype(message.dtype, "int64").type
    count = int(np.prod(shape, dtype=np.int64))
    if len(message.nvec) != count or len(message.start) not in (0, count) or any(n < 1 for n in message.nvec):
        raise invalid_argument(
            f"a MultiDiscrete space of shape {list(shape)} with {len(message.nvec)} numbers of values"
        )
    nvec = np.array(message.nvec, dtype).reshape(shape)
    start: Any = np.array(message.start, dtype).reshape(shape) if message.start else None
    return spaces.MultiDiscrete(nvec, dtype=dtype, start=start)
