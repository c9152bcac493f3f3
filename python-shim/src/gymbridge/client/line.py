"""The way to a shard: a stream and, beside it, shared memory where there is some."""

from __future__ import annotations

from typing import Literal

from gymbridge.client.address import Address
from gymbridge.client.errors import RemoteError
from gymbridge.codec.steps import Data
from gymbridge.http2.client import ClientCall
from gymbridge.memory import segment
from gymbridge.memory.client_end import ClientEnd
from gymbridge.v1 import environment_pb2 as pb

_INTERACT = "/gymbridge.v1.EnvironmentService/Interact"
_CONNECT_SECONDS = 10.0

# "auto": shared memory where it can be had, otherwise the stream alone; "shm": shared memory or an error; "grpc": the
# stream alone.
Transport = Literal["auto", "shm", "grpc"]


class Line:
    """Carries requests to a shard, and its responses. Used by one thread, beside which another may send heartbeats.

    `attached` is the server's answer to the stream's attachment. Raises CallEnded, ConnectionBroken and
    ConnectionFailed as calls do, and RemoteError where shared memory is insisted on and cannot be had.
    """

    def __init__(self, address: Address, token: str, transport: Transport) -> None:
        asks = transport != "grpc" and address.is_local and segment.is_mappable()
        self.call: ClientCall = address.call(_INTERACT, _CONNECT_SECONDS)
        self._memory: ClientEnd | None = None
        # Requests without a response, all in the memory or all on the stream.
        self._under_way = 0
        self._in_memory = False
        try:
            attach = pb.AttachRequest(token=token, shared_memory=asks)
            self.call.send(pb.InteractRequest(attach=attach).SerializeToString())
            self.attached = pb.InteractResponse.FromString(self.call.receive()).attached
            self.call.settimeout(None)
            why = f"{address} is not on this machine" if not address.is_local else "this platform has none"
            if asks:
                why = self._map()
            self._why = "it was not asked for" if transport == "grpc" else why
            if transport == "shm" and why:
                raise RemoteError(
                    f"no shared memory with {address}: {why}; use transport='auto', which then takes the stream",
                    "FAILED_PRECONDITION",
                )
        except BaseException:
            self.close()
            raise

    def _map(self) -> str:
        """Takes up the server's offer; why not, where that cannot be done."""
        if not self.attached.HasField("shared_memory"):
            return "the server offers none (its log says why, unless it is an older one)"
        try:
            self._memory = ClientEnd(self.attached.shared_memory, self.attached.epoch)
        except (OSError, ValueError) as error:
            return f"{error}; server and client must run on the same machine as the same user"
        return ""

    @property
    def has_memory(self) -> bool:
        """Whether there is shared memory."""
        return self._memory is not None

    @property
    def way(self) -> tuple[str, str]:
        """How requests go, "shm" or "grpc", and where it is the latter why."""
        return ("shm", "") if self._memory is not None else ("grpc", self._why)

    def takes(self, length: int) -> bool:
        """Whether a request of so many bytes can be sent, or only after more responses."""
        if self._memory is None or not self._under_way or not self._in_memory:
            return True
        return self._memory.has_room(length)

    def send(self, data: bytes) -> None:
        """Sends a request, which the line takes."""
        memory = self._memory
        if memory is not None and (self._in_memory or not self._under_way):
            self._in_memory = memory.send(data)
        if not self._in_memory:
            self.call.send(data)
        self._under_way += 1

    def receive(self) -> Data:
        """The next response, or the answer to a heartbeat. Valid until the next request is sent."""
        return self.call.receive() if self._memory is None else self._memory.receive(self.call)

    def answered(self) -> None:
        """A request has its response."""
        self._under_way -= 1

    @property
    def has_input(self) -> bool:
        """Whether there is something to receive of which `filenos` do not tell."""
        return self.call.has_input or (self._memory is not None and self._memory.has_arrived())

    @property
    def filenos(self) -> list[int]:
        """What becomes readable when something arrives."""
        return [self.call.fileno()] if self._memory is None else [self.call.fileno(), self._memory.fileno()]

    def close(self) -> None:
        """Closes everything. Closing twice is allowed."""
        memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()
        self.call.close()
