"""Starting and ending: processes, sockets, directories, and what happens when one of them goes wrong."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc
import numpy as np
import pytest
from support import HERE, Session, Stream, children, eventually

import gymbridge
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc

COUNTING = "envs_for_tests:counting"


def left_behind(directory):
    """Sockets and directories in the server's directory."""
    return [path.name for path in directory.iterdir() if path.is_socket() or path.is_dir()]


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_signal_ends_everything_and_leaves_nothing(start, tmp_path, how, code):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock")
    assert server.address == f"unix:{tmp_path}/env.sock", server.log
    workers = children(server.process.pid)
    assert len(workers) == 2
    session = Session(server.address, COUNTING, 2)
    started = time.monotonic()
    assert server.end(how) == code
    assert time.monotonic() - started < 4
    assert server.process.stdout.read() == ""
    assert "Traceback" not in server.log
    assert left_behind(tmp_path) == []
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    session.close()


def test_ctrl_c_in_a_terminal_reaches_the_workers_too_and_is_as_quiet(start, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "gymbridge", "serve-env", COUNTING, "--address", "unix:env.sock"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent / 'src'}", "TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, log = process.communicate(timeout=10)
    assert process.returncode == 130
    assert b"Traceback" not in log
    assert left_behind(tmp_path) == []


def test_workers_die_with_a_supervisor_that_was_killed(start):
    server = start("serve-env", COUNTING, "--address", "127.0.0.1:0")
    workers = children(server.process.pid)
    server.end(signal.SIGKILL)
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


@pytest.fixture
def short_directory():
    """One whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        yield Path(directory)


def test_what_a_killed_server_left_goes_when_the_next_one_starts(start, short_directory):
    arguments = ["serve-env", COUNTING, "--address", "127.0.0.1:0"]
    living = start(*arguments, TMPDIR=str(short_directory))
    before = left_behind(short_directory)
    killed = start(*arguments, TMPDIR=str(short_directory))
    assert len(left_behind(short_directory)) == len(before) + 1 == 2
    workers = children(killed.process.pid)
    killed.end(signal.SIGKILL)
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    other, link = short_directory / "gymbridge-workers-other", short_directory / "gymbridge-workers-link"
    other.mkdir()
    (other / "file").touch()
    link.symlink_to(short_directory / before[0])
    start(*arguments, TMPDIR=str(short_directory)).end()
    assert set(left_behind(short_directory)) == {*before, other.name, link.name}
    with Session(living.address, COUNTING, 1) as session:
        assert session.reset().HasField("reset")


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--step-timeout", "0.5"], "no sign of life for 0.5 s"), (["--lease", "2"], "no sign of life for 2 s")],
)
def test_worker_that_is_stopped_altogether_is_replaced(start, options, message):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", *options)
    envs = gymbridge.RemoteVectorEnv(server.address, num_envs=4, on_loss="mark")
    envs.reset(seed=0)
    stopped = children(server.process.pid)[0]
    os.kill(stopped, signal.SIGSTOP)
    eventually(lambda: not Path(f"/proc/{stopped}").exists())
    *_, infos = envs.step(np.zeros(4, int))
    assert infos["_lost"].tolist() in ([True, True, False, False], [False, False, True, True])
    assert all(message in cause for cause in infos["lost"] if cause)
    assert not envs.step(np.zeros(4, int))[4].get("_lost")
    envs.close()


def test_exit_with_stdin_ends_with_whoever_started_it(start, tmp_path):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", "--exit-with-stdin")
    assert server.address, server.log
    server.process.stdin.close()
    assert server.process.wait(10) == 0
    assert left_behind(tmp_path) == []


def test_directory_of_the_socket_is_removed_if_asked_to(start, tmp_path):
    (tmp_path / "own").mkdir()
    options = ["--address", "unix:own/env.sock", "--exit-with-stdin", "--remove-directory"]
    server = start("serve-env", COUNTING, *options)
    assert server.address, server.log
    server.process.stdin.close()
    assert server.process.wait(10) == 0
    assert left_behind(tmp_path) == []


def test_tcp_port_is_chosen_and_shards_are_on_the_same_host(start):
    server = start("serve-env", COUNTING, "--address", "127.0.0.1:0", "--num-envs", "3")
    assert server.address.startswith("127.0.0.1:") and not server.address.endswith(":0")
    with Session(server.address, num_envs=0) as session:
        assert [shard.address[0] for shard in session.opened.shards] == [":", ":"]
        assert session.opened.num_envs == 3
        for stream in session.streams:
            assert stream.ask(reset=pb.ResetRequest()).HasField("reset")


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_address_in_use_is_refused_with_exit_code_2(start, tmp_path, kind):
    if kind == "tcp":
        listener = socket.create_server(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "used.sock"))
        listener.listen()
        address = "unix:used.sock"
    server = start("serve-env", COUNTING, "--address", address)
    assert server.process.wait(20) == 2
    assert "in use" in server.log
    assert server.log.count("\n") == 1
    listener.close()


def test_stale_socket_is_replaced(start, tmp_path):
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "env.sock"))
    server = start("serve-env", COUNTING, "--address", "unix:env.sock")
    Session(server.address).close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["CartPole-v11"], "CartPole-v1"),
        (["envs_for_tests:countin"], "neither a function nor an environment"),
        (["no_such_module:env"], "there is no module no_such_module"),
        (["envs_for_tests:unknown_space"], "a space of class _UnknownSpace cannot be sent"),
        ([COUNTING, "--address", "0.0.0.0:0"], "--insecure"),
        ([COUNTING, "--address", "nonsense"], "is no address"),
        ([COUNTING, "--address", "unix:" + "x" * 200], "too long"),
        ([COUNTING, "--address", "unix:no/such/dir.sock"], "directory of the socket does not exist"),
    ],
)
def test_what_cannot_be_served_is_refused_at_the_start(start, tmp_path, arguments, message):
    server = start("serve-env", "--workers", "1", *arguments)
    assert server.address is None
    assert server.process.wait(20) == 2
    assert message in server.log
    assert "Traceback" not in server.log
    assert left_behind(tmp_path) == []


def test_worker_killed_in_an_episode_is_replaced_within_its_session(start):
    options = ["--address", "unix:env.sock", "--num-envs", "2"]
    server = start("serve-env", "envs_for_tests:kills_itself", *options)
    session = Session(server.address, num_envs=2)
    first, second = session.streams
    actions = session.actions.encode(session.actions.stack([0]))
    for stream in (first, second):
        stream.ask(reset=pb.ResetRequest())
        stream.ask(step=pb.StepRequest(actions=actions))
    first.ask(step=pb.StepRequest(actions=actions))
    with pytest.raises(grpc.RpcError) as caught:
        first.ask(step=pb.StepRequest(actions=actions))
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    # The death of a process is noticed a moment after its streams break.
    eventually(lambda: session.describe().shards[0].generation == 1)
    described = session.describe()
    assert described.shards[1].generation == 0
    assert "killed by signal 9" in described.shards[0].loss
    assert described.shards[1] == session.opened.shards[1]
    assert second.ask(step=pb.StepRequest(actions=actions)).HasField("step")
    replaced = Stream(server.address, described.shards[0])
    assert replaced.attach(described.shards[0].token).last_sequence == 0
    assert "wants a reset" in replaced.ask(step=pb.StepRequest(actions=actions)).error.message
    assert replaced.ask(reset=pb.ResetRequest()).HasField("reset")
    replaced.close()
    session.close()


def test_workers_that_all_die_at_once_are_replaced(start):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", "--num-envs", "2", "--workers", "2")
    # One of them has the lanes, the other waits.
    session = Session(server.address, COUNTING, 2, max_shards=1)
    workers = children(server.process.pid)
    assert len(workers) == 2
    # Their deaths are seen at once.
    os.kill(server.process.pid, signal.SIGSTOP)
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    os.kill(server.process.pid, signal.SIGCONT)
    eventually(lambda: session.describe().shards[0].generation == 1)
    (shard,) = session.describe().shards
    replaced = Stream(server.address, shard)
    replaced.attach(shard.token)
    assert replaced.ask(reset=pb.ResetRequest()).HasField("reset")
    replaced.close()
    session.close()


def test_lease_that_runs_out_ends_the_session_whole(start):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", "--lease", "0.3")
    session = Session(server.address, COUNTING, 2)
    eventually(lambda: "session closed" in server.log)
    for stream in session.streams:
        assert list(stream.call) == []
    with pytest.raises(grpc.RpcError) as caught:
        session.describe()
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    session.close()


def test_hung_worker_is_killed_and_replaced_when_its_session_is_closed(start):
    server = start("serve-env", "envs_for_tests:hangs_in_step", "--address", "unix:env.sock", "--workers", "1")
    (hung,) = children(server.process.pid)
    session = Session(server.address)
    session.reset()
    session.step(0)
    (stream,) = session.streams
    stream.send(step=pb.StepRequest(actions=session.actions.encode(session.actions.stack([0]))))
    # What an environment prints goes to the log.
    eventually(lambda: "hanging" in server.log)
    started = time.monotonic()
    session.stub.CloseSession(pb.CloseSessionRequest(session_id=session.opened.session_id))
    assert time.monotonic() - started < 5
    eventually(lambda: not Path(f"/proc/{hung}").exists())
    with Session(server.address) as again:
        assert again.reset().HasField("reset")


def test_step_timeout_replaces_a_worker_that_hangs(start):
    options = ["--address", "unix:env.sock", "--workers", "1", "--step-timeout", "0.5"]
    server = start("serve-env", "envs_for_tests:hangs_in_step", *options)
    session = Session(server.address)
    session.reset()
    session.step(0)
    with pytest.raises(grpc.RpcError) as caught:
        session.step(0)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    eventually(lambda: session.describe().shards[0].generation == 1)
    session.close()


def test_client_that_vanishes_in_a_hung_step_costs_the_worker_not_the_server(start):
    options = ["--address", "unix:env.sock", "--workers", "1", "--lease", "1"]
    server = start("serve-env", "envs_for_tests:hangs_in_step", *options)
    (hung,) = children(server.process.pid)
    session = Session(server.address)
    session.reset()
    session.step(0)
    (stream,) = session.streams
    stream.send(step=pb.StepRequest(actions=session.actions.encode(session.actions.stack([0]))))
    # What an environment prints goes to the log.
    eventually(lambda: "hanging" in server.log)
    stream.call.cancel()
    eventually(lambda: not Path(f"/proc/{hung}").exists())
    eventually(lambda: "session closed" in server.log)
    eventually(lambda: len(children(server.process.pid)) == 1)


def test_stream_attaches_anew_while_a_step_takes_long(start, tmp_path):
    server = start("serve-env", "envs_for_tests:waits_for_file", "--address", "unix:env.sock", "--workers", "1")
    session = Session(server.address)
    session.reset([0])
    (stream,) = session.streams
    step = pb.StepRequest(actions=session.actions.encode(session.actions.stack([0])))
    stream.send(step=step)
    eventually(lambda: "waiting" in server.log)
    stream.call.cancel()
    (shard,) = session.opened.shards
    again = Stream(server.address, shard)
    # The step under way counts as executed: its response comes when the number is repeated.
    assert again.attach(shard.token).last_sequence == 2
    again.requests.put(pb.InteractRequest(sequence=2, step=step))
    (tmp_path / "go").touch()
    response = next(again.call)
    assert response.sequence == 2
    assert session.decode(response.step.observations)[0].tolist() == [[1, 0]]
    again.close()
    session.close()


def test_message_above_the_limit_is_refused(start):
    server = start(
        "serve-env", COUNTING, "envs_for_tests:image", "--address", "unix:env.sock", "--max-message-mib", "1"
    )
    with pytest.raises(grpc.RpcError) as caught:
        Session(server.address, "envs_for_tests:image", 100)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "--max-message-mib" in caught.value.details()
    session = Session(server.address, COUNTING, 1)
    with pytest.raises(grpc.RpcError) as caught:
        session.ask(reset=pb.ResetRequest(seeds=bytes(2 << 20)))
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than 1048576" in caught.value.details()
    session.close()


def test_session_that_ended_gives_its_workers_to_the_next(start):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock")
    workers = sorted(children(server.process.pid))
    for _ in range(3):
        session = Session(server.address, COUNTING, 2)
        for stream in session.streams:
            stream.half_close()
        for stream in session.streams:
            assert list(stream.call) == []
        session.channel.close()
        eventually(lambda: server.log.count("session opened") == server.log.count("session closed"))
    assert sorted(children(server.process.pid)) == workers


def test_token_of_an_ended_session_attaches_nothing(start):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", "--workers", "1")
    session = Session(server.address)
    session.close()
    stream = Stream(server.address, session.opened.shards[0])
    with pytest.raises(grpc.RpcError) as caught:
        stream.ask(attach=pb.AttachRequest(token=session.opened.shards[0].token))
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    stream.close()


def test_supervisor_itself_serves_no_shards(server):
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        stub = environment_pb2_grpc.EnvironmentServiceStub(channel)
        next(stub.Interact(iter([pb.InteractRequest(sequence=1, attach=pb.AttachRequest(token="x"))])))
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
