"""Infos in Gymnasium's vector form, as they come over the wire."""

from __future__ import annotations

from typing import Any

import numpy as np


def join_infos(parts: list[tuple[int, dict[str, Any]]], num_envs: int) -> dict[str, Any]:
    """The infos of shards, each with the index of its first lane, as those of all lanes.

    Keys that a shard lacks are 0 or None there, as where a lane lacks them; the first shard that has a key says its
    type. Lists become arrays of objects.
    """
    joined: dict[str, Any] = {}
    for key in dict.fromkeys(key for _, infos in parts for key in infos):
        having = [(first, infos[key]) for first, infos in parts if key in infos]
        if isinstance(having[0][1], dict):
            joined[key] = join_infos(having, num_envs)
        elif isinstance(having[0][1], np.ndarray) and len(having[0][1]) == num_envs:
            joined[key] = having[0][1]
        else:
            joined[key] = _join(having, num_envs)
    return joined


def _join(parts: list[tuple[int, Any]], num_envs: int) -> np.ndarray[Any, Any]:
    values = parts[0][1]
    if isinstance(values, np.ndarray):
        joined = np.zeros((num_envs, *values.shape[1:]), values.dtype)
    else:
        joined = np.full(num_envs, None, object)
    for first, values in parts:
        for lane, value in enumerate(values, first):
            joined[lane] = value
    return joined


def take_infos(infos: dict[str, Any], rows: list[int]) -> dict[str, Any]:
    """The infos of some lanes, in this order."""
    taken: dict[str, Any] = {}
    for key, values in infos.items():
        if isinstance(values, dict):
            taken[key] = take_infos(values, rows)
        else:
            taken[key] = values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows]
    return taken


def lane_info(infos: dict[str, Any], lane: int) -> dict[str, Any]:
    """One lane's own info out of the vector form."""
    info = {}
    for key, values in infos.items():
        mask = infos.get(f"_{key}")
        if mask is not None and mask[lane]:
            info[key] = lane_info(values, lane) if isinstance(values, dict) else values[lane]
    return info
