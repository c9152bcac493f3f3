"""A server's end of shared memory: offers it, waits for the client's ring, and carries messages."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import socket
import time
from collections.abc import Callable, MutableMapping, Sequence
from functools import partial

from gymbridge.codec.steps import Data
from gymbridge.http2.server import Server
from gymbridge.memory import segment
from gymbridge.memory.ring import RingBroken, RingReader, RingWriter
from gymbridge.v1 import environment_pb2 as pb

_OFFER_SECONDS = 10.0
_SMALLEST_RING, _LARGEST_RING = 1 << 18, 1 << 28
# Beside the values of a step: infos, and what stands before the values.
_MORE_BYTES = 1 << 16
# Connections to the bell that have not said the nonce yet.
_MAX_STRANGERS = 4
_BELL_BYTES = 4096


# A message that still lies in the ring: its record's position, its offset in memory, its length.
Kept = tuple[int, int, int]


def ring_bytes(step_bytes: int, max_message_bytes: int) -> int:
    """The size of a ring through which steps go whose values take so many bytes: two of them fit."""
    wanted = min(2 * (step_bytes + _MORE_BYTES), _LARGEST_RING, 2 * max_message_bytes)
    return max(wanted + 7 & -8, _SMALLEST_RING)


class ServerEnd:
    """Shared memory offered to the client of one stream. Used by one thread at a time; OSError where it can't be had.

    `on_message` gets each message that arrives; `on_end` hears that it is over, why, or nothing where the client ended
    it, and closes it.
    """

    def __init__(
        self,
        server: Server,
        request_bytes: int,
        response_bytes: int,
        epoch: int,
        on_message: Callable[[bytes], None],
        on_end: Callable[[str], None],
    ) -> None:
        self._server = server
        self._on_message = on_message
        self._on_end = on_end
        self.closed = False
        self._expires = time.monotonic() + _OFFER_SECONDS
        self._listener: socket.socket | None = None
        self._strangers: list[socket.socket] = []
        self._bell: socket.socket | None = None
        self._directory = segment.make_directory()
        self.offered = pb.SharedMemory(
            memory=os.path.join(self._directory, "memory"),
            bell=os.path.join(self._directory, "bell"),
            nonce=secrets.token_bytes(segment.NONCE_BYTES),
            request_bytes=request_bytes,
            response_bytes=response_bytes,
        )
        try:
            self._segment = segment.make(self.offered, epoch)
            self._listen()
        except OSError:
            segment.remove(self._directory)
            raise
        self._response_bytes = response_bytes
        self._reader = RingReader(
            self._segment,
            self._segment.requests,
            segment.REQUESTS_WRITTEN,
            segment.REQUESTS_READ,
            segment.SERVER_LOOKS,
        )
        self._writer = RingWriter(
            self._segment,
            self._segment.responses,
            segment.RESPONSES_WRITTEN,
            segment.RESPONSES_READ,
            segment.CLIENT_LOOKS,
        )

    @property
    def expires_in(self) -> float:
        """Seconds until an offer ends that was not taken up; infinite once it was."""
        return float("inf") if self._listener is None else self._expires - time.monotonic()

    @property
    def is_forsaken(self) -> bool:
        """Whether nobody has taken up the offer in time, nor does now: it may be that we were busy."""
        if self.expires_in <= 0:
            self._accept()
            for stranger in list(self._strangers):
                if stranger in self._strangers:
                    self._hear(stranger)
        return self.expires_in <= 0

    def look(self) -> bool:
        """Acts on the next message, if there is one; whether there was."""
        if self.closed:
            return False
        try:
            found = self._reader.find()
        except RingBroken as error:
            self._on_end(str(error))
            return False
        if found is None:
            return False
        data = self._segment.memory[found[0] : found[1]]
        self._reader.release()
        self._reader.look()
        self._on_message(data)
        return True

    def rest(self) -> bool:
        """As `look`, of a thread that is about to sleep until the bell rings."""
        return not self.closed and self._reader.rest() and self.look()

    def send(self, parts: Sequence[Data], kept: MutableMapping[int, bytes | Kept]) -> Kept | None:
        """Sends a message and rings; where it lies, or None where there is no room for it or the memory is over.

        Of the messages that are `kept`, those that it comes to lie on get bytes of their own first.
        """
        bell = self._bell
        if self.closed or bell is None:
            return None
        length = len(parts[0]) if len(parts) == 1 else sum(map(len, parts))
        try:
            end = self._writer.place(length)
        except RingBroken as error:
            self._on_end(str(error))
            return None
        if not end:
            return None
        if kept:
            self.copy(kept, end - self._response_bytes)
        offset = self._writer.write(parts, length, end)
        try:
            if self._writer.wants_bell:
                bell.send(b"\0")
        except BlockingIOError:
            # There is enough in it to wake up by.
            pass
        except OSError:
            self._on_end("")
            return None
        return end - 8 - (length + 7 & -8), offset, length

    def copy(self, kept: MutableMapping[int, bytes | Kept], before: float = float("inf")) -> None:
        """Gives the messages that lie in the ring, those before a position alone, bytes of their own."""
        for number, message in kept.items():
            if isinstance(message, tuple) and message[0] < before:
                kept[number] = self.read(message)

    def read(self, message: Kept) -> bytes:
        """A message that lies in the ring."""
        _, offset, length = message
        return self._segment.memory[offset : offset + length]

    def close(self) -> None:
        """Closes the bell, removes the names, and unmaps the file. Closing twice is allowed."""
        if self.closed:
            return
        self.closed = True
        self._withdraw()
        if self._bell is not None:
            self._server.forget(self._bell)
            self._bell.close()
        self._segment.close()

    def _listen(self) -> None:
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind(self.offered.bell)
        except OSError:
            listener.close()
            raise
        listener.listen(_MAX_STRANGERS)
        listener.setblocking(False)
        self._listener = listener
        self._server.watch(listener, self._accept)

    def _accept(self) -> None:
        assert self._listener is not None
        with contextlib.suppress(OSError):
            stranger, _ = self._listener.accept()
            if len(self._strangers) >= _MAX_STRANGERS:
                stranger.close()
                return
            stranger.setblocking(False)
            self._strangers.append(stranger)
            self._server.watch(stranger, partial(self._hear, stranger))

    def _hear(self, stranger: socket.socket) -> None:
        """The first bytes on the bell, which are the nonce where it is our client."""
        try:
            # All at once, as they were sent.
            said = stranger.recv(segment.NONCE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        self._strangers.remove(stranger)
        if not hmac.compare_digest(said, self.offered.nonce):
            self._server.forget(stranger)
            stranger.close()
            return
        self._bell = stranger
        self._server.watch(stranger, self._ring, self.look, self.rest)
        self._withdraw()

    def _ring(self) -> None:
        """There are bytes on the bell, or its end."""
        is_over = self._hush()
        while self.look():
            pass
        if is_over and not self.closed:
            self._on_end("")

    def _hush(self) -> bool:
        """Takes the bytes off the bell; whether the client has closed it."""
        assert self._bell is not None
        try:
            return not self._bell.recv(_BELL_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _withdraw(self) -> None:
        """Takes the offer back: removes the names, and whoever has not said the nonce."""
        segment.remove(self._directory)
        listener, self._listener = self._listener, None
        strangers, self._strangers = self._strangers, []
        for sock in strangers if listener is None else (listener, *strangers):
            self._server.forget(sock)
            sock.close()
