"""A bundle's manifest: its spaces, arrays and signature, as JSON has them. Nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.rollout.onnx import Array

ROLES = ("actions", "mean", "log_std", "logits", "q_values", "value")
_OBSERVATIONS = "observations"


def read_array(document: Any) -> Array:
    """An array of the type that it says."""
    data = [float(value) if isinstance(value, str) else value for value in document["data"]]
    return np.array(data, np.dtype(str(document["dtype"]))).reshape([int(size) for size in document["shape"]])


def read_space(document: Any) -> spaces.Space[Any]:
    """A space of arrays, or of Dicts and Tuples of them; ValueError for any other."""
    kind = document["type"]
    if kind == "Box":
        low, high = read_array(document["low"]), read_array(document["high"])
        return spaces.Box(low, high, dtype=low.dtype.type)
    if kind == "Discrete":
        return spaces.Discrete(int(document["n"]), start=int(document["start"]), dtype=np.dtype(document["dtype"]).type)
    if kind == "MultiDiscrete":
        nvec = read_array(document["nvec"])
        return spaces.MultiDiscrete(nvec, dtype=nvec.dtype.type, start=read_array(document["start"]))
    if kind == "MultiBinary":
        shape = [int(size) for size in document["shape"]]
        return spaces.MultiBinary(shape if len(shape) != 1 else shape[0])
    if kind == "Dict":
        return spaces.Dict([(part["name"], read_space(part["space"])) for part in document["spaces"]])
    if kind == "Tuple":
        return spaces.Tuple([read_space(part) for part in document["spaces"]])
    raise ValueError(f"a policy takes no {kind}")


def leaves(space: spaces.Space[Any], path: str = "") -> list[tuple[str, Any]]:
    """Path and space of each array of a space, in its order; the path of a plain space is empty."""
    prefix = path and path + "/"
    if isinstance(space, spaces.Dict):
        return [leaf for name, part in space.spaces.items() for leaf in leaves(part, f"{prefix}{name}")]
    if isinstance(space, spaces.Tuple):
        return [leaf for index, part in enumerate(space.spaces) for leaf in leaves(part, f"{prefix}{index}")]
    return [(path, space)]


def arrays(space: spaces.Space[Any], value: Any, read: Callable[[Any], Array] = np.asarray) -> list[Array]:
    """The arrays of a value (or of its JSON), in the order of `leaves`."""
    if isinstance(space, spaces.Dict):
        return [array for name, part in space.spaces.items() for array in arrays(part, value[name], read)]
    if isinstance(space, spaces.Tuple):
        return [array for part, item in zip(space.spaces, value, strict=True) for array in arrays(part, item, read)]
    return [read(value)]


@dataclass(frozen=True)
class State:
    """A part of the recurrent state: an output that is the next step's input, with N at one axis."""

    input: str
    output: str
    batch_axis: int


@dataclass(frozen=True)
class Signature:
    """Which of a graph's inputs (by path) and outputs (by role) is what."""

    inputs: dict[str, str]
    outputs: dict[str, str]
    states: tuple[State, ...] = ()
    episode_starts: str | None = None
    rescale: bool = False


def read_signature(document: Any) -> Signature:
    """What a manifest says of its graph."""
    outputs = {str(role): str(name) for role, name in document["outputs"].items()}
    if not set(outputs) <= set(ROLES):
        raise ValueError(f"roles {sorted(outputs)}, expected some of {ROLES}")
    return Signature(
        {str(path): str(name) for path, name in document["inputs"].items()},
        outputs,
        tuple(State(str(s["input"]), str(s["output"]), int(s["batch_axis"])) for s in document.get("states", [])),
        document.get("episode_starts"),
        document.get("rescale") is True,
    )


def signature_by_name(observation_space: spaces.Space[Any], outputs: list[str]) -> Signature:
    """Where everything has its own name."""
    inputs = {path: path or _OBSERVATIONS for path, _ in leaves(observation_space)}
    return Signature(inputs, {role: role for role in ROLES if role in outputs})
