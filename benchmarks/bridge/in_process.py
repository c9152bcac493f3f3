"""What Gymnasium itself does without a bridge: loops in one process or several, and its vector environments."""

from __future__ import annotations

import functools
import multiprocessing
from multiprocessing.connection import Connection
from typing import Any

import gymnasium as gym

from systems import Cell, SingleSystem, Unsupported, VectorSystem, make_env


class Loop(SingleSystem):
    """One environment in a loop of this process."""

    def __init__(self, cell: Cell) -> None:
        super().__init__(make_env(cell.env))


class Loops(Loop):
    """As many such loops as the cell has workers, each in a process of its own, at once: what the machine can give."""

    def __init__(self, cell: Cell) -> None:
        super().__init__(cell)
        context = multiprocessing.get_context("fork")
        self._others = []
        for _ in range(cell.workers - 1):
            mine, others = context.Pipe()
            process = context.Process(target=_loop, args=(cell, others), daemon=True)
            process.start()
            self._others.append((process, mine))

    def run(self, seconds: float) -> dict[str, float]:
        """The sum of all loops' steps a second; the calls' times are this process's."""
        for _, connection in self._others:
            connection.send(seconds)
        figures = super().run(seconds)
        for _, connection in self._others:
            figures["steps_per_second"] += connection.recv()
        return figures

    def close(self) -> None:
        """See `System.close`."""
        super().close()
        for process, connection in self._others:
            connection.send(0.0)
            process.join()


def _loop(cell: Cell, connection: Connection) -> None:
    loop = Loop(cell)
    while seconds := connection.recv():
        connection.send(loop.run(seconds)["steps_per_second"])


class _Vector(VectorSystem):
    def __init__(self, envs: gym.vector.VectorEnv[Any, Any, Any]) -> None:
        super().__init__(envs, envs.num_envs, envs.single_action_space)


class Sync(_Vector):
    """SyncVectorEnv."""

    def __init__(self, cell: Cell) -> None:
        super().__init__(gym.vector.SyncVectorEnv([functools.partial(make_env, cell.env)] * cell.num_envs))


class Async(_Vector):
    """AsyncVectorEnv: a process for each environment, and shared memory for the observations."""

    def __init__(self, cell: Cell) -> None:
        super().__init__(gym.vector.AsyncVectorEnv([functools.partial(make_env, cell.env)] * cell.num_envs))


class NumPy(_Vector):
    """The environment's own vector version, which computes all lanes at once in NumPy."""

    def __init__(self, cell: Cell) -> None:
        if ":" in cell.env or gym.spec(cell.env).vector_entry_point is None:
            raise Unsupported(f"{cell.env} has no vector_entry_point")
        super().__init__(gym.make_vec(cell.env, cell.num_envs, vectorization_mode="vector_entry_point"))
