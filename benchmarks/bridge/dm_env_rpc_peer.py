"""dm_env_rpc: a Gymnasium environment behind its protocol, in a server process, on a Unix socket."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent import futures
from typing import Any

import grpc
import gymnasium as gym
import numpy as np
from dm_env_rpc.v1 import (
    connection,
    dm_env_adaptor,
    dm_env_rpc_pb2,
    dm_env_rpc_pb2_grpc,
    tensor_spec_utils,
    tensor_utils,
)

from systems import DISTINCT_ACTIONS, Cell, System, Unsupported, end_with_stdin, make_env

_START_SECONDS = 60
_OBSERVATION, _REWARD = 1, 2
_ACTION = 1
_LARGE = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class DmEnvRpc(System):
    """Its own client, DmEnvAdaptor, as its documentation shows it."""

    num_envs = 1

    def __init__(self, cell: Cell) -> None:
        if cell.num_envs > 1:
            raise Unsupported("dm_env_rpc has one environment a connection")
        self._directory = tempfile.TemporaryDirectory()
        address = f"unix:{self._directory.name}/dm_env_rpc.sock"
        self._server = subprocess.Popen(
            [sys.executable, __file__, cell.env, address], stdin=subprocess.PIPE, stdout=sys.stderr
        )
        try:
            credentials = grpc.local_channel_credentials(grpc.LocalConnectionType.UDS)
            self._connection = connection.create_secure_channel_and_connect(address, credentials, _START_SECONDS)
            self._env, _ = dm_env_adaptor.create_and_join_world(self._connection, {}, {})
            space = make_env(cell.env).action_space
            space.seed(1)
            self._actions = [{"action": space.sample()} for _ in range(DISTINCT_ACTIONS)]
            self._env.reset()
        except BaseException:
            self._stop()
            raise

    def step(self, number: int) -> None:
        """See `System.step`."""
        # After an episode's last step the next one begins an episode.
        self._env.step(self._actions[number % DISTINCT_ACTIONS])

    def close(self) -> None:
        """See `System.close`."""
        self._connection.close()
        self._stop()

    def _stop(self) -> None:
        self._server.kill()
        self._server.wait()
        self._directory.cleanup()


class _Server(dm_env_rpc_pb2_grpc.EnvironmentServicer):
    """One world, which is one environment."""

    def __init__(self, env: Any) -> None:
        self._env = env
        self._specs = dm_env_rpc_pb2.ActionObservationSpecs(
            actions={_ACTION: _spec("action", env.action_space)},
            observations={
                _OBSERVATION: _spec("observation", env.observation_space),
                _REWARD: dm_env_rpc_pb2.TensorSpec(name="reward", dtype=dm_env_rpc_pb2.DOUBLE),
            },
        )

    def Process(self, request_iterator: Any, context: Any) -> Any:
        running = False
        for request in request_iterator:
            kind = request.WhichOneof("payload")
            response = dm_env_rpc_pb2.EnvironmentResponse()
            if kind == "step":
                running = self._step(request.step, response.step, running)
            elif kind == "create_world":
                response.create_world.world_name = "world"
            elif kind == "join_world":
                response.join_world.specs.CopyFrom(self._specs)
            elif kind == "reset":
                running = False
                response.reset.specs.CopyFrom(self._specs)
            else:
                getattr(response, kind).SetInParent()
            yield response

    def _step(self, request: Any, response: Any, running: bool) -> bool:
        if running:
            action = tensor_utils.unpack_tensor(request.actions[_ACTION])
            observation, reward, terminated, truncated, _ = self._env.step(action)
            running = not (terminated or truncated)
            ended = dm_env_rpc_pb2.TERMINATED if terminated else dm_env_rpc_pb2.INTERRUPTED
            response.state = dm_env_rpc_pb2.RUNNING if running else ended
        else:
            observation, _ = self._env.reset()
            reward, running = 0.0, True
            response.state = dm_env_rpc_pb2.RUNNING
        values = {_OBSERVATION: observation, _REWARD: float(reward)}
        for uid in request.requested_observations:
            response.observations[uid].CopyFrom(tensor_utils.pack_tensor(values[uid]))
        return running


def _spec(name: str, space: gym.Space[Any]) -> Any:
    spec = dm_env_rpc_pb2.TensorSpec(
        name=name, shape=space.shape, dtype=tensor_utils.np_type_to_data_type(np.dtype(space.dtype))
    )
    if isinstance(space, gym.spaces.Discrete):
        tensor_spec_utils.set_bounds(spec, int(space.start), int(space.start + space.n - 1))
    return spec


def _serve(env_id: str, address: str) -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), options=_LARGE)
    dm_env_rpc_pb2_grpc.add_EnvironmentServicer_to_server(_Server(make_env(env_id)), server)
    server.add_secure_port(address, grpc.local_server_credentials(grpc.LocalConnectionType.UDS))
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    end_with_stdin()
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    _serve(sys.argv[1], sys.argv[2])
