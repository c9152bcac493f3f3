"""ONNX models as far as policies need them: read from protobuf's encoding, and refused where they hold anything else.

A policy has no business with weights in other files, operators outside the standard, functions of its own, sparse
tensors, or loops, which could run for ever. Graphs within graphs, the branches of an If, are only for ONNX Runtime.
Field numbers are those of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gymbridge.errors import invalid_argument

Array = np.ndarray[Any, Any]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_DTYPES = {1: "f4", 2: "u1", 3: "i1", 5: "i2", 6: "i4", 7: "i8", 9: "?", 10: "f2", 11: "f8", 12: "u4", 13: "u8"}
# Where a tensor's elements are, if not raw: the field, and the type that a protobuf parser gives them.
_ELEMENTS = {4: "<f4", 10: "<f8"}
_INTEGERS = (5, 7, 11)
_MAX_DEPTH = 16


@dataclass
class Node:
    """One operator: `attributes` are integers, floats, lists of these, texts (bytes) and arrays, by name."""

    operator: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Graph:
    """A model's graph: nodes in an order in which they can be computed, constants, and the names of its ends.

    `depth` is how many graphs it lies within.
    """

    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    depth: int = _MAX_DEPTH


def dtype_of(number: int) -> np.dtype[Any]:
    """The NumPy type of an ONNX element type; INVALID_ARGUMENT for one that NumPy lacks."""
    if number not in _DTYPES:
        raise _refused(f"a tensor has the element type {number}")
    return np.dtype(_DTYPES[number])


def parse(model: bytes, branches: bool = False) -> Graph:
    """The graph of a model; INVALID_ARGUMENT, saying why, for one that is refused.

    With `branches` there may be graphs within the graph. They are checked and left out.
    """
    if not model:
        raise _refused("it is empty")
    graph = Graph(depth=0 if branches else _MAX_DEPTH)
    try:
        for number, _, value in _fields(memoryview(model)):
            if number == 7:
                _read_graph(_message(value), graph)
            elif number == 8:
                _check_operator_set(_message(value))
            elif number == 25:
                raise _refused("it defines functions of its own")
    except (IndexError, UnicodeDecodeError, ValueError) as error:
        raise _refused("it is cut short or not an ONNX file") from error
    return graph


def _check_operator_set(data: memoryview) -> None:
    for number, _, value in _fields(data):
        if number == 1:
            _check_domain(_text(value))


def _read_graph(data: memoryview, graph: Graph) -> None:
    for number, _, value in _fields(data):
        if number == 1:
            graph.nodes.append(_node(_message(value), graph.depth))
        elif number == 5:
            name, array = _tensor(_message(value))
            graph.constants[name] = array
        elif number == 11:
            graph.inputs.append(_name(_message(value)))
        elif number == 12:
            graph.outputs.append(_name(_message(value)))
        elif number == 15:
            raise _refused("it has a sparse tensor")


def _node(data: memoryview, depth: int) -> Node:
    node = Node()
    for number, _, value in _fields(data):
        if number == 1:
            node.inputs.append(_text(value))
        elif number == 2:
            node.outputs.append(_text(value))
        elif number == 4:
            node.operator = _text(value)
            if node.operator == "Loop":
                raise _refused("it has a Loop, which might never end")
        elif number == 5:
            name, attribute = _attribute(_message(value), depth)
            node.attributes[name] = attribute
        elif number == 7:
            _check_domain(_text(value))
    return node


def _attribute(data: memoryview, depth: int) -> tuple[str, Any]:
    name = ""
    found: Any = None
    floats: list[float] = []
    integers: list[int] = []
    for number, wire, value in _fields(data):
        if number == 1:
            name = _text(value)
        elif number == 2:
            found = float(np.frombuffer(_message(value), "<f4")[0])
        elif number == 3:
            found = _signed(value)
        elif number == 4:
            found = bytes(_message(value))
        elif number == 5:
            found = _tensor(_message(value))[1]
        elif number == 7:
            floats += np.frombuffer(_message(value), "<f4").tolist()
        elif number == 8:
            integers += _varints(value) if wire == _BYTES else [_signed(value)]
        elif number in (6, 11) and depth < _MAX_DEPTH:
            _read_graph(_message(value), Graph(depth=depth + 1))
        elif number in (6, 10, 11, 22, 23):
            raise _refused("an operator's attribute holds a graph, a sparse tensor or a list of tensors")
    return name, integers or floats or found


def _tensor(data: memoryview) -> tuple[str, Array]:
    name, shape, dtype = "", [], 0
    raw: memoryview | None = None
    integers: list[int] = []
    parts: list[bytes] = []
    kind = ""
    for number, wire, value in _fields(data):
        if number == 1:
            shape += _varints(value) if wire == _BYTES else [_signed(value)]
        elif number == 2:
            dtype = value
        elif number == 8:
            name = _text(value)
        elif number == 9:
            raw = _message(value)
        elif number in _ELEMENTS:
            kind = _ELEMENTS[number]
            parts.append(bytes(_message(value)))
        elif number in _INTEGERS:
            integers += _varints(value) if wire == _BYTES else [_signed(value)]
        elif number == 13 or (number == 14 and value != 0):
            raise _refused("a tensor's data lies in another file")
    target = dtype_of(dtype)
    if raw is not None:
        array = np.frombuffer(raw, target.newbyteorder("<")).astype(target)
    elif parts:
        array = np.frombuffer(b"".join(parts), kind).astype(target)
    else:
        array = np.array(integers, np.int64).astype(target)
    return name, array.reshape(shape)


def _name(data: memoryview) -> str:
    """Of a ValueInfoProto."""
    return next((_text(value) for number, _, value in _fields(data) if number == 1), "")


def _check_domain(name: str) -> None:
    if name not in ("", "ai.onnx"):
        raise _refused(f'it uses operators of the domain "{name}", not only the standard\'s')


def _fields(data: memoryview) -> Iterator[tuple[int, int, Any]]:
    """The fields of a message: number, wire type, and the value, an integer or bytes."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        # Other readers cut a tag to 32 bits, and would see another field than this one.
        if tag >> 32:
            raise ValueError("a tag above 32 bits")
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, wire, value
            continue
        if wire == _BYTES:
            length, at = _varint(data, at)
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise ValueError("an unknown wire type")
        if length > end - at:
            raise ValueError("cut short")
        yield number, wire, data[at : at + length]
        at += length


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
        shift += 7
    raise ValueError("a number above 64 bits")


def _varints(data: memoryview) -> list[int]:
    at, values = 0, []
    while at < len(data):
        value, at = _varint(data, at)
        values.append(_signed(value))
    return values


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _message(value: Any) -> memoryview:
    if not isinstance(value, memoryview):
        raise ValueError("a number where a message should be")
    return value


def _text(value: Any) -> str:
    return str(_message(value), "utf-8")


def _refused(why: str) -> Exception:
    return invalid_argument(f"the ONNX model is refused: {why}")
