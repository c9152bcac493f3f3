"""Accepts connections and lets each act when it can, all in the thread that calls `run_once`."""

from __future__ import annotations

import errno
import select
import socket
import ssl
from collections.abc import Callable
from functools import partial
from time import perf_counter_ns

from gymbridge.http2.call import Call
from gymbridge.http2.connection import Connection
from gymbridge.waiting import WAKE_NANOS, give_way

_MAX_CONNECTIONS = 64
# A client that always answers within the time of spinning is not to keep the others from being heard.
_UNPOLLED_NANOS = 10_000_000
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR


class Server:
    """Serves gRPC on a listening socket. Used by one thread at a time.

    `accept` gets each call and sets its callbacks. `spin_nanos` is how long to look for the next message where the last
    one came from before the thread goes to sleep: a thread that sleeps is woken late, one that spins keeps a core from
    others. So it spins as long as messages come within that time.
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
        self._spin = spin_nanos
        self._polled = 0
        self._connections: dict[int, Connection] = {}
        self._events: dict[int, int] = {}
        # What else is polled: what to do when there is something to read, what to look at while spinning, and before
        # sleeping.
        self._watched: dict[int, tuple[Callable[[], None], Callable[[], bool] | None, Callable[[], bool] | None]] = {}
        # Looks for the next message where the last one came from; whether there was one.
        self._look: Callable[[], bool] | None = None
        self._poll = select.poll()
        self.listen(listener, tls)

    def listen(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Accepts connections on a socket too."""
        listener.setblocking(False)
        self._listeners[listener.fileno()] = listener, tls
        self._poll.register(listener.fileno(), select.POLLIN)

    def watch(
        self,
        sock: socket.socket,
        on_readable: Callable[[], None],
        look: Callable[[], bool] | None = None,
        rest: Callable[[], bool] | None = None,
    ) -> None:
        """Calls `on_readable` when there is something to read from a socket.

        `look` then looks for more while the thread spins, and says whether there was something; `rest` does so before
        it sleeps, from when on the socket has to tell.
        """
        self._watched[sock.fileno()] = on_readable, look, rest
        self._poll.register(sock.fileno(), select.POLLIN)

    def forget(self, sock: socket.socket) -> None:
        """Watches a socket no longer, which is still open."""
        _, look, _ = self._watched.pop(sock.fileno(), (None, None, None))
        self._poll.unregister(sock.fileno())
        if look is not None and look == self._look:
            self._look = None

    def run_once(self, patience: Callable[[], float | None]) -> bool:
        """Waits for something to happen, at most as many seconds as `patience` says (None: for ever), and handles it.

        False where a message came so soon that nothing else was looked at, not even the time.
        """
        started = perf_counter_ns()
        look = self._look
        if look is not None and started - self._polled <= _UNPOLLED_NANOS and self._spins(look, started):
            return False
        if self._look is None:
            if self._finds_before_sleep():
                return True
            seconds = patience()
        else:
            seconds = 0.0
        events = self._poll.poll(None if seconds is None else seconds * 1000)
        self._polled = perf_counter_ns()
        if events and self._polled - started < self._spin_nanos + WAKE_NANOS:
            self._spin = self._spin_nanos
        for number, event in events:
            connection = self._connections.get(number)
            if connection is None:
                self._handle_other(number)
                continue
            if event & select.POLLOUT:
                connection.write()
            if event & _READABLE and connection.read() and self._spin_nanos:
                self._look = partial(self._look_at, connection)
            self._watch(connection)
        if look is not None and look == self._look:
            # It is not polled for.
            look()
        return True

    def _finds_before_sleep(self) -> bool:
        for _, look, rest in list(self._watched.values()):
            if rest is not None and rest():
                self._look = look if self._spin_nanos else None
                return True
        return False

    def _spins(self, look: Callable[[], bool], started: int) -> bool:
        """Looks for the next message, for as long as that seems worth it; whether it came."""
        deadline = started + self._spin
        while not look():
            give_way()
            if perf_counter_ns() >= deadline:
                self._spin >>= 1
                self._look = None
                return False
        return True

    def _look_at(self, connection: Connection) -> bool:
        if connection.closed or not connection.read():
            return False
        self._watch(connection)
        return True

    def _handle_other(self, number: int) -> None:
        watched = self._watched.get(number)
        if watched is not None:
            on_readable, look, _ = watched
            on_readable()
            if look is not None and self._spin_nanos:
                self._look = look
        elif number in self._listeners:
            self._accept(*self._listeners[number])

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
