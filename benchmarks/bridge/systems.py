"""What is measured: a system steps the environments of a cell, and says how fast."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

# Actions are sampled beforehand: these many batches, in turn.
DISTINCT_ACTIONS = 128
SEED = 1
_WARM_UP_PART = 0.1


class Unsupported(Exception):
    """A system cannot do what a cell asks of it; the message is the reason."""


@dataclass(frozen=True)
class Cell:
    """One cell of the table, as `gymbridge bench bridge` sends it.

    Args:
        kind: one of `runner.KINDS`.
        env: Gymnasium's id, or "module:function".
        num_envs: environments that are stepped together.
        workers: processes or threads that step them.
        address: the server's, where a system needs one.
        tls_ca: file of the authority of the server's certificate; empty without TLS.
        transport: "auto", "shm" or "grpc", where a system has the choice.
    """

    kind: str
    env: str
    num_envs: int
    workers: int
    address: str = ""
    tls_ca: str = ""
    transport: str = "grpc"


class System(ABC):
    """Opened by its constructor, which takes a `Cell`; measured several times; closed."""

    num_envs: int

    @abstractmethod
    def step(self, number: int) -> None:
        """The step of all environments with that number, with an action of its own."""

    def run(self, seconds: float) -> dict[str, float]:
        """Steps for so long, after a tenth of it to warm up.

        Gives steps_per_second (environments × calls / time) and, in µs, call_us_p50, call_us_p99.
        """
        self._calls(seconds * _WARM_UP_PART)
        times, elapsed = self._calls(seconds)
        p50, p99 = np.percentile(np.array(times) / 1e3, [50, 99])
        return {
            "steps_per_second": self.num_envs * len(times) / elapsed,
            "call_us_p50": float(p50),
            "call_us_p99": float(p99),
        }

    @abstractmethod
    def close(self) -> None:
        """Ends what the system started."""

    def _calls(self, seconds: float) -> tuple[list[int], float]:
        times: list[int] = []
        started = before = time.perf_counter_ns()
        deadline = started + int(seconds * 1e9)
        while before < deadline:
            self.step(len(times))
            now = time.perf_counter_ns()
            times.append(now - before)
            before = now
        return times, (before - started) / 1e9


class VectorSystem(System):
    """Anything with the interface of `gymnasium.vector.VectorEnv`."""

    def __init__(self, envs: Any, num_envs: int, action_space: Any, dtype: Any = None) -> None:
        """`action_space` is that of one environment; `dtype` is the actions', where it is not the space's own."""
        self._envs = envs
        self.num_envs = num_envs
        action_space.seed(SEED)
        self._actions = [
            np.array([action_space.sample() for _ in range(num_envs)], dtype or action_space.dtype)
            for _ in range(DISTINCT_ACTIONS)
        ]
        self._reset()

    def _reset(self) -> None:
        self._envs.reset(seed=SEED)

    def step(self, number: int) -> None:
        """See `System.step`."""
        self._envs.step(self._actions[number % DISTINCT_ACTIONS])

    def close(self) -> None:
        """See `System.close`."""
        self._envs.close()


class SingleSystem(System):
    """Anything with the interface of `gymnasium.Env`, in the loop that its user writes."""

    num_envs = 1

    def __init__(self, env: Any) -> None:
        self._env = env
        env.action_space.seed(SEED)
        self._actions = [env.action_space.sample() for _ in range(DISTINCT_ACTIONS)]
        env.reset(seed=SEED)

    def step(self, number: int) -> None:
        """See `System.step`."""
        _, _, terminated, truncated, _ = self._env.step(self._actions[number % DISTINCT_ACTIONS])
        if terminated or truncated:
            self._env.reset()

    def close(self) -> None:
        """See `System.close`."""
        self._env.close()


def end_with_stdin() -> None:
    """Ends this process, a peer's server, as soon as whoever started it is gone."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def make_env(env_id: str) -> Any:
    """One environment as every system steps it."""
    import gymnasium as gym

    module, colon, function = env_id.partition(":")
    if colon:
        return getattr(importlib.import_module(module), function)()
    return gym.make(env_id, disable_env_checker=True)
