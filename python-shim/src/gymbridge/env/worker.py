"""The worker process: makes and steps the environments of one shard at a time.

Its first line on stdin is its configuration (JSON); the end of stdin is its end. It tells the supervisor on its
original stdout, in JSON lines, where it listens and when its lanes were released. All environment code runs in the
main thread, whatever the environment prints goes to stderr, and what happens on gRPC's threads only queues work. The
main thread takes a stream's requests and sends the answers itself: a thread between them would cost a wake-up a step.
"""

from __future__ import annotations

import contextlib
import ctypes
import hmac
import json
import os
import queue
import secrets
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from gymbridge.env.opening import open_lanes
from gymbridge.env.session import Session
from gymbridge.errors import RequestError, abort
from gymbridge.serving import bind, new_server
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc

SECRET_KEY = "gymbridge-worker-secret"
FIRST_LANE_KEY = "gymbridge-first-lane"
_ATTACH_SECONDS = 30.0
_RELEASE_SECONDS = 10.0


class Shard:
    """A session's part in this worker: its token, and its stream once one is attached."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.token = secrets.token_urlsafe(24)
        self.attached = False
        self.closing = False
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._send: Callable[[pb.InteractResponse | None], None] | None = None

    def attach(self, send: Callable[[pb.InteractResponse | None], None]) -> None:
        """Takes the stream, by what sends on it: responses, or None to end it."""
        with self._lock:
            self._send = send

    def end(self) -> None:
        """Ends the stream with OK, once; the lanes follow as soon as the environments let go."""
        self.closing = True
        with self._lock:
            send, self._send = self._send, None
        if send is not None:
            send(None)


class Worker(environment_pb2_grpc.EnvironmentServiceServicer):
    """OpenSession and CloseSession for the supervisor, Interact for the client."""

    def __init__(self, config: dict[str, Any], tell: Callable[..., None]) -> None:
        self._config = config
        self._tell = tell
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._shard: Shard | None = None
        self._warned: set[str] = set()
        self._busy_since = 0.0

    def run(self) -> None:
        """Runs environment code for ever; in the main thread."""
        if self._config["step_timeout"]:
            threading.Thread(target=self._watch_steps, name="step timeout", daemon=True).start()
        while True:
            self._jobs.get()()

    def OpenSession(self, request: Any, context: Any) -> pb.OpenSessionResponse:  # noqa: D102
        self._check_caller(context)
        first_lane = int(dict(context.invocation_metadata()).get(FIRST_LANE_KEY, 0))
        result: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def job() -> None:
            try:
                if self._shard is not None:
                    raise RequestError(grpc.StatusCode.RESOURCE_EXHAUSTED, "the worker has a session already")
                lanes, spec = open_lanes(request, self._config, first_lane)
                shard = Shard(Session(lanes, request.render_mode, self._warn))
                self._shard = shard
                timer = threading.Timer(_ATTACH_SECONDS, self._end_unattached, (shard,))
                timer.daemon = True
                timer.start()
                response = pb.OpenSessionResponse(session_id=shard.token, spec=spec, num_envs=request.num_envs)
                response.shards.add(token=shard.token, num_envs=request.num_envs)
                result.put(response)
            except RequestError as error:
                result.put(error)
            except BaseException as error:
                result.put(RequestError(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}"))

        self._jobs.put(job)
        answer = result.get()
        if isinstance(answer, RequestError):
            abort(context, answer)
        return answer  # type: ignore[no-any-return]

    def CloseSession(self, request: Any, context: Any) -> pb.CloseSessionResponse:  # noqa: D102
        self._check_caller(context)
        shard = self._shard
        if shard is not None and hmac.compare_digest(shard.token, request.session_id):
            with self._lock:
                attached, shard.closing = shard.attached, True
            if attached:
                shard.end()
            else:
                self._jobs.put(lambda: self._release(shard))
            shard.released.wait(_RELEASE_SECONDS)
        return pb.CloseSessionResponse()

    def Interact(  # type: ignore[override]  # noqa: D102
        self, requests: Iterator[Any], context: Any, send: Callable[[pb.InteractResponse | None], None]
    ) -> None:
        shard = self._attach(requests, context)
        send(pb.InteractResponse(sequence=1, attached=pb.AttachResponse()))
        shard.attach(send)
        if not context.add_callback(lambda: self._stream_ended(shard)):
            self._stream_ended(shard)
        self._jobs.put(lambda: self._drive(shard, requests, send))

    # gRPC hands over `send` and lets any thread use it, as its own health service does.
    Interact.experimental_non_blocking = True  # type: ignore[attr-defined]

    def _attach(self, requests: Iterator[Any], context: Any) -> Shard:
        first = next(requests, None)
        if first is None:
            abort(context, RequestError(grpc.StatusCode.ABORTED, "the stream ended before its first request"))
        if first.WhichOneof("request") != "attach" or first.sequence != 1:
            abort(context, RequestError(grpc.StatusCode.ABORTED, "the first request must attach, with sequence 1"))
        with self._lock:
            shard = self._shard
            if shard is None or not hmac.compare_digest(shard.token.encode(), first.attach.token.encode()):
                abort(context, RequestError(grpc.StatusCode.NOT_FOUND, "no shard has this token; it may have ended"))
            if shard.attached or shard.closing:
                abort(context, RequestError(grpc.StatusCode.ABORTED, "another stream is attached to this shard"))
            shard.attached = True
        return shard

    def _drive(self, shard: Shard, requests: Iterator[Any], send: Callable[[pb.InteractResponse | None], None]) -> None:
        """Answers the stream's requests until it ends, then closes the lanes."""
        answer = shard.session.answer
        with contextlib.suppress(grpc.RpcError):
            for request in requests:
                if shard.closing:
                    break
                self._busy_since = time.monotonic()
                response = answer(request)
                self._busy_since = 0.0
                send(response)
        self._release(shard)
        shard.end()

    def _stream_ended(self, shard: Shard) -> None:
        shard.end()
        timer = threading.Timer(_RELEASE_SECONDS, self._give_up, (shard,))
        timer.daemon = True
        timer.start()

    def _give_up(self, shard: Shard) -> None:
        if not shard.released.is_set():
            log(f"worker {os.getpid()}: the environment did not let go in {_RELEASE_SECONDS:g} s; ending the process")
            os._exit(70)

    def _end_unattached(self, shard: Shard) -> None:
        with self._lock:
            if shard.attached or shard.closing:
                return
            shard.closing = True
        log(f"worker {os.getpid()}: nobody attached within {_ATTACH_SECONDS:g} s; closing the lanes")
        self._jobs.put(lambda: self._release(shard))

    def _release(self, shard: Shard) -> None:
        if shard.released.is_set():
            return
        shard.session.lanes.close()
        with self._lock:
            if self._shard is shard:
                self._shard = None
        shard.released.set()
        self._tell(event="released", token=shard.token)

    def _watch_steps(self) -> None:
        limit = self._config["step_timeout"]
        while True:
            time.sleep(min(limit / 4, 1.0))
            since = self._busy_since
            if since and time.monotonic() - since > limit:
                log(f"worker {os.getpid()}: a request took longer than --step-timeout {limit:g} s; ending the process")
                os._exit(71)

    def _check_caller(self, context: Any) -> None:
        given = dict(context.invocation_metadata()).get(SECRET_KEY, "")
        if not hmac.compare_digest(given, self._config["secret"]):
            message = "sessions are opened and closed at the server's own address"
            abort(context, RequestError(grpc.StatusCode.PERMISSION_DENIED, message))

    def _warn(self, message: str) -> None:
        if message not in self._warned and len(self._warned) < 1000:
            self._warned.add(message)
            log(f"worker {os.getpid()}: {message}")


def log(message: str) -> None:
    """One line on stderr."""
    print(f"gymbridge: {message}", file=sys.stderr, flush=True)


def main() -> None:
    """Runs a worker until its stdin ends."""
    _die_with_parent()
    control = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    line = sys.stdin.buffer.readline()
    if not line:
        return
    config = json.loads(line)
    if not config["verbose"]:
        warnings.simplefilter("ignore")
    sys.setswitchinterval(config["switch_interval"])
    lock = threading.Lock()

    def tell(**event: Any) -> None:
        with lock, contextlib.suppress(OSError):
            control.write(json.dumps(event) + "\n")
            control.flush()

    worker = Worker(config, tell)
    server = new_server(16, config["max_message_mib"])
    environment_pb2_grpc.add_EnvironmentServiceServicer_to_server(worker, server)
    address = bind(server, config["address"])
    server.start()
    threading.Thread(target=_die_with_supervisor, args=(address,), name="stdin", daemon=True).start()
    tell(event="ready", address=address)
    worker.run()


def _die_with_parent() -> None:
    # On Linux the kernel ends a worker whose supervisor was killed, even while an environment holds the interpreter.
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _die_with_supervisor(address: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(0, 4096):
            pass
    if address.startswith("unix:"):
        path = address.removeprefix("unix:")
        with contextlib.suppress(OSError):
            os.unlink(path)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(path))
    os._exit(0)


if __name__ == "__main__":
    main()
