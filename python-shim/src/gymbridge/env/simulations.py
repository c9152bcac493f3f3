"""MuJoCo simulations: saving and restoring their data. The package may be missing.

MuJoCo's integration state says all of what the next step computes. But environments also read quantities that the last
step computed, before they make the next one, such as the positions of bodies: these are kept besides. Contacts and
constraints, whose number varies, are computed anew. The model is not kept: a state belongs to the model it was saved
with.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def is_data(value: Any) -> bool:
    """Whether this is an mjData."""
    mujoco = sys.modules.get("mujoco")
    return mujoco is not None and isinstance(value, getattr(mujoco, "MjData", ()))


def is_constant(value: Any) -> bool:
    """Whether this is an mjModel, or a window into a model or into data."""
    return type(value).__module__.startswith("mujoco") and not is_data(value)


def save(data: Any) -> tuple[np.ndarray[Any, Any], dict[str, np.ndarray[Any, Any]]]:
    """The integration state, and all floating-point arrays whose size the model decides."""
    mujoco = sys.modules["mujoco"]
    model = data.model
    state = np.empty(mujoco.mj_stateSize(model, _integration(mujoco)))
    mujoco.mj_getState(model, data, state, _integration(mujoco))
    return state, {name: getattr(data, name).copy() for name in _names(mujoco, model)}


def check(data: Any, state: Any, arrays: dict[str, Any]) -> None:
    """ValueError where this was saved from another model."""
    mujoco = sys.modules["mujoco"]
    expected = {name: getattr(data, name).shape for name in _names(mujoco, data.model)}
    got = {name: array.shape for name, array in arrays.items()}
    size = mujoco.mj_stateSize(data.model, _integration(mujoco))
    floating = all(array.dtype == np.float64 for array in (state, *arrays.values()))
    if expected != got or state.shape != (size,) or not floating:
        raise ValueError("the MuJoCo simulation was saved from another model")


def restore(data: Any, state: Any, arrays: dict[str, Any]) -> None:
    """Puts the simulation into a saved state."""
    mujoco = sys.modules["mujoco"]
    mujoco.mj_setState(data.model, data, state, _integration(mujoco))
    mujoco.mj_forward(data.model, data)
    for name, array in arrays.items():
        getattr(data, name)[...] = array


def _integration(mujoco: Any) -> int:
    return int(mujoco.mjtState.mjSTATE_INTEGRATION)


def _names(mujoco: Any, model: Any) -> list[str]:
    # Those of contacts and constraints are empty in data that have not been stepped.
    fresh = mujoco.MjData(model)
    names = []
    for name in dir(fresh):
        part = None if name.startswith("_") else getattr(fresh, name)
        if isinstance(part, np.ndarray) and part.dtype == np.float64 and part.size:
            names.append(name)
    return names
