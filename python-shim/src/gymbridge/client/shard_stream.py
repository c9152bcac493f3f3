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

from google.protobuf.message import DecodeError

from gymbridge.client.address import Address
from gymbridge.client.errors import ConnectionFailed, RemoteError, SessionEnded, WorkerLost, from_end, from_status
from gymbridge.http2.client import CallEnded, ClientCall, ConnectionBroken
from gymbridge.v1 import environment_pb2 as pb

_INTERACT = "/gymbridge.v1.EnvironmentService/Interact"
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


@dataclass
class _Asked:
    """A request under way: its number (0 until it is sent), what was sent, and what came of it."""

    request: pb.InteractRequest
    sequence: int = 0
    data: bytes = b""
    response: pb.InteractResponse | None = None
    error: RemoteError | None = None

    @property
    def is_over(self) -> bool:
        return self.response is not None or self.error is not None


class ShardStream:
    """One shard's lanes: `begin` sends a request, `end` gives the response to the oldest that has none yet.

    As many requests are on the way as the server allows; more wait here. `describe` asks the server where the shard is
    now, `lease_seconds` is how long it waits for its client. Used by one thread, beside which `beat` may run in
    another.
    """

    def __init__(self, server: Address, shard: pb.Shard, describe: Callable[[], pb.Shard], lease_seconds: float):
        self.lanes = range(shard.first_lane, shard.first_lane + shard.num_envs)
        # Why the lanes are new ones that want a reset of them all; empty where they are not.
        self.loss = ""
        # Whether this side would notice at once if something came.
        self.listening = False
        self._server = server
        self._shard = shard
        self._describe = describe
        self._lease = lease_seconds
        self._call: ClientCall | None = None
        # Held while requests are under way, and by heartbeats in between.
        self._busy = threading.Lock()
        self._waiting: deque[_Asked] = deque()
        self._window = _DEFAULT_WINDOW
        self._sequence = 0
        self._trouble: Exception | None = None
        self._active = False
        self._silence = 0

    def ask(self, request: pb.InteractRequest) -> pb.InteractResponse:
        """The response to a request, where no other is under way. Raises as `end`."""
        self.begin(request)
        return self.end()

    def begin(self, request: pb.InteractRequest) -> None:
        """Sends a request, whose number is set here. What goes wrong, `end` raises."""
        if not self._waiting:
            self._busy.acquire()
        self._active = True
        self._waiting.append(_Asked(request))
        try:
            if self._trouble is None:
                if self._call is None:
                    self._sequence = self._attach()
                self._send()
        except (CallEnded, ConnectionBroken, RemoteError) as error:
            self._trouble = error
        except BaseException:
            self.abandon()
            raise

    def end(self) -> pb.InteractResponse:
        """The response to the oldest request that was begun.

        RemoteError where the server answers with an error; WorkerLost, SessionEnded or ConnectionFailed where it cannot
        answer. After a loss only a reset of all lanes is sent: it goes to the lanes that took the lost ones' place.
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
        response = asked.response
        assert response is not None
        if response.HasField("error"):
            raise from_status(response.error)
        return response

    @property
    def is_ready(self) -> bool:
        """Whether `end` would not wait."""
        return bool(self._waiting) and self._waiting[0].is_over

    @property
    def has_input(self) -> bool:
        """Whether `advance` has something to act on already, which `fileno` need not tell of."""
        return self._trouble is not None or self._call is None or self._call.has_input

    def fileno(self) -> int:
        """What becomes readable when something arrives; for requests under way that are not ready."""
        assert self._call is not None
        return self._call.fileno()

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

    def raise_if_lost(self, request: pb.InteractRequest) -> None:
        """WorkerLost where the lanes want a reset after a loss, and the request is none of them all."""
        if self.loss and not (request.HasField("reset") and not request.reset.reset_mask):
            first, last = self.lanes[0], self.lanes[-1]
            lanes = f" of lane {last}" if first == last else f" of lanes {first} to {last}"
            raise WorkerLost(self.loss, lanes)

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
        elif (call := self._call) is not None:
            # The other thread waits for a response, and skips that to the heartbeat.
            if self.listening:
                if self._silence >= _MAX_SILENCE:
                    call.shut_down()
                self._silence += 1
            with contextlib.suppress(ConnectionBroken):
                call.send(_HEARTBEAT)

    def close(self) -> None:
        """Closes the connection. Closing twice is allowed."""
        call = self._call
        if call is not None:
            call.shut_down()
            call.close()

    def _beat_while_idle(self) -> None:
        try:
            if self._call is None:
                self._sequence = self._attach()
            assert self._call is not None
            self._call.settimeout(_CONNECT_SECONDS)
            self._call.send(_HEARTBEAT)
            self._call.receive()
            self._call.settimeout(None)
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
            asked.sequence = asked.request.sequence = self._sequence
            asked.request.acknowledged = acknowledged
            asked.data = asked.request.SerializeToString()
            while self._unread_bytes() > _MAX_UNREAD_BYTES:
                self._receive()
            assert self._call is not None
            self._call.send(asked.data)

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
        call = self._call
        assert call is not None
        self.listening = True
        try:
            data = call.receive()
        finally:
            self.listening = False
        self._silence = 0
        try:
            response: pb.InteractResponse = pb.InteractResponse.FromString(data)
        except DecodeError as error:
            raise ConnectionBroken("the server sent something else than a response") from error
        if response.sequence == asked.sequence:
            asked.response = response
        elif not response.HasField("heartbeat"):
            raise ConnectionBroken(f"got response {response.sequence}, expected {asked.sequence}")

    def _recover(self, trouble: Exception) -> None:
        """Attaches anew after the trouble and sends all requests again, or raises what cannot be mended."""
        if isinstance(trouble, RemoteError):
            raise trouble
        self._drop()
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
            assert self._call is not None
            for asked in sent:
                self._call.send(asked.data)
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
        call = self._server.resolve(self._shard.address).call(_INTERACT, _CONNECT_SECONDS)
        try:
            call.send(pb.InteractRequest(attach=pb.AttachRequest(token=self._shard.token)).SerializeToString())
            response = pb.InteractResponse.FromString(call.receive())
            call.settimeout(None)
        except BaseException:
            call.close()
            raise
        self._call = call
        self._silence = 0
        self._window = response.attached.window or _DEFAULT_WINDOW
        last: int = response.attached.last_sequence
        return last

    def _drop(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.close()


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
        numbers[stream.fileno()] = stream
        poll.register(stream.fileno(), select.POLLIN)
        stream.listening = True
    try:
        return [numbers[number] for number, _ in poll.poll()]
    finally:
        for stream in streams:
            stream.listening = False
