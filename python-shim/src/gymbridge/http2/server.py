"""Accepts connections and lets each act when it can, all in the thread that calls `run_once`."""

from __future__ import annotations

import errno
import select
import socket
import ssl
import time
from collections.abc import Callable

from gymbridge.http2.call import Call
from gymbridge.http2.connection import Connection

_MAX_CONNECTIONS = 64
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR


class Server:
    """Serves gRPC on a listening socket. Used by one thread at a time.

    `accept` gets each call and sets its callbacks. `spin_nanos` is how long to look for the next message on the
    connection that spoke last before the thread goes to sleep: a thread that sleeps is woken late.
    """

    def __init__(
        self,
        listener: socket.socket,
        max_message_bytes: int,
        accept: Callable[[Call], None],
        tls: ssl.SSLContext | None = None,
        spin_nanos: int = 0,
    ) -> None:
        self._listeners: dict[int, tuple[socket.socket, ssl.SSLContext | None]] = {}
        self._max_message = max_message_bytes
        self._accept_call = accept
        self._spin_nanos = spin_nanos
        self._connections: dict[int, Connection] = {}
        self._events: dict[int, int] = {}
        self._last: Connection | None = None
        self._poll = select.poll()
        self.listen(listener, tls)

    def listen(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Accepts connections on a socket too."""
        listener.setblocking(False)
        self._listeners[listener.fileno()] = listener, tls
        self._poll.register(listener.fileno(), select.POLLIN)

    def run_once(self, seconds: float | None) -> None:
        """Waits for something to happen, at most that long (None: for ever), and handles it."""
        last = self._last
        if last is not None:
            deadline = time.perf_counter_ns() + self._spin_nanos
            while True:
                if not last.closed and last.read():
                    self._watch(last)
                    return
                if time.perf_counter_ns() >= deadline:
                    break
            self._last = None
        for number, event in self._poll.poll(None if seconds is None else seconds * 1000):
            connection = self._connections.get(number)
            if connection is None:
                if number in self._listeners:
                    self._accept(*self._listeners[number])
                continue
            if event & select.POLLOUT:
                connection.write()
            if event & _READABLE and connection.read() and self._spin_nanos:
                self._last = connection
            self._watch(connection)

    def close(self) -> None:
        """Stops listening and ends all connections."""
        for listener, _ in self._listeners.values():
            listener.close()
        for connection in list(self._connections.values()):
            connection.drain()

    def _accept(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        try:
            sock, _ = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._drop_idle()
            return
        if len(self._connections) >= _MAX_CONNECTIONS and not self._drop_idle():
            sock.close()
            return
        try:
            sock.setblocking(False)
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                sock = tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except OSError:
            # The client is gone already. Never goes on without its TLS.
            sock.close()
            return
        # The number may have been that of a connection that was closed a moment ago.
        self._forget_closed()
        number = sock.fileno()
        connection = Connection(sock, self._max_message, self._accept_call, self._watch)
        if connection.closed:
            # The client was gone before it was accepted.
            return
        self._connections[number] = connection
        self._events[number] = 0
        self._watch(connection)

    def _drop_idle(self) -> bool:
        """Ends the oldest connection without a trusted call; whether there was one."""
        for connection in self._connections.values():
            if not connection.is_trusted:
                connection.close()
                self._watch(connection)
                return True
        return False

    def _watch(self, connection: Connection) -> None:
        """Polls the connection for what it now waits for; forgets it once closed."""
        if connection.closed:
            self._forget_closed()
            return
        number = connection.sock.fileno()
        events = (select.POLLIN if connection.wants_to_read else 0) | (
            select.POLLOUT if connection.wants_to_write else 0
        )
        if events != self._events.get(number, events):
            self._events[number] = events
            self._poll.register(number, events)

    def _forget_closed(self) -> None:
        for number, connection in list(self._connections.items()):
            if connection.closed:
                self._poll.unregister(number)
                del self._connections[number], self._events[number]
        if self._last is not None and self._last.closed:
            self._last = None
