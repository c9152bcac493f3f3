"""One RPC as its client makes it: on a connection of its own, in the thread that calls."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import threading
from collections.abc import Mapping
from urllib.parse import unquote

import hpack

from gymbridge.http2 import frames
from gymbridge.http2.compression import ACCEPTED, GZIP, TooLarge, pack, unpack
from gymbridge.http2.tls import TlsSocket

_MAX_HEADER_BYTES = 65_536
_READ_BYTES = 65_536
_OPEN_WINDOW_AT = frames.MAX_WINDOW // 2
_STREAM = 1
# gRPC's names for what HTTP says, where a proxy answers instead of a gRPC server.
_CODES_OF_HTTP = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}


class CallEnded(Exception):
    """The server ended the call: gRPC's `code` (0: OK), `message`, and a serialized google.rpc.Status or nothing."""

    def __init__(self, code: int, message: str, details: bytes) -> None:
        super().__init__(f"status {code}: {message}")
        self.code = code
        self.message = message
        self.details = details


class ConnectionBroken(Exception):
    """The connection is gone or the peer breaks the protocol; the message says how."""


class ClientCall:
    """A call under way on a connected socket, which it owns.

    One thread receives; others may send meanwhile. Waits as long as the socket's timeout says. Everything raises
    ConnectionBroken, after which only `close` makes sense.
    """

    def __init__(
        self,
        sock: socket.socket | TlsSocket,
        authority: str,
        path: str,
        metadata: Mapping[str, str],
        max_message_bytes: int,
        packs: bool = False,
    ) -> None:
        self._sock = sock
        # Whether messages are to be packed where the peer can do with that, and may come so.
        self._packs = packs
        self._max_message = max_message_bytes
        # Held while a message is written, which may take several frames.
        self._sending = threading.RLock()
        self._decoder = hpack.Decoder(_MAX_HEADER_BYTES)
        self._input = b""
        self._position = 0
        self._block: bytearray | None = None
        self._block_ends_call = False
        self._partial = bytearray()
        self._headers: dict[str, str] = {}
        # What CallEnded is made of: an exception that is kept would keep the frames it went through.
        self._end: tuple[int, str, bytes] | None = None
        self._max_frame = frames.MAX_FRAME_SIZE
        # What the peer lets us send, on the connection and on the stream; what it has sent since we opened ours.
        self._window = self._call_window = self._initial_window = frames.DEFAULT_WINDOW
        self._received = 0
        fields = {
            ":method": "POST",
            ":scheme": "https" if isinstance(sock, TlsSocket) else "http",
            ":path": path,
            ":authority": authority,
            "te": "trailers",
            "content-type": "application/grpc",
            "user-agent": "gymbridge-python",
            **({"grpc-encoding": GZIP, "grpc-accept-encoding": ACCEPTED} if packs else {}),
            **metadata,
        }
        block = b"".join(frames.header(name.encode(), value.encode()) for name, value in fields.items())
        self._write(
            frames.PREFACE
            + frames.settings(
                {
                    frames.SETTINGS_ENABLE_PUSH: 0,
                    frames.SETTINGS_INITIAL_WINDOW_SIZE: frames.MAX_WINDOW,
                    frames.SETTINGS_MAX_FRAME_SIZE: frames.LARGEST_FRAME_SIZE,
                    frames.SETTINGS_MAX_HEADER_LIST_SIZE: _MAX_HEADER_BYTES,
                }
            )
            + frames.window_update(0, frames.MAX_WINDOW - frames.DEFAULT_WINDOW)
            + frames.frame(frames.HEADERS, frames.END_HEADERS, _STREAM, block)
        )

    def settimeout(self, seconds: float | None) -> None:
        """How long `send` and `receive` may wait from now on; None: for ever."""
        self._sock.settimeout(seconds)

    def send(self, message: bytes) -> None:
        """Sends a message; waits, and acts on what arrives meanwhile, where the peer's windows are too small for it."""
        packed = 0
        if self._packs and GZIP in self._headers.get("grpc-accept-encoding", ""):
            packed, message = pack(message)
        size = len(message) + frames.PREFIX.size
        with self._sending:
            if size <= self._max_frame and size <= self._window and size <= self._call_window:
                self._window -= size
                self._call_window -= size
                head = frames.MESSAGE_HEAD.pack(size >> 8, size & 0xFF, frames.DATA, 0, _STREAM, packed, len(message))
                self._write(head + message)
                return
            waiting = memoryview(frames.PREFIX.pack(packed, len(message)) + message)
            while waiting:
                size = min(len(waiting), self._max_frame, self._window, self._call_window)
                if size <= 0:
                    if self._end is not None:
                        return
                    self._take_frame()
                    continue
                self._window -= size
                self._call_window -= size
                self._write(frames.frame(frames.DATA, 0, _STREAM, bytes(waiting[:size])))
                waiting = waiting[size:]

    def finish(self) -> None:
        """Says that no more messages come."""
        with self._sending:
            self._write(frames.frame(frames.DATA, frames.END_STREAM, _STREAM))

    def receive(self) -> bytes | memoryview:
        """The next message; CallEnded where there is none any more."""
        message: bytes | memoryview | None
        while True:
            if self._partial:
                message = self._next_message()
                if message is not None:
                    return message
            elif self._end is not None:
                raise CallEnded(*self._end)
            message = self._take_frame()
            if message is not None:
                return message

    @property
    def has_input(self) -> bool:
        """Whether something has arrived that `receive` has not looked at and the socket does not tell of."""
        if self._position < len(self._input) or self._end is not None:
            return True
        if len(self._partial) >= 5 and len(self._partial) >= 5 + frames.PREFIX.unpack_from(self._partial)[1]:
            return True
        return isinstance(self._sock, TlsSocket) and self._sock.has_decrypted()

    def fileno(self) -> int:
        """The socket's, to wait for what arrives."""
        return self._sock.fileno()

    def receive_arrived(self) -> bytes | memoryview | None:
        """The next message if it has arrived, None if not yet; CallEnded where there is none any more."""
        message: bytes | memoryview | None
        while True:
            if self._partial:
                message = self._next_message()
                if message is not None:
                    return message
            elif self._end is not None:
                raise CallEnded(*self._end)
            if self._position == len(self._input) and not self._has_arrived():
                return None
            message = self._take_frame()
            if message is not None:
                return message

    def shut_down(self) -> None:
        """Breaks the connection, from any thread: whoever waits on it gets ConnectionBroken."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Closes the socket. Closing twice is allowed."""
        self._sock.close()

    def _has_arrived(self) -> bool:
        if isinstance(self._sock, TlsSocket) and self._sock.has_decrypted():
            return True
        poll = select.poll()
        poll.register(self._sock.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def _write(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise ConnectionBroken(error.strerror or str(error)) from error

    def _take(self, size: int) -> bytes | memoryview:
        """Exactly so many of the next bytes."""
        position = self._position
        end = position + size
        if end <= len(self._input):
            self._position = end
            return self._input[position:end]
        try:
            if size <= _READ_BYTES:
                while end > len(self._input):
                    chunk = self._sock.recv(_READ_BYTES)
                    if not chunk:
                        raise ConnectionBroken("the server closed the connection")
                    self._input = self._input[position:] + chunk if position < len(self._input) else chunk
                    end -= position
                    position = 0
                self._position = end
                return self._input[:end]
            whole = bytearray(size)
            view = memoryview(whole)
            filled = len(self._input) - position
            view[:filled] = self._input[position:]
            self._input, self._position = b"", 0
            while filled < size:
                count = self._sock.recv_into(view[filled:])
                if not count:
                    raise ConnectionBroken("the server closed the connection")
                filled += count
            return view
        except OSError as error:
            raise ConnectionBroken(error.strerror or str(error)) from error

    def _take_frame(self) -> bytes | memoryview | None:
        """Acts on the next frame; the message, where the frame holds exactly one."""
        high, low, kind, flags, stream = frames.HEAD.unpack(self._take(frames.HEAD_SIZE))
        payload = self._take(high << 8 | low)
        if kind == frames.DATA and stream == _STREAM and self._block is None:
            return self._on_data(flags, payload)
        try:
            self._on_control(kind, flags, stream & frames.MAX_WINDOW, bytes(payload))
        except frames.ProtocolError as error:
            raise ConnectionBroken(f"the server breaks HTTP/2: {error}") from error
        return None

    def _on_data(self, flags: int, payload: bytes | memoryview) -> bytes | memoryview | None:
        size = len(payload)
        self._received += size
        if self._received > _OPEN_WINDOW_AT:
            received, self._received = self._received, 0
            self._write(frames.window_update(0, received) + frames.window_update(_STREAM, received))
        if flags & frames.PADDED:
            payload = frames.without_padding(bytes(payload))
            size = len(payload)
        if flags & frames.END_STREAM:
            self._end = (13, "the server ended the call without a status", b"")
        if not self._partial and size >= 5:
            compressed, length = frames.PREFIX.unpack_from(payload)
            if length == size - 5 and not compressed and length <= self._max_message:
                return payload[5:]
        self._partial += payload
        return None

    def _next_message(self) -> bytes | None:
        if len(self._partial) < 5:
            return None
        compressed, length = frames.PREFIX.unpack_from(self._partial)
        if compressed and not (self._packs and self._headers.get("grpc-encoding") == GZIP):
            raise ConnectionBroken("the server sent a compressed message, which was not asked for")
        if length > self._max_message:
            raise ConnectionBroken(f"the server sent a message of {length} bytes; {self._max_message} are taken")
        if len(self._partial) < 5 + length:
            if self._end is not None:
                raise ConnectionBroken("the call ended within a message")
            return None
        message = bytes(memoryview(self._partial)[5 : 5 + length])
        del self._partial[: 5 + length]
        if compressed:
            try:
                return unpack(message, self._max_message)
            except (TooLarge, ValueError) as error:
                raise ConnectionBroken(f"the server sent what is not taken: {error}") from error
        return message

    def _on_control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if self._block is not None and kind != frames.CONTINUATION:
            raise frames.ProtocolError(frames.PROTOCOL_ERROR, "a header block was interrupted")
        if kind == frames.HEADERS:
            if flags & frames.PADDED:
                payload = frames.without_padding(payload)
            self._block_ends_call = bool(flags & frames.END_STREAM)
            self._on_block(payload[5:] if flags & frames.HAS_PRIORITY else payload, flags)
        elif kind == frames.CONTINUATION and self._block is not None:
            self._on_block(payload, flags)
        elif kind == frames.SETTINGS:
            if not flags & frames.ACK:
                self._on_settings(payload)
        elif kind == frames.PING:
            if not flags & frames.ACK:
                with self._sending:
                    self._write(frames.frame(frames.PING, frames.ACK, 0, payload))
        elif kind == frames.WINDOW_UPDATE:
            frames.check_size(payload, 4)
            increment = int.from_bytes(payload, "big") & frames.MAX_WINDOW
            with self._sending:
                if stream == 0:
                    self._window += increment
                else:
                    self._call_window += increment
        elif kind == frames.RST_STREAM and self._end is None:
            raise ConnectionBroken(f"the server reset the call, code {int.from_bytes(payload, 'big')}")
        # A server that ends in good order finishes the calls that it names.
        elif kind == frames.GOAWAY and self._end is None and not int.from_bytes(payload[:4], "big"):
            text = payload[8:].decode(errors="replace")
            raise ConnectionBroken("the server goes away" + (f": {text}" if text else ""))

    def _on_block(self, part: bytes, flags: int) -> None:
        self._block = (self._block or bytearray()) + part
        if len(self._block) > _MAX_HEADER_BYTES:
            raise frames.ProtocolError(frames.ENHANCE_YOUR_CALM, "a header block that is too long")
        if not flags & frames.END_HEADERS:
            return
        block, self._block = bytes(self._block), None
        try:
            fields = self._decoder.decode(block, raw=True)
        except Exception as error:
            raise frames.ProtocolError(frames.COMPRESSION_ERROR, "a header block that cannot be decoded") from error
        self._headers |= {bytes(name).decode("latin-1"): bytes(value).decode("latin-1") for name, value in fields}
        if self._block_ends_call:
            self._end = _ended(self._headers)

    def _on_settings(self, payload: bytes) -> None:
        with self._sending:
            for at in range(0, len(payload) - 5, 6):
                key = int.from_bytes(payload[at : at + 2], "big")
                value = int.from_bytes(payload[at + 2 : at + 6], "big")
                if key == frames.SETTINGS_INITIAL_WINDOW_SIZE:
                    self._call_window += value - self._initial_window
                    self._initial_window = value
                elif key == frames.SETTINGS_MAX_FRAME_SIZE:
                    self._max_frame = value
            self._write(frames.frame(frames.SETTINGS, frames.ACK, 0))


def _ended(headers: Mapping[str, str]) -> tuple[int, str, bytes]:
    if "grpc-status" not in headers:
        status = headers.get(":status", "?")
        code = _CODES_OF_HTTP.get(int(status) if status.isdigit() else 0, 2)
        return code, f"the server does not speak gRPC: HTTP status {status}", b""
    encoded = headers.get("grpc-status-details-bin", "").partition(",")[0]
    details = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    status = headers["grpc-status"]
    return int(status) if status.isdigit() else 2, unquote(headers.get("grpc-message", "")), details
