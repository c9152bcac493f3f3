"""Environments that do nothing but show pictures, so that what carries them is what is measured."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

_DISTINCT_FRAMES = 8


class _Frames(gym.Env[Any, Any]):
    """Shows the same few random pictures, uint8 of a shape, in turn; its episodes never end."""

    def __init__(self, *shape: int) -> None:
        self.observation_space = spaces.Box(0, 255, shape, np.uint8)
        self.action_space = spaces.Discrete(4)
        self._frames = np.random.default_rng(0).integers(0, 256, (_DISTINCT_FRAMES, *shape), np.uint8)
        self._count = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._count = 0
        return self._frames[0], {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._count += 1
        return self._frames[self._count % _DISTINCT_FRAMES], 0.0, False, False, {}


def stack84() -> gym.Env[Any, Any]:
    """84 × 84 × 4: four grey frames, as Atari learners stack them."""
    return _Frames(84, 84, 4)


def screen() -> gym.Env[Any, Any]:
    """210 × 160 × 3: Atari's screen in colours."""
    return _Frames(210, 160, 3)
