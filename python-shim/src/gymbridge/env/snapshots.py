"""The whole state of an environment as plain data; `restoring` puts it back into one that exists.

An environment and its wrappers are walked as a graph: their attributes, what these hold, generators, and MuJoCo's
simulation. What the constructor alone decides is left out: spaces (but not their generators), specs, functions,
renderers. A snapshot is a table of nodes, each `[tag, …]`; a value is None, a bool, a 64-bit integer, a float, a text,
or `[i]`, the table's node i, where `[-1]` stands for what is left out of a collection. So whatever is shared stays
shared, and nothing nests deep.
"""

from __future__ import annotations

import enum
import functools
import logging
import random
import types
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec

from gymbridge.env import simulations
from gymbridge.errors import unimplemented

_INT64 = range(-(2**63), 2**63)
_SKIPPED = object()
# Among the values of a collection: whatever the environment has in this place.
KEEP = [-1]
# Decided by whoever makes the environment, and different where it is made to render.
_CONSTRUCTOR_ATTRIBUTES = {
    "render_mode",
    "_saved_kwargs",
    "_ezpickle_args",
    "_ezpickle_kwargs",
    "metadata",
    "_metadata",
}
# Windows, images and videos: what they show is made anew.
_SCREEN_MODULES = ("pygame", "glfw", "moviepy", "PIL", "gymnasium.envs.mujoco.mujoco_rendering")
_TOY_TEXT = "gymnasium.envs.toy_text."
_CODE = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    functools.partial,
    type,
    np.ufunc,
    EnvSpec,
    logging.Logger,
)
ARRAY_KINDS = "biufcSUmM"


class _Plain:
    pass


def take(root: Any) -> dict[str, Any]:
    """A snapshot of everything that `root` holds; UNIMPLEMENTED, naming the attribute, for what cannot be saved."""
    writer = Writer()
    try:
        root_value = writer.value(root, type(root).__name__)
    except RecursionError as error:
        raise unimplemented(f"the state of {root} is nested too deep to be saved") from error
    return {"root": root_value, "nodes": writer.nodes}


def is_plain_object(value: Any) -> bool:
    """Whether an object is all in its attributes, without anything that C code or slots hold."""
    return hasattr(value, "__dict__") and type(value).__basicsize__ == _Plain.__basicsize__


def is_left_out(owner: Any, name: str) -> bool:
    """Whether an object's attribute is no part of its state, whatever it holds."""
    # The transition tables of toy text are large and constant.
    return name in _CONSTRUCTOR_ATTRIBUTES or (name == "P" and type(owner).__module__.startswith(_TOY_TEXT))


def is_skipped(value: Any) -> bool:
    """Whether this is code, or made anew when it is wanted, and so no part of a state."""
    module = type(value).__module__
    return isinstance(value, _CODE) or module.startswith(_SCREEN_MODULES) or simulations.is_constant(value)


def space_parts(space: spaces.Space[Any]) -> Iterator[spaces.Space[Any]]:
    """A space and all spaces inside it, each of which has a generator of its own."""
    yield space
    for part in vars(space).values():
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, (list, tuple)) else (part,)
        for each in inner:
            if isinstance(each, spaces.Space):
                yield from space_parts(each)


class Writer:
    """Makes the table. `classes` are those of the objects it has met, by their names."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.classes: dict[str, type] = {}
        self._numbers: dict[int, int] = {}
        # Objects made on the way are kept, so that no two have the same id.
        self._kept: list[Any] = []

    def value(self, value: Any, path: str) -> Any:
        """What stands for a value in the table; `path` names it in errors."""
        kind = type(value)
        if value is None or kind in (bool, float, str) or (kind is int and value in _INT64):
            return value
        if is_skipped(value):
            return _SKIPPED
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self.nodes)
            self._kept.append(value)
            self.nodes.append(None)
            self.nodes[number] = self._node(value, path)
        return _SKIPPED if self.nodes[number] is _SKIPPED else [number]

    def _node(self, value: Any, path: str) -> Any:
        if isinstance(value, enum.Enum):
            return ["enum", self._class_name(value), value.name]
        if isinstance(value, np.generic):
            return ["scalar", value.dtype.str, np.asarray(value).tobytes()]
        if type(value) is np.ndarray:
            return self._array(value, path)
        if isinstance(value, np.random.Generator):
            state = self.value(value.bit_generator.state, path)
            return ["generator", type(value.bit_generator).__name__, state]
        if isinstance(value, np.random.RandomState):
            return ["random_state", self.value(value.get_state(legacy=False), path)]
        if isinstance(value, random.Random):
            return ["random", self.value(value.getstate(), path)]
        if isinstance(value, spaces.Space):
            generators = [part._np_random for part in space_parts(value)]
            return ["space", [self.value(generator, path) for generator in generators]]
        if simulations.is_data(value):
            return ["mujoco", *simulations.save(value)]
        if type(value) is int:
            return ["integer", hex(value)]
        if isinstance(value, (bytes, bytearray)):
            return ["bytes", type(value).__name__, bytes(value)]
        for kind in (tuple, dict, list, set, frozenset, deque):
            if isinstance(value, kind) and not getattr(value, "__dict__", None):
                return self._collection(kind.__name__, value, path)
        if is_plain_object(value):
            return self._object(value)
        raise unimplemented(f"{path} is a {type(value).__module__}.{type(value).__name__}, whose state cannot be saved")

    def _array(self, array: np.ndarray[Any, Any], path: str) -> Any:
        if array.dtype.kind in ARRAY_KINDS:
            return ["array", array.dtype.str, list(array.shape), array.tobytes()]
        if array.dtype != object:
            raise unimplemented(f"{path} is an array of type {array.dtype}, which cannot be saved")
        values = self._parts(array.ravel(), path)
        return _SKIPPED if values is _SKIPPED else ["objects", list(array.shape), values]

    def _collection(self, tag: str, value: Any, path: str) -> Any:
        values = self._parts(value.values() if tag == "dict" else value, path)
        if values is _SKIPPED:
            return _SKIPPED
        if tag == "dict":
            values = [part for key, value in zip(value, values, strict=True) for part in (self.value(key, path), value)]
        node = [tag, self._class_name(value), values]
        return [*node, value.maxlen] if tag == "deque" else node

    def _parts(self, values: Iterable[Any], path: str) -> Any:
        parts = [self.value(value, path) for value in values]
        if parts and all(part is _SKIPPED for part in parts):
            return _SKIPPED
        return [KEEP if part is _SKIPPED else part for part in parts]

    def _object(self, value: Any) -> Any:
        parts, skipped = {}, []
        for name, part in value.__dict__.items():
            left_out = is_left_out(value, name)
            written = _SKIPPED if left_out else self.value(part, f"{type(value).__name__}.{name}")
            if written is _SKIPPED:
                skipped.append(name)
            else:
                parts[name] = written
        return ["object", self._class_name(value), parts, skipped]

    def _class_name(self, value: Any) -> str:
        name = class_name(type(value))
        self.classes[name] = type(value)
        return name


def class_name(kind: type) -> str:
    """A class's name with its module, unless that is Python itself."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
