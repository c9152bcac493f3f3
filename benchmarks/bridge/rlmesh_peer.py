"""RLMesh: a Gymnasium environment in a server process, over its own protocol on a Unix socket."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

import gymnasium as gym
import rlmesh
from rlmesh.numpy import RemoteEnv, RemoteVectorEnv

from systems import Cell, SingleSystem, System, VectorSystem, end_with_stdin, make_env

_START_SECONDS = 60


class RLMesh(System):
    """`RemoteEnv` for one environment, `RemoteVectorEnv` of a served SyncVectorEnv for several."""

    def __init__(self, cell: Cell) -> None:
        self._directory = tempfile.TemporaryDirectory()
        address = f"unix://{self._directory.name}/rlmesh.sock"
        command = [sys.executable, __file__, cell.env, str(cell.num_envs), address]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=sys.stderr)
        try:
            self._client = self._connect(cell, address)
        except BaseException:
            self._stop()
            raise
        self.num_envs = cell.num_envs

    def step(self, number: int) -> None:
        """See `System.step`."""
        self._client.step(number)

    def close(self) -> None:
        """See `System.close`."""
        try:
            self._client.close()
        finally:
            self._stop()

    def _connect(self, cell: Cell, address: str) -> System:
        deadline = time.monotonic() + _START_SECONDS
        while not os.path.exists(address.removeprefix("unix://")):
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("RLMesh's server did not start")
            time.sleep(0.05)
        if cell.num_envs == 1:
            return SingleSystem(RemoteEnv(address))
        return VectorSystem(RemoteVectorEnv(address), cell.num_envs, make_env(cell.env).action_space)

    def _stop(self) -> None:
        self._server.kill()
        self._server.wait()
        self._directory.cleanup()


def _serve(env_id: str, num_envs: int, address: str) -> None:
    served = (
        make_env(env_id)
        if num_envs == 1
        else gym.vector.SyncVectorEnv([lambda: make_env(env_id) for _ in range(num_envs)])
    )
    rlmesh.EnvServer(served, address).serve()


if __name__ == "__main__":
    end_with_stdin()
    _serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
