"""One HTTP/2 connection: what comes in becomes calls and their messages, what goes out keeps to the peer's windows."""

from __future__ import annotations

import re
import socket
import ssl
import sys
import traceback
from collections.abc import Callable

import hpack

from gymbridge.http2 import frames
from gymbridge.http2.call import Call
from gymbridge.http2.compression import ACCEPTED, TooLarge, pack, unpack

_MAX_STREAMS = 100
_MAX_HEADER_BYTES = 16_384
_READ_BYTES = 65_536
# The peer's window is opened again when half of it is used up.
_OPEN_WINDOW_AT = frames.MAX_WINDOW // 2
# A peer that does not read what it asked for is not listened to until it does.
_MAX_UNSENT_BYTES = 1 << 20
# Frames that bring nothing, in a row; a header block counts once more for each of these many bytes.
_MAX_CONTROL_FRAMES = 10_000
_HEADER_BYTES_AS_A_FRAME = 256
# Each resizes the table at the decoder, which takes long; HPACK has no use for a third one.
_TABLE_RESIZED_THRICE = re.compile(rb"(?:[\x20-\x3e]|\x3f[\x80-\xff]*[\x00-\x7f]){3}")
_UNIMPLEMENTED, _RESOURCE_EXHAUSTED, _INTERNAL = 12, 8, 13


class Connection:
    """A client's connection. Used by one thread at a time; `sock` does not block.

    `accept` gets each new call and sets its callbacks; `changed` hears when bytes begin to wait for the socket. Nothing
    here raises: what goes wrong ends a call, or sets `closed`.
    """

    def __init__(
        self,
        sock: socket.socket,
        max_message_bytes: int,
        accept: Callable[[Call], None],
        changed: Callable[[Connection], None],
    ) -> None:
        self.sock = sock
        self._changed = changed
        self.closed = False
        self._max_message = max_message_bytes
        self._accept = accept
        self._calls: dict[int, Call] = {}
        self._last_stream = 0
        self._decoder = hpack.Decoder(_MAX_HEADER_BYTES)
        self._input = b""
        self._preface = True
        self._headers: tuple[int, int, bytearray] | None = None
        self._unsent = bytearray()
        self._window = frames.DEFAULT_WINDOW
        self._initial_window = frames.DEFAULT_WINDOW
        self._max_frame = frames.MAX_FRAME_SIZE
        self._received = 0
        self._control_frames = 0
        self._tls = isinstance(sock, ssl.SSLSocket)
        self._handshaken = not self._tls
        # TLS may have to write before it can read on, and the other way round.
        self._tls_waits_to_write = False
        # The peer may always send: what it may not is bounded by the largest message and by not being read.
        self._write(
            frames.settings(
                {
                    frames.SETTINGS_MAX_CONCURRENT_STREAMS: _MAX_STREAMS,
                    frames.SETTINGS_INITIAL_WINDOW_SIZE: frames.MAX_WINDOW,
                    frames.SETTINGS_MAX_HEADER_LIST_SIZE: _MAX_HEADER_BYTES,
                }
            )
            + frames.window_update(0, frames.MAX_WINDOW - frames.DEFAULT_WINDOW),
        )

    @property
    def wants_to_write(self) -> bool:
        """Whether bytes wait for the socket to take them."""
        return self._tls_waits_to_write or (self._handshaken and bool(self._unsent))

    @property
    def wants_to_read(self) -> bool:
        """Whether the peer is listened to: not while it leaves too much unread itself."""
        return not self._tls_waits_to_write and len(self._unsent) < _MAX_UNSENT_BYTES

    @property
    def is_trusted(self) -> bool:
        """Whether a call of a caller that is known is under way."""
        return any(call.trusted for call in self._calls.values())

    def read(self) -> bool:
        """Takes what has arrived and acts on it; whether there was anything."""
        try:
            if not self._handshaken:
                self._shake_hands()
            data = self.sock.recv(_READ_BYTES)
            if self._tls:
                # What is decrypted already, no poll would tell of.
                while data and self.sock.pending():  # type: ignore[attr-defined]
                    data += self.sock.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError):
            return False
        except ssl.SSLWantWriteError:
            self._tls_waits_to_write = True
            return False
        except OSError:
            self.close()
            return True
        if not data:
            self.close()
            return True
        try:
            self._take(data)
        except frames.ProtocolError as error:
            self._go_away(error.code, str(error))
        except Exception:
            # A defect of ours; it is not to cost more than this connection.
            traceback.print_exc(file=sys.stderr)
            self._go_away(frames.INTERNAL_ERROR, "a defect of the server")
        return True

    def write(self) -> None:
        """Hands waiting bytes to the socket, as many as it takes."""
        self._tls_waits_to_write = False
        try:
            if not self._handshaken:
                self._shake_hands()
            while self._unsent:
                sent = self.sock.send(memoryview(self._unsent)[: 1 << 20])
                del self._unsent[:sent]
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError):
            pass
        except ssl.SSLWantWriteError:
            self._tls_waits_to_write = True
        except OSError:
            self.close()

    def close(self) -> None:
        """Closes the socket; the calls under way are lost."""
        if self.closed:
            return
        self.closed = True
        self.sock.close()
        calls, self._calls = list(self._calls.values()), {}
        for call in calls:
            call.over = True
            call.on_lost()

    def drain(self) -> None:
        """Tells the peer that the server ends, and closes once what waits is out or cannot go."""
        self._go_away(frames.NO_ERROR, "the server ends")

    def send_message(self, call: Call, message: bytes) -> None:
        """Sends a message on a call, as far as its windows allow at once."""
        packed = 0
        if call.is_packed:
            packed, message = pack(message)
        size = len(message) + frames.PREFIX.size
        call.unread = call.unread + 1 if self._unsent or call.waiting else 0
        if (
            size <= self._max_frame
            and size <= self._window
            and size <= call.window
            and call.headers_sent
            and not call.waiting
        ):
            self._window -= size
            call.window -= size
            head = frames.MESSAGE_HEAD.pack(size >> 8, size & 0xFF, frames.DATA, 0, call.stream, packed, len(message))
            self._write(head + message)
            return
        self._send_headers(call)
        call.waiting += frames.PREFIX.pack(packed, len(message))
        call.waiting += message
        self._pump(call)

    def send_trailers(self, call: Call, block: bytes) -> None:
        """Ends a call with these trailers, after what waits on it."""
        if not call.headers_sent:
            block = frames.RESPONSE_HEADERS + block
            call.headers_sent = True
        call.ending = block
        self._pump(call)

    def _send_headers(self, call: Call) -> None:
        if not call.headers_sent:
            call.headers_sent = True
            block = frames.PACKED_RESPONSE_HEADERS if call.is_packed else frames.RESPONSE_HEADERS
            self._write(frames.frame(frames.HEADERS, frames.END_HEADERS, call.stream, block))

    def _pump(self, call: Call) -> None:
        """Sends what waits on a call as far as the windows allow; then its end."""
        while call.waiting:
            size = min(len(call.waiting), self._max_frame, self._window, call.window)
            if size <= 0:
                return
            self._window -= size
            call.window -= size
            self._unsent += frames.frame(frames.DATA, 0, call.stream, bytes(memoryview(call.waiting)[:size]))
            del call.waiting[:size]
        if call.ending is not None:
            self._unsent += frames.frame(
                frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, call.stream, call.ending
            )
            call.over = True
            self._calls.pop(call.stream, None)
        self.write()
        if self._unsent:
            self._changed(self)

    def _write(self, data: bytes) -> None:
        if self._unsent or not self._handshaken:
            self._unsent += data
            self._changed(self)
            return
        try:
            sent = self.sock.send(data)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            sent = 0
        except OSError:
            self.close()
            return
        if sent < len(data):
            self._unsent += data[sent:]
            self._changed(self)

    def _shake_hands(self) -> None:
        assert isinstance(self.sock, ssl.SSLSocket)
        self.sock.do_handshake()
        if self.sock.selected_alpn_protocol() != "h2":
            raise OSError("the client does not offer HTTP/2")
        self._handshaken = True
        self.write()

    def _go_away(self, code: int, message: str) -> None:
        payload = self._last_stream.to_bytes(4, "big") + code.to_bytes(4, "big") + message.encode()[:200]
        self._write(frames.frame(frames.GOAWAY, 0, 0, payload))
        self.close()

    def _take(self, data: bytes) -> None:
        if self._input:
            data = self._input + data
            self._input = b""
        position = 0
        if self._preface:
            if not frames.PREFACE.startswith(data[: len(frames.PREFACE)]):
                self.close()
                return
            if len(data) < len(frames.PREFACE):
                self._input = data
                return
            self._preface = False
            position = len(frames.PREFACE)
        end = len(data)
        while end - position >= frames.HEAD_SIZE and not self.closed:
            high, low, kind, flags, stream = frames.HEAD.unpack_from(data, position)
            size = high << 8 | low
            if size > frames.MAX_FRAME_SIZE:
                raise frames.ProtocolError(frames.FRAME_SIZE_ERROR, f"a frame of {size} bytes")
            start = position + frames.HEAD_SIZE
            if end - start < size:
                break
            position = start + size
            self._handle(kind, flags, stream & frames.MAX_WINDOW, data[start:position])
        if position < end:
            self._input = data[position:]

    def _handle(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if self._headers is not None and kind != frames.CONTINUATION:
            raise frames.ProtocolError(frames.PROTOCOL_ERROR, "a header block was interrupted")
        if kind == frames.DATA:
            self._on_data(flags, stream, payload)
            return
        self._count(1 + len(payload) // _HEADER_BYTES_AS_A_FRAME)
        if kind == frames.HEADERS:
            self._on_headers(flags, stream, payload)
        elif kind == frames.CONTINUATION:
            self._on_continuation(flags, stream, payload)
        elif kind == frames.RST_STREAM:
            frames.check_size(payload, 4)
            if stream == 0 or stream > self._last_stream:
                raise frames.ProtocolError(frames.PROTOCOL_ERROR, "reset of a stream that was never opened")
            self._lose(stream)
        elif kind == frames.SETTINGS:
            self._on_settings(flags, stream, payload)
        elif kind == frames.PING:
            frames.check_size(payload, 8)
            if stream != 0:
                raise frames.ProtocolError(frames.PROTOCOL_ERROR, "a ping on a stream")
            if not flags & frames.ACK:
                self._write(frames.frame(frames.PING, frames.ACK, 0, payload))
        elif kind == frames.WINDOW_UPDATE:
            self._on_window_update(stream, payload)
        elif kind == frames.PUSH_PROMISE:
            raise frames.ProtocolError(frames.PROTOCOL_ERROR, "a client cannot push")
        # PRIORITY, GOAWAY and frames of unknown types need no answer.

    def _count(self, frames_without_use: int) -> None:
        self._control_frames += frames_without_use
        if self._control_frames > _MAX_CONTROL_FRAMES:
            raise frames.ProtocolError(frames.ENHANCE_YOUR_CALM, "too many frames that carry no data")

    def _on_data(self, flags: int, stream: int, payload: bytes) -> None:
        call = self._calls.get(stream)
        size = len(payload)
        self._received += size
        if self._received > _OPEN_WINDOW_AT:
            self._write(frames.window_update(0, self._received))
            self._received = 0
        if call is None or call.ending is not None:
            if stream == 0 or stream > self._last_stream:
                raise frames.ProtocolError(frames.PROTOCOL_ERROR, "data on a stream that was never opened")
            self._count(1)
            return
        call.received += size
        if call.received > _OPEN_WINDOW_AT:
            self._write(frames.window_update(stream, call.received))
            call.received = 0
        if flags & frames.PADDED:
            payload = frames.without_padding(payload)
        size = len(payload)
        if size and call.trusted:
            self._control_frames = 0
        else:
            self._count(1)
        if not call.partial and size >= 5:
            compressed, length = frames.PREFIX.unpack_from(payload)
            if length == size - 5 and not compressed and length <= call.max_message:
                call.on_message(payload[5:])
                payload = b""
        if payload:
            call.partial += payload
            self._take_messages(call)
        if flags & frames.END_STREAM and not call.over and call.ending is None:
            if call.partial:
                call.finish(13, "the stream ended within a message")
            else:
                call.on_end()

    def _take_messages(self, call: Call) -> None:
        partial = call.partial
        while len(partial) >= 5 and not call.over and call.ending is None:
            compressed, length = frames.PREFIX.unpack_from(partial)
            if compressed and not call.is_packed:
                call.finish(_INTERNAL, "a message is compressed, but no header grpc-encoding says how")
                return
            if length > call.max_message:
                message = f"got a message of {length} bytes, larger than {call.max_message}, the most taken here"
                call.on_lost()
                call.finish(_RESOURCE_EXHAUSTED, message)
                return
            if len(partial) < 5 + length:
                return
            message_bytes = bytes(memoryview(partial)[5 : 5 + length])
            del partial[: 5 + length]
            if compressed:
                try:
                    message_bytes = unpack(message_bytes, call.max_message)
                except (TooLarge, ValueError) as error:
                    call.on_lost()
                    call.finish(_RESOURCE_EXHAUSTED if isinstance(error, TooLarge) else _INTERNAL, str(error))
                    return
            call.on_message(message_bytes)

    def _on_headers(self, flags: int, stream: int, payload: bytes) -> None:
        if flags & frames.PADDED:
            payload = frames.without_padding(payload)
        if flags & frames.HAS_PRIORITY:
            if len(payload) < 5:
                raise frames.ProtocolError(frames.FRAME_SIZE_ERROR, "a HEADERS frame without its priority")
            payload = payload[5:]
        if stream % 2 == 0:
            raise frames.ProtocolError(frames.PROTOCOL_ERROR, f"a client cannot open stream {stream}")
        self._headers = (stream, flags, bytearray(payload))
        if flags & frames.END_HEADERS:
            self._headers_complete()

    def _on_continuation(self, flags: int, stream: int, payload: bytes) -> None:
        if self._headers is None or self._headers[0] != stream:
            raise frames.ProtocolError(frames.PROTOCOL_ERROR, "a continuation of no header block")
        block = self._headers[2]
        block += payload
        if len(block) > _MAX_HEADER_BYTES:
            raise frames.ProtocolError(frames.ENHANCE_YOUR_CALM, "a header block that is too long")
        if flags & frames.END_HEADERS:
            self._headers_complete()

    def _headers_complete(self) -> None:
        assert self._headers is not None
        (stream, flags, block), self._headers = self._headers, None
        if _TABLE_RESIZED_THRICE.match(block):
            raise frames.ProtocolError(frames.COMPRESSION_ERROR, "a header block that resizes its table too often")
        try:
            fields = self._decoder.decode(bytes(block), raw=True)
        except Exception as error:
            raise frames.ProtocolError(frames.COMPRESSION_ERROR, "a header block that cannot be decoded") from error
        if stream <= self._last_stream:
            # Trailers of a client: gRPC has none; they end its side.
            call = self._calls.get(stream)
            if call is not None and flags & frames.END_STREAM:
                call.on_end()
            return
        self._last_stream = stream
        headers = {bytes(name).decode("latin-1"): bytes(value).decode("latin-1") for name, value in fields}
        call = Call(self, stream, headers.get(":path", ""), headers, self._initial_window, self._max_message)
        if len(self._calls) >= _MAX_STREAMS:
            self._write(frames.frame(frames.RST_STREAM, 0, stream, frames.REFUSED_STREAM.to_bytes(4, "big")))
            return
        self._calls[stream] = call
        if not headers.get("content-type", "").startswith("application/grpc"):
            call.finish(_UNIMPLEMENTED, "only gRPC is spoken here")
            return
        encoding = headers.get("grpc-encoding", "identity")
        if encoding not in ACCEPTED.split(","):
            call.finish(_UNIMPLEMENTED, f"messages of the encoding {encoding!r} are not taken; take one of {ACCEPTED}")
            return
        self._accept(call)
        if flags & frames.END_STREAM and not call.over and call.ending is None:
            call.on_end()

    def _on_settings(self, flags: int, stream: int, payload: bytes) -> None:
        if stream != 0 or len(payload) % 6 or (flags & frames.ACK and payload):
            raise frames.ProtocolError(frames.FRAME_SIZE_ERROR, "a malformed SETTINGS frame")
        if flags & frames.ACK:
            return
        for at in range(0, len(payload), 6):
            key = int.from_bytes(payload[at : at + 2], "big")
            value = int.from_bytes(payload[at + 2 : at + 6], "big")
            if key == frames.SETTINGS_INITIAL_WINDOW_SIZE:
                if value > frames.MAX_WINDOW:
                    raise frames.ProtocolError(frames.FLOW_CONTROL_ERROR, f"an initial window of {value}")
                for call in self._calls.values():
                    call.window += value - self._initial_window
                self._initial_window = value
            elif key == frames.SETTINGS_MAX_FRAME_SIZE:
                if not frames.MAX_FRAME_SIZE <= value <= frames.LARGEST_FRAME_SIZE:
                    raise frames.ProtocolError(frames.PROTOCOL_ERROR, f"a largest frame of {value} bytes")
                self._max_frame = value
        self._write(frames.frame(frames.SETTINGS, frames.ACK, 0))
        self._pump_all()

    def _on_window_update(self, stream: int, payload: bytes) -> None:
        frames.check_size(payload, 4)
        increment = int.from_bytes(payload, "big") & frames.MAX_WINDOW
        if increment == 0:
            raise frames.ProtocolError(frames.PROTOCOL_ERROR, "a window update of 0")
        if stream == 0:
            self._window += increment
            if self._window > frames.MAX_WINDOW:
                raise frames.ProtocolError(frames.FLOW_CONTROL_ERROR, "a window above its maximum")
            self._pump_all()
            return
        call = self._calls.get(stream)
        if call is not None:
            call.window += increment
            if call.window > frames.MAX_WINDOW:
                raise frames.ProtocolError(frames.FLOW_CONTROL_ERROR, "a window above its maximum")
            self._pump(call)

    def _pump_all(self) -> None:
        for call in list(self._calls.values()):
            if call.waiting or call.ending is not None:
                self._pump(call)

    def _lose(self, stream: int) -> None:
        call = self._calls.pop(stream, None)
        if call is not None:
            call.over = True
            call.on_lost()
