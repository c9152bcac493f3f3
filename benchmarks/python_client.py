"""How long a step takes from Python, through grpcio's stream and through RemoteEnv: python_client.py ADDRESS [ENV_ID]

Needs a server of the environment: python -m gymbridge serve-env CartPole-v1 --workers 1 --address unix:env.sock
"""

import argparse
import queue
import time
from collections.abc import Callable
from typing import Any

import grpc
import gymnasium as gym
import numpy as np

import gymbridge
from gymbridge.codec.spaces import decode_space
from gymbridge.codec.values import BatchCodec
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc


class GrpcioEnv:
    """The protocol as plainly as grpcio allows; only what the measurement needs."""

    def __init__(self, address: str, env_id: str) -> None:
        stub = environment_pb2_grpc.EnvironmentServiceStub(grpc.insecure_channel(address))
        request = pb.OpenSessionRequest(protocol_revision=1, env_id=env_id, num_envs=1, info_mode=pb.INFO_MODE_LANES)
        opened = stub.OpenSession(request)
        self._observations = BatchCodec(decode_space(opened.spec.observation_space))
        self._actions = BatchCodec(decode_space(opened.spec.action_space))
        self._requests: queue.SimpleQueue[pb.InteractRequest | None] = queue.SimpleQueue()
        (shard,) = opened.shards
        shard_stub = environment_pb2_grpc.EnvironmentServiceStub(grpc.insecure_channel(shard.address or address))
        self._responses = shard_stub.Interact(iter(self._requests.get, None))
        self._sequence = 0
        self._ask(pb.InteractRequest(attach=pb.AttachRequest(token=shard.token)))

    def reset(self) -> None:
        self._sequence += 1
        self._ask(pb.InteractRequest(sequence=self._sequence, reset=pb.ResetRequest()))

    def step(self, action: Any) -> tuple[Any, float, bool, bool]:
        self._sequence += 1
        request = pb.InteractRequest(sequence=self._sequence, acknowledged=self._sequence - 1)
        self._actions.fill(request.step.actions, self._actions.stack([action]))
        step = self._ask(request).step
        observation = self._observations.value(self._observations.decode(step.observations, 1, "observation"), 0)
        return observation, float(np.frombuffer(step.rewards)[0]), step.terminated == b"\1", step.truncated == b"\1"

    def _ask(self, request: pb.InteractRequest) -> pb.InteractResponse:
        self._requests.put(request)
        return next(self._responses)

    def close(self) -> None:
        self._requests.put(None)
        list(self._responses)


def measure(env: Any, actions: list[Any], autoresets: bool) -> tuple[float, float, float]:
    """Microseconds a step: median, 99th percentile, mean."""
    env.reset()
    times = []
    for number in range(len(actions)):
        before = time.perf_counter_ns()
        result = env.step(actions[number])
        times.append(time.perf_counter_ns() - before)
        if (result[2] or result[3]) and not autoresets:
            env.reset()
    micros = np.array(times[len(times) // 10 :]) / 1e3
    return float(np.percentile(micros, 50)), float(np.percentile(micros, 99)), float(micros.mean())


def main() -> None:
    """Measures each way in turn, several times, and prints the medians of the repetitions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("env_id", nargs="?", default="CartPole-v1")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    ways: dict[str, tuple[Callable[[], Any], bool]] = {
        "in this process": (lambda: gym.make(arguments.env_id), False),
        "grpcio's stream": (lambda: GrpcioEnv(arguments.address, arguments.env_id), True),
        "RemoteEnv": (lambda: gymbridge.RemoteEnv(arguments.address, arguments.env_id), False),
    }
    figures: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for _ in range(arguments.repeats):
        for name, (make, autoresets) in ways.items():
            env = make()
            space = gym.make(arguments.env_id).action_space
            space.seed(0)
            actions = [space.sample() for _ in range(arguments.steps)]
            figures[name].append(measure(env, actions, autoresets))
            env.close()
    print(f"{arguments.env_id}, µs a step{'p50':>14}{'p99':>10}{'mean':>10}")
    for name, repeats in figures.items():
        p50, p99, mean = np.median(np.array(repeats), axis=0)
        print(f"{name:<28}{p50:>12.0f}{p99:>10.0f}{mean:>10.0f}")


if __name__ == "__main__":
    main()
