"""Shared memory between a worker and its client: what goes through it, what does not, and what is left behind."""

import errno
import os
import platform
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from support import Session, children, eventually

import gymbridge
from gymbridge.client.address import Address
from gymbridge.client.errors import RemoteError
from gymbridge.codec.plain_steps import StepParser, StepReader, StepWriter, sequence_field
from gymbridge.codec.values import BatchCodec
from gymbridge.http2.client import CallEnded, ConnectionBroken
from gymbridge.http2.server import Server
from gymbridge.memory import segment
from gymbridge.memory.client_end import ClientEnd, MemoryEnded
from gymbridge.memory.ring import RingBroken, RingReader, RingWriter
from gymbridge.memory.server_end import ServerEnd
from gymbridge.v1 import environment_pb2 as pb

COUNTING = "envs_for_tests:counting"
PRECONDITION = 9


def left_behind(worker):
    """A worker's directories of shared memory."""
    return list(Path("/dev/shm").glob(f"gymbridge-{worker}-*"))


class Link:
    """One shard, driven plainly through shared memory, beside its stream."""

    def __init__(self, address, shard, take_up=True):
        self.address = address
        self.call = Address.parse(address).resolve(shard.address).call("/gymbridge.v1.EnvironmentService/Interact", 20)
        attach = pb.AttachRequest(token=shard.token, shared_memory=True)
        self.call.send(pb.InteractRequest(attach=attach).SerializeToString())
        self.attached = pb.InteractResponse.FromString(self.call.receive()).attached
        self.offered = self.attached.shared_memory
        self.memory = ClientEnd(self.offered, self.attached.epoch) if take_up else None
        self.sequence = self.attached.last_sequence

    def encode(self, sequence=None, acknowledged=None, **request):
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        acknowledged = sequence - 1 if acknowledged is None else acknowledged
        return pb.InteractRequest(sequence=sequence, acknowledged=acknowledged, **request).SerializeToString()

    def ask(self, **request):
        assert self.memory.send(self.encode(**request))
        return pb.InteractResponse.FromString(self.memory.receive(self.call))

    def ask_on_stream(self, **request):
        self.call.send(self.encode(**request))
        return pb.InteractResponse.FromString(self.call.receive())

    def close(self):
        if self.memory is not None:
            self.memory.close()
        self.call.close()


@pytest.fixture
def link(server, open_session):
    """Opens sessions of one shard, whose own stream it takes over with shared memory."""
    links = []

    def link(env_id=COUNTING, num_envs=1, take_up=True, **request):
        session = open_session(env_id, num_envs, **request)
        links.append(Link(server.address, session.opened.shards[0], take_up))
        links[-1].session = session
        return links[-1]

    yield link
    for one in links:
        one.close()


def step(link, *actions, **more):
    codec = link.session.actions
    return link.ask(step=pb.StepRequest(actions=codec.encode(codec.stack(actions))), **more)


# The ring.


def rings(size=256):
    offered = pb.SharedMemory(memory=f"/dev/shm/ring-of-tests-{os.getpid()}", request_bytes=size, response_bytes=size)
    offered.nonce = bytes(16)
    made = segment.make(offered, 1)
    os.unlink(offered.memory)
    places = (made, made.requests, segment.REQUESTS_WRITTEN, segment.REQUESTS_READ, segment.SERVER_LOOKS)
    return made, RingWriter(*places), RingReader(*places)


def test_ring_gives_back_what_was_written_wherever_it_wraps():
    made, writer, reader = rings()
    generator = random.Random(1)
    for number in range(2000):
        message = bytes([number % 256]) * generator.choice([0, 1, 7, 8, 9, 40, 100])
        end = writer.place(len(message))
        assert end, number
        half = len(message) // 2
        writer.write((message[:half], memoryview(message)[half:]), len(message), end)
        start, stop = reader.find()
        assert made.memory[start:stop] == message
        assert not any(made.memory[stop : stop + -len(message) % 8])
        assert reader.find() is None
        reader.release()
    made.close()


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="elsewhere the bell is rung each time")
def test_bell_is_wanted_by_who_rests_and_not_by_who_looks():
    made, writer, reader = rings()
    assert writer.wants_bell
    reader.look()
    assert not writer.wants_bell
    assert not reader.rest()
    assert writer.wants_bell
    reader.look()
    writer.write((b"before",), 6, writer.place(6))
    assert not writer.wants_bell
    assert reader.rest(), "what was written before is for the reader to see"
    made.close()


def test_ring_has_no_room_for_what_would_lie_on_what_was_not_read():
    made, writer, reader = rings()
    for _ in range(3):
        writer.write((b"x" * 60,), 60, writer.place(60))
    assert writer.place(60) == 0 and writer.place(32) != 0
    assert writer.place(257) == 0
    reader.find()
    reader.release()
    assert writer.place(60) != 0
    made.close()


@pytest.mark.parametrize("seed", range(20))
def test_ring_full_of_rubbish_raises_or_gives_what_lies_within(seed):
    made, _, reader = rings()
    generator = random.Random(seed)
    choices = [0, 1, 8, 16, 64, 256, 264, 2**32, 2**63, 2**64 - 1, 2**64 - 8]
    for _ in range(500):
        for place in range(made.requests[0] // 8, sum(made.requests) // 8):
            made.words[place] = generator.choice(choices)
        made.words[segment.REQUESTS_WRITTEN] = generator.choice(
            [*choices, reader._next + generator.choice(choices[:7])]
        )
        try:
            found = reader.find()
        except (RingBroken, ValueError):
            continue
        if found is not None:
            assert made.requests[0] <= found[0] <= found[1] <= sum(made.requests)
            reader.release()
    made.close()


# The offer.


def test_memory_is_private_and_its_names_are_gone_once_it_is_taken_up(link):
    one = link(take_up=False)
    directory = Path(one.offered.memory).parent
    assert directory.parent == Path("/dev/shm") and directory == Path(one.offered.bell).parent
    assert directory.stat().st_mode & 0o777 == 0o700
    assert Path(one.offered.memory).stat().st_mode & 0o777 == 0o600
    one.memory = ClientEnd(one.offered, one.attached.epoch)
    assert one.ask(reset=pb.ResetRequest()).HasField("reset")
    assert not directory.exists()


def test_whoever_does_not_know_the_nonce_is_sent_away(link):
    one = link(take_up=False)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(one.offered.bell)
        stranger.sendall(bytes(16))
        assert stranger.recv(1) == b""
    assert Path(one.offered.memory).exists()
    one.memory = ClientEnd(one.offered, one.attached.epoch)
    assert one.ask(reset=pb.ResetRequest()).HasField("reset")


def test_offer_ends_with_its_stream(link):
    one = link(take_up=False)
    one.call.close()
    eventually(lambda: not Path(one.offered.memory).parent.exists())


def test_another_stream_ends_the_memory_of_the_one_before(link):
    one = link()
    one.ask(reset=pb.ResetRequest())
    other = Link(one.address, one.session.opened.shards[0])
    with pytest.raises((MemoryEnded, CallEnded)):
        step(one, 1)
    other.session = one.session
    assert other.attached.epoch == 3 and other.sequence == 1
    assert step(other, 1).HasField("step")
    other.close()


def test_client_refuses_what_is_not_the_offered_file(link, tmp_path):
    one = link(take_up=False)
    wrong = pb.SharedMemory()
    wrong.CopyFrom(one.offered)
    wrong.nonce = bytes(16)
    with pytest.raises(ValueError, match="not the file"):
        ClientEnd(wrong, one.attached.epoch)
    with pytest.raises(ValueError, match="not the file"):
        ClientEnd(one.offered, one.attached.epoch + 1)
    wrong.CopyFrom(one.offered)
    wrong.memory = str(tmp_path / "link")
    os.symlink(one.offered.memory, wrong.memory)
    with pytest.raises(OSError, match="symbolic"):
        ClientEnd(wrong, one.attached.epoch)
    os.mkfifo(tmp_path / "pipe")
    wrong.memory = str(tmp_path / "pipe")
    with pytest.raises(ValueError, match="no file of"):
        ClientEnd(wrong, one.attached.epoch)


@pytest.fixture
def end(tmp_path, monkeypatch):
    """Makes a server's end of its own, in a folder of the test's."""
    monkeypatch.setattr(segment, "_MEMORY", str(tmp_path))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "server.sock"))
    listener.listen()
    server = Server(listener, 1 << 20, lambda call: None)
    yield lambda: ServerEnd(server, 1 << 18, 1 << 18, 1, lambda data: None, lambda why: None)
    server.close()


def test_memory_that_the_system_does_not_have_is_not_offered(end, tmp_path, monkeypatch):
    def none_left(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", none_left)
    with pytest.raises(OSError, match="No space left"):
        end()
    assert [path.name for path in tmp_path.iterdir()] == ["server.sock"]


def test_offer_that_nobody_takes_up_is_forsaken_after_its_time(end, tmp_path):
    one = end()
    assert not one.is_forsaken and one.expires_in <= 10
    one._expires = 0.0
    assert one.is_forsaken
    one.close()
    assert [path.name for path in tmp_path.iterdir()] == ["server.sock"]


def test_client_that_rang_while_the_server_was_busy_is_let_in(end):
    one = end()
    client = ClientEnd(one.offered, 1)
    one._expires = 0.0
    assert not one.is_forsaken and one.expires_in == float("inf")
    client.close()
    one.close()


# What goes through it.


def test_responses_are_the_same_bytes_whichever_way_they_go(open_session, link):
    one, theirs = link("CartPole-v1", 3), open_session("CartPole-v1", 3)
    for seed in (1, 2):
        seeds = np.array([seed] * 3, "<i8").tobytes()
        ours, expected = one.ask(reset=pb.ResetRequest(seeds=seeds)), theirs.ask(reset=pb.ResetRequest(seeds=seeds))
        assert ours.reset == expected.reset
        for number in range(60):
            ours, expected = step(one, 0, 1, number % 2), theirs.step(0, 1, number % 2)
            assert ours.step == expected.step and ours.sequence == expected.sequence
            assert 0 < ours.environment_nanos <= ours.server_nanos


def test_errors_and_heartbeats_go_through_it_too(link):
    one = link()
    assert step(one, 0).error.code == PRECONDITION
    assert one.memory.send(pb.InteractRequest(heartbeat=pb.HeartbeatRequest()).SerializeToString())
    assert pb.InteractResponse.FromString(one.memory.receive(one.call)).HasField("heartbeat")
    assert one.memory.send(pb.InteractRequest(attach=pb.AttachRequest()).SerializeToString())
    assert pb.InteractResponse.FromString(one.memory.receive(one.call)).error.code == PRECONDITION
    one.ask(reset=pb.ResetRequest())
    assert "expected" in step(one, 9).error.message


def test_a_number_is_executed_once_whichever_way_it_comes(link):
    one = link()
    one.ask(reset=pb.ResetRequest())
    first = step(one, 1)
    again = step(one, 1, sequence=2, acknowledged=0)
    assert first == again
    codec = one.session.actions
    request = pb.StepRequest(actions=codec.encode(codec.stack([1])))
    assert one.ask_on_stream(step=request, sequence=2, acknowledged=0) == first
    assert one.ask_on_stream(step=request).sequence == 3


def test_responses_are_repeated_after_the_memory_has_ended(link):
    one = link("envs_for_tests:image")
    one.ask(reset=pb.ResetRequest())
    first = step(one, 1)
    one.close()
    other = Link(one.address, one.session.opened.shards[0])
    other.session = one.session
    assert other.attached.last_sequence == 2
    assert step(other, 1, sequence=2, acknowledged=0) == first
    other.close()


def test_responses_that_are_overwritten_in_the_ring_can_be_repeated(link):
    one = link("envs_for_tests:image", 4)
    one.ask(reset=pb.ResetRequest())
    responses = {}
    for number in range(2, 12):
        responses[number] = step(one, *[number % 2] * 4, acknowledged=1)
    for number, response in responses.items():
        assert step(one, *[number % 2] * 4, sequence=number, acknowledged=1) == response


def test_what_finds_no_room_goes_through_the_stream(link):
    one = link("envs_for_tests:image", 2)
    one.ask(reset=pb.ResetRequest())
    # Not read: the ring fills up, and what follows takes the other way, in the same order.
    asked = one.offered.response_bytes // (2 * 96 * 96 * 3)
    for number in range(1, min(asked, 8) + 3):
        codec = one.session.actions
        request = pb.StepRequest(actions=codec.encode(codec.stack([0, 0])))
        assert one.memory.send(one.encode(step=request, acknowledged=number))
    seen = set()
    while len(seen) < min(asked, 8) + 2:
        response = pb.InteractResponse.FromString(one.memory.receive(one.call))
        assert response.HasField("step")
        seen.add(response.sequence)
    assert seen == set(range(2, min(asked, 8) + 4))


@pytest.mark.parametrize("seed", range(8))
def test_rubbish_costs_a_client_its_memory_and_nothing_else(link, seed):
    one = link()
    one.ask(reset=pb.ResetRequest())
    generator = random.Random(seed)
    words = one.memory._segment.words
    size = one.offered.request_bytes
    position = words[segment.REQUESTS_WRITTEN]
    what = seed % 4
    if what == 0:
        words[segment.REQUESTS_WRITTEN] = position + generator.choice([4, size + 8, 2**63])
    elif what == 1:
        words[segment.REQUESTS_WRITTEN] = position - 8
    elif what == 2:
        words[(segment.HEADER_BYTES + position % size) // 8] = generator.choice([2**63, size, 17])
        words[segment.REQUESTS_WRITTEN] = position + 8
    else:
        words[segment.RESPONSES_READ] = generator.choice([4, 2**40])
        data = one.encode(sequence=2, acknowledged=1, step=pb.StepRequest())
        one.memory._writer.write((data,), len(data), one.memory._writer.place(len(data)))
    one.memory._bell.send(b"\0")
    with pytest.raises(MemoryEnded):
        # The answer to what was sent properly comes on the stream.
        while pb.InteractResponse.FromString(one.memory.receive(one.call)).HasField("error"):
            pass
    codec = one.session.actions
    request = pb.StepRequest(actions=codec.encode(codec.stack([1])))
    one.sequence = 2 if what == 3 else 1
    response = one.ask_on_stream(step=request)
    if response.sequence == 2 and what == 3:
        # The answer to what was in the ring.
        response = pb.InteractResponse.FromString(one.call.receive())
    assert response.HasField("step") and response.sequence == one.sequence


def test_malformed_messages_end_the_stream_as_they_do_on_it(link):
    one = link()
    assert one.memory.send(b"\xff\xff\xff")
    with pytest.raises((CallEnded, MemoryEnded)):
        one.memory.receive(one.call)
    with pytest.raises((CallEnded, ConnectionBroken), match=r"status 3|closed|went"):
        one.call.receive()


@pytest.mark.parametrize("spin", [0, 10**9])
def test_client_that_sleeps_is_woken_as_one_that_looks_is_answered(link, spin):
    one = link()
    one.ask(reset=pb.ResetRequest())
    for _ in range(300):
        one.memory._spin = spin
        assert step(one, 1).HasField("step")


# Processes that die.


@pytest.mark.parametrize("who", ["client", "worker", "server"])
def test_killed_processes_leave_no_files(start, who):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", "--workers", "1")
    code = (
        "import sys, gymbridge\n"
        f"env = gymbridge.RemoteVectorEnv({server.address!r}, num_envs=2, transport='shm')\n"
        "env.reset(seed=1)\nprint('ready', flush=True)\n"
        "while True:\n    env.step([1, 1])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(gymbridge.__file__).parents[1])}
    client = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    try:
        assert client.stdout.readline() == b"ready\n"
        (worker,) = children(server.process.pid)
        os.kill({"client": client.pid, "worker": worker, "server": server.process.pid}[who], signal.SIGKILL)
        eventually(lambda: not left_behind(worker))
    finally:
        client.kill()
        client.wait()
        client.stdout.close()


def test_worker_that_dies_with_an_offer_leaves_no_file(start):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", "--workers", "1")
    with Session(server.address) as session:
        one = Link(server.address, session.opened.shards[0], take_up=False)
        (worker,) = children(server.process.pid)
        assert Path(one.offered.memory).exists()
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: not Path(one.offered.memory).parent.exists())
        one.close()


def test_stale_directories_are_removed_and_others_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(segment, "_MEMORY", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for name, age in (
        (f"gymbridge-{gone.pid}-old", 100),
        (f"gymbridge-{gone.pid}-new", 0),
        (f"gymbridge-{os.getpid()}-old", 100),
        ("gymbridge-abc", 100),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "memory").touch()
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    segment.remove_stale()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        (f"gymbridge-{gone.pid}-new", f"gymbridge-{os.getpid()}-old", "gymbridge-abc")
    )
    segment.remove_of(gone.pid)
    assert not (tmp_path / f"gymbridge-{gone.pid}-new").exists()


# The client's own choice.


def test_transports_give_the_same_and_the_memory_is_used(server):
    envs = [
        gymbridge.RemoteVectorEnv(server.address, "envs_for_tests:multi_spaces", 2, max_shards=1, transport=transport)
        for transport in ("auto", "shm", "grpc")
    ]
    observed = [env.reset(seed=3) for env in envs]
    assert [env._session.shards[0]._line.has_memory for env in envs] == [True, True, False]
    envs[0].action_space.seed(1)
    for _ in range(20):
        actions = envs[0].action_space.sample()
        observed = [env.step(actions) for env in envs]
        assert str(observed[0]) == str(observed[1]) == str(observed[2])
    for env in envs:
        env.close()


def test_transport_that_cannot_be_had_is_an_error_that_says_why(server, monkeypatch):
    with pytest.raises(ValueError, match="expected 'auto', 'shm' or 'grpc'"):
        gymbridge.RemoteEnv(server.address, COUNTING, transport="tcp")
    monkeypatch.setattr(segment, "open_offered", lambda *_: (_ for _ in ()).throw(PermissionError(13, "not yours")))
    env = gymbridge.RemoteEnv(server.address, COUNTING, transport="shm")
    with pytest.raises(RemoteError, match=r"no shared memory with .*not yours.*transport='auto'"):
        env.reset()
    env.close()
    env = gymbridge.RemoteEnv(server.address, COUNTING)
    env.reset(seed=1)
    assert not env._session.shards[0]._line.has_memory
    assert env.step(1)[1] == 1.0
    env.close()


def test_steps_go_on_when_the_stream_is_cut(server):
    env = gymbridge.RemoteVectorEnv(server.address, COUNTING, 2, max_shards=1, transport="shm", length=1000)
    env.reset(seed=1)
    (shard,) = env._session.shards
    stop = threading.Event()

    def cut():
        while not stop.wait(0.02):
            line = shard._line
            if line is not None:
                line.call.shut_down()

    thread = threading.Thread(target=cut)
    thread.start()
    for number in range(1, 400):
        observations = env.step([1, 1])[0]
        assert observations[:, 0].tolist() == [number, number]
    stop.set()
    thread.join()
    assert shard._line is None or shard._line.attached.epoch > 3
    env.close()


def test_arrays_that_are_not_copied_are_views_until_the_next_step(server):
    env = gymbridge.RemoteVectorEnv(server.address, "CartPole-v1", 2, max_shards=1, transport="shm", copy=False)
    copying = gymbridge.RemoteVectorEnv(server.address, "CartPole-v1", 2, max_shards=1, transport="shm", infos=False)
    env.reset(seed=1)
    copying.reset(seed=1)
    for _ in range(50):
        ours, theirs = env.step([1, 0]), copying.step([1, 0])
        assert not ours[0].flags.writeable and theirs[0].flags.writeable
        for one, other in zip(ours[:4], theirs[:4], strict=True):
            assert one.tobytes() == other.tobytes()
    env.close()
    copying.close()


def test_images_go_through_it(server):
    env = gymbridge.RemoteVectorEnv(server.address, "envs_for_tests:image", 8, max_shards=1, transport="shm")
    plain = gymbridge.RemoteVectorEnv(server.address, "envs_for_tests:image", 8, max_shards=1, transport="grpc")
    assert env.reset(seed=1)[0].tobytes() == plain.reset(seed=1)[0].tobytes()
    plain.action_space.seed(1)
    for _ in range(10):
        actions = plain.action_space.sample()
        assert env.step(actions)[0].tobytes() == plain.step(actions)[0].tobytes()
    env.close()
    plain.close()


# The usual step by hand.


def test_usual_requests_are_read_as_protobuf_reads_them(server):
    codec = BatchCodec(gymbridge.RemoteEnv(server.address, "envs_for_tests:multi_spaces").action_space)
    if not all(hasattr(leaf, "is_plain") and leaf.is_plain for leaf in codec.leaves):
        pytest.skip("values that are not plain")
    parser = StepParser(codec, 3)
    codec.space.seed(1)
    for number in (1, 127, 128, 300, 2**21, 2**40):
        actions = codec.stack([codec.space.sample() for _ in range(3)])
        message = pb.InteractRequest(sequence=number, acknowledged=number - 1)
        codec.fill(message.step.actions, actions)
        data = message.SerializeToString()
        found = parser.parse(data)
        assert (found.sequence, found.acknowledged, found.head) == (number, number - 1, sequence_field(number))
        assert codec.lay(found.actions) == codec.lay(actions)
        for end in range(len(data)):
            cut = parser.parse(data[:end])
            assert cut is None or cut.acknowledged == 0
        assert pb.InteractRequest.FromString(StepWriter(codec).write(actions)).step == message.step


def test_requests_that_look_otherwise_are_left_to_protobuf():
    import gymnasium as gym

    codec = BatchCodec(gym.spaces.Box(-1, 1, (2,), np.float32))
    parser = StepParser(codec, 1)
    step = pb.StepRequest(actions={"buffers": [bytes(8)]})
    assert parser.parse(pb.InteractRequest(sequence=1, step=step).SerializeToString()) is not None
    for other in (
        pb.InteractRequest(step=step),
        pb.InteractRequest(sequence=1, reset=pb.ResetRequest()),
        pb.InteractRequest(sequence=1, step=pb.StepRequest(actions=step.actions, lanes=[0])),
        pb.InteractRequest(sequence=1, step=pb.StepRequest(actions={"buffers": [bytes(7)]})),
        pb.InteractRequest(sequence=1, step=pb.StepRequest(actions={"buffers": [bytes(8), b""]})),
        pb.InteractRequest(sequence=2**63, step=step),
    ):
        assert parser.parse(other.SerializeToString()) is None
    assert parser.parse(b"") is None and parser.parse(b"\x08") is None


@pytest.mark.parametrize("copy", [True, False])
def test_usual_responses_are_read_as_protobuf_reads_them(copy):
    import gymnasium as gym

    space = gym.spaces.Dict({"a": gym.spaces.Box(-1, 1, (2,), np.float32), "b": gym.spaces.Discrete(4)})
    codec = BatchCodec(space)
    space.seed(1)
    observations = codec.stack([space.sample() for _ in range(2)])
    message = pb.InteractResponse(sequence=300, environment_nanos=5, server_nanos=10**6, queue_nanos=1)
    codec.fill(message.step.observations, observations)
    message.step.rewards, message.step.terminated, message.step.truncated = np.ones(2).tobytes(), b"\0\1", b"\1\0"
    reader = StepReader(codec, 2, copy)
    data = message.SerializeToString()
    columns, rewards, terminated, truncated, more = reader.read(memoryview(data))
    assert codec.lay(columns) == codec.lay(observations) and rewards.tolist() == [1, 1] and more is None
    assert terminated.tolist() == [False, True] and truncated.tolist() == [True, False]
    assert columns[0].flags.writeable is copy
    for end in range(len(data)):
        cut = reader.read(data[:end])
        assert cut is None or data[end:].startswith((b"\x68", b"\x70"))
    message.step.infos.SetInParent()
    assert reader.read(message.SerializeToString())[4].HasField("infos")
    message.step.terminated = b"\0\2"
    assert reader.read(message.SerializeToString()) is None
    assert reader.read(pb.InteractResponse(sequence=1, error={"code": 3}).SerializeToString()) is None
