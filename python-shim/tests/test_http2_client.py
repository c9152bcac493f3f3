"""The client's HTTP/2 against servers that others wrote, and against frames that come in odd ways."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from gymbridge.client.address import Address
from gymbridge.client.errors import from_end
from gymbridge.errors import RequestError
from gymbridge.errors import abort as end_with
from gymbridge.http2 import frames
from gymbridge.http2.client import CallEnded, ClientCall, ConnectionBroken


def echo(requests, context):
    yield from requests


def fail(requests, context):
    next(requests)
    end_with(context, RequestError(grpc.StatusCode.NOT_FOUND, "nö, 100 %", ["line 1", "line 2"]), True)


def long_trailers(requests, context):
    # More than one frame takes.
    context.set_trailing_metadata([(f"key-{number}", "x" * 3000) for number in range(8)])
    yield from requests


@pytest.fixture(scope="module")
def address():
    """Where grpcio serves the functions above, and asks every few milliseconds whether its client is there."""
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    options += [("grpc.keepalive_time_ms", 20), ("grpc.keepalive_timeout_ms", 20_000)]
    server = grpc.server(ThreadPoolExecutor(8), options=options)
    handlers = {name.__name__: grpc.stream_stream_rpc_method_handler(name) for name in (echo, fail, long_trailers)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Echo", handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield Address("127.0.0.1", port)
    server.stop(0)


def test_messages_of_all_sizes_come_back(address):
    call = address.call("/test.Echo/echo", 20)
    for size in (0, 1, 127, 16_379, 16_380, 70_000, 5_000_000):
        message = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        call.send(message)
        assert bytes(call.receive()) == message
    for number in range(2000):
        call.send(b"%d" % number)
        assert call.receive() == b"%d" % number
    call.finish()
    with pytest.raises(CallEnded) as caught:
        call.receive()
    assert caught.value.code == 0
    call.close()


def test_many_messages_at_once_keep_their_order(address):
    call = address.call("/test.Echo/echo", 20)
    sent = [bytes([number % 256]) * (number * 37 % 5000) for number in range(300)]
    for message in sent:
        call.send(message)
    assert [bytes(call.receive()) for _ in sent] == sent
    call.close()


def test_statuses_have_their_message_and_details(address):
    call = address.call("/test.Echo/fail", 20)
    call.send(b"x")
    with pytest.raises(CallEnded) as caught:
        call.receive()
    error = from_end(caught.value)
    assert error.code == "NOT_FOUND" and error.remote_traceback == "line 1\nline 2"
    assert str(error).startswith("nö, 100 %\n")
    call.close()
    call = address.call("/test.Echo/none", 20)
    with pytest.raises(CallEnded) as caught:
        call.receive()
    assert from_end(caught.value).code == "UNIMPLEMENTED"
    call.close()


def test_header_blocks_may_take_several_frames(address):
    call = address.call("/test.Echo/long_trailers", 20)
    call.send(b"x")
    call.finish()
    assert call.receive() == b"x"
    with pytest.raises(CallEnded) as caught:
        call.receive()
    assert caught.value.code == 0
    call.close()


class Peer:
    """A server's end of a call, which says what the test has it say."""

    def __init__(self):
        here, self.sock = socket.socketpair()
        self.call = ClientCall(here, "localhost", "/a/b", {"k": "v"}, 1000)
        self.sock.settimeout(20)
        here.settimeout(20)

    def say(self, *parts):
        self.sock.sendall(b"".join(parts))

    def close(self):
        self.call.close()
        self.sock.close()


@pytest.fixture
def peer():
    peer = Peer()
    yield peer
    peer.close()


HEADERS = frames.frame(frames.HEADERS, frames.END_HEADERS, 1, frames.RESPONSE_HEADERS)


def data(payload, flags=0):
    return frames.frame(frames.DATA, flags, 1, payload)


def test_messages_are_put_together_however_they_are_cut(peer):
    whole = frames.PREFIX.pack(0, 5) + b"hello" + frames.PREFIX.pack(0, 0) + frames.PREFIX.pack(0, 3) + b"abc"
    peer.say(HEADERS, data(whole[:2]), data(b""), data(whole[2:13]), frames.frame(99, 0, 1, b"?"), data(whole[13:]))
    assert [bytes(peer.call.receive()) for _ in range(3)] == [b"hello", b"", b"abc"]
    padded = b"\3" + frames.PREFIX.pack(0, 2) + b"hi" + bytes(3)
    peer.say(data(padded, frames.PADDED))
    assert peer.call.receive() == b"hi"
    for byte in data(frames.PREFIX.pack(0, 1) + b"z"):
        peer.say(bytes((byte,)))
    assert peer.call.receive() == b"z"


def test_pings_are_answered_while_waiting(peer):
    ping = frames.frame(frames.PING, 0, 0, b"12345678")
    peer.say(HEADERS, frames.frame(frames.PING, frames.ACK, 0, bytes(8)), ping, data(frames.PREFIX.pack(0, 0)))
    assert peer.call.receive() == b""
    sent = b""
    while not sent.endswith(frames.frame(frames.PING, frames.ACK, 0, b"12345678")):
        sent += peer.sock.recv(65536)


def test_sending_waits_for_the_peers_windows(peer):
    message = bytes(200_000)
    sender = threading.Thread(target=peer.call.send, args=(message,))
    sender.start()
    peer.say(frames.settings({frames.SETTINGS_INITIAL_WINDOW_SIZE: 100_000, frames.SETTINGS_MAX_FRAME_SIZE: 20_000}))
    received, sizes, buffer, windows = 0, set(), b"", 0
    while received < len(message) + 5:
        buffer += peer.sock.recv(65536)
        buffer = buffer.removeprefix(frames.PREFACE)
        while len(buffer) >= 9:
            high, low, kind, _, _ = frames.HEAD.unpack_from(buffer)
            size = high << 8 | low
            if len(buffer) < 9 + size:
                break
            if kind == frames.DATA:
                received += size
                sizes.add(size)
                windows += size
                if windows > 40_000:
                    peer.say(frames.window_update(0, windows), frames.window_update(1, windows))
                    windows = 0
            buffer = buffer[9 + size :]
    sender.join(20)
    assert received == len(message) + 5 and max(sizes) <= 20_000


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (data(frames.PREFIX.pack(1, 1) + b"x"), "compressed"),
        (data(frames.PREFIX.pack(0, 1001)), "1001 bytes; 1000 are taken"),
        (frames.frame(frames.RST_STREAM, 0, 1, (8).to_bytes(4, "big")), "reset the call, code 8"),
        (frames.frame(frames.GOAWAY, 0, 0, bytes(8) + b"busy"), "goes away: busy"),
        (frames.frame(frames.WINDOW_UPDATE, 0, 1, b"x"), "breaks HTTP/2"),
        (frames.frame(frames.HEADERS, 0, 1, b"") + data(b""), "interrupted"),
        (frames.frame(frames.HEADERS, frames.END_HEADERS, 1, b"\xff\xff\xff\xff\xff"), "cannot be decoded"),
        (data(frames.PREFIX.pack(0, 5) + b"h", frames.END_STREAM), "within a message"),
    ],
)
def test_a_peer_that_breaks_the_protocol_breaks_the_connection(peer, said, message):
    peer.say(HEADERS, said)
    with pytest.raises(ConnectionBroken, match=message):
        peer.call.receive()


def test_a_server_that_goes_away_in_good_order_finishes_the_call(peer):
    last = frames.MAX_WINDOW.to_bytes(4, "big")
    peer.say(HEADERS, frames.frame(frames.GOAWAY, 0, 0, last + bytes(4)), data(frames.PREFIX.pack(0, 1) + b"x"))
    assert peer.call.receive() == b"x"
    ended = frames.frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, 1, frames.trailers(5, "no", None))
    peer.say(ended, frames.frame(frames.RST_STREAM, 0, 1, bytes(4)))
    with pytest.raises(CallEnded, match="status 5: no"):
        peer.call.receive()


def test_what_is_no_grpc_server_is_said(peer):
    peer.say(frames.frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, 1, b"\x8d"))
    with pytest.raises(CallEnded, match="does not speak gRPC: HTTP status 404"):
        peer.call.receive()


def test_a_connection_can_be_broken_from_another_thread(peer):
    threading.Timer(0.05, peer.call.shut_down).start()
    with pytest.raises(ConnectionBroken, match="closed the connection"):
        peer.call.receive()
