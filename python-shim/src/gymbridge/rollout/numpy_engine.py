"""Graphs of the operators that policies are made of, computed with NumPy.

For a batch of eight, what a call costs is the calls in it: so the graph is gone through once, for batches of one size.
What does not depend on the observations is computed then, everything else becomes a list of NumPy calls that write into
arrays which exist already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gymbridge.errors import RequestError
from gymbridge.rollout.onnx import Array, Graph, Node, dtype_of

# More than any policy's intermediate results have.
_MAX_ELEMENTS = 1 << 24


class Unsupported(Exception):
    """A graph that is not for NumPy."""


class NumpyEngine:
    """A graph for batches of one size; Unsupported where it has operators that are not here, or does not fit them.

    `constant` has the outputs that do not depend on the observations.
    """

    def __init__(self, graph: Graph, like: Array, outputs: Sequence[str]) -> None:
        self._input = like.copy()
        self._values: dict[str, Array] = {**graph.constants, graph.inputs[0]: self._input}
        self._varying = {graph.inputs[0]}
        self._calls: list[Callable[[], object]] = []
        needed = _needed(graph, outputs)
        try:
            for node in graph.nodes:
                if not needed.isdisjoint(node.outputs):
                    self._add(node)
            self._outputs = [self._values[name] for name in outputs]
            self.constant = frozenset(outputs) - self._varying
        except (AttributeError, IndexError, KeyError, RequestError, TypeError, ValueError) as error:
            raise Unsupported(str(error)) from error

    def __call__(self, observations: Array) -> list[Array]:
        """The outputs, valid until the next call."""
        np.copyto(self._input, observations)
        for call in self._calls:
            call()
        return self._outputs

    def _add(self, node: Node) -> None:
        make = _OPERATORS.get(node.operator)
        if make is None or len(node.outputs) != 1:
            raise Unsupported(node.operator)
        inputs = [self._values[name] for name in node.inputs if name]
        if len(inputs) != len(node.inputs):
            raise Unsupported(f"{node.operator} without one of its inputs")
        result, calls = make(node, inputs)
        if result.size > _MAX_ELEMENTS:
            raise Unsupported(f"{node.operator} gives {result.size} numbers")
        for call in calls:
            call()
        (output,) = node.outputs
        self._values[output] = result
        # A shape is the same for all batches of a size.
        if node.operator != "Shape" and not self._varying.isdisjoint(node.inputs):
            self._varying.add(output)
            self._calls += calls


_Made = tuple[Array, list[Callable[[], object]]]


def _needed(graph: Graph, outputs: Sequence[str]) -> set[str]:
    needed = set(outputs)
    for node in reversed(graph.nodes):
        if not needed.isdisjoint(node.outputs):
            needed.update(node.inputs)
    return needed


def _call(function: Callable[..., object], out: Array, *arguments: Array) -> Callable[[], object]:
    return lambda: function(*arguments, out=out)


def _unary(function: Any) -> Callable[[Node, list[Array]], _Made]:
    def make(node: Node, inputs: list[Array]) -> _Made:
        (x,) = inputs
        out = np.empty_like(x)
        return out, [_call(function, out, x)]

    return make


def _binary(function: Any) -> Callable[[Node, list[Array]], _Made]:
    def make(node: Node, inputs: list[Array]) -> _Made:
        a, b = inputs
        out = _buffer(np.broadcast_shapes(a.shape, b.shape), _same_dtype(inputs))
        return out, [_call(function, out, a, b)]

    return make


def _relu(node: Node, inputs: list[Array]) -> _Made:
    (x,) = inputs
    out = np.empty_like(x)
    return out, [_call(np.maximum, out, x, np.zeros((), x.dtype))]


def _clip(node: Node, inputs: list[Array]) -> _Made:
    x, low, high = inputs
    out = _buffer(x.shape, _same_dtype(inputs))
    return out, [_call(np.maximum, out, x, low), _call(np.minimum, out, out, high)]


def _extreme(function: Any) -> Callable[[Node, list[Array]], _Made]:
    binary = _binary(function)

    def make(node: Node, inputs: list[Array]) -> _Made:
        if len(inputs) != 2:
            raise Unsupported(f"{node.operator} of {len(inputs)}")
        return binary(node, inputs)

    return make


def _gemm(node: Node, inputs: list[Array]) -> _Made:
    a, b, c = inputs
    if any(node.attributes.get(name, 1.0) != 1.0 for name in ("alpha", "beta")) or node.attributes.get("transA", 0):
        raise Unsupported("Gemm with a factor, or a transposed batch")
    if node.attributes.get("transB", 0):
        b = np.ascontiguousarray(b.T)
    out = _buffer((a.shape[0], b.shape[1]), _same_dtype(inputs))
    return out, [_call(np.matmul, out, a, b), _call(np.add, out, out, c)]


def _mat_mul(node: Node, inputs: list[Array]) -> _Made:
    a, b = inputs
    if a.ndim != 2 or b.ndim != 2:
        raise Unsupported("MatMul of more than two dimensions")
    out = _buffer((a.shape[0], b.shape[1]), _same_dtype(inputs))
    return out, [_call(np.matmul, out, a, b)]


def _cast(node: Node, inputs: list[Array]) -> _Made:
    (x,) = inputs
    dtype = dtype_of(node.attributes["to"])
    if dtype == x.dtype:
        return x, []
    out = _buffer(x.shape, dtype)
    return out, [lambda: np.copyto(out, x, casting="unsafe")]


def _identity(node: Node, inputs: list[Array]) -> _Made:
    return inputs[0], []


def _reshape(node: Node, inputs: list[Array]) -> _Made:
    x, shape = inputs
    wanted = [x.shape[axis] if size == 0 else int(size) for axis, size in enumerate(shape.tolist())]
    view = x.reshape(wanted)
    if not np.shares_memory(view, x):
        raise Unsupported("Reshape of what is not contiguous")
    return view, []


def _flatten(node: Node, inputs: list[Array]) -> _Made:
    (x,) = inputs
    if node.attributes.get("axis", 1) != 1:
        raise Unsupported("Flatten but of a batch")
    return x.reshape(x.shape[0], -1), []


def _shape(node: Node, inputs: list[Array]) -> _Made:
    return np.array(inputs[0].shape, np.int64), []


def _expand(node: Node, inputs: list[Array]) -> _Made:
    x, shape = inputs
    out = _buffer(np.broadcast_shapes(x.shape, tuple(shape.tolist())), x.dtype)
    return out, [lambda: np.copyto(out, x)]


def _slice(node: Node, inputs: list[Array]) -> _Made:
    x, starts, ends, axes = inputs
    index = [slice(None)] * x.ndim
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist(), strict=True):
        index[axis] = slice(start, end)
    return x[tuple(index)], []


def _concat(node: Node, inputs: list[Array]) -> _Made:
    axis = node.attributes["axis"]
    out = np.concatenate(inputs, axis=axis)
    return out, [lambda: np.concatenate(inputs, axis=axis, out=out)]


def _arg_max(node: Node, inputs: list[Array]) -> _Made:
    (x,) = inputs
    if node.attributes.get("select_last_index", 0):
        raise Unsupported("ArgMax of the last")
    axis = node.attributes.get("axis", 0)
    found = x.argmax(axis=axis)
    result = np.expand_dims(found, axis) if node.attributes.get("keepdims", 1) else found
    return result, [lambda: x.argmax(axis=axis, out=found)]


def _one_hot(node: Node, inputs: list[Array]) -> _Made:
    index, depth, values = inputs
    if node.attributes.get("axis", -1) != -1:
        raise Unsupported("OneHot but along the last axis")
    (classes,) = depth.ravel().tolist()
    off, on = values
    out = _buffer((*index.shape, int(classes)), values.dtype)
    numbers = np.arange(int(classes))

    def call() -> None:
        np.copyto(out, np.where(np.mod(index, classes)[..., None] == numbers, on, off))

    return out, [call]


def _buffer(shape: tuple[int, ...], dtype: Any) -> Array:
    if int(np.prod(shape)) > _MAX_ELEMENTS:
        raise Unsupported(f"a result of shape {shape}")
    return np.zeros(shape, dtype)


def _same_dtype(inputs: list[Array]) -> Any:
    if any(array.dtype != inputs[0].dtype for array in inputs):
        raise Unsupported("different types")
    return inputs[0].dtype


_OPERATORS: dict[str, Callable[[Node, list[Array]], _Made]] = {
    "Add": _binary(np.add),
    "ArgMax": _arg_max,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "Div": _binary(np.true_divide),
    "Exp": _unary(np.exp),
    "Expand": _expand,
    "Flatten": _flatten,
    "Gemm": _gemm,
    "Identity": _identity,
    "MatMul": _mat_mul,
    "Max": _extreme(np.maximum),
    "Min": _extreme(np.minimum),
    "Mul": _binary(np.multiply),
    "OneHot": _one_hot,
    "Relu": _relu,
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Sub": _binary(np.subtract),
    "Tanh": _unary(np.tanh),
}
