"""The worker process: makes and steps the environments of one shard at a time.

Its first line on stdin is its configuration (JSON); the end of stdin is its end. It tells the supervisor on its
original stdout, in JSON lines, where it listens and when its lanes were released. Whatever the environments print goes
to stderr. The main thread does everything: it reads requests from its sockets, runs the environments and writes the
answers, so that no other thread wakes or competes with it. Only while an environment takes long does a second thread
read the sockets: heartbeats, a stream that attaches anew, and the end are not to wait for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import hmac
import json
import os
import signal
import socket
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable
from functools import partial
from time import perf_counter_ns
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from gymbridge.env.attributes import COMPUTE_REWARD, AllowedAttributes
from gymbridge.env.opening import open_lanes
from gymbridge.env.session import Session
from gymbridge.env.shard import WINDOW, Shard
from gymbridge.errors import RequestError
from gymbridge.http2.call import Call
from gymbridge.http2.server import Server
from gymbridge.memory import segment
from gymbridge.memory.server_end import ServerEnd, ring_bytes
from gymbridge.rollout.roller import Roller, can_roll_out
from gymbridge.security import complaint, server_context
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.waiting import SPIN_NANOS

SECRET_KEY = "gymbridge-worker-secret"
FIRST_LANE_KEY = "gymbridge-first-lane"
_SERVICE = "/gymbridge.v1.EnvironmentService/"
# A step that takes longer has its sockets read by the second thread.
_LONG_SECONDS = 0.5
_MAX_ATTACH_BYTES = 4096
# The field of a request's number, with which the ordinary ones begin.
_NUMBERED = bytes((pb.InteractRequest.DESCRIPTOR.fields_by_name["sequence"].number << 3,))
# Of a client that repeats requests, or does not read: well above what one that keeps to its window has.
_MAX_JOBS = 1024
_MAX_UNREAD = 64


class Worker:
    """OpenSession and CloseSession for the supervisor, Interact for the client."""

    def __init__(self, config: dict[str, Any], tell: Callable[..., None], control: socket.socket) -> None:
        self._config = config
        self._tell = tell
        # Held by whoever uses the sockets and the shard's stream; never while an environment runs.
        self._lock = threading.Lock()
        self._jobs: deque[Callable[[], None]] = deque()
        self._shard: Shard | None = None
        self._warned: set[str] = set()
        # On perf_counter_ns, 0: idle.
        self._busy_since = 0
        self._max_message = config["max_message_mib"] << 20
        self._server = Server(control, self._max_message, self._accept, spin_nanos=SPIN_NANOS)

    def listen(self, listener: socket.socket) -> None:
        """Serves clients on a socket of their own, beside the one that the supervisor dials."""
        cert, key, client_ca = (self._config[name] for name in ("tls_cert", "tls_key", "tls_client_ca"))
        self._server.listen(listener, server_context(cert, key, client_ca) if cert else None)

    def run(self) -> None:
        """Serves for ever; in the main thread."""
        threading.Thread(target=self._watch_long_jobs, name="long steps", daemon=True).start()
        jobs = self._jobs
        while True:
            with self._lock:
                if not jobs and self._server.run_once(self._patience):
                    self._reap()
            while jobs:
                self._busy_since = perf_counter_ns()
                jobs.popleft()()
                self._busy_since = 0

    def _patience(self) -> float | None:
        shard = self._shard
        if shard is None:
            return None
        memory = shard.memory
        return max(0.0, shard.expires_in if memory is None else min(shard.expires_in, memory.expires_in))

    def _reap(self) -> None:
        shard = self._shard
        if shard is not None and shard.memory is not None and shard.memory.is_forsaken:
            shard.drop_memory()
        if shard is not None and shard.expires_in <= 0 and not self._jobs:
            log(f"worker {os.getpid()}: the session's lease ran out; closing its lanes")
            self._jobs.append(partial(self._release, shard))

    def _accept(self, call: Call) -> None:
        name = call.path.removeprefix(_SERVICE)
        if name == "Interact":
            digest = self._config["token_digest"]
            why = complaint(call.metadata.get("authorization"), digest) if digest else None
            if why is not None:
                call.finish(16, why)
                return
            # Until it names its shard, anyone may be behind it.
            call.trusted = False
            call.max_message = _MAX_ATTACH_BYTES
            call.on_message = partial(self._on_first, call)
            call.on_end = partial(call.finish, 10, "the stream ended before it attached to a shard")
        elif name in ("OpenSession", "CloseSession"):
            secret = call.metadata.get(SECRET_KEY, "").encode("latin-1")
            if not hmac.compare_digest(secret, self._config["secret"].encode()):
                call.finish(7, "sessions are opened and closed at the server's own address")
                return
            job = self._open if name == "OpenSession" else self._close
            call.on_message = lambda data: self._jobs.append(partial(job, call, data))
        else:
            call.finish(12, f"a worker has no method {call.path}; dial the server's own address")

    def _on_first(self, call: Call, data: bytes) -> None:
        """The request that attaches a stream."""
        request = _parse(pb.InteractRequest, call, data)
        if request is None:
            return
        if request.WhichOneof("request") != "attach":
            call.finish(10, "the first request on a stream must attach it to a shard")
            return
        shard = self._shard
        if shard is None or shard.released or not shard.is_named_by(request.attach.token):
            call.finish(5, "no shard has this token; it may have ended")
            return
        shard.renew(perf_counter_ns())
        call.trusted = True
        call.max_message = self._max_message
        call.on_message = partial(self._on_request, shard, call, False)
        call.on_lost = partial(shard.detach, call)
        # A client that ends its side in good order has no more use for the session.
        call.on_end = lambda: self._jobs.append(partial(self._end, shard, call))
        response = shard.attach(call)
        if request.attach.shared_memory:
            self._offer_memory(shard, call, response.attached)
        call.send(response.SerializeToString())

    def _offer_memory(self, shard: Shard, call: Call, attached: pb.AttachResponse) -> None:
        # As tracebacks, memory is for callers of a server that knows who they are.
        if not segment.is_possible() or not self._config["with_tracebacks"]:
            return
        lanes = shard.session.lanes
        # In SAME_STEP there may be two observations of each lane; a reward and two flags come with it.
        answer_bytes = lanes.num_envs * (2 * lanes.observation_codec.bytes_per_value + 10)
        request_bytes = lanes.num_envs * lanes.action_codec.bytes_per_value
        try:
            shard.memory = ServerEnd(
                self._server,
                ring_bytes(request_bytes, self._max_message),
                ring_bytes(answer_bytes, self._max_message),
                attached.epoch,
                partial(self._on_request, shard, call, True),
                partial(self._end_memory, shard),
            )
        except OSError as error:
            self._warn(f"no shared memory, all goes through the stream: {error}")
        else:
            attached.shared_memory.CopyFrom(shard.memory.offered)

    def _end_memory(self, shard: Shard, why: str) -> None:
        if why:
            self._warn(f"a client's shared memory makes no sense, its stream goes on: {why}")
        shard.drop_memory()

    def _on_request(self, shard: Shard, call: Call, in_memory: bool, data: bytes) -> None:
        if shard.call is not call:
            return
        arrived = perf_counter_ns()
        shard.renew(arrived)
        if not data.startswith(_NUMBERED) and not self._is_numbered(shard, call, in_memory, data):
            return
        if len(self._jobs) >= _MAX_JOBS:
            shard.detach(call)
            call.finish(8, f"{_MAX_JOBS} requests wait to be executed; a client may have {WINDOW} on the way")
            return
        waits = self._busy_since != 0 or len(self._jobs) > 0
        self._jobs.append(partial(self._answer, shard, call, in_memory, data, arrived, waits))

    def _is_numbered(self, shard: Shard, call: Call, in_memory: bool, data: bytes) -> bool:
        """Whether the request waits for its turn; otherwise it was answered."""
        request = _parse(pb.InteractRequest, call, data)
        if request is None:
            return False
        kind = request.WhichOneof("request")
        if kind == "heartbeat":
            shard.reply_at_once(call, pb.InteractResponse(heartbeat=pb.HeartbeatResponse()), in_memory)
        elif kind == "attach":
            error = RequestError(grpc.StatusCode.FAILED_PRECONDITION, "the stream is attached already")
            shard.reply_at_once(call, pb.InteractResponse(error=error.to_status()), in_memory)
        else:
            return True
        return False

    def _answer(self, shard: Shard, call: Call, in_memory: bool, data: bytes, arrived: int, waits: bool) -> None:
        if shard.released or shard.call is not call:
            return
        if call.unread > _MAX_UNREAD:
            with self._lock:
                shard.detach(call)
                call.finish(8, f"{call.unread} responses wait to be read; a client may have {WINDOW} on the way")
            return
        request = shard.session.parse_step(data)
        if request is None:
            with self._lock:
                if data.startswith(_NUMBERED) and not self._is_numbered(shard, call, in_memory, data):
                    return
            request = pb.InteractRequest.FromString(data)
        parts = shard.answer(request, arrived, self._busy_since - arrived if waits else 0)
        with self._lock:
            shard.renew(perf_counter_ns())
            shard.reply(call, parts, in_memory)

    def _open(self, call: Call, data: bytes) -> None:
        request = _parse(pb.OpenSessionRequest, call, data)
        if request is None:
            return
        first_lane = int(call.metadata.get(FIRST_LANE_KEY, "0"))
        try:
            if self._shard is not None:
                raise RequestError(grpc.StatusCode.RESOURCE_EXHAUSTED, "the worker has a session already")
            lanes, response = open_lanes(request, self._config, first_lane)
        except RequestError as error:
            with self._lock:
                _fail(call, error)
            return
        # What was made so far stays: it is not looked through at each collection of garbage.
        gc.collect()
        gc.freeze()
        allowed = AllowedAttributes(self._config["allowed_attributes"], COMPUTE_REWARD in response.capabilities)
        key, with_tracebacks = bytes.fromhex(self._config["state_key"]), self._config["with_tracebacks"]
        roller = None
        if self._config["allow_policies"]:
            roller = Roller(lanes, self._max_message, request.step_timeout_seconds or float("inf"))
            if can_roll_out(lanes):
                response.capabilities.append("rollouts")
        session = Session(lanes, request.env_id, request.render_mode, allowed, key, roller, with_tracebacks, self._warn)
        shard = Shard(session, request.lease_seconds, request.step_timeout_seconds)
        response.session_id = shard.token
        response.shards.add(token=shard.token, num_envs=response.num_envs)
        with self._lock:
            self._shard = shard
            call.send(response.SerializeToString())
            call.finish()

    def _close(self, call: Call, data: bytes) -> None:
        request = _parse(pb.CloseSessionRequest, call, data)
        shard = self._shard
        if request is not None and shard is not None and shard.is_named_by(request.session_id):
            self._release(shard)
        with self._lock:
            call.send(pb.CloseSessionResponse().SerializeToString())
            call.finish()

    def _end(self, shard: Shard, call: Call) -> None:
        if shard.call is call:
            self._release(shard)

    def _release(self, shard: Shard) -> None:
        if shard.released:
            return
        shard.released = True
        shard.session.lanes.close()
        gc.unfreeze()
        with self._lock:
            shard.end()
            if self._shard is shard:
                self._shard = None
        self._tell(event="released", token=shard.token)

    def _watch_long_jobs(self) -> None:
        while True:
            shard = self._shard
            limit = float("inf") if shard is None else shard.step_timeout
            time.sleep(min(limit / 4, _LONG_SECONDS))
            # A process that is stopped, or whose environment holds the interpreter, does not get here.
            if shard is not None:
                self._tell(event="alive")
            since = self._busy_since
            busy = (perf_counter_ns() - since) / 1e9 if since else 0.0
            if busy > limit:
                self._give_up(f"a request took longer than the step timeout of {limit:g} s")
            if busy > _LONG_SECONDS:
                with self._lock:
                    if self._busy_since == since:
                        self._server.run_once(lambda: 0.0)
                    if self._busy_since == since and shard is not None and shard.expires_in <= 0:
                        self._tell(event="released", token=shard.token)
                        self._give_up("the session's lease ran out while its environment was busy")

    def _give_up(self, why: str) -> None:
        log(f"worker {os.getpid()}: {why}; ending the process")
        os._exit(71)

    def _warn(self, message: str) -> None:
        if message not in self._warned and len(self._warned) < 1000:
            self._warned.add(message)
            log(f"worker {os.getpid()}: {message}")


def _parse(message: type[Any], call: Call, data: bytes) -> Any:
    try:
        return message.FromString(data)
    except DecodeError:
        call.finish(3, f"got {len(data)} bytes that are no {message.DESCRIPTOR.name}")
        return None


def _fail(call: Call, error: RequestError) -> None:
    code, message, details = error.to_trailers()
    call.finish(code, message, details)


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

    def tell(**event: Any) -> None:
        with contextlib.suppress(OSError):
            control.write(json.dumps(event) + "\n")
            control.flush()

    own, address = config["control"], config["address"]
    try:
        worker = Worker(config, tell, listen(own)[0])
        if address != own:
            listener, address = listen(address)
            worker.listen(listener)
    except OSError as error:
        # The directory of the sockets goes first when the server ends.
        log(f"worker {os.getpid()}: cannot listen on {own} or {address}: {error.strerror or error}")
        return
    threading.Thread(target=_die_with_supervisor, args=(own,), name="stdin", daemon=True).start()
    tell(event="ready", address=address)
    worker.run()


def listen(address: str) -> tuple[socket.socket, str]:
    """A listening socket, and its address with the actual port."""
    if address.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o177)
        try:
            sock.bind(address.removeprefix("unix:"))
        finally:
            os.umask(mask)
        sock.listen(64)
        return sock, address
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host.strip("[]"), int(port)), family=family, backlog=64)
    return sock, f"{host}:{sock.getsockname()[1]}"


def _die_with_parent() -> None:
    # On Linux the kernel ends a worker whose supervisor was killed, even while an environment holds the interpreter.
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _die_with_supervisor(control: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(0, 4096):
            pass
    path = control.removeprefix("unix:")
    with contextlib.suppress(OSError):
        os.unlink(path)
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(path))
    segment.remove_of(os.getpid())
    os._exit(0)


if __name__ == "__main__":
    main()
