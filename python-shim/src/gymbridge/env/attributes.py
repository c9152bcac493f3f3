"""Which methods and attributes of environments clients may name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from gymnasium import spaces

from gymbridge.errors import RequestError

COMPUTE_REWARD = "compute_reward"
# Gymnasium's vector environments tell it of each lane; it may be read, and not set.
_SEED = "np_random_seed"
_GOAL_KEYS = {"observation", "achieved_goal", "desired_goal"}


def is_goal_env(env: Any, observation_space: spaces.Space[Any]) -> bool:
    """Whether an environment has goals: `compute_reward`, and a Dict of observation, achieved_goal and desired_goal."""
    if not isinstance(observation_space, spaces.Dict) or not observation_space.spaces.keys() >= _GOAL_KEYS:
        return False
    return bool(env.has_wrapper_attr(COMPUTE_REWARD)) if hasattr(env, "has_wrapper_attr") else False


class AllowedAttributes:
    """The names that a session may call, read and set.

    `np_random_seed` may always be read, and goal environments' `compute_reward` called.
    """

    def __init__(self, names: Sequence[str], has_goals: bool) -> None:
        self._names = list(names)
        self._has_goals = has_goals

    def check_call(self, name: str) -> None:
        """PERMISSION_DENIED for a name that may be neither called nor read."""
        if name != _SEED and not (self._has_goals and name == COMPUTE_REWARD):
            self.check_set(name)

    def check_set(self, name: str) -> None:
        """PERMISSION_DENIED for a name that may not be set."""
        if name.startswith("_"):
            message = f"the attribute {name!r} is private: names with a leading underscore are never allowed"
            raise RequestError(grpc.StatusCode.PERMISSION_DENIED, message)
        if name not in self._names:
            allowed = ", ".join(self._names) or "none"
            message = f"the attribute {name!r} is not allowed (allowed: {allowed}); start the server with "
            raise RequestError(grpc.StatusCode.PERMISSION_DENIED, f"{message}--allow-attributes {name}")
