"""A session as its supervisor keeps it: for each shard a place, which one worker after another may fill."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import grpc

from gymbridge.env.pool import WorkerProcess, log
from gymbridge.env.worker import FIRST_LANE_KEY, SECRET_KEY
from gymbridge.errors import RequestError, from_rpc_error
from gymbridge.v1 import environment_pb2 as pb

_OPEN_SECONDS = 300.0
_CLOSE_SECONDS = 2.0


@dataclass(eq=False)
class Place:
    """Some lanes of a session and the worker that has them now."""

    request: pb.OpenSessionRequest
    first_lane: int
    worker: WorkerProcess | None
    # The shard's, once its worker has made the lanes; empty before.
    token: str = ""
    generation: int = 0
    loss: str = ""
    # Another worker is being opened in the place of one that died.
    replacing: bool = False
    # Seconds without a sign of life of the worker's.
    silence: int = 0

    @property
    def is_ready(self) -> bool:
        """Whether a worker has the lanes, and lives as far as is known."""
        return self.token != "" and self.worker is not None and self.worker.process.poll() is None

    def watch(self) -> None:
        """Once a second: ends a worker that shows no sign of life for as long as it may take for a request.

        It ends itself where it can; not where it is stopped, or code in C holds its interpreter. Counting seconds
        rather than comparing times, so that nothing is lost where this process was stopped too.
        """
        worker = self.worker
        if worker is None or not self.is_ready or worker.was_heard:
            self.silence = 0
        else:
            self.silence += 1
            limit = self.request.step_timeout_seconds or self.request.lease_seconds
            if self.silence > limit + 1:
                why = f"it showed no sign of life for {limit:g} s"
                log(f"worker {worker.process.pid}: {why}; ending the process")
                worker.kill(why)
        if worker is not None:
            worker.was_heard = False

    def open(self) -> pb.OpenSessionResponse:
        """Has the worker make the lanes; RequestError where it cannot. A worker that does not answer is ended.

        The answer describes the environment; its number of lanes is the request's, unless that left it open.
        """
        worker = self.worker
        assert worker is not None
        metadata = ((SECRET_KEY, worker.secret), (FIRST_LANE_KEY, str(self.first_lane)))
        try:
            answer: pb.OpenSessionResponse = worker.stub.OpenSession(
                self.request, timeout=_OPEN_SECONDS, metadata=metadata
            )
        except ValueError as error:
            worker.kill()
            raise RequestError(grpc.StatusCode.UNAVAILABLE, f"a worker process died: {error}") from error
        except grpc.RpcError as error:
            if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                worker.kill()
            raise from_rpc_error(error) from error
        self.request.num_envs = answer.num_envs
        self.token = answer.session_id
        return answer

    def close(self) -> str | None:
        """Has the worker close the lanes; why it had to be ended instead, where it had."""
        worker, token = self.worker, self.token
        if worker is None or not token:
            return None
        try:
            request = pb.CloseSessionRequest(session_id=token)
            worker.stub.CloseSession(request, timeout=_CLOSE_SECONDS, metadata=((SECRET_KEY, worker.secret),))
        except (grpc.RpcError, ValueError):
            if worker.process.poll() is None:
                worker.kill()
                return f"worker {worker.process.pid} did not let go of its environments in {_CLOSE_SECONDS:g} s"
        return None

    def describe(self) -> pb.Shard:
        """As clients are told."""
        assert self.worker is not None
        own = self.worker.address
        return pb.Shard(
            address=own if own.startswith("unix:") else f":{own.rpartition(':')[2]}",
            token=self.token,
            first_lane=self.first_lane,
            num_envs=self.request.num_envs,
            generation=self.generation,
            loss=self.loss,
        )


@dataclass(eq=False)
class Session:
    """A session that a client asked for with `nonce`. Guarded by its supervisor's lock."""

    label: str
    nonce: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    places: list[Place] = field(default_factory=list)
    # What OpenSession answered, without the shards; set once it is open.
    opened: pb.OpenSessionResponse | None = None
    # Why it has ended, or could not be opened or go on.
    failure: RequestError | None = None
    ending: bool = False

    def describe(self) -> pb.OpenSessionResponse:
        """As clients are told, with the shards as they are now."""
        response = pb.OpenSessionResponse()
        assert self.opened is not None
        response.CopyFrom(self.opened)
        response.shards.extend(place.describe() for place in self.places)
        return response
