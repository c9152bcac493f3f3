"""A socket with TLS that one thread may read while others write."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TlsSocket:
    """A client's connected socket, after the handshake; as far as ClientCall uses one.

    OpenSSL's connections are not for two threads at a time, so that each step holds a lock; nobody waits with it held.
    `OSError` where the handshake fails, the server's certificate does not do, or a timeout passes.
    """

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._timeout = sock.gettimeout()
        self._lock = threading.Lock()
        sock.setblocking(False)
        self._sock = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        try:
            self._do(self._sock.do_handshake)
        except OSError:
            self._sock.close()
            raise

    def settimeout(self, seconds: float | None) -> None:
        """How long each call waits from now on; None: for ever."""
        self._timeout = seconds

    def sendall(self, data: bytes) -> None:
        """Sends all of it."""
        view = memoryview(data)
        while view:
            view = view[self._do(lambda: self._sock.send(view)) :]  # noqa: B023

    def recv(self, size: int) -> bytes:
        """What is there, at least a byte; nothing at the end of the connection."""
        return self._do(lambda: self._sock.recv(size))

    def recv_into(self, buffer: memoryview) -> int:
        """As `recv`, into a buffer; how much it was."""
        return self._do(lambda: self._sock.recv_into(buffer))

    def fileno(self) -> int:
        """The socket's."""
        return self._sock.fileno()

    def has_decrypted(self) -> bool:
        """Whether there is something to `recv` that the socket would not tell of."""
        with self._lock:
            return self._sock.pending() > 0

    def shutdown(self, how: int) -> None:
        """Breaks the connection, from any thread."""
        socket.socket.shutdown(self._sock, how)

    def close(self) -> None:
        """Closes the socket. Closing twice is allowed."""
        self._sock.close()

    def _do(self, act: Callable[[], T]) -> T:
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        while True:
            with self._lock:
                try:
                    return act()
                except ssl.SSLWantReadError:
                    events = select.POLLIN
                except ssl.SSLWantWriteError:
                    events = select.POLLOUT
            poll = select.poll()
            try:
                poll.register(self._sock.fileno(), events)
            except ValueError as error:
                raise OSError("the socket is closed") from error
            left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
            if not poll.poll(left):
                raise TimeoutError("timed out")
