"""A session with an environment server: opened, kept alive and closed."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from functools import partial
from typing import Any

from google.protobuf.message import DecodeError

from gymbridge.client.address import Address, Compression
from gymbridge.client.errors import Closed, ConnectionFailed, RemoteError, SessionEnded, from_end
from gymbridge.client.line import Transport
from gymbridge.client.shard_stream import ShardStream
from gymbridge.client.stats import RequestTimes
from gymbridge.credentials import NONE, Credentials
from gymbridge.http2.client import CallEnded, ConnectionBroken
from gymbridge.v1 import environment_pb2 as pb

_SERVICE = "/gymbridge.v1.EnvironmentService/"
_PROTOCOL_REVISION = 1
_LIST_SECONDS = 10.0
# Environments may take long to make.
_OPEN_SECONDS = 300.0
_CLOSE_SECONDS = 5.0
_NOT_FOUND = 5


class Session:
    """The lanes that a server made for one client, and the streams that drive them.

    Raises, as all its methods: ConnectionFailed where no server answers, RemoteError where it refuses.
    """

    def __init__(
        self,
        address: str,
        request: pb.OpenSessionRequest,
        credentials: Credentials = NONE,
        transport: Transport = "auto",
        compression: Compression = "none",
    ) -> None:
        if transport not in ("auto", "shm", "grpc"):
            raise ValueError(f"got transport={transport!r}, expected 'auto', 'shm' or 'grpc'")
        if compression not in ("none", "gzip"):
            raise ValueError(f"got compression={compression!r}, expected 'none' or 'gzip'")
        self._server = Address.parse(address, credentials, compression == "gzip")
        self._request = request
        self._transport: Transport = transport
        self._over = threading.Event()
        self._forks = _forks
        self.shards: list[ShardStream] = []
        self.times = RequestTimes()
        self.is_open = False
        self.open()

    def open(self) -> None:
        """Makes the environments, anew if there were some."""
        self._close_streams()
        request = pb.OpenSessionRequest()
        request.CopyFrom(self._request)
        request.protocol_revision = _PROTOCOL_REVISION
        # A repeated request does not open a second session.
        request.nonce = secrets.token_urlsafe(16)
        try:
            self.opened: pb.OpenSessionResponse = self._open(request)
        except ConnectionBroken:
            try:
                self.opened = self._open(request)
            except ConnectionBroken as error:
                raise ConnectionFailed(self._server.explain(str(error))) from error
        lease = self.opened.lease_seconds or _OPEN_SECONDS
        self.shards = [
            ShardStream(
                self._server, shard, partial(self._describe, shard.first_lane), lease, self._transport, self.times
            )
            for shard in self.opened.shards
        ]
        self.is_open = True
        for stream in self.shards:
            # A shard whose process does not answer must not keep the others' heartbeats waiting.
            threading.Thread(target=self._beat, args=(stream,), name="gymbridge heartbeat", daemon=True).start()

    def require(self) -> list[ShardStream]:
        """The streams; Closed once closed, RemoteError in a process that was forked from the one that opened them."""
        if self._forks != _forks:
            raise RemoteError("the environment was made before this process was forked: make it here", "ABORTED")
        if not self.is_open:
            raise Closed
        return self.shards

    def stats(self) -> dict[str, Any]:
        """What `bridge_stats` tells."""
        transports = [
            {"lanes": f"{shard.lanes[0]}-{shard.lanes[-1]}", "transport": transport, "why": why}
            for shard in self.shards
            for transport, why in (shard.way,)
        ]
        return {"requests": self.times.summary(), "transports": transports}

    def allowed_attributes(self) -> frozenset[str]:
        """What the server allows to call, read and set for every session of the environment."""
        listed = self._ask("ListEnvironments", pb.ListEnvironmentsRequest(), pb.ListEnvironmentsResponse, _LIST_SECONDS)
        for summary in listed.environments:
            if summary.env_id == self.opened.spec.env_id:
                return frozenset(summary.allowed_attributes)
        return frozenset()

    def close(self) -> None:
        """Ends the session. Closing twice is allowed, and nothing is raised."""
        if not self.is_open or self._forks != _forks:
            return
        self.is_open = False
        self._over.set()
        with contextlib.suppress(RemoteError, ConnectionBroken):
            request = pb.CloseSessionRequest(session_id=self.opened.session_id)
            self._ask("CloseSession", request, pb.CloseSessionResponse, _CLOSE_SECONDS)
        self._close_streams()

    def _close_streams(self) -> None:
        for shard in self.shards:
            shard.close()

    def _open(self, request: pb.OpenSessionRequest) -> pb.OpenSessionResponse:
        response: pb.OpenSessionResponse = self._ask("OpenSession", request, pb.OpenSessionResponse, _OPEN_SECONDS)
        return response

    def _describe(self, first_lane: int) -> pb.Shard:
        request = pb.DescribeSessionRequest(session_id=self.opened.session_id)
        try:
            described = self._ask("DescribeSession", request, pb.OpenSessionResponse, _OPEN_SECONDS)
        except ConnectionFailed:
            raise
        except RemoteError as error:
            raise SessionEnded(f"the session has ended ({error}); reset() opens a new one") from error
        shard: pb.Shard = next(shard for shard in described.shards if shard.first_lane == first_lane)
        return shard

    def _ask(self, method: str, request: Any, response: Any, seconds: float) -> Any:
        """One unary call; ConnectionBroken where it is not known whether the server has executed it."""
        call = self._server.call(_SERVICE + method, seconds)
        try:
            call.send(request.SerializeToString())
            call.finish()
            answer = response.FromString(call.receive())
            with contextlib.suppress(CallEnded):
                call.receive()
            return answer
        except CallEnded as end:
            raise from_end(end) from None
        except DecodeError as error:
            raise ConnectionFailed(f"{self._server} is no environment server") from error
        finally:
            call.close()

    def _beat(self, stream: ShardStream) -> None:
        while not self._over.wait((self.opened.lease_seconds or _OPEN_SECONDS) / 3) and stream in self.shards:
            stream.beat()


_forks = 0


def _count_fork() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_fork)
