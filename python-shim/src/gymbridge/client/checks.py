"""What callers of a vector environment name its lanes by, checked: seeds, masks, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gymbridge.codec.leaves import Array


def seeds_of(seed: Any, num_envs: int) -> list[int | None]:
    """A seed for each lane; ValueError where there are more or fewer."""
    if seed is None:
        return [None] * num_envs
    if isinstance(seed, (int, np.integer)):
        return [int(seed) + lane for lane in range(num_envs)]
    if len(seed) != num_envs:
        raise ValueError(f"got {len(seed)} seeds, expected one for each of {num_envs} lanes")
    return [None if one is None else int(one) for one in seed]


def mask_of(mask: Any, num_envs: int) -> Array | None:
    """The lanes to reset, None for all; TypeError or ValueError for what is no mask, or one of no lane."""
    # In the words of SyncVectorEnv's errors, which programs may look for.
    name = "`options['reset_mask']`"
    if not isinstance(mask, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, got {type(mask)}")
    if mask.shape != (num_envs,):
        raise ValueError(f"{name} must have shape `({num_envs},)`, got {mask.shape}")
    if mask.dtype != np.bool_:
        raise TypeError(f"{name} must have `dtype=np.bool_`, got {mask.dtype}")
    if not mask.any():
        raise ValueError(f"{name} must contain a boolean array with at least one True value, got reset_mask={mask}")
    return None if mask.all() else mask


def lanes_of(env_ids: Any, num_envs: int) -> Sequence[int]:
    """The lanes named, None for all; ValueError for one that is not there, or named twice."""
    if env_ids is None:
        return range(num_envs)
    ids = np.asarray(env_ids)
    if ids.ndim != 1 or ids.size == 0 or ids.dtype.kind not in "iu":
        raise ValueError(f"got env_ids {env_ids!r}, expected a list of lanes")
    lanes: list[int] = ids.tolist()
    if min(lanes) < 0 or max(lanes) >= num_envs or len(set(lanes)) != len(lanes):
        raise ValueError(f"got env_ids {lanes}, expected lanes from 0 to {num_envs - 1}, each once")
    return lanes
