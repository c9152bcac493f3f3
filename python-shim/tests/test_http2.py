"""The worker's own HTTP/2, against grpcio's client and against bytes that no client sends."""

import contextlib
import socket
import threading

import grpc
import pytest

from gymbridge.http2 import frames
from gymbridge.http2.server import Server

LIMIT = 1 << 20
ECHO = "/test.Echo/Stream"


class Echo:
    """Sends each message back, in a thread; "end" ends the call with an error, as does the client's own end with OK."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.address = f"unix:{path}"
        self.path = path
        self.lost = 0
        self.server = Server(self.listener, LIMIT, self.accept, spin_nanos=1000)
        self.running = True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while self.running:
            self.server.run_once(lambda: 0.05)

    def accept(self, call):
        if call.path != ECHO:
            call.finish(12, f"no method {call.path}")
            return

        def on_message(message):
            if message == b"end":
                call.finish(3, "ends 100 % — here", "AAAA")
            else:
                call.send(message)

        def on_lost():
            self.lost += 1

        call.on_message = on_message
        call.on_end = call.finish
        call.on_lost = on_lost

    def close(self):
        self.running = False
        self.thread.join(10)
        self.server.close()


@pytest.fixture
def echo(tmp_path):
    echo = Echo(str(tmp_path / "echo.sock"))
    yield echo
    echo.close()


@pytest.fixture
def stream(echo):
    options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(echo.address, options=options) as channel:
        yield channel.stream_stream(ECHO)


@pytest.mark.parametrize("size", [0, 1, 16_379, 16_380, 65_535, 65_536, 300_000, LIMIT])
def test_message_of_any_size_comes_back(stream, size):
    messages = [bytes([n]) * size for n in range(3)]
    assert list(stream(iter(messages), timeout=20)) == messages


def test_thousands_of_messages_outlast_every_window(stream):
    messages = [bytes([n % 256]) * (n % 700) for n in range(20_000)]
    assert list(stream(iter(messages), timeout=60)) == messages


def test_error_status_carries_its_message_and_details(stream):
    with pytest.raises(grpc.RpcError) as caught:
        list(stream(iter([b"x", b"end", b"y"]), timeout=20))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "ends 100 % — here"
    assert dict(caught.value.trailing_metadata())["grpc-status-details-bin"] == b"\0\0\0"


def test_unknown_method_is_unimplemented(echo):
    with grpc.insecure_channel(echo.address) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/test.Echo/Nothing")(b"x", timeout=20)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_message_above_the_limit_ends_its_call_only(echo, stream):
    with pytest.raises(grpc.RpcError) as caught:
        list(stream(iter([bytes(LIMIT + 1)]), timeout=20))
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert list(stream(iter([b"on"]), timeout=20)) == [b"on"]


def test_slow_reader_gets_everything_and_does_not_stop_others(echo, stream):
    slow = stream(iter([bytes([n]) * LIMIT for n in range(8)]), timeout=60)
    with grpc.insecure_channel(echo.address, options=[("grpc.use_local_subchannel_pool", 1)]) as other:
        assert list(other.stream_stream(ECHO)(iter([b"quick"]), timeout=20)) == [b"quick"]
    assert [message[0] for message in slow] == list(range(8))


def connect(echo):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(echo.path)
    return client


def read_all(client):
    """Whatever the server still sends, to the end of the connection."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while more := client.recv(65_536):
            data += more
    return data


def goaway_code(data):
    """The code of the GOAWAY frame in it."""
    while data:
        high, low, kind, _, _ = frames.HEAD.unpack_from(data)
        size = high << 8 | low
        if kind == frames.GOAWAY:
            return int.from_bytes(data[frames.HEAD_SIZE + 4 : frames.HEAD_SIZE + 8], "big")
        data = data[frames.HEAD_SIZE + size :]
    raise AssertionError("no GOAWAY")


SETTINGS = frames.settings({})


@pytest.mark.parametrize(
    ("bytes_sent", "code"),
    [
        (frames.frame(frames.DATA, 0, 1, b"x"), frames.PROTOCOL_ERROR),
        (frames.frame(frames.DATA, 0, 0, b"x"), frames.PROTOCOL_ERROR),
        (frames.frame(frames.HEADERS, frames.END_HEADERS, 2, b"\x88"), frames.PROTOCOL_ERROR),
        (frames.frame(frames.HEADERS, frames.END_HEADERS, 1, b"\xff\xff\xff\xff\xff"), frames.COMPRESSION_ERROR),
        (
            frames.frame(frames.HEADERS, 0, 1, b"\x88") + frames.frame(frames.PING, 0, 0, bytes(8)),
            frames.PROTOCOL_ERROR,
        ),
        (frames.frame(frames.CONTINUATION, 0, 1, b"\x88"), frames.PROTOCOL_ERROR),
        (frames.frame(frames.PUSH_PROMISE, 0, 1, bytes(4)), frames.PROTOCOL_ERROR),
        (frames.frame(frames.PING, 0, 0, bytes(7)), frames.FRAME_SIZE_ERROR),
        (frames.frame(frames.RST_STREAM, 0, 1, bytes(4)), frames.PROTOCOL_ERROR),
        (frames.frame(frames.SETTINGS, 0, 0, bytes(5)), frames.FRAME_SIZE_ERROR),
        (frames.settings({frames.SETTINGS_INITIAL_WINDOW_SIZE: 1 << 31}), frames.FLOW_CONTROL_ERROR),
        (frames.settings({frames.SETTINGS_MAX_FRAME_SIZE: 1}), frames.PROTOCOL_ERROR),
        (frames.frame(frames.WINDOW_UPDATE, 0, 0, bytes(4)), frames.PROTOCOL_ERROR),
        (frames.frame(frames.WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"), frames.FLOW_CONTROL_ERROR),
        (frames.frame(frames.DATA, 0, 1, bytes(16_385)), frames.FRAME_SIZE_ERROR),
    ],
)
def test_broken_rule_ends_its_connection_only(echo, stream, bytes_sent, code):
    with connect(echo) as client:
        client.sendall(frames.PREFACE + SETTINGS)
        sender = threading.Thread(target=_send_quietly, args=(client, bytes_sent))
        sender.start()
        assert goaway_code(read_all(client)) == code
        sender.join()
    assert list(stream(iter([b"on"]), timeout=20)) == [b"on"]


def test_flood_of_pings_ends_its_connection_only(echo, stream):
    with connect(echo) as client:
        client.sendall(frames.PREFACE + SETTINGS)
        sender = threading.Thread(
            target=_send_quietly, args=(client, frames.frame(frames.PING, 0, 0, bytes(8)) * 11_000)
        )
        sender.start()
        read_all(client)
        sender.join()
    assert list(stream(iter([b"on"]), timeout=20)) == [b"on"]


def _send_quietly(client, data):
    with contextlib.suppress(OSError):
        client.sendall(data)


def test_bytes_that_are_not_http2_end_their_connection_only(echo, stream):
    with connect(echo) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        read_all(client)
    assert list(stream(iter([b"on"]), timeout=20)) == [b"on"]


def test_client_that_goes_in_the_middle_loses_its_call(echo):
    with connect(echo) as client:
        path = frames.header(b":path", ECHO.encode())
        block = path + frames.header(b"content-type", b"application/grpc")
        client.sendall(frames.PREFACE + SETTINGS + frames.frame(frames.HEADERS, frames.END_HEADERS, 1, block))
        client.sendall(frames.frame(frames.DATA, 0, 1, frames.PREFIX.pack(0, 100) + b"only a part"))
        # The settings come back once everything before has been read.
        client.sendall(frames.frame(frames.PING, 0, 0, bytes(8)))
        seen = b""
        while frames.frame(frames.PING, frames.ACK, 0, bytes(8)) not in seen:
            seen += client.recv(65_536)
    echo.close()
    assert echo.lost == 1


def test_client_that_goes_before_it_is_accepted_disturbs_nobody(echo, stream):
    echo.running = False
    echo.thread.join(10)
    with connect(echo):
        pass
    echo.running, echo.thread = True, threading.Thread(target=echo.run)
    echo.thread.start()
    assert list(stream(iter([b"on"]), timeout=20)) == [b"on"]


def test_ping_is_answered_with_its_own_bytes(echo):
    with connect(echo) as client:
        client.sendall(frames.PREFACE + SETTINGS + frames.frame(frames.PING, 0, 0, b"12345678"))
        seen = b""
        while frames.frame(frames.PING, frames.ACK, 0, b"12345678") not in seen:
            seen += client.recv(65_536)


def test_idle_connections_make_room_for_new_ones(echo, stream):
    idle = [connect(echo) for _ in range(100)]
    assert list(stream(iter([b"on"]), timeout=20)) == [b"on"]
    for client in idle:
        client.close()
