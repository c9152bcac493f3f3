"""One RPC on a connection, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gymbridge.http2 import frames
from gymbridge.http2.compression import GZIP

if TYPE_CHECKING:
    from gymbridge.http2.connection import Connection


class Call:
    """An RPC that a client has begun. Its handler sets the callbacks, which run in the server's thread.

    `path` is "/package.Service/Method", `metadata` the request's headers, lower case. `on_message` gets each message's
    bytes, `on_end` says that the client sends no more, `on_lost` that the call is gone: reset by the client, or its
    connection broken. After `finish` or `on_lost` nothing is sent or called any more.

    A handler that does not know its caller yet sets `trusted` to False and `max_message` to what it needs to find out:
    connections without a trusted call give way to new ones.
    """

    def __init__(
        self,
        connection: Connection,
        stream: int,
        path: str,
        metadata: dict[str, str],
        window: int,
        max_message: int,
    ) -> None:
        self.path = path
        self.metadata = metadata
        self.on_message: Callable[[bytes], None] = _ignore
        self.on_end: Callable[[], None] = _do_nothing
        self.on_lost: Callable[[], None] = _do_nothing
        self.stream = stream
        self.over = False
        self.trusted = True
        self.max_message = max_message
        # A client that says that it may pack its messages gets packed ones too.
        self.is_packed = metadata.get("grpc-encoding") == GZIP
        # Messages sent since the peer last had nothing left to read.
        self.unread = 0
        # What the peer lets us send on the stream, and what waits for that.
        self.window = window
        self.waiting = bytearray()
        self.ending: bytes | None = None
        # What of a message has come; how much the peer has sent since its window was last opened.
        self.partial = bytearray()
        self.received = 0
        self.headers_sent = False
        self._connection = connection

    def send(self, message: bytes) -> None:
        """Sends a message; nothing once the call is over or finished."""
        if not self.over and self.ending is None:
            self._connection.send_message(self, message)

    def finish(self, code: int = 0, message: str = "", details: str | None = None) -> None:
        """Ends the call with gRPC's status once what was sent before is out; nothing once it is over or finished."""
        if not self.over and self.ending is None:
            self.partial.clear()
            self._connection.send_trailers(self, frames.trailers(code, message, details))


def _ignore(message: bytes) -> None:
    pass


def _do_nothing() -> None:
    pass
