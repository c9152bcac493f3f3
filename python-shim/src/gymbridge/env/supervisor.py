"""The process that clients dial: lists environments, opens sessions on workers, and ends them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc

from gymbridge.env.pool import WorkerPool, WorkerProcess, log
from gymbridge.env.worker import FIRST_LANE_KEY, SECRET_KEY
from gymbridge.errors import RequestError, abort, closest, failed_precondition, from_rpc_error, invalid_argument
from gymbridge.serving import PROTOCOL_REVISION, SERVER_VERSION
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc

_OPEN_SECONDS = 300.0
_CLOSE_SECONDS = 2.0
_FATAL_AT_START = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAVAILABLE)


@dataclass(frozen=True)
class Offer:
    """What a server offers: ids, lanes by default, keyword arguments that clients may set, and its limits."""

    env_ids: Sequence[str]
    num_envs: int
    allowed_kwargs: Sequence[str]
    workers: int
    max_sessions: int
    max_num_envs: int


@dataclass(eq=False)
class _Session:
    id: str
    label: str
    # Each worker's token; an empty one while the worker is making its lanes.
    tokens: dict[WorkerProcess, str] = field(default_factory=dict)
    # While it opens, the thread that opens it also ends it if need be.
    opening: bool = True
    ending: bool = False


class Supervisor(environment_pb2_grpc.EnvironmentServiceServicer):
    """EnvironmentService as clients first meet it. Thread-safe."""

    def __init__(self, offer: Offer, worker_config: Callable[[], dict[str, Any]]) -> None:
        self._offer = offer
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}
        self._threads = ThreadPoolExecutor(64, thread_name_prefix="shard")
        limit = offer.workers * offer.max_sessions
        self.pool = WorkerPool(worker_config, offer.workers, limit, self._released, self._died)

    def try_all(self) -> None:
        """Makes every environment once; RequestError for one that does not exist, a log line for others."""
        for env_id in self._offer.env_ids:
            try:
                request = pb.OpenSessionRequest(env_id=env_id, num_envs=1, protocol_revision=PROTOCOL_REVISION)
                self.close(self.open(request).session_id)
            except RequestError as error:
                if error.code in _FATAL_AT_START:
                    raise
                log(f"warning: {env_id} could not be made without arguments: {error.message}")

    def ListEnvironments(self, request: Any, context: Any) -> pb.ListEnvironmentsResponse:  # noqa: D102
        response = pb.ListEnvironmentsResponse(server_version=SERVER_VERSION)
        for env_id in self._offer.env_ids:
            kwargs = self._offer.allowed_kwargs
            response.environments.add(env_id=env_id, default_num_envs=self._offer.num_envs, allowed_kwargs=kwargs)
        return response

    def OpenSession(self, request: Any, context: Any) -> pb.OpenSessionResponse:  # noqa: D102
        try:
            response = self.open(request)
        except RequestError as error:
            abort(context, error)
        if not context.is_active():
            self.close(response.session_id)
        return response

    def CloseSession(self, request: Any, context: Any) -> pb.CloseSessionResponse:  # noqa: D102
        self.close(request.session_id)
        return pb.CloseSessionResponse()

    def Interact(self, requests: Any, context: Any) -> Any:  # noqa: D102
        message = "this address serves no shards; dial the address that OpenSession gives for the shard"
        abort(context, RequestError(grpc.StatusCode.NOT_FOUND, message))

    def open(self, request: pb.OpenSessionRequest) -> pb.OpenSessionResponse:
        """Opens a session on as many workers as it may have; RequestError where it cannot."""
        request = self._checked(request)
        shards = min(self._offer.workers, request.num_envs, request.max_shards or self._offer.workers)
        session = _Session(secrets.token_urlsafe(24), f"{request.env_id} x {request.num_envs}")
        with self._lock:
            if len(self._sessions) >= self._offer.max_sessions:
                raise RequestError(
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    f"all {self._offer.max_sessions} sessions are in use; close one, or start the server with a larger "
                    "--max-sessions",
                )
            self._sessions[session.id] = session
        try:
            workers = self.pool.lend(shards)
        except RequestError:
            self._forget(session)
            raise
        with self._lock:
            session.tokens = dict.fromkeys(workers, "")
        try:
            return self._open_on(session, workers, request)
        except BaseException:
            self._end(session)
            raise

    def _checked(self, request: pb.OpenSessionRequest) -> pb.OpenSessionRequest:
        offer = self._offer
        if request.protocol_revision != PROTOCOL_REVISION:
            raise failed_precondition(
                f"the client speaks revision {request.protocol_revision} of the protocol, "
                f"this server {PROTOCOL_REVISION}"
            )
        checked = pb.OpenSessionRequest()
        checked.CopyFrom(request)
        if not request.env_id and len(offer.env_ids) > 1:
            raise invalid_argument(f"say which environment: the server offers {', '.join(offer.env_ids)}")
        checked.env_id = request.env_id or offer.env_ids[0]
        if checked.env_id not in offer.env_ids:
            hint = closest(checked.env_id, offer.env_ids)
            message = f"{checked.env_id!r} is not offered here{hint}; offered: {', '.join(offer.env_ids)}"
            raise RequestError(grpc.StatusCode.NOT_FOUND, message)
        for name in request.kwargs.items:
            if name not in offer.allowed_kwargs:
                allowed = ", ".join(offer.allowed_kwargs) or "none"
                message = f"the keyword argument {name!r} is not allowed (allowed: {allowed}); start the server with "
                raise RequestError(grpc.StatusCode.PERMISSION_DENIED, f"{message}--allow-kwargs {name}")
        checked.num_envs = request.num_envs or offer.num_envs
        if checked.num_envs > offer.max_num_envs:
            message = f"{checked.num_envs} lanes are more than {offer.max_num_envs}, which --max-num-envs allows"
            raise RequestError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)
        if request.autoreset_mode not in pb.AutoresetMode.values() or request.info_mode not in pb.InfoMode.values():
            raise invalid_argument(f"unknown autoreset_mode {request.autoreset_mode} or info_mode {request.info_mode}")
        checked.autoreset_mode = request.autoreset_mode or pb.AUTORESET_MODE_NEXT_STEP
        return checked

    def _open_on(
        self, session: _Session, workers: list[WorkerProcess], request: pb.OpenSessionRequest
    ) -> pb.OpenSessionResponse:
        share, extra = divmod(request.num_envs, len(workers))
        calls, first_lane = [], 0
        for index, worker in enumerate(workers):
            part = pb.OpenSessionRequest()
            part.CopyFrom(request)
            part.num_envs = share + (index < extra)
            calls.append((worker, first_lane, self._threads.submit(_open_shard, worker, part, first_lane)))
            first_lane += part.num_envs
        response = pb.OpenSessionResponse(
            session_id=session.id,
            num_envs=request.num_envs,
            autoreset_mode=request.autoreset_mode,
            server_version=SERVER_VERSION,
        )
        failure: RequestError | None = None
        for worker, first, call in calls:
            try:
                answer = call.result()
            except RequestError as error:
                failure = failure or error
                continue
            with self._lock:
                if worker in session.tokens:
                    session.tokens[worker] = answer.session_id
            address = worker.address if worker.address.startswith("unix:") else f":{worker.address.rpartition(':')[2]}"
            shard = answer.shards[0]
            response.shards.add(address=address, token=shard.token, first_lane=first, num_envs=shard.num_envs)
            response.spec.CopyFrom(answer.spec)
        if failure is not None:
            raise failure
        with self._lock:
            if len(session.tokens) < len(workers):
                raise RequestError(grpc.StatusCode.UNAVAILABLE, "a worker process died while the session was opened")
            session.opening = False
        log(f"session opened: {session.label}, {len(workers)} process{'es' if len(workers) > 1 else ''}")
        return response

    def close(self, session_id: str) -> None:
        """Closes a session and waits for it; nothing where there is none."""
        with self._lock:
            session = self._sessions.get(session_id)
        if session is not None:
            self._end(session)

    def _end(self, session: _Session) -> None:
        with self._lock:
            session.ending = True
            tokens = list(session.tokens.items())
        for future in [self._threads.submit(self._end_shard, worker, token) for worker, token in tokens]:
            future.result()
        # What was let go is reported by _released; the workers that never had lanes go back here.
        with self._lock:
            unused = [worker for worker, token in session.tokens.items() if not token]
            for worker in unused:
                del session.tokens[worker]
        for worker in unused:
            self.pool.give_back(worker)
        self._forget_if_over(session)

    def _end_shard(self, worker: WorkerProcess, token: str) -> None:
        if not token:
            return
        try:
            request = pb.CloseSessionRequest(session_id=token)
            worker.stub.CloseSession(request, timeout=_CLOSE_SECONDS, metadata=((SECRET_KEY, worker.secret),))
        except (grpc.RpcError, ValueError):
            if worker.process.poll() is None:
                log(f"worker {worker.process.pid} did not let go of its environments in {_CLOSE_SECONDS:g} s: replaced")
                worker.kill()
        self._let_go(worker)

    def _released(self, worker: WorkerProcess, token: str) -> None:
        self._let_go(worker)

    def _let_go(self, worker: WorkerProcess) -> None:
        """A worker has no lanes any more: it goes back, and its session's other shards end too."""
        with self._lock:
            session = next((s for s in self._sessions.values() if s.tokens.get(worker)), None)
            if session is None:
                return
            del session.tokens[worker]
            first = self._begin_to_end(session)
        self.pool.give_back(worker)
        if first and session.tokens:
            threading.Thread(target=self._end, args=(session,), name="end session", daemon=True).start()
        self._forget_if_over(session)

    def _died(self, worker: WorkerProcess) -> None:
        with self._lock:
            session = next((s for s in self._sessions.values() if worker in s.tokens), None)
            if session is None:
                return
            del session.tokens[worker]
            first = self._begin_to_end(session)
        if first and session.tokens:
            threading.Thread(target=self._end, args=(session,), name="end session", daemon=True).start()
        self._forget_if_over(session)

    def _begin_to_end(self, session: _Session) -> bool:
        """Whether the session's other shards are to be ended by the caller, who holds the lock."""
        if session.opening:
            return False
        first, session.ending = not session.ending, True
        return first

    def _forget_if_over(self, session: _Session) -> None:
        if session.ending and not session.tokens:
            self._forget(session)

    def _forget(self, session: _Session) -> None:
        with self._lock:
            known = self._sessions.pop(session.id, None)
        if known is not None and not session.opening:
            log(f"session closed: {session.label}")


def _open_shard(worker: WorkerProcess, request: pb.OpenSessionRequest, first_lane: int) -> pb.OpenSessionResponse:
    """One worker's part of OpenSession; a worker that does not answer is ended."""
    metadata = ((SECRET_KEY, worker.secret), (FIRST_LANE_KEY, str(first_lane)))
    try:
        answer: pb.OpenSessionResponse = worker.stub.OpenSession(request, timeout=_OPEN_SECONDS, metadata=metadata)
        return answer
    except ValueError as error:
        worker.kill()
        raise RequestError(grpc.StatusCode.UNAVAILABLE, f"a worker process died: {error}") from error
    except grpc.RpcError as error:
        if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
            worker.kill()
        raise from_rpc_error(error) from error
