"""`gymnasium.make("gymbridge/Remote-v0", …)` and `make_vec`."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec, register, registry

REMOTE_ID = "gymbridge/Remote-v0"


def register_remote() -> None:
    """Tells Gymnasium of the id, once."""
    if REMOTE_ID not in registry:
        register(
            REMOTE_ID,
            entry_point="gymbridge.client.registration:make",
            vector_entry_point="gymbridge.client.registration:make_vec",
        )


def remote_spec(arguments: dict[str, Any]) -> EnvSpec:
    """What connects again with the same arguments."""
    spec = copy.deepcopy(registry[REMOTE_ID])
    spec.kwargs = dict(arguments)
    return spec


def make(address: str, env_id: str = "", render_mode: str | None = None, **arguments: Any) -> gym.Env[Any, Any]:
    """A RemoteEnv; with render_mode "human" one whose frames are shown in a window here."""
    from gymbridge.client.remote_env import RemoteEnv

    if render_mode == "human":
        return gym.wrappers.HumanRendering(RemoteEnv(address, env_id, render_mode="rgb_array", **arguments))
    return RemoteEnv(address, env_id, render_mode=render_mode, **arguments)


def make_vec(address: str, env_id: str = "", **arguments: Any) -> gym.vector.VectorEnv[Any, Any, Any]:
    """A RemoteVectorEnv."""
    from gymbridge.client.remote_vector_env import RemoteVectorEnv

    return RemoteVectorEnv(address, env_id, **arguments)
