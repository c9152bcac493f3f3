"""Infos of several lanes in Gymnasium's vector form."""

from __future__ import annotations

from typing import Any

import numpy as np


def add_info(infos: dict[str, Any], info: dict[str, Any], lane: int, num_envs: int) -> None:
    """Adds one lane's info to the batch's.

    Each key becomes an array with one entry per lane and, under "_key", a bool array that is true where the lane has
    the key. Numbers give arrays of their type, arrays are stacked, dicts are treated likewise inside, and everything
    else goes into object arrays: exactly what `gymnasium.vector.SyncVectorEnv` gives.
    """
    for key, value in info.items():
        if isinstance(value, dict):
            batch = infos.setdefault(key, {})
            add_info(batch, value, lane, num_envs)
        else:
            batch = infos.get(key)
            if batch is None:
                batch = infos[key] = _empty(value, num_envs)
            batch[lane] = value
        mask = infos.get(f"_{key}")
        if mask is None:
            mask = infos[f"_{key}"] = np.zeros(num_envs, np.bool_)
        mask[lane] = True


def _empty(value: Any, num_envs: int) -> np.ndarray[Any, Any]:
    if type(value) in (int, float, bool) or isinstance(value, np.number):
        return np.zeros(num_envs, dtype=type(value))
    if isinstance(value, np.ndarray):
        return np.zeros((num_envs, *value.shape), dtype=value.dtype)
    return np.full(num_envs, None, dtype=object)
