"""The process that clients dial: lists environments, opens sessions on workers, and ends them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc

from gymbridge.env.attributes import COMPUTE_REWARD
from gymbridge.env.places import Place, Session
from gymbridge.env.pool import WorkerPool, WorkerProcess, log
from gymbridge.errors import RequestError, abort, closest, failed_precondition, invalid_argument, resource_exhausted
from gymbridge.serving import PROTOCOL_REVISION, SERVER_VERSION
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc

_FATAL_AT_START = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAVAILABLE)
# Workers that are tried in the place of one that died, and after which errors: where it died too, or where others that
# died still count.
_REPLACEMENTS = 5
_PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)


@dataclass(frozen=True)
class Offer:
    """What a server offers: ids, lanes by default, what clients may set and call, and its limits."""

    env_ids: Sequence[str]
    num_envs: int
    allowed_kwargs: Sequence[str]
    allowed_attributes: Sequence[str]
    workers: int
    max_sessions: int
    max_num_envs: int
    lease_seconds: float
    # Of one request; 0: none.
    step_timeout: float
    # The environments are vector environments, which have their own lanes and autoreset mode.
    vector: bool


class Supervisor(environment_pb2_grpc.EnvironmentServiceServicer):
    """EnvironmentService as clients first meet it. Thread-safe.

    `worker_config` gives each worker's configuration, `with_tracebacks` says whether clients get the environments'.
    """

    def __init__(self, offer: Offer, worker_config: Callable[[], dict[str, Any]], with_tracebacks: bool) -> None:
        self._offer = offer
        self._with_tracebacks = with_tracebacks
        # Guards the sessions and their places; notified when one of them changes.
        self._changed = threading.Condition()
        self._sessions: dict[str, Session] = {}
        # What a worker last told of an environment.
        self._known: dict[str, pb.OpenSessionResponse] = {}
        self._threads = ThreadPoolExecutor(64, thread_name_prefix="shard")
        limit = offer.workers * offer.max_sessions
        self.pool = WorkerPool(worker_config, offer.workers, limit, self._released, self._died)
        threading.Thread(target=self._watch, name="signs of life", daemon=True).start()

    def try_all(self) -> None:
        """Makes every environment once; RequestError for one that does not exist, a log line for others."""
        for env_id in self._offer.env_ids:
            try:
                n = 0 if self._offer.vector else 1
                request = pb.OpenSessionRequest(env_id=env_id, num_envs=n, protocol_revision=PROTOCOL_REVISION)
                self.close(self.open(request, is_trial=True).session_id)
            except RequestError as error:
                if error.code in _FATAL_AT_START:
                    raise
                log(f"warning: {env_id} could not be made without arguments: {error.message}")

    def ListEnvironments(self, request: Any, context: Any) -> pb.ListEnvironmentsResponse:  # noqa: D102
        response = pb.ListEnvironmentsResponse(server_version=SERVER_VERSION)
        for env_id in self._offer.env_ids:
            response.environments.append(self._summary(env_id))
        return response

    def _summary(self, env_id: str) -> pb.EnvironmentSummary:
        offer = self._offer
        summary = pb.EnvironmentSummary(
            env_id=env_id,
            default_num_envs=offer.num_envs,
            allowed_kwargs=offer.allowed_kwargs,
            allowed_attributes=offer.allowed_attributes,
        )
        known = self._known.get(env_id)
        if known is None:
            return summary
        if COMPUTE_REWARD in known.capabilities and COMPUTE_REWARD not in offer.allowed_attributes:
            summary.allowed_attributes.append(COMPUTE_REWARD)
        if offer.vector:
            summary.default_num_envs = summary.fixed_num_envs = known.num_envs
        return summary

    def OpenSession(self, request: Any, context: Any) -> pb.OpenSessionResponse:  # noqa: D102
        try:
            response = self.open(request)
        except RequestError as error:
            abort(context, error, self._with_tracebacks)
        # Where a client with a nonce has given up waiting, it may ask again.
        if not request.nonce and not context.is_active():
            self.close(response.session_id)
        return response

    def DescribeSession(self, request: Any, context: Any) -> pb.OpenSessionResponse:  # noqa: D102
        try:
            return self.describe(request.session_id, context.is_active)
        except RequestError as error:
            abort(context, error, self._with_tracebacks)

    def CloseSession(self, request: Any, context: Any) -> pb.CloseSessionResponse:  # noqa: D102
        self.close(request.session_id)
        return pb.CloseSessionResponse()

    def Interact(self, requests: Any, context: Any) -> Any:  # noqa: D102
        message = "this address serves no shards; dial the address that OpenSession gives for the shard"
        abort(context, RequestError(grpc.StatusCode.NOT_FOUND, message), False)

    def open(self, request: pb.OpenSessionRequest, is_trial: bool = False) -> pb.OpenSessionResponse:
        """Opens a session on as many workers as it may have; RequestError where it cannot.

        A trial takes a vector environment in whatever autoreset mode it has.
        """
        request = self._checked(request)
        if is_trial and self._offer.vector:
            request.autoreset_mode = pb.AUTORESET_MODE_UNSPECIFIED
        lanes = f" x {request.num_envs}" if request.num_envs else ""
        session = Session(f"{request.env_id}{lanes}", request.nonce)
        with self._changed:
            known = next((s for s in self._sessions.values() if s.nonce == request.nonce), None)
            if not request.nonce or known is None:
                if len(self._sessions) >= self._offer.max_sessions:
                    raise resource_exhausted(
                        f"all {self._offer.max_sessions} sessions are in use; close one, or start the server with a "
                        "larger --max-sessions"
                    )
                self._sessions[session.id] = session
                known = None
        if known is not None:
            return self.describe(known.id)
        try:
            return self._open(session, request)
        except BaseException as error:
            with self._changed:
                session.failure = error if isinstance(error, RequestError) else None
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
        if not offer.vector:
            checked.num_envs = request.num_envs or offer.num_envs
        if checked.num_envs > offer.max_num_envs:
            raise resource_exhausted(
                f"{checked.num_envs} lanes are more than {offer.max_num_envs}, which --max-num-envs allows"
            )
        if request.autoreset_mode not in pb.AutoresetMode.values() or request.info_mode not in pb.InfoMode.values():
            raise invalid_argument(f"unknown autoreset_mode {request.autoreset_mode} or info_mode {request.info_mode}")
        checked.autoreset_mode = request.autoreset_mode or pb.AUTORESET_MODE_NEXT_STEP
        checked.lease_seconds = _seconds("lease", request.lease_seconds, offer.lease_seconds)
        checked.step_timeout_seconds = _seconds("step timeout", request.step_timeout_seconds, offer.step_timeout)
        return checked

    def _open(self, session: Session, request: pb.OpenSessionRequest) -> pb.OpenSessionResponse:
        shards = min(self._offer.workers, request.num_envs, request.max_shards or self._offer.workers)
        if self._offer.vector:
            shards = 1
        workers = self.pool.lend(shards)
        share, extra = divmod(request.num_envs, shards)
        places, first_lane = [], 0
        for index, worker in enumerate(workers):
            part = pb.OpenSessionRequest()
            part.CopyFrom(request)
            part.num_envs = share + (index < extra)
            places.append(Place(part, first_lane, worker))
            first_lane += part.num_envs
        with self._changed:
            session.places = places
        calls = [self._threads.submit(place.open) for place in places]
        failures = [error for error in (call.exception() for call in calls) if error is not None]
        if failures:
            raise failures[0]
        answer, *others = (call.result() for call in calls)
        spec = answer.spec
        for other in others:
            if other.spec.observation_space != spec.observation_space or other.spec.action_space != spec.action_space:
                raise failed_precondition(
                    "the environments of a session must have the same spaces, and those of different processes differ"
                )
        with self._changed:
            self._known[request.env_id] = answer
            if not all(place.is_ready for place in places):
                raise RequestError(grpc.StatusCode.UNAVAILABLE, "a worker process died while the session was opened")
            session.opened = pb.OpenSessionResponse(
                session_id=session.id,
                spec=spec,
                num_envs=sum(place.request.num_envs for place in places),
                autoreset_mode=answer.autoreset_mode,
                server_version=SERVER_VERSION,
                capabilities=answer.capabilities,
                lease_seconds=request.lease_seconds,
            )
            self._changed.notify_all()
            log(f"session opened: {session.label}, {shards} process{'es' if shards > 1 else ''}")
            return session.describe()

    def describe(self, session_id: str, is_wanted: Callable[[], bool] = lambda: True) -> pb.OpenSessionResponse:
        """A session as it is once all its places are filled; RequestError where it has ended or cannot go on."""
        with self._changed:
            session = self._sessions.get(session_id)
            while session is not None and is_wanted():
                if session.failure is not None:
                    raise session.failure
                if session.ending:
                    break
                if session.opened is not None and all(place.is_ready for place in session.places):
                    return session.describe()
                # A worker's death is noticed a moment after its streams break.
                self._changed.wait(0.1)
        raise RequestError(grpc.StatusCode.NOT_FOUND, "there is no such session; it may have ended")

    def close(self, session_id: str) -> None:
        """Closes a session and waits for it; nothing where there is none."""
        with self._changed:
            session = self._sessions.get(session_id)
        if session is not None:
            self._end(session)

    def _end(self, session: Session) -> None:
        with self._changed:
            session.ending = True
            places = list(session.places)
        for complaint in [self._threads.submit(place.close) for place in places]:
            if complaint.result() is not None:
                log(f"{complaint.result()}: replaced")
        workers = []
        with self._changed:
            for place in places:
                worker, place.worker = place.worker, None
                if worker is not None and place.generation and not place.token:
                    # It is still making the lanes that nobody wants any more.
                    worker.kill()
                elif worker is not None:
                    workers.append(worker)
            known = self._sessions.pop(session.id, None)
            self._changed.notify_all()
        for worker in workers:
            self.pool.give_back(worker)
        if known is not None and session.opened is not None:
            log(f"session closed: {session.label}")

    def _watch(self) -> None:
        while True:
            time.sleep(1)
            with self._changed:
                for session in self._sessions.values():
                    for place in session.places:
                        place.watch()

    def _released(self, worker: WorkerProcess, token: str) -> None:
        """A worker has closed its lanes, asked to or because nobody wanted them any more: the session ends."""
        with self._changed:
            session, place = self._find(worker)
            if session is None or place is None or place.token != token:
                return
            place.token = ""
            first, session.ending = not session.ending, True
        if first:
            threading.Thread(target=self._end, args=(session,), name="end session", daemon=True).start()

    def _died(self, worker: WorkerProcess) -> None:
        """A worker's process has ended: its place gets another one, unless its session is ending anyway."""
        with self._changed:
            session, place = self._find(worker)
            if session is None or place is None:
                return
            place.worker = None
            place.token = ""
            if session.opened is None or session.ending or self.pool.stopped or place.replacing:
                self._changed.notify_all()
                return
            place.replacing = True
            place.generation += 1
            place.loss = f"worker {worker.process.pid} ended: {worker.describe_end()}"
        name = f"replace worker {worker.process.pid}"
        threading.Thread(target=self._replace, args=(session, place), name=name, daemon=True).start()

    def _replace(self, session: Session, place: Place) -> None:
        # What killed one worker may have killed those that wait as well; an environment may kill each of them.
        for attempt in range(1, _REPLACEMENTS + 1):
            try:
                (worker,) = self.pool.lend(1)
                with self._changed:
                    if session.ending:
                        self.pool.give_back(worker)
                        return
                    place.worker = worker
                place.open()
                with self._changed:
                    if place.worker is worker:
                        place.replacing = False
                        break
                    place.token = ""
                raise RequestError(grpc.StatusCode.UNAVAILABLE, "the next worker process died at once")
            except RequestError as error:
                if error.code not in _PASSING or attempt == _REPLACEMENTS:
                    self._give_up(session, error)
                    return
        lanes = f"{place.first_lane} to {place.first_lane + place.request.num_envs - 1}"
        log(f"session goes on: {session.label}, lanes {lanes} in a new process")
        with self._changed:
            self._changed.notify_all()

    def _give_up(self, session: Session, error: RequestError) -> None:
        message = f"a worker process ended and could not be replaced: {error.message}"
        log(message)
        with self._changed:
            session.failure = RequestError(grpc.StatusCode.UNAVAILABLE, message, error.stack)
            self._changed.notify_all()
        self._end(session)

    def _find(self, worker: WorkerProcess) -> tuple[Session | None, Place | None]:
        for session in self._sessions.values():
            for place in session.places:
                if place.worker is worker:
                    return session, place
        return None, None


def _seconds(what: str, wanted: float, limit: float) -> float:
    """What a client gets of the seconds it asks for; 0 stands for the limit, and a limit of 0 for none."""
    if not 0 <= wanted < float("inf"):
        raise invalid_argument(f"got a {what} of {wanted} s, expected a positive number, or 0 for the server's")
    return min(wanted or limit, limit or wanted)
