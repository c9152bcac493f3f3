"""Compares environments that run in a server with the same ones in this process."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.utils.env_match import check_environments_match

from gymbridge.env.factory import find_factory

CLASSIC = ["CartPole-v1", "Acrobot-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1"]
TOY_TEXT = [
    "FrozenLake-v1",
    "FrozenLake8x8-v1",
    "CliffWalking-v1",
    "CliffWalkingSlippery-v1",
    "Taxi-v4",
    "Blackjack-v1",
]
MUJOCO = [
    f"{name}-v5"
    for name in (
        "Reacher",
        "Pusher",
        "InvertedPendulum",
        "InvertedDoublePendulum",
        "HalfCheetah",
        "Hopper",
        "Swimmer",
        "Walker2d",
        "Ant",
        "Humanoid",
        "HumanoidStandup",
    )
]
OWN = [f"envs_for_tests:{name}" for name in ("image", "goal", "odd_infos")]
ALL = [*CLASSIC, *TOY_TEXT, *MUJOCO, *OWN]


def make_local(env_id: str, **kwargs: Any) -> gym.Env:
    """The environment in this process; its rewards are Python floats, as RemoteEnv's are."""
    return gym.wrappers.TransformReward(find_factory(env_id)(**kwargs), float)


def check_spaces(local: gym.Env, remote: gym.Env) -> None:
    """The spaces are equal, and sample the same values from the same seed."""
    for ours, theirs in (
        (remote.observation_space, local.observation_space),
        (remote.action_space, local.action_space),
    ):
        assert ours == theirs and ours.dtype == theirs.dtype and ours.shape == theirs.shape, (ours, theirs)
        ours.seed(3)
        theirs.seed(3)
        for _ in range(3):
            assert data_equivalence(ours.sample(), theirs.sample(), exact=True)


def check_match(local: gym.Env, remote: gym.Env, steps: int) -> None:
    """Gymnasium's own check, which resets with the same seed at the end of each episode."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_environments_match(local, remote, steps)


def check_seeds(local: gym.Env, remote: gym.Env, seeds: range, steps: int) -> None:
    """Exactly the same, bit for bit, from each seed on, with unseeded resets at the ends of episodes."""
    for seed in seeds:
        local.action_space.seed(seed)
        _same(local.reset(seed=seed), remote.reset(seed=seed), f"seed {seed}, reset")
        for step in range(steps):
            action = local.action_space.sample()
            theirs = local.step(action)
            _same(theirs, remote.step(action), f"seed {seed}, step {step}")
            if theirs[2] or theirs[3] or step == steps // 2:
                _same(local.reset(), remote.reset(), f"seed {seed}, reset after step {step}")


def warnings_of_check_env(env: gym.Env, skip_render_check: bool) -> set[str]:
    """What Gymnasium's checker warns of; what it refuses, it raises."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(env, skip_render_check=skip_render_check)
    return {str(warning.message) for warning in caught}


def _same(theirs: tuple[Any, ...], ours: tuple[Any, ...], where: str) -> None:
    for name, one, other in zip(
        ("observation", "reward or info", "terminated", "truncated", "info"), theirs, ours, strict=False
    ):
        difference = next(differences(one, other, name), None)
        assert difference is None, f"{where}: {difference}"


def differences(theirs: Any, ours: Any, path: str) -> Iterator[str]:
    """Where two values are not the same in type, shape and every bit."""
    if type(theirs) is not type(ours):
        yield f"{path}: got {type(ours).__name__} {ours!r}, expected {type(theirs).__name__} {theirs!r}"
    elif isinstance(theirs, dict):
        if theirs.keys() != ours.keys():
            yield f"{path}: got the keys {list(ours)}, expected {list(theirs)}"
        for key in theirs.keys() & ours.keys():
            yield from differences(theirs[key], ours[key], f"{path}[{key!r}]")
    elif isinstance(theirs, (tuple, list)):
        if len(theirs) != len(ours):
            yield f"{path}: got {len(ours)} entries, expected {len(theirs)}"
        for index, (one, other) in enumerate(zip(theirs, ours, strict=False)):
            yield from differences(one, other, f"{path}[{index}]")
    elif isinstance(theirs, np.ndarray):
        if theirs.dtype != ours.dtype or theirs.shape != ours.shape:
            yield f"{path}: got {ours.dtype} {ours.shape}, expected {theirs.dtype} {theirs.shape}"
        elif theirs.dtype == object:
            yield from differences(theirs.tolist(), ours.tolist(), path)
        elif theirs.tobytes() != ours.tobytes():
            yield f"{path}: got {ours}, expected {theirs}"
    elif theirs != ours and not (theirs != theirs and ours != ours):
        yield f"{path}: got {ours!r}, expected {theirs!r}"
