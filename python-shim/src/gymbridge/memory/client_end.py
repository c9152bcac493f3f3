"""A client's end of shared memory: takes up a server's offer, and carries messages."""

from __future__ import annotations

import contextlib
import select
import socket
from time import perf_counter_ns

from gymbridge.codec.steps import Data
from gymbridge.http2.client import ClientCall, ConnectionBroken
from gymbridge.memory import segment
from gymbridge.memory.ring import RingBroken, RingReader, RingWriter
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.waiting import SPIN_NANOS, WAKE_NANOS, give_way

_CONNECT_SECONDS = 10.0
_BELL_BYTES = 4096


class MemoryEnded(ConnectionBroken):
    """The shared memory is over, though the stream may go on; the message says why."""


class ClientEnd:
    """Shared memory taken up on a stream, which is open. Used by one thread.

    It looks for an answer for up to `spin_nanos` before it sleeps. OSError where it cannot be had: no such file,
    another user's, another machine's; ValueError for a file that is another one than the server offered.
    """

    def __init__(self, offered: pb.SharedMemory, epoch: int, spin_nanos: int = SPIN_NANOS) -> None:
        self._segment = segment.open_offered(offered, epoch)
        self._bell = socket.socket(socket.AF_UNIX)
        try:
            self._bell.settimeout(_CONNECT_SECONDS)
            self._bell.connect(offered.bell)
            self._bell.sendall(offered.nonce)
            self._bell.setblocking(False)
        except OSError:
            self.close()
            raise
        self._memory = memoryview(self._segment.memory).toreadonly()
        self._reader = RingReader(
            self._segment,
            self._segment.responses,
            segment.RESPONSES_WRITTEN,
            segment.RESPONSES_READ,
            segment.CLIENT_LOOKS,
        )
        self._writer = RingWriter(
            self._segment,
            self._segment.requests,
            segment.REQUESTS_WRITTEN,
            segment.REQUESTS_READ,
            segment.SERVER_LOOKS,
        )
        self._spin = self._spin_nanos = spin_nanos
        self._poll = select.poll()
        self._poll.register(self._bell, select.POLLIN)

    def has_room(self, length: int) -> bool:
        """Whether a message of so many bytes can be sent. Raises MemoryEnded."""
        try:
            return self._writer.place(length) != 0
        except RingBroken as error:
            raise MemoryEnded(str(error)) from error

    def send(self, data: bytes) -> bool:
        """Sends a message and rings; whether there was room. What was received before is the server's again.

        Raises MemoryEnded.
        """
        try:
            self._reader.release()
            length = len(data)
            end = self._writer.place(length)
            if not end:
                return False
            # Whoever sends looks for the answer, or takes the word back before it sleeps.
            self._reader.look()
            self._writer.write((data,), length, end)
            if self._writer.wants_bell:
                self._bell.send(b"\0")
        except BlockingIOError:
            # There is enough in it to wake up by.
            pass
        except (RingBroken, OSError) as error:
            raise MemoryEnded(str(error)) from error
        return True

    def fileno(self) -> int:
        """The bell's, to wait for what arrives once `has_arrived` says that nothing has."""
        return self._bell.fileno()

    def has_arrived(self) -> bool:
        """Whether there is a message, or the end."""
        try:
            if self._reader.has_more():
                return True
            # The bell is to ring from now on, and only of what comes from now on.
            return not self._bell.recv(_BELL_BYTES) or self._reader.rest()
        except BlockingIOError:
            return self._reader.rest()
        except OSError:
            return True

    def receive(self, call: ClientCall) -> Data:
        """The next message, from the memory or from the stream, whichever comes first.

        From the memory it is a view, valid until the next `send`. Raises MemoryEnded, and what `call.receive` does.
        """
        try:
            deadline = perf_counter_ns() + self._spin
            while True:
                found = self._reader.find()
                if found is not None:
                    return self._memory[found[0] : found[1]]
                if perf_counter_ns() >= deadline:
                    return self._sleep(call, deadline - self._spin)
                give_way()
        except RingBroken as error:
            raise MemoryEnded(str(error)) from error

    def _sleep(self, call: ClientCall, started: int) -> Data:
        self._spin >>= 1
        stream = call.fileno()
        self._poll.register(stream, select.POLLIN)
        self._reader.rest()
        is_over = False
        has_arrived = call.has_input
        while True:
            if has_arrived:
                message = call.receive_arrived()
                if message is not None:
                    return message
            try:
                is_over = not self._bell.recv(_BELL_BYTES)
            except BlockingIOError:
                pass
            except OSError:
                is_over = True
            found = self._reader.find()
            if found is not None:
                if perf_counter_ns() - started < self._spin_nanos + WAKE_NANOS:
                    self._spin = self._spin_nanos
                return self._memory[found[0] : found[1]]
            if is_over:
                raise MemoryEnded("the server has ended it")
            has_arrived = any(number == stream for number, _ in self._poll.poll())

    def close(self) -> None:
        """Closes the bell and unmaps the file, once nobody has a view of it any more. Closing twice is allowed."""
        with contextlib.suppress(AttributeError):
            self._memory.release()
        self._bell.close()
        self._segment.close()
