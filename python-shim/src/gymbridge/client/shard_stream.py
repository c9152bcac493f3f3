"""The stream that drives one shard of a session: requests, their repetition after a broken connection, heartbeats."""

from __future__ import annotations

import contextlib
import itertools
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns

from google.protobuf.message import DecodeError

from gymbridge.client.address import Address
from gymbridge.client.errors import ConnectionFailed, RemoteError, SessionEnded, WorkerLost, from_end, from_status
from gymbridge.client.line import Line, Transport
from gymbridge.client.stats import RequestTimes
from gymbridge.codec.plain_steps import acknowledged_field, sequence_field
from gymbridge.codec.steps import Data
from gymbridge.http2.client import CallEnded, ConnectionBroken
from gymbridge.memory.client_end import MemoryEnded
from gymbridge.v1 import environment_pb2 as pb

_HEARTBEAT = pb.InteractRequest(heartbeat=pb.HeartbeatRequest()).SerializeToString()
_OK, _NOT_FOUND, _ABORTED, _UNAVAILABLE = 0, 5, 10, 14
_CONNECT_SECONDS = 10.0
# For a broken connection to come back, unless the lease is shorter.
_PATIENCE_SECONDS = 30.0
_MAX_ATTEMPTS = 5
# Heartbeats without an answer after which a connection counts as broken.
_MAX_SILENCE = 2
# Of servers that do not say.
_DEFAULT_WINDOW = 1
# Of requests without a response: what sockets hold in any case, so that neither side waits for the other to read.
_MAX_UNREAD_BYTES = 65_536
# Times that shared memory may end without a response before the stream is taken instead.
_MAX_MEMORY_ENDS = 2


# A request without its numbers, or the bytes of one to step.
Request = pb.InteractRequest | bytes


@dataclass(slots=True)
class _Asked:
    """A request under way: its number (0 until it is sent), what was sent, and what came of it.

    `begun` and `arrived` are on perf_counter_ns.
    """

    request: Request
    begun: int = 0
    arrived: int = 0
    sequence: int = 0
    # How its response usually begins.
    head: bytes = b""
    data: bytes = b""
    response: Data | None = None
    error: RemoteError | None = None

    @property
    def is_over(self) -> bool:
        return self.response is not None or self.error is not None

    def encode(self, sequence: int, acknowledged: int) -> None:
        """Makes what is sent under that number."""
        self.sequence = sequence
        self.head = sequence_field(sequence)
        request = self.request
        if isinstance(request, bytes):
            self.data = self.head + request + acknowledged_field(acknowledged)
        else:
            request.sequence, request.acknowledged = sequence, acknowledged
            self.data = request.SerializeToString()


class ShardStream:
    """One shard's lanes: `begin` sends a request, `end` gives the response to the oldest that has none yet.

    As many requests are on the way as the server allows; more wait here. `describe` asks the server where the shard is
    now, `lease_seconds` is how long it waits for its client. Used by one thread, beside which `beat` may run in
    another.
    """

    def __init__(
        self,
        server: Address,
        shard: pb.Shard,
        describe: Callable[[], pb.Shard],
        lease_seconds: float,
        transport: Transport,
        times: RequestTimes,
    ) -> None:
        self.lanes = range(shard.first_lane, shard.first_lane + shard.num_envs)
        # Why the lanes are new ones that want a reset of them all; empty where they are not.
        self.loss = ""
        # Whether this side would notice at once if something came.
        self.listening = False
        self._server = server
        self._shard = shard
        self._describe = describe
        self._lease = lease_seconds
        self._transport: Transport = transport
        self._times = times
        # How often shared memory came to an end since a response last came through it.
        self._memory_ends = 0
        self._line: Line | None = None
        # Held while requests are under way, and by heartbeats in between.
        self._busy = threading.Lock()
        self._waiting: deque[_Asked] = deque()
        self._window = _DEFAULT_WINDOW
        self._sequence = 0
        self._trouble: Exception | None = None
        self._active = False
        self._silence = 0

    @property
    def generation(self) -> int:
        """How often the shard's process was replaced."""
        return self._shard.generation

    def ask(self, request: Request) -> pb.InteractResponse:
        """The response to a request, where no other is under way. Raises as `end`."""
        self.begin(request)
        return self.end()

    def ask_data(self, request: bytes) -> Data:
        """As `begin` and `end_data` of a step, with few calls where all is as usual."""
        line = self._line
        if line is None or self._waiting or self._trouble is not None or self.loss:
            self.begin(request)
            return self.end_data()
        self._busy.acquire()
        self._active = True
        self._sequence += 1
        asked = _Asked(request, perf_counter_ns())
        self._waiting.append(asked)
        try:
            asked.encode(self._sequence, self._sequence - 1)
            line.send(asked.data)
            self.listening = True
            data = line.receive()
            self.listening = False
            self._take(asked, data, line)
        except (CallEnded, ConnectionBroken) as error:
            self.listening = False
            self._trouble = error
        except BaseException:
            self.listening = False
            self.abandon()
            raise
        if asked.response is None:
            return self.end_data()
        self._waiting.clear()
        self._busy.release()
        self._times.add("step", asked.arrived - asked.begun, asked.response, len(asked.data))
        return asked.response

    def begin(self, request: Request) -> None:
        """Sends a request, whose number is set here. What goes wrong, `end` raises."""
        if not self._waiting:
            self._busy.acquire()
        for asked in self._waiting:
            if asked.response is not None:
                # What lies in the memory is overwritten by and by once another request is sent.
                asked.response = bytes(asked.response)
        self._active = True
        self._waiting.append(_Asked(request, perf_counter_ns()))
        try:
            if self._trouble is None:
                if self._line is None:
                    self._sequence = self._attach()
                self._send()
        except (CallEnded, ConnectionBroken, RemoteError) as error:
            self._trouble = error
        except BaseException:
            self.abandon()
            raise

    def end(self) -> pb.InteractResponse:
        """The response to the oldest request that was begun. Raises as `end_data`, and RemoteError for an error."""
        return response_of(self.end_data())

    def end_data(self) -> Data:
        """The bytes of the response to the oldest request that was begun, valid until the next one is begun.

        WorkerLost, SessionEnded or ConnectionFailed where the server cannot answer. After a loss only a reset of all
        lanes is sent: it goes to the lanes that took the lost ones' place.
        """
        asked = self._waiting[0]
        while not asked.is_over:
            self.advance()
        try:
            self._waiting.popleft()
            if self._waiting:
                # The window has room for one more.
                self._act(self._send)
            else:
                self._busy.release()
        except BaseException:
            self.abandon()
            raise
        if asked.error is not None:
            raise asked.error
        assert asked.response is not None
        kind = "step" if isinstance(asked.request, bytes) else asked.request.WhichOneof("request") or ""
        self._times.add(kind, asked.arrived - asked.begun, asked.response, len(asked.data))
        return asked.response

    @property
    def is_ready(self) -> bool:
        """Whether `end` would not wait."""
        return bool(self._waiting) and self._waiting[0].is_over

    @property
    def has_input(self) -> bool:
        """Whether `advance` has something to act on already, which `filenos` need not tell of."""
        return self._trouble is not None or self._line is None or self._line.has_input

    @property
    def filenos(self) -> list[int]:
        """What becomes readable when something arrives; for requests under way that are not ready."""
        assert self._line is not None
        return self._line.filenos

    def advance(self) -> None:
        """Acts on trouble, or on the next message."""
        try:
            self._act(self._receive)
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Gives up the requests that were begun, if any: whether they were executed, the next attach tells."""
        if self._waiting:
            self._drop()
            self._waiting.clear()
            self._trouble = None
            self._busy.release()

    def raise_if_lost(self, request: Request) -> None:
        """WorkerLost where the lanes want a reset after a loss, and the request is none of them all."""
        if self.loss and (
            isinstance(request, bytes) or not request.HasField("reset") or len(request.reset.reset_mask) > 0
        ):
            first, last = self.lanes[0], self.lanes[-1]
            lanes = f" of lane {last}" if first == last else f" of lanes {first} to {last}"
            raise WorkerLost(self.loss, lanes)

    @property
    def way(self) -> tuple[str, str]:
        """How requests go, "shm" or "grpc", and where it is the latter why; "" while it is not attached."""
        return ("", "") if self._line is None else self._line.way

    def take_loss(self) -> str:
        """`loss`, which is over: the lanes were reset."""
        loss, self.loss = self.loss, ""
        return loss

    def beat(self) -> None:
        """Renews the lease, unless a request did so since the last time. Raises nothing."""
        if self._active:
            self._active = False
        elif self._busy.acquire(blocking=False):
            try:
                with contextlib.suppress(RemoteError):
                    self._beat_while_idle()
            finally:
                self._busy.release()
        elif (line := self._line) is not None:
            # The other thread waits for a response, and skips that to the heartbeat.
            if self.listening:
                if self._silence >= _MAX_SILENCE:
                    line.call.shut_down()
                self._silence += 1
            with contextlib.suppress(ConnectionBroken):
                line.call.send(_HEARTBEAT)

    def close(self) -> None:
        """Closes the connection. Closing twice is allowed."""
        line = self._line
        if line is not None:
            line.call.shut_down()
            line.close()

    def _beat_while_idle(self) -> None:
        try:
            if self._line is None:
                self._sequence = self._attach()
            assert self._line is not None
            call = self._line.call
            call.settimeout(_CONNECT_SECONDS)
            call.send(_HEARTBEAT)
            call.receive()
            call.settimeout(None)
        except (CallEnded, ConnectionBroken):
            self._drop()

    def _send(self) -> None:
        """Sends what was not sent yet, as far as the window goes."""
        acknowledged = self._sequence - sum(1 for asked in self._waiting if asked.sequence)
        for asked in itertools.islice(self._waiting, self._window):
            if asked.sequence or asked.error is not None:
                continue
            try:
                self.raise_if_lost(asked.request)
            except WorkerLost as error:
                asked.error = error
                continue
            self._sequence += 1
            asked.encode(self._sequence, acknowledged)
            assert self._line is not None
            while self._unread_bytes() > _MAX_UNREAD_BYTES or not self._line.takes(len(asked.data)):
                self._receive()
            self._line.send(asked.data)

    def _unread_bytes(self) -> int:
        """Of all requests that have no response, where it is more than one."""
        sent = [len(asked.data) for asked in self._waiting if asked.sequence and not asked.is_over]
        return sum(sent) if len(sent) > 1 else 0

    def _act(self, act: Callable[[], None]) -> None:
        """Sends or receives, on a new connection where the one there was breaks."""
        for _ in range(_MAX_ATTEMPTS):
            try:
                if self._trouble is not None:
                    self._recover(self._trouble)
                    self._trouble = None
                act()
                return
            except (CallEnded, ConnectionBroken) as error:
                self._trouble = error
            except RemoteError as error:
                self._fail(error)
                return
        broken = f"breaks again and again: {self._trouble}"
        self._fail(ConnectionFailed(f"the connection to {self._shard.address or self._server} {broken}"))

    def _fail(self, error: RemoteError) -> None:
        """Nothing that is under way will be answered."""
        self._drop()
        self._trouble = None
        for asked in self._waiting:
            if not asked.is_over:
                asked.error = error

    def _receive(self) -> None:
        """Takes one message, where one is still to come."""
        asked = next((asked for asked in self._waiting if not asked.is_over), None)
        if asked is None:
            return
        line = self._line
        assert line is not None
        self.listening = True
        try:
            data = line.receive()
        finally:
            self.listening = False
        self._take(asked, data, line)

    def _take(self, asked: _Asked, data: Data, line: Line) -> None:
        """Takes a message, which need not be the response that is waited for."""
        self._silence = 0
        if data[: len(asked.head)] != asked.head:
            try:
                response = pb.InteractResponse.FromString(data)
            except DecodeError as error:
                raise ConnectionBroken("the server sent something else than a response") from error
            if response.HasField("heartbeat"):
                return
            if response.sequence != asked.sequence:
                raise ConnectionBroken(f"got response {response.sequence}, expected {asked.sequence}")
        asked.arrived = perf_counter_ns()
        # Further requests may be sent before this one's response is wanted.
        asked.response = data if len(self._waiting) == 1 else bytes(data)
        line.answered()
        self._memory_ends = 0

    def _recover(self, trouble: Exception) -> None:
        """Attaches anew after the trouble and sends all requests again, or raises what cannot be mended."""
        if isinstance(trouble, RemoteError):
            raise trouble
        self._drop()
        if isinstance(trouble, MemoryEnded):
            self._memory_ends += 1
        if isinstance(trouble, CallEnded):
            self._raise_if_final(trouble)
        generation = self._shard.generation
        last = self._attach()
        sent = [asked for asked in self._waiting if asked.sequence and not asked.is_over]
        if self._shard.generation != generation:
            self._sequence = last
            for asked in sent:
                asked.sequence = 0
        elif self._sequence - len(sent) <= last <= self._sequence:
            assert self._line is not None
            for asked in sent:
                self._line.send(asked.data)
        else:
            raise RemoteError(f"the server has executed {last} requests of {self._sequence}", "ABORTED")
        self._send()

    def _raise_if_final(self, end: CallEnded) -> None:
        if end.code == _OK:
            raise SessionEnded(
                "the session has ended: its lease ran out, or the server closed it; reset() opens a new one"
            )
        if end.code == _ABORTED:
            raise RemoteError(f"the session is driven by somebody else now: {end.message}", "ABORTED")
        if end.code not in (_NOT_FOUND, _UNAVAILABLE):
            raise from_end(end)

    def _attach(self) -> int:
        """Attaches a new stream, to the shard's replacement if it was lost; the highest number executed on it."""
        deadline = time.monotonic() + min(_PATIENCE_SECONDS, self._lease)
        pause = 0.01
        while True:
            try:
                return self._attach_once()
            except CallEnded as end:
                self._raise_if_final(end)
                reason: Exception = end
            except (ConnectionBroken, ConnectionFailed) as error:
                reason = error
            with contextlib.suppress(ConnectionBroken):
                shard = self._describe()
                if shard.generation != self._shard.generation:
                    self._shard = shard
                    self.loss = shard.loss or "its process ended"
                    continue
            if time.monotonic() > deadline:
                raise ConnectionFailed(f"the connection to {self._shard.address or self._server} is lost: {reason}")
            time.sleep(pause)
            pause = min(2 * pause, 1.0)

    def _attach_once(self) -> int:
        address = self._server.resolve(self._shard.address)
        gives_up = self._transport == "auto" and self._memory_ends >= _MAX_MEMORY_ENDS
        self._line = Line(address, self._shard.token, "grpc" if gives_up else self._transport)
        self._silence = 0
        attached = self._line.attached
        self._window = attached.window or _DEFAULT_WINDOW
        last: int = attached.last_sequence
        return last

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()


def response_of(data: Data) -> pb.InteractResponse:
    """A response's message; RemoteError for an error, the server's or of its making."""
    try:
        response: pb.InteractResponse = pb.InteractResponse.FromString(data)
    except DecodeError as error:
        raise RemoteError("the server sent something else than a response", "INTERNAL") from error
    if response.HasField("error"):
        raise from_status(response.error)
    return response


def wait_for_any(streams: list[ShardStream]) -> list[ShardStream]:
    """Those streams on which `end` would not wait, once there is one. Each has a request under way."""
    while True:
        ready = [stream for stream in streams if stream.is_ready]
        if ready:
            return ready
        if len(streams) == 1:
            streams[0].advance()
            continue
        urgent = [stream for stream in streams if stream.has_input]
        for stream in urgent or _readable(streams):
            stream.advance()


def _readable(streams: list[ShardStream]) -> list[ShardStream]:
    poll = select.poll()
    numbers = {}
    for stream in streams:
        for number in stream.filenos:
            numbers[number] = stream
            poll.register(number, select.POLLIN)
        stream.listening = True
    try:
        return list(dict.fromkeys(numbers[number] for number, _ in poll.poll()))
    finally:
        for stream in streams:
            stream.listening = False
