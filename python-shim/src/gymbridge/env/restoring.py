"""Putting an environment into the state that a snapshot says.

Restoring makes no object of a class but those that the environment holds already: their attributes are set, and arrays,
lists and the like are filled in place, so that whoever else refers to them sees it. Nothing is executed. It has two
halves: a plan, which checks everything and changes nothing, and its execution, which cannot fail.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.env import simulations
from gymbridge.env.snapshots import (
    ARRAY_KINDS,
    KEEP,
    Writer,
    class_name,
    is_left_out,
    is_plain_object,
    is_skipped,
    space_parts,
)
from gymbridge.errors import invalid_argument

_MISSING = object()
_GENERATORS: dict[str, Callable[[], np.random.BitGenerator]] = {
    kind.__name__: kind
    for kind in (np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64)
}


def plan(root: Any, snapshot: dict[str, Any]) -> list[Callable[[], None]]:
    """What to do, in order, to put `root` into the snapshot's state; INVALID_ARGUMENT where it does not fit."""
    planner = _Planner(root, snapshot["nodes"])
    try:
        planner.value(snapshot["root"], root, type(root).__name__)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise invalid_argument(f"the state does not fit this environment: {type(error).__name__}: {error}") from error
    return planner.actions


class _Planner:
    """Finds what to do. `value` gives what stands for a value: itself, or an object that is still to be filled."""

    def __init__(self, root: Any, nodes: list[Any]) -> None:
        self.actions: list[Callable[[], None]] = []
        self._root = root
        self._nodes = nodes
        self._built: dict[int, Any] = {}
        # Objects of the environment that stand for a node already: none stands for two.
        self._claimed: dict[int, Any] = {}
        self._classes: dict[str, type] | None = None

    def value(self, value: Any, current: Any, path: str) -> Any:
        """`current` is what the environment has in this place, _MISSING for nothing."""
        if not isinstance(value, list):
            return value
        if value == KEEP:
            if current is _MISSING:
                raise ValueError(f"{path} holds something here that cannot be restored")
            return current
        (number,) = value
        if number not in self._built:
            if id(current) in self._claimed:
                current = _MISSING
            elif current is not _MISSING:
                self._claimed[id(current)] = current
            if not 0 <= number < len(self._nodes):
                raise ValueError(f"there is no node {number}")
            tag, *rest = self._nodes[number]
            _BUILDERS[tag](self, number, current, path, *rest)
        return self._built[number]

    def _enum(self, number: int, current: Any, path: str, name: str, member: str) -> None:
        self._built[number] = self._class(name, current, path)[member]  # type: ignore[index]

    def _scalar(self, number: int, current: Any, path: str, dtype: str, data: Any) -> None:
        self._built[number] = _array(dtype, [], data)[()]

    def _numbers(self, number: int, current: Any, path: str, dtype: str, shape: list[int], data: Any) -> None:
        array = _array(dtype, shape, data)
        fits = isinstance(current, np.ndarray) and current.shape == array.shape and current.dtype == array.dtype
        if fits and current.flags.writeable:
            self._built[number] = current
            self._do(np.copyto, current, array)
        else:
            self._built[number] = array

    def _objects(self, number: int, current: Any, path: str, shape: list[int], values: list[Any]) -> None:
        array = np.empty(len(values), object)
        known = current.ravel() if isinstance(current, np.ndarray) and current.dtype == object else ()
        self._built[number] = array.reshape(shape)
        for index, value in enumerate(values):
            array[index] = self.value(value, known[index] if index < len(known) else _MISSING, path)

    def _generator(self, number: int, current: Any, path: str, kind: str, state: Any) -> None:
        fresh = np.random.Generator(_GENERATORS[kind]())
        fresh.bit_generator.state = _checked(self.value(state, _MISSING, path))
        fits = isinstance(current, np.random.Generator) and type(current.bit_generator).__name__ == kind
        self._built[number] = current if fits else fresh
        if fits:
            self._do(setattr, current.bit_generator, "state", fresh.bit_generator.state)

    def _random_state(self, number: int, current: Any, path: str, state: Any) -> None:
        fresh = np.random.RandomState()
        fresh.set_state(_checked(self.value(state, _MISSING, path)))
        fits = isinstance(current, np.random.RandomState)
        self._built[number] = current if fits else fresh
        if fits:
            self._do(current.set_state, fresh.get_state(legacy=False))

    def _random(self, number: int, current: Any, path: str, state: Any) -> None:
        fresh = random.Random()
        fresh.setstate(self.value(state, _MISSING, path))
        self._built[number] = current if isinstance(current, random.Random) else fresh
        if isinstance(current, random.Random):
            self._do(current.setstate, fresh.getstate())

    def _space(self, number: int, current: Any, path: str, generators: list[Any]) -> None:
        if not isinstance(current, spaces.Space):
            raise ValueError(f"{path} is no space here")
        self._built[number] = current
        for space, value in zip(space_parts(current), generators, strict=True):
            known = _MISSING if space._np_random is None else space._np_random
            self._do(setattr, space, "_np_random", self.value(value, known, path))

    def _mujoco(self, number: int, current: Any, path: str, state: Any, arrays: dict[str, Any]) -> None:
        if not simulations.is_data(current):
            raise ValueError(f"{path} is no MuJoCo simulation here")
        self._built[number] = current
        simulations.check(current, state, arrays)
        self._do(simulations.restore, current, state, arrays)

    def _integer(self, number: int, current: Any, path: str, digits: str) -> None:
        self._built[number] = int(digits, 16)

    def _bytes(self, number: int, current: Any, path: str, kind: str, data: Any) -> None:
        self._built[number] = bytearray(data) if kind == "bytearray" else bytes(data)

    def _tuple(self, number: int, current: Any, path: str, kind: str, values: list[Any]) -> None:
        known = current if isinstance(current, tuple) else ()
        parts = [self.value(value, known[i] if i < len(known) else _MISSING, path) for i, value in enumerate(values)]
        self._built[number] = tuple.__new__(tuple if kind == "tuple" else self._class(kind, current, path), parts)

    def _sequence(self, number: int, current: Any, path: str, kind: str, values: list[Any], maxlen: Any = None) -> None:
        target = self._collection(number, current, path, kind, maxlen)
        known = list(current) if target is current and not isinstance(current, (set, frozenset)) else []
        parts = [self.value(value, known[i] if i < len(known) else _MISSING, path) for i, value in enumerate(values)]
        if kind == "frozenset":
            self._built[number] = frozenset(parts)
        else:
            fill = target.update if isinstance(target, set) else target.extend
            self._fill(target is current, _refill, target, fill, parts)

    def _dict(self, number: int, current: Any, path: str, kind: str, values: list[Any]) -> None:
        target = self._collection(number, current, path, kind)
        known = current if target is current else {}
        pairs = []
        for key, value in zip(values[::2], values[1::2], strict=True):
            built = self.value(key, _MISSING, path)
            pairs.append((built, self.value(value, known.get(built, _MISSING), path)))
        self._fill(target is current, _refill, target, target.update, pairs)

    def _collection(self, number: int, current: Any, path: str, kind: str, maxlen: Any = None) -> Any:
        if kind == "frozenset":
            return None
        if class_name(type(current)) == kind:
            target = current
        elif kind == "collections.deque":
            target = deque(maxlen=maxlen)
        elif kind in ("list", "dict", "set"):
            target = {"list": list, "dict": dict, "set": set}[kind]()
        else:
            raise ValueError(f"{path} is no {kind} here")
        self._built[number] = target
        return target

    def _object(
        self, number: int, current: Any, path: str, name: str, parts: dict[str, Any], skipped: list[str]
    ) -> None:
        kind = self._class(name, current, path)
        target = current if type(current) is kind else object.__new__(kind)
        if not is_plain_object(target):
            raise ValueError(f"{path} is a {name}")
        self._built[number] = target
        own = {
            attribute: part
            for attribute, part in target.__dict__.items()
            if not is_left_out(target, attribute) and not is_skipped(part)
        }
        built = {
            attribute: self.value(value, own.get(attribute, _MISSING), f"{kind.__name__}.{attribute}")
            for attribute, value in parts.items()
            if attribute in own or attribute not in target.__dict__
        }
        gone = [attribute for attribute in own if attribute not in parts and attribute not in skipped]
        self._fill(target is current, _set_attributes, target.__dict__, built, gone)

    def _class(self, name: str, current: Any, path: str) -> type:
        if class_name(type(current)) == name:
            return type(current)
        if self._classes is None:
            writer = Writer()
            writer.value(self._root, "")
            self._classes = writer.classes
        if name not in self._classes:
            here = "nothing" if current is _MISSING else f"a {class_name(type(current))}"
            raise ValueError(f"{path} was a {name} and is {here} here; a reset may make one")
        return self._classes[name]

    def _fill(self, is_known: bool, act: Callable[..., Any], *arguments: Any) -> None:
        # What is new is nobody's yet, and generators want their states at once.
        if is_known:
            self._do(act, *arguments)
        else:
            act(*arguments)

    def _do(self, act: Callable[..., Any], *arguments: Any) -> None:
        self.actions.append(lambda: act(*arguments))


_BUILDERS: dict[str, Callable[..., None]] = {
    "enum": _Planner._enum,
    "scalar": _Planner._scalar,
    "array": _Planner._numbers,
    "objects": _Planner._objects,
    "generator": _Planner._generator,
    "random_state": _Planner._random_state,
    "random": _Planner._random,
    "space": _Planner._space,
    "mujoco": _Planner._mujoco,
    "integer": _Planner._integer,
    "bytes": _Planner._bytes,
    "tuple": _Planner._tuple,
    "list": _Planner._sequence,
    "set": _Planner._sequence,
    "frozenset": _Planner._sequence,
    "deque": _Planner._sequence,
    "dict": _Planner._dict,
    "object": _Planner._object,
}


def _checked(state: dict[str, Any]) -> dict[str, Any]:
    """A generator's state, whose positions NumPy takes unchecked and reads memory by."""
    if not 0 <= state.get("buffer_pos", 0) <= 4 or not 0 <= state["state"].get("pos", 0) <= 624:
        raise ValueError("a generator's position is outside of its buffer")
    return state


def _array(dtype: str, shape: list[int], data: Any) -> np.ndarray[Any, Any]:
    kind = np.dtype(dtype)
    if kind.kind not in ARRAY_KINDS:
        raise ValueError(f"an array of type {dtype}")
    if kind.itemsize == 0:
        return np.empty(shape, kind)
    return np.frombuffer(bytes(data), kind).reshape(shape).copy()


def _refill(target: Any, fill: Callable[[Any], None], parts: Any) -> None:
    target.clear()
    fill(parts)


def _set_attributes(attributes: dict[str, Any], built: dict[str, Any], gone: list[str]) -> None:
    for name in gone:
        del attributes[name]
    attributes.update(built)
