"""Infos of several lanes in Gymnasium's vector form.

Each key becomes an array with one entry per lane and, under "_key", a bool array that is true where the lane has the
key. Numbers give arrays of their type, arrays are stacked, dicts are treated likewise inside, and everything else goes
into object arrays: exactly what `gymnasium.vector.SyncVectorEnv` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_SCALARS = (int, float, bool)
_REALS = {float, np.float64, np.float32}


def gather(infos: Sequence[dict[str, Any]], everywhere: np.ndarray[Any, Any]) -> dict[str, Any] | None:
    """All lanes' infos at once, where they have the same keys with numbers and arrays alike; None where they do not.

    `everywhere` is a bool array (N) of True, which stands for every mask.
    """
    try:
        keys = [*infos[0]]
        numbers: list[Any] = []
        for info in infos:
            if [*info] != keys:
                return None
            numbers += info.values()
        if not keys:
            return {}
        columns: list[np.ndarray[Any, Any] | None]
        if set(map(type, numbers)) <= _REALS:
            # The usual case: one array is faster than one for each key. The first lane's types count.
            columns = list(np.array(list(map(float, numbers))).reshape(len(infos), len(keys)).T.copy())
            for index, value in enumerate(infos[0].values()):
                if type(value) is np.float32:
                    columns[index] = np.array(columns[index], np.float32)
        else:
            columns = [_column(numbers[index :: len(keys)]) for index in range(len(keys))]
        batch: dict[str, Any] = {}
        for key, column in zip(keys, columns, strict=True):
            # A key may be the mask of another one.
            if column is None or key[0] == "_":
                return None
            batch[key] = column
            batch["_" + key] = everywhere
    except (TypeError, IndexError, AttributeError, OverflowError):
        return None
    return batch


def _column(values: list[Any]) -> np.ndarray[Any, Any] | None:
    kind = type(values[0])
    if any(type(value) is not kind for value in values):
        return None
    if kind in _SCALARS or issubclass(kind, np.number):
        return np.array(values, kind)
    if kind is np.ndarray and _alike(values):
        column = np.empty((len(values), *values[0].shape), values[0].dtype)
        for lane, value in enumerate(values):
            column[lane] = value
        return column
    return None


def _alike(arrays: list[np.ndarray[Any, Any]]) -> bool:
    first = arrays[0]
    return all(array.shape == first.shape and array.dtype == first.dtype for array in arrays)


def add_info(infos: dict[str, Any], info: dict[str, Any], lane: int, num_envs: int) -> None:
    """Adds one lane's info to the batch's."""
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
    if type(value) in _SCALARS or isinstance(value, np.number):
        return np.zeros(num_envs, dtype=type(value))
    if isinstance(value, np.ndarray):
        return np.zeros((num_envs, *value.shape), dtype=value.dtype)
    return np.full(num_envs, None, dtype=object)
