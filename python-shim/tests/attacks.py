"""What an attacker would send: bytes that break HTTP/2 or gRPC, and valid messages with nonsense inside."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
from support import Session, Stream

from gymbridge.http2 import frames
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc, policy_pb2, policy_pb2_grpc

ENVIRONMENT = "/gymbridge.v1.EnvironmentService/"
POLICY = "/gymbridge.v1.PolicyService/"
# Codes by which a server says that it is broken, not that the request is.
BROKEN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.DEADLINE_EXCEEDED)


def connect(address: str) -> socket.socket:
    """A raw connection to a server."""
    if address.startswith("unix:"):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(10)
        client.connect(address.removeprefix("unix:"))
        return client
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), 10)


def send_raw(address: str, data: bytes) -> None:
    """Sends bytes and waits until the server has done with them, that is, has closed the connection."""
    with connect(address) as client:
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            # It has hung up already.
            return
        with contextlib.suppress(ConnectionError):
            while client.recv(65_536):
                pass


def headers(path: str, *more: tuple[bytes, bytes]) -> bytes:
    """The header block of a call."""
    block = b"\x83\x86" + frames.header(b":path", path.encode()) + frames.header(b":authority", b"localhost")
    block += frames.header(b"content-type", b"application/grpc") + frames.header(b"te", b"trailers")
    return block + b"".join(frames.header(name, value) for name, value in more)


def call(stream: int, path: str, *more: tuple[bytes, bytes]) -> bytes:
    """The frame that begins a call."""
    return frames.frame(frames.HEADERS, frames.END_HEADERS, stream, headers(path, *more))


def message(stream: int, data: bytes, flags: int = 0) -> bytes:
    """A message in as many frames as it takes."""
    data = frames.PREFIX.pack(0, len(data)) + data
    parts = [data[at : at + 16_384] for at in range(0, len(data), 16_384)]
    whole = b"".join(frames.frame(frames.DATA, 0, stream, part) for part in parts[:-1])
    return whole + frames.frame(frames.DATA, flags, stream, parts[-1])


BEGIN = frames.PREFACE + frames.settings({})


def not_http2(rng: random.Random, path: str) -> bytes:
    return rng.choice([b"", frames.PREFACE[:10], b"GET / HTTP/1.1\r\n\r\n"]) + rng.randbytes(rng.randrange(3000))


def random_frames(rng: random.Random, path: str) -> bytes:
    sent = [
        frames.frame(rng.randrange(12), rng.randrange(256), rng.randrange(8), rng.randbytes(rng.randrange(60)))
        for _ in range(20)
    ]
    return BEGIN + b"".join(sent)


def random_frames_in_a_call(rng: random.Random, path: str) -> bytes:
    return BEGIN + call(1, path) + random_frames(rng, path).removeprefix(BEGIN)


def random_message(rng: random.Random, path: str) -> bytes:
    return BEGIN + call(1, path) + message(1, rng.randbytes(rng.randrange(2000)), frames.END_STREAM)


def message_of_four_gigabytes(rng: random.Random, path: str) -> bytes:
    return BEGIN + call(1, path) + frames.frame(frames.DATA, 0, 1, frames.PREFIX.pack(0, 0xFFFF_FFFF) + bytes(1000))


def large_message(rng: random.Random, path: str) -> bytes:
    return BEGIN + call(1, path) + message(1, bytes(40_000))


def compressed_message(rng: random.Random, path: str) -> bytes:
    return BEGIN + call(1, path) + frames.frame(frames.DATA, 0, 1, frames.PREFIX.pack(1, 4) + b"abcd")


def half_a_message(rng: random.Random, path: str) -> bytes:
    return BEGIN + call(1, path) + frames.frame(frames.DATA, 1, 1, frames.PREFIX.pack(0, 100) + b"half")


def endless_continuation(rng: random.Random, path: str) -> bytes:
    part = rng.choice([b"", frames.header(b"a", b"b" * 100)])
    return BEGIN + frames.frame(frames.HEADERS, 0, 1, headers(path)) + frames.frame(9, 0, 1, part) * 3000


def giant_header(rng: random.Random, path: str) -> bytes:
    block = headers(path, (b"x", b"y" * 60_000))
    parts = [block[at : at + 16_384] for at in range(0, len(block), 16_384)]
    more = b"".join(frames.frame(frames.CONTINUATION, 0, 1, part) for part in parts[1:])
    return BEGIN + frames.frame(frames.HEADERS, 0, 1, parts[0]) + more + frames.frame(frames.CONTINUATION, 4, 1)


def header_bomb(rng: random.Random, path: str) -> bytes:
    bomb = rng.choice(
        [
            b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000 + b"\xbe" * 12_000,
            b"\x82" * 16_000,
            b"\x20" * 16_000,
            b"\x3f\xe1\x1f" * 5000,
            b"\x00\x00\x00" * 5000,
            b"\xff" * 16_000,
        ]
    )
    return BEGIN + frames.frame(frames.HEADERS, frames.END_HEADERS, 1, bomb)


def odd_headers(rng: random.Random, path: str) -> bytes:
    names = [b"gymbridge-worker-secret", b"authorization", b"gymbridge-first-lane", b"grpc-timeout", b"grpc-encoding"]
    odd = [(rng.choice(names), rng.choice([b"\xff\xfe", b"Bearer \xc3\xa4", b"-1", b"99999999999S"])) for _ in range(3)]
    method = ENVIRONMENT + rng.choice(["OpenSession", "CloseSession", "Interact", "Nothing"])
    return BEGIN + call(1, method, *odd) + message(1, b"", frames.END_STREAM)


def oversized_frame(rng: random.Random, path: str) -> bytes:
    return BEGIN + call(1, path) + frames.HEAD.pack(0xFF, 0xFF, rng.randrange(10), 0, 1) + bytes(20_000)


def overflowing_window(rng: random.Random, path: str) -> bytes:
    stream = rng.choice([0, 1])
    return BEGIN + call(1, path) + frames.frame(frames.WINDOW_UPDATE, 0, stream, b"\x7f\xff\xff\xff") * 2


def rapid_resets(rng: random.Random, path: str) -> bytes:
    cancel = rng.choice([0, 8]).to_bytes(4, "big")
    return BEGIN + b"".join(
        call(stream, path) + frames.frame(frames.RST_STREAM, 0, stream, cancel) for stream in range(1, 1001, 2)
    )


def flood(rng: random.Random, path: str) -> bytes:
    one = rng.choice(
        [
            frames.frame(frames.PING, 0, 0, bytes(8)),
            frames.settings({4: 0}),
            frames.frame(frames.DATA, 0, 1),
            frames.frame(frames.WINDOW_UPDATE, 0, 1, b"\0\0\0\1"),
            frames.frame(frames.PRIORITY, 0, 1, bytes(5)),
        ]
    )
    return BEGIN + call(1, path) + one * 12_000


def many_streams(rng: random.Random, path: str) -> bytes:
    return BEGIN + b"".join(call(stream, path) for stream in range(1, 401, 2))


RAW: tuple[Callable[[random.Random, str], bytes], ...] = (
    not_http2,
    random_frames,
    random_frames_in_a_call,
    random_message,
    message_of_four_gigabytes,
    large_message,
    compressed_message,
    half_a_message,
    endless_continuation,
    giant_header,
    header_bomb,
    odd_headers,
    oversized_frame,
    overflowing_window,
    rapid_resets,
    flood,
    many_streams,
)


def attack_raw(address: str, path: str, rng: random.Random) -> str:
    """One attack on the bytes; its name."""
    attack = rng.choice(RAW)
    if rng.random() < 0.05:
        # Gone before it is accepted, with a reset.
        with connect(address) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return "reset at once"
    send_raw(address, attack(rng, path))
    return attack.__name__


def mutated(rng: random.Random, data: bytes) -> bytes:
    """The bytes with a few of them changed, cut off or added."""
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(changed) + 1)
        kind = rng.randrange(3)
        if kind == 0:
            changed[at : at + 1] = rng.randbytes(1)
        elif kind == 1:
            del changed[at:]
        else:
            changed[at:at] = rng.randbytes(rng.randrange(4))
    return bytes(changed)


def nonsense_buffers(rng: random.Random, target) -> None:
    """Too few, too many, too short, too long, or full of nonsense."""
    for _ in range(rng.choice([0, 1, 1, 2, 50])):
        target.buffers.append(rng.randbytes(rng.choice([0, 1, 8, 16, 16, 17, 100_000])))


def request(rng: random.Random) -> pb.InteractRequest:
    """A request on an attached stream that is well-formed and makes no sense."""
    made = pb.InteractRequest()
    kind = rng.randrange(6)
    if kind == 0:
        nonsense_buffers(rng, made.step.actions)
        made.step.SetInParent()
    elif kind == 1:
        made.reset.seeds = rng.randbytes(rng.choice([0, 8, 16, 17]))
        made.reset.seed_mask = rng.randbytes(rng.choice([0, 1, 2]))
        made.reset.reset_mask = rng.randbytes(rng.choice([0, 2, 2000]))
        item = made.reset.options.items["a"]
        for _ in range(rng.choice([0, 10, 40])):
            item = item.list.items.add()
        item.tensor.shape.extend([rng.choice([0, 2, 2**31, 2**62])] * rng.randrange(4))
        item.tensor.dtype = rng.randrange(40)
        item.tensor.data = rng.randbytes(8)
    elif kind == 2:
        made.render.lanes.extend(rng.choice([0, 1, 2, 2**32 - 1]) for _ in range(4))
    elif kind == 3:
        made.restore_state.SetInParent()
    elif kind == 4:
        made.attach.token = "x" * rng.choice([0, 10, 5000])
    return made


class Attached:
    """A session of its own, whose stream takes nonsense by those who may send it."""

    def __init__(self, address: str, env_id: str) -> None:
        self.address = address
        self.session = Session(address, env_id, 2, max_shards=1)

    def attack(self, rng: random.Random) -> str:
        shard = self.session.opened.shards[0]
        stream = Stream(self.address, shard)
        try:
            attached = stream.attach(shard.token)
            made = request(rng)
            made.sequence = attached.last_sequence + rng.choice([1, 1, 1, 1, 0, 2, 2**63])
            made.acknowledged = rng.choice([attached.last_sequence, attached.last_sequence, 2**64 - 1])
            if rng.random() < 0.3:
                # As bytes that may be no message at all.
                with contextlib.suppress(Exception):
                    made = pb.InteractRequest.FromString(mutated(rng, made.SerializeToString()))
            stream.requests.put(made)
            next(stream.call)
        except grpc.RpcError as error:
            assert error.code() not in BROKEN, error
        finally:
            stream.call.cancel()
            stream.channel.close()
        return "attached"

    def close(self) -> None:
        self.session.close()


def attack_environments(channel: grpc.Channel, rng: random.Random) -> str:
    """One unary call that makes no sense, which must end with a status."""
    method = rng.choice(["OpenSession", "DescribeSession", "CloseSession"])
    if rng.random() < 0.5:
        data = rng.randbytes(rng.randrange(200))
    elif method == "OpenSession":
        made = pb.OpenSessionRequest(
            protocol_revision=rng.choice([0, 1, 1, 2]),
            env_id=rng.choice(["", "os:system", "x" * 100_000]),
            num_envs=rng.choice([2**32 - 1, 2000]),
            lease_seconds=rng.choice([-1.0, float("nan"), float("inf"), 1e300]),
            render_mode=rng.choice(["", "rgb_array", "human\0"]),
        )
        made.kwargs.items["what"].SetInParent()
        data = mutated(rng, made.SerializeToString()) if rng.random() < 0.5 else made.SerializeToString()
    else:
        data = b"\x0a\x05abcde"
    return ended(channel.unary_unary(ENVIRONMENT + method), data, method)


def attack_policy(channel: grpc.Channel, rng: random.Random) -> str:
    """One unary call that makes no sense, which must end with a status."""
    made = policy_pb2.ActRequest(
        policy=rng.choice(["", "", "", "nobody"]), batch_size=rng.choice([0, 1, 1, 2, 2**32 - 1])
    )
    nonsense_buffers(rng, made.observations)
    data = made.SerializeToString()
    if rng.random() < 0.5:
        data = mutated(rng, data)
    return ended(channel.unary_unary(POLICY + rng.choice(["Act", "DescribePolicy"])), data, "Act")


def ended(method: grpc.UnaryUnaryMultiCallable, data: bytes, name: str) -> str:
    try:
        method(data, timeout=20)
    except grpc.RpcError as error:
        assert error.code() not in BROKEN, error
    return name


def resident_bytes(pid: int) -> int:
    """Memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def attacks_on_environments(address: str, env_id: str, seed: int) -> Iterator[str]:
    """Without end: one attack after the other, on the server and on the process of an open session."""
    rng = random.Random(seed)
    attached = Attached(address, env_id)
    shard = attached.session.opened.shards[0].address or address
    if shard.startswith(":"):
        shard = address.rpartition(":")[0] + shard
    try:
        with grpc.insecure_channel(address) as channel:
            while True:
                kind = rng.randrange(4)
                if kind == 0:
                    yield attack_raw(address, ENVIRONMENT + "ListEnvironments", rng)
                elif kind == 1:
                    yield attack_raw(shard, ENVIRONMENT + "Interact", rng)
                elif kind == 2:
                    yield attached.attack(rng)
                else:
                    yield attack_environments(channel, rng)
    finally:
        attached.close()


def attacks_on_policies(address: str, seed: int) -> Iterator[str]:
    """The same on a policy server."""
    rng = random.Random(seed)
    with grpc.insecure_channel(address) as channel:
        while True:
            if rng.random() < 0.5:
                yield attack_raw(address, POLICY + "ActStream", rng)
            else:
                yield attack_policy(channel, rng)


def is_well(address: str, service: str) -> bool:
    """Whether a server lists what it has, at the latest once it has got rid of the last attack's calls."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return bool(_listed(address, service))
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED or time.monotonic() > deadline:
                return False
            time.sleep(0.05)


def _listed(address: str, service: str):
    with grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        if service == "environments":
            stub = environment_pb2_grpc.EnvironmentServiceStub(channel)
            return stub.ListEnvironments(pb.ListEnvironmentsRequest(), timeout=20).environments
        stub = policy_pb2_grpc.PolicyServiceStub(channel)
        return stub.ListPolicies(policy_pb2.ListPoliciesRequest(), timeout=20).policies
