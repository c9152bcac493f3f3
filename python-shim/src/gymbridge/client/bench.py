"""`python -m gymbridge bench`: how fast Gymnasium itself steps environments in this process, to compare with."""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from gymbridge.env.factory import UnknownEnvironment, find_factory, make_env
from gymbridge.errors import RequestError
from gymbridge.rollout.bundle import read_bundle
from gymbridge.rollout.engines import make_engine
from gymbridge.rollout.heads import Gaussian
from gymbridge.serving import fail

_WARM_UP_CALLS = 50
_DISTINCT_ACTIONS = 256


def run(arguments: argparse.Namespace) -> None:
    """Measures and prints the result."""
    warnings.simplefilter("ignore")
    try:
        factory = find_factory(arguments.env)
        make_env(arguments.env, factory, {}).close()
    except UnknownEnvironment as error:
        fail(str(error))
    if arguments.policy:
        envs = [factory() for _ in range(arguments.num_envs)]
        try:
            step, close = _policy_loop(envs, Path(arguments.policy).read_bytes(), arguments.seed)
        except RequestError as error:
            fail(error.message)
    else:
        step, close = _stepper(factory, arguments.vectorizer, arguments.num_envs, arguments.seed)
    try:
        result = measure(step, arguments.num_envs, arguments.steps, arguments.seconds)
    finally:
        close()
    result |= {"env": arguments.env, "vectorizer": arguments.vectorizer}
    if arguments.json:
        print(json.dumps(result), flush=True)
    else:
        print(
            f"{arguments.env}, {arguments.vectorizer} x {arguments.num_envs}: "
            f"{result['steps_per_second']:,.0f} steps/s, a "
            f"call {result['call_us_p50']:.0f} µs (p50), {result['call_us_p99']:.0f} µs (p99)"
        )


def measure(step: Callable[[int], object], num_envs: int, calls: int | None, seconds: float) -> dict[str, Any]:
    """Calls `step(number)` that often, or for that long, after a few calls to warm up.

    Gives steps_per_second (lanes × calls / time), call_us_p50, call_us_p99, num_envs, calls.
    """
    for number in range(_WARM_UP_CALLS):
        step(number)
    times: list[int] = []
    started = time.perf_counter_ns()
    deadline = started + int(seconds * 1e9)
    before = started
    while len(times) < calls if calls is not None else before < deadline:
        step(len(times))
        now = time.perf_counter_ns()
        times.append(now - before)
        before = now
    p50, p99 = np.percentile(np.array(times) / 1e3, [50, 99])
    return {
        "steps_per_second": num_envs * len(times) / ((before - started) / 1e9),
        "call_us_p50": float(p50),
        "call_us_p99": float(p99),
        "num_envs": num_envs,
        "calls": len(times),
    }


def _stepper(
    factory: Any, vectorizer: str, num_envs: int, seed: int
) -> tuple[Callable[[int], object], Callable[[], None]]:
    """What makes one call, with random actions sampled beforehand, and what closes the environments."""
    if vectorizer == "loop":
        return _loop([factory() for _ in range(num_envs)], seed)
    kind = gym.vector.SyncVectorEnv if vectorizer == "sync" else gym.vector.AsyncVectorEnv
    envs: Any = kind([factory] * num_envs)
    envs.action_space.seed(seed)
    actions = [envs.action_space.sample() for _ in range(_DISTINCT_ACTIONS)]
    envs.reset(seed=seed)
    return (lambda number: envs.step(actions[number % _DISTINCT_ACTIONS])), envs.close


def _policy_loop(envs: list[Any], bundle: bytes, seed: int) -> tuple[Callable[[int], object], Callable[[], None]]:
    """The loop of a learner in one process: a Gaussian policy acts on all environments at once, then each steps."""
    space = envs[0].action_space
    policy = read_bundle(bundle, envs[0].observation_space, space)
    observations = np.stack([env.reset(seed=seed + lane)[0] for lane, env in enumerate(envs)])
    engine = make_engine(policy.model, policy.graph, observations, Gaussian.outputs)
    random = np.random.default_rng(seed)
    low, high = space.low, space.high

    def step(number: int) -> None:
        mean, log_std = engine(observations)
        samples = mean + np.exp(log_std) * random.standard_normal(mean.shape, np.float32)
        actions = np.minimum(np.maximum(samples, low), high)
        for lane, env in enumerate(envs):
            observation, _, terminated, truncated, _ = env.step(actions[lane])
            if terminated or truncated:
                observation, _ = env.reset()
            observations[lane] = observation

    return step, lambda: _close(envs)


def _loop(envs: list[Any], seed: int) -> tuple[Callable[[int], object], Callable[[], None]]:
    space = envs[0].action_space
    space.seed(seed)
    actions = [[space.sample() for _ in envs] for _ in range(_DISTINCT_ACTIONS)]
    for lane, env in enumerate(envs):
        env.reset(seed=seed + lane)

    def step(number: int) -> None:
        for env, action in zip(envs, actions[number % _DISTINCT_ACTIONS], strict=True):
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()

    return step, lambda: _close(envs)


def _close(envs: list[Any]) -> None:
    for env in envs:
        env.close()
