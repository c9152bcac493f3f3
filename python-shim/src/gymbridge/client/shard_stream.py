"""The stream that drives one shard of a session: requests, their repetition after a broken connection, heartbeats."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

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


class ShardStream:
    """One shard's lanes, driven by one request at a time: `begin` sends it, `end` gives its response.

    `describe` asks the server where the shard is now, `lease_seconds` is how long it waits for its client. Used by one
    thread, beside which `beat` may run in another.
    """

    def __init__(self, server: Address, shard: pb.Shard, describe: Callable[[], pb.Shard], lease_seconds: float):
        self.first_lane = shard.first_lane
        self.num_envs = shard.num_envs
        # Why the lanes are new ones that want a reset of them all; empty where they are not.
        self.loss = ""
        self._server = server
        self._shard = shard
        self._describe = describe
        self._lease = lease_seconds
        self._call: ClientCall | None = None
        # Held from `begin` to `end`, and by heartbeats in between.
        self._busy = threading.Lock()
        self._is_begun = False
        self._sequence = 0
        self._request = pb.InteractRequest()
        self._data = b""
        self._trouble: Exception | None = None
        self._active = False
        self._silence = 0

    def ask(self, request: pb.InteractRequest) -> pb.InteractResponse:
        """The response to a request. Raises as `end`."""
        self.begin(request)
        return self.end()

    def begin(self, request: pb.InteractRequest) -> None:
        """Sends a request, whose number is set here. What goes wrong, `end` raises."""
        self._busy.acquire()
        self._is_begun = self._active = True
        self._request = request
        try:
            if self._call is None:
                self._sequence = self._attach()
            self._send()
        except (CallEnded, ConnectionBroken, RemoteError) as error:
            self._trouble = error
        except BaseException:
            self.abandon()
            raise

    def end(self) -> pb.InteractResponse:
        """The response to the request that was begun.

        RemoteError where the server answers with an error; WorkerLost, SessionEnded or ConnectionFailed where it cannot
        answer. After a loss only a reset of all lanes is sent: it goes to the lanes that took the lost ones' place.
        """
        try:
            response = self._await_response()
        except BaseException as error:
            if isinstance(error, RemoteError):
                self._finish()
            else:
                self.abandon()
            raise
        self._finish()
        if response.HasField("error"):
            raise from_status(response.error)
        return response

    def abandon(self) -> None:
        """Gives up a request that was begun, if there is one: whether it was executed, the next attach tells."""
        if self._is_begun:
            self._drop()
            self._finish()

    def raise_if_lost(self, request: pb.InteractRequest) -> None:
        """WorkerLost where the lanes want a reset after a loss, and the request is none of them all."""
        if self.loss and not (request.HasField("reset") and not request.reset.reset_mask):
            last = self.first_lane + self.num_envs - 1
            lanes = f" of lane {last}" if self.num_envs == 1 else f" of lanes {self.first_lane} to {last}"
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
        request = self._request
        self.raise_if_lost(request)
        self._sequence += 1
        request.sequence = self._sequence
        request.acknowledged = self._sequence - 1
        self._data = request.SerializeToString()
        assert self._call is not None
        self._call.send(self._data)

    def _await_response(self) -> pb.InteractResponse:
        trouble, self._trouble = self._trouble, None
        for _ in range(_MAX_ATTEMPTS):
            try:
                if trouble is not None:
                    self._recover(trouble)
                return self._receive()
            except (CallEnded, ConnectionBroken) as error:
                trouble = error
        self._drop()
        raise ConnectionFailed(
            f"the connection to {self._shard.address or self._server} breaks again and again: {trouble}"
        )

    def _receive(self) -> pb.InteractResponse:
        call = self._call
        assert call is not None
        while True:
            data = call.receive()
            self._silence = 0
            try:
                response: pb.InteractResponse = pb.InteractResponse.FromString(data)
            except DecodeError as error:
                raise ConnectionBroken("the server sent something else than a response") from error
            if response.sequence == self._sequence:
                return response
            if not response.HasField("heartbeat"):
                raise ConnectionBroken(f"got response {response.sequence}, expected {self._sequence}")

    def _recover(self, trouble: Exception) -> None:
        """Attaches anew after the trouble and sends the request again, or raises what cannot be mended."""
        if isinstance(trouble, RemoteError):
            raise trouble
        self._drop()
        if isinstance(trouble, CallEnded):
            self._raise_if_final(trouble)
        generation = self._shard.generation
        last = self._attach()
        if self._shard.generation != generation:
            self._sequence = last
            self._send()
        elif last in (self._sequence - 1, self._sequence):
            assert self._call is not None
            self._call.send(self._data)
        else:
            raise RemoteError(f"the server has executed {last} requests of {self._sequence}", "ABORTED")

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
        last: int = response.attached.last_sequence
        return last

    def _drop(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.close()

    def _finish(self) -> None:
        self._is_begun = False
        self._busy.release()
