"""Where a server is, and calls to it."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, replace
from typing import Literal

from gymbridge.client.errors import ConnectionFailed
from gymbridge.credentials import NONE, Credentials, hint, metadata, ssl_context
from gymbridge.http2.client import ClientCall, ConnectionBroken
from gymbridge.http2.tls import TlsSocket

# More than any message the servers allow; sizes within a message are checked against the spaces.
_MAX_MESSAGE_BYTES = 1 << 30

# What becomes of large messages on a stream. "gzip" is for pictures over a network; on one machine it only costs.
Compression = Literal["none", "gzip"]


@dataclass(frozen=True)
class Address:
    """A Unix socket's absolute path, or a host and a port; and how to talk to whoever listens there.

    `packs`: messages are compressed where the server can do with that.
    """

    host: str
    port: int
    path: str = ""
    credentials: Credentials = NONE
    packs: bool = False

    @staticmethod
    def parse(text: str, credentials: Credentials = NONE, packs: bool = False) -> Address:
        """The address in "unix:path" or "host:port"; ValueError for anything else."""
        if text.startswith("unix:"):
            path = text.removeprefix("unix:")
            path = os.path.abspath(path.removeprefix("//") if path.startswith("///") else path)
            return Address("", 0, path, credentials, packs)
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(f"{text!r} is no address; use HOST:PORT or unix:PATH")
        return Address(host.strip("[]"), int(port), "", credentials, packs)

    def resolve(self, text: str) -> Address:
        """A shard's address as the protocol has it, seen from this one: empty for the same, ":port" for its host."""
        if not text:
            return self
        if text.startswith(":"):
            return replace(self, port=int(text[1:]), path="")
        return Address.parse(text, self.credentials, self.packs)

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine, as far as the address tells."""
        return bool(self.path) or self.host in ("localhost", "::1") or self.host.startswith("127.")

    def __str__(self) -> str:
        """As `parse` takes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"unix:{self.path}" if self.path else f"{host}:{self.port}"

    def connect(self, seconds: float) -> socket.socket | TlsSocket:
        """A connected socket with that timeout; ConnectionFailed where nobody listens, ConnectionBroken otherwise.

        ValueError for credentials that do not do.
        """
        tls = ssl_context(self.credentials, str(self))
        sock = self._connect(seconds)
        if tls is None:
            return sock
        try:
            return TlsSocket(sock, tls, self.host)
        except OSError as error:
            sock.close()
            raise ConnectionFailed(self.explain(str(error))) from error

    def explain(self, failure: str) -> str:
        """What a connection's failure means, and what to do."""
        advice = hint(str(self), self.credentials, failure)
        return f"{self} does not talk to us ({failure})" + (f"; {advice}" if advice else "")

    def _connect(self, seconds: float) -> socket.socket:
        try:
            if self.path:
                sock = socket.socket(socket.AF_UNIX)
                try:
                    sock.settimeout(seconds)
                    sock.connect(self.path)
                except OSError:
                    sock.close()
                    raise
                return sock
            sock = socket.create_connection((self.host, self.port), seconds)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except (ConnectionRefusedError, FileNotFoundError, socket.gaierror) as error:
            raise ConnectionFailed(
                f"no server at {self} ({error.strerror}); start one: python -m gymbridge serve-env ID --address {self}"
            ) from error
        except OSError as error:
            raise ConnectionBroken(f"cannot connect to {self}: {error.strerror or error}") from error

    def call(self, path: str, seconds: float) -> ClientCall:
        """A call of a method, "/package.Service/Method", on a connection of its own. Raises as `connect`."""
        sock = self.connect(seconds)
        try:
            authority = "localhost" if self.path else str(self)
            return ClientCall(sock, authority, path, metadata(self.credentials), _MAX_MESSAGE_BYTES, self.packs)
        except ConnectionBroken:
            sock.close()
            raise
