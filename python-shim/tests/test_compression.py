"""gzip between all clients and the worker: what is packed, what is refused."""

import gzip
import zlib

import grpc
import numpy as np
import pytest
from support import Session
from test_http2 import ECHO, LIMIT, Echo

import gymbridge
from gymbridge.client.address import Address
from gymbridge.http2 import connection, frames
from gymbridge.http2.client import CallEnded, ClientCall, ConnectionBroken
from gymbridge.http2.compression import TooLarge, pack, unpack

LARGE = bytes(50_000)


@pytest.fixture
def echo(tmp_path):
    echo = Echo(str(tmp_path / "echo.sock"))
    yield echo
    echo.close()


def call(echo, packs=True, **metadata):
    sock = Address.parse(echo.address).connect(10)
    return ClientCall(sock, "localhost", ECHO, metadata, LIMIT, packs)


def test_only_what_becomes_smaller_is_packed():
    flag, packed = pack(LARGE)
    assert flag == 1 and len(packed) < 500 and gzip.decompress(packed) == LARGE
    assert unpack(packed, len(LARGE)) == LARGE
    for message in (b"", b"small", bytes(1023), np.random.default_rng(0).bytes(5000)):
        assert pack(message) == (0, message)


def test_a_bomb_takes_no_more_memory_than_is_allowed():
    bomb = gzip.compress(bytes(100 << 20))
    with pytest.raises(TooLarge, match="unpacks to more than 1000"):
        unpack(bomb, 1000)
    assert len(unpack(gzip.compress(bytes(1000)), 1000)) == 1000


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"no gzip",
        pack(LARGE)[1][:-1],
        pack(LARGE)[1] + b"more",
        zlib.compress(LARGE),
        pack(LARGE)[1][:-8] + bytes(8),
    ],
)
def test_what_is_damaged_is_no_message(damaged):
    with pytest.raises(ValueError, match="gzip"):
        unpack(damaged, LIMIT)


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.NoCompression])
def test_grpcio_sends_and_gets_packed_messages_where_it_asks_for_them(echo, compression, monkeypatch):
    # grpcio tells nobody; the server is in this process.
    came, went = [], []
    monkeypatch.setattr(connection, "unpack", lambda *given: (came.append(given), unpack(*given))[1])
    monkeypatch.setattr(connection, "pack", lambda message: went.append(pack(message)) or went[-1])
    messages = [b"small", LARGE, np.random.default_rng(0).bytes(5000), LARGE[:2000]]
    with grpc.insecure_channel(echo.address, compression=compression) as channel:
        assert list(channel.stream_stream(ECHO)(iter(messages))) == messages
    asked = compression is grpc.Compression.Gzip
    assert [flag for flag, _ in went] == ([0, 1, 0, 1] if asked else [])
    assert bool(came) is asked


def test_other_encodings_are_refused_and_ours_named(echo):
    with grpc.insecure_channel(echo.address, compression=grpc.Compression.Deflate) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            list(channel.stream_stream(ECHO)(iter([LARGE])))
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert "identity,gzip" in caught.value.details()


def test_our_client_packs_once_the_server_has_said_that_it_takes_it(echo, monkeypatch):
    sizes = []
    write = ClientCall._write
    monkeypatch.setattr(ClientCall, "_write", lambda self, data: (sizes.append(len(data)), write(self, data)))
    ours = call(echo)
    for packed in (False, True):
        sizes.clear()
        ours.send(LARGE)
        assert bytes(ours.receive()) == LARGE
        assert (sum(sizes) < 1000) is packed
    ours.close()


def test_our_client_sends_nothing_packed_unless_asked_to(echo):
    ours = call(echo, packs=False)
    for _ in range(2):
        ours.send(LARGE)
        assert bytes(ours.receive()) == LARGE
    ours.close()


def send_packed(ours, packed):
    ours._write(frames.frame(frames.DATA, 0, 1, frames.PREFIX.pack(1, len(packed)) + packed))


@pytest.mark.parametrize(
    ("packed", "code", "message"),
    [
        (gzip.compress(bytes(LIMIT + 1)), 8, "unpacks to more than"),
        (b"no gzip at all", 13, "no gzip"),
        (gzip.compress(b"cut")[:-1], 13, "ends within"),
    ],
)
def test_the_worker_refuses_bombs_and_rubbish_and_serves_others_on(echo, packed, code, message):
    ours, other = call(echo), call(echo)
    send_packed(ours, packed)
    with pytest.raises(CallEnded, match=message) as caught:
        ours.receive()
    assert caught.value.code == code
    other.send(LARGE)
    assert bytes(other.receive()) == LARGE
    ours.close()
    other.close()


def test_a_packed_message_wants_a_header_that_says_how(echo):
    ours = call(echo, packs=False)
    send_packed(ours, gzip.compress(LARGE))
    with pytest.raises(CallEnded, match="grpc-encoding") as caught:
        ours.receive()
    assert caught.value.code == 13
    ours.close()


def test_our_client_refuses_a_bomb(echo):
    ours = call(echo)
    ours._max_message = 1000
    ours.send(LARGE)
    with pytest.raises(ConnectionBroken, match="unpacks to more than 1000"):
        ours.receive()
    ours.close()


def test_nobody_unknown_gets_a_large_message_unpacked(server):
    with Session(server.address, "envs_for_tests:counting") as session:
        sock = Address.parse(server.address).resolve(session.opened.shards[0].address).connect(10)
        ours = ClientCall(sock, "localhost", "/gymbridge.v1.EnvironmentService/Interact", {}, LIMIT, True)
        send_packed(ours, gzip.compress(bytes(5000)))
        with pytest.raises(CallEnded, match="unpacks to more than 4096"):
            ours.receive()
        ours.close()


@pytest.mark.parametrize("transport", ["grpc", "auto"])
def test_pictures_are_the_same_packed_or_not(server, transport):
    plain = gymbridge.RemoteVectorEnv(server.address, "envs_for_tests:image", 3, transport="grpc")
    packed = gymbridge.RemoteVectorEnv(
        server.address, "envs_for_tests:image", 3, transport=transport, compression="gzip"
    )
    assert (plain.reset(seed=1)[0] == packed.reset(seed=1)[0]).all()
    for action in range(8):
        actions = np.full(3, action % 6)
        assert (plain.step(actions)[0] == packed.step(actions)[0]).all()
    plain.close()
    packed.close()


def test_compressions_that_there_are_not_are_refused(server):
    with pytest.raises(ValueError, match="compression='zstd', expected 'none' or 'gzip'"):
        gymbridge.RemoteEnv(server.address, "CartPole-v1", compression="zstd")
