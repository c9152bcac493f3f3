"""Real servers as subprocesses, and a client that speaks the protocol plainly."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import numpy as np

from gymbridge.codec.items import encode_map
from gymbridge.codec.spaces import decode_space
from gymbridge.codec.values import BatchCodec
from gymbridge.credentials import NONE, Credentials, channel
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc

HERE = Path(__file__).resolve().parent


class ServerProcess:
    """`python -m gymbridge …` with this folder on its path; `address` is what it announced, None if it ended first."""

    def __init__(self, *arguments: str, cwd: Path, **environment: str) -> None:
        path = os.pathsep.join([str(HERE), str(HERE.parent / "src")])
        self.log_path = cwd / f"log-{time.monotonic_ns()}.txt"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gymbridge", *arguments],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log_path.open("w"),
            env={**os.environ, "PYTHONPATH": path, "TMPDIR": str(cwd), **environment},
            text=True,
        )
        line = self.process.stdout.readline()
        self.address = line.strip().removeprefix("gymbridge: listening on ") or None

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def end(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(60)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Stream:
    """One shard's Interact stream."""

    def __init__(self, address: str, shard: pb.Shard, credentials: Credentials = NONE) -> None:
        target = shard.address or address
        if target.startswith(":"):
            target = address.rpartition(":")[0] + target
        self.channel = channel(target, credentials)
        self.requests: queue.SimpleQueue = queue.SimpleQueue()
        stub = environment_pb2_grpc.EnvironmentServiceStub(self.channel)
        self.call = stub.Interact(iter(self.requests.get, None))
        self.sequence = 0
        self.num_envs = shard.num_envs

    def attach(self, token: str) -> pb.AttachResponse:
        self.requests.put(pb.InteractRequest(attach=pb.AttachRequest(token=token)))
        response = next(self.call)
        assert response.WhichOneof("response") == "attached"
        self.sequence = response.attached.last_sequence
        return response.attached

    def send(self, sequence: int | None = None, **request) -> None:
        self.sequence += 1
        acknowledged = self.sequence - 1
        if sequence is not None:
            acknowledged = 0
        self.requests.put(
            pb.InteractRequest(
                sequence=self.sequence if sequence is None else sequence, acknowledged=acknowledged, **request
            )
        )

    def ask(self, sequence: int | None = None, **request) -> pb.InteractResponse:
        self.send(sequence, **request)
        return next(self.call)

    def half_close(self) -> None:
        self.requests.put(None)

    def close(self) -> None:
        self.half_close()
        self.call.cancel()
        self.channel.close()


class Session:
    """A session and all its streams, as one batch of arrays."""

    def __init__(
        self,
        address: str,
        env_id: str = "",
        num_envs: int = 1,
        kwargs: dict | None = None,
        credentials: Credentials = NONE,
        **request,
    ) -> None:
        self.channel = channel(address, credentials)
        self.stub = environment_pb2_grpc.EnvironmentServiceStub(self.channel)
        self.opened = self.stub.OpenSession(
            pb.OpenSessionRequest(
                protocol_revision=1, env_id=env_id, num_envs=num_envs, kwargs=encode_map(kwargs or {}), **request
            ),
            timeout=60,
        )
        spec = self.opened.spec
        self.observations = BatchCodec(decode_space(spec.observation_space))
        self.actions = BatchCodec(decode_space(spec.action_space))
        self.streams = [Stream(address, shard, credentials) for shard in self.opened.shards]
        for stream, shard in zip(self.streams, self.opened.shards, strict=True):
            stream.attach(shard.token)

    def ask(self, **request) -> pb.InteractResponse:
        (stream,) = self.streams
        return stream.ask(**request)

    def reset(self, seeds: list[int] | None = None, **more) -> pb.InteractResponse:
        data = b"" if seeds is None else np.array(seeds, "<i8").tobytes()
        return self.ask(reset=pb.ResetRequest(seeds=data, **more))

    def step(self, *actions) -> pb.InteractResponse:
        """One action per lane, not checked."""
        arrays = self.actions.stack(actions)
        return self.ask(step=pb.StepRequest(actions=self.actions.encode(arrays)))

    def describe(self) -> pb.OpenSessionResponse:
        return self.stub.DescribeSession(pb.DescribeSessionRequest(session_id=self.opened.session_id), timeout=30)

    def decode(self, buffers, n: int | None = None) -> list[np.ndarray]:
        return self.observations.decode(buffers, self.opened.num_envs if n is None else n, "observations")

    def close(self) -> None:
        """Ends the streams and the session; closing twice is allowed."""
        for stream in self.streams:
            stream.close()
        with contextlib.suppress(grpc.RpcError, ValueError):
            self.stub.CloseSession(pb.CloseSessionRequest(session_id=self.opened.session_id), timeout=10)
        self.channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def eventually(condition, seconds: float = 15.0) -> None:
    """Waits until the condition holds; fails where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        threading.Event().wait(0.02)


def children(pid: int) -> list[int]:
    """Processes started by this one."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return found
