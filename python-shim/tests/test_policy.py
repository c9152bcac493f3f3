"""Policies served by real servers, asked by RemotePolicy and by plain calls."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import grpc
import gymnasium as gym
import numpy as np
import pytest
from support import HERE

from gymbridge import RemotePolicy
from gymbridge.client.address import Address
from gymbridge.client.remote_policy import _Stream
from gymbridge.codec.values import BatchCodec
from gymbridge.http2 import frames
from gymbridge.http2.client import ConnectionBroken
from gymbridge.policy.network import NetworkActor, NetworkError
from gymbridge.v1 import policy_pb2 as pb
from gymbridge.v1 import policy_pb2_grpc, value_pb2

EXPERT = HERE.parent / "examples" / "reacher_expert.py"
FUNCTIONS = """
import numpy as np

def echo(observations):
    return np.full((len(observations), 1), 5.0)

def same(observations):
    return observations

def fails(observations):
    raise KeyError("no idea")

def wrong_shape(observations):
    return np.zeros(3)
"""


def network(path, **arrays):
    """A network for Pendulum-v1: 3 numbers in, 1 out."""
    random = np.random.default_rng(0)
    layers = {"W0": random.normal(size=(3, 8)), "b0": np.zeros(8), "W1": random.normal(size=(8, 1)), "b1": np.ones(1)}
    content = {"version": 1, "output": "gaussian", "activation": "tanh", **layers, **arrays}
    np.savez(path, **{name: array for name, array in content.items() if array is not None})
    return path


def actor(path, env_id="Pendulum-v1", seed=0):
    env = gym.make(env_id)
    return NetworkActor(path, env.observation_space, env.action_space, seed)


@pytest.fixture
def serve(start, tmp_path):
    (tmp_path / "functions.py").write_text(FUNCTIONS)

    def serve(what, env_id="Pendulum-v1", *options):
        server = start("serve-policy", str(what), "--env", env_id, "--address", "unix:policy.sock", *options)
        assert server.address, server.log
        return server

    return serve


def test_network_computes_what_the_layout_says(tmp_path):
    path = network(tmp_path / "n.npz", obs_mean=np.ones(3), obs_std=np.full(3, 2.0), obs_epsilon=1.0, obs_clip=0.5)
    with np.load(path) as n:
        x = np.clip((np.array([[1.0, 2.0, 10.0]]) - 1) / 3, -0.5, 0.5)
        expected = np.tanh(x @ n["W0"] + n["b0"]) @ n["W1"] + n["b1"]
    got = actor(path).act(np.array([[1.0, 2.0, 10.0]], np.float32), True)
    assert np.allclose(got, expected, rtol=1e-12)


def test_outputs_become_actions_as_the_layout_says(tmp_path):
    observations = np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)
    mean = actor(network(tmp_path / "mean.npz")).act(observations, True)
    squashed = actor(network(tmp_path / "squashed.npz", output="squashed_gaussian", activation="tanh"))
    assert np.allclose(squashed.act(observations, True), 2 * np.tanh(mean))
    assert not squashed.stochastic
    noisy = actor(network(tmp_path / "noisy.npz", log_std=np.array([-1.0])))
    assert noisy.stochastic
    assert np.array_equal(noisy.act(observations, True), mean)
    noise = noisy.act(np.repeat(observations[:1], 20_000, 0), False) - mean[0]
    assert abs(noise.std() - np.exp(-1)) < 0.01
    again = actor(network(tmp_path / "noisy.npz", log_std=np.array([-1.0])))
    assert np.array_equal(again.act(observations, False), actor(tmp_path / "noisy.npz").act(observations, False))


def test_categorical_samples_softmax_and_q_values_take_the_best(tmp_path):
    layers = {
        "W0": np.zeros((4, 2), np.float32),
        "b0": np.log(np.array([0.2, 0.8], np.float32)),
        "W1": None,
        "b1": None,
    }
    observations = np.zeros((20_000, 4), np.float32)
    categorical = actor(network(tmp_path / "c.npz", output="categorical", **layers), "CartPole-v1")
    assert abs(categorical.act(observations, False).mean() - 0.8) < 0.02
    assert (categorical.act(observations, True) == 1).all()
    best = actor(network(tmp_path / "q.npz", output="q_values", **layers), "CartPole-v1")
    assert (best.act(observations, False) == 1).all()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"version": 2}, "version 2"),
        ({"output": "guess"}, "expected one of"),
        ({"activation": "gelu"}, "tanh, relu"),
        ({"W1": np.zeros((7, 1))}, "W1 takes 7"),
        ({"b0": None}, "no 'b0'"),
        ({"output": "categorical"}, "does not fit"),
        ({"W0": np.full((3, 8), np.nan)}, "not finite"),
    ],
)
def test_malformed_network_is_refused(tmp_path, arrays, message):
    with pytest.raises(NetworkError, match=message):
        actor(network(tmp_path / "n.npz", **arrays))


def test_single_and_batched_observations_are_told_apart(serve):
    serve_address = serve(EXPERT.as_posix() + ":act", "Reacher-v5").address
    with RemotePolicy(serve_address) as policy:
        assert (policy.name, policy.stochastic) == ("act", False)
        assert policy.observation_space == gym.make("Reacher-v5").observation_space
        observations = np.random.default_rng(0).normal(size=(5, 10))
        batch, state = policy.predict(observations)
        assert (batch.shape, batch.dtype, state) == ((5, 2), np.float32, None)
        single, _ = policy.predict(observations[2])
        assert np.array_equal(single, batch[2])
        with pytest.raises(ValueError, match="expected"):
            policy.predict(np.zeros(9))


def test_observations_and_actions_that_vary_in_size_are_told_apart_and_batched(serve):
    with RemotePolicy(serve("functions:same", "envs_for_tests:variable_size").address) as policy:
        space = policy.observation_space
        space.seed(3)
        single = space.sample()
        assert str(policy.predict(single)[0]) == str(single)
        codec = BatchCodec(space)
        batch = codec.value(codec.stack([single, space.sample()]), slice(None))
        assert str(policy.predict(batch)[0]) == str(batch)
        with pytest.raises(RuntimeError, match=r"action .* of observation 0: got .no., expected 1 to 8 characters"):
            policy.predict({**single, "text": "no"})


def test_actions_are_clipped_to_the_space(serve):
    with RemotePolicy(serve("functions:echo").address) as policy:
        assert policy.predict(np.zeros(3, np.float32))[0].tolist() == [2.0]


def test_policy_that_raises_tells_where_and_the_stream_goes_on(serve):
    with RemotePolicy(serve("functions.py:fails").address) as policy:
        for _ in range(2):
            with pytest.raises(RuntimeError, match=r"(?s)KeyError: 'no idea'.*in fails"):
                policy.predict(np.zeros(3, np.float32))


def test_wrong_shape_from_a_policy_is_its_error(serve):
    with (
        RemotePolicy(serve("functions:wrong_shape").address) as policy,
        pytest.raises(RuntimeError, match=r"shape \(3,\), not \(1, 1\)"),
    ):
        policy.predict(np.zeros(3, np.float32))


def test_observations_that_are_not_finite_are_refused(serve):
    with RemotePolicy(serve("functions:echo").address) as policy:
        with pytest.raises(ValueError, match=r"observation 1 component \[2\] is inf"):
            policy.predict(np.array([[0, 0, 0], [0, 0, np.inf]], np.float32))
        assert policy.predict(np.zeros(3, np.float32))[0].shape == (1,)


def test_unary_calls_and_stream_agree_and_check_their_requests(serve, tmp_path):
    server = serve(network(tmp_path / "net.npz"), "Pendulum-v1", "--name", "swing")
    buffers = value_pb2.Buffers(buffers=[np.zeros((2, 3), "<f4").tobytes()])
    act = pb.ActRequest(batch_size=2, observations=buffers, deterministic=True)
    with grpc.insecure_channel(server.address) as channel:
        stub = policy_pb2_grpc.PolicyServiceStub(channel)
        assert [policy.name for policy in stub.ListPolicies(pb.ListPoliciesRequest()).policies] == ["swing"]
        unary = stub.Act(act)
        requests = [pb.ActStreamRequest(sequence=1, act=act), pb.ActStreamRequest(sequence=3, act=act)]
        first, second = stub.ActStream(iter(requests))
        assert first.acted == unary
        assert second.error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
        for wrong, code in (
            (pb.ActRequest(batch_size=0), "INVALID_ARGUMENT"),
            (pb.ActRequest(batch_size=3, observations=buffers), "INVALID_ARGUMENT"),
            (pb.ActRequest(policy="swong", batch_size=2, observations=buffers), "NOT_FOUND"),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                stub.Act(wrong)
            assert caught.value.code().name == code


def test_server_that_is_not_there_or_ended_is_named(serve, tmp_path):
    with pytest.raises(ConnectionError, match=r"no policy server at unix:.*serve-policy"):
        RemotePolicy(f"unix:{tmp_path}/nobody.sock")
    server = serve("functions:echo")
    with pytest.raises(LookupError, match="there is: echo"):
        RemotePolicy(server.address, "ecco")
    with RemotePolicy(server.address) as policy:
        policy.predict(np.zeros(3, np.float32))
        assert server.end() == 0
        with pytest.raises(ConnectionError):
            policy.predict(np.zeros(3, np.float32))
        serve("functions:echo")
        for attempt in range(20):
            try:
                assert policy.predict(np.zeros(3, np.float32))[0].tolist() == [2.0]
                break
            except ConnectionError:
                assert attempt < 19


def test_a_policy_that_was_closed_asks_nobody(serve):
    policy = RemotePolicy(serve("functions:echo").address)
    policy.predict(np.zeros(3, np.float32))
    policy.close()
    with pytest.raises(ValueError, match="closed"):
        policy.predict(np.zeros(3, np.float32))
    policy.close()


@pytest.fixture
def peer(tmp_path):
    """A listening socket, and a stream to it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "peer.sock"))
        listener.listen()
        stream = _Stream(Address.parse(f"unix:{tmp_path}/peer.sock"), 0.4)
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(20)
            yield connection, stream
        stream.close()


_PING = frames.settings({}) + frames.frame(frames.PING, 0, 0, b"anyone??")


def test_pings_are_answered_while_nobody_asks(peer):
    connection, _ = peer
    connection.sendall(_PING)
    seen = b""
    while frames.frame(frames.PING, frames.ACK, 0, b"anyone??") not in seen:
        seen += connection.recv(4096)


def test_a_server_that_only_pings_does_not_answer_in_time(peer):
    connection, stream = peer

    def ping() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(_PING)
                connection.recv(4096)

    threading.Thread(target=ping, daemon=True).start()
    with pytest.raises(ConnectionBroken):
        stream.ask(pb.ActRequest())
    assert stream.timed_out


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("functions:nothing", "has no function 'nothing'"),
        ("nowhere:f", "No module named 'nowhere'"),
        ("missing.npz", "there is no file missing.npz"),
        ("gibberish", "module:function"),
    ],
)
def test_what_cannot_be_served_is_refused_at_the_start(start, tmp_path, what, message):
    (tmp_path / "functions.py").write_text(FUNCTIONS)
    server = start("serve-policy", what, "--env", "Pendulum-v1", "--address", "unix:policy.sock")
    assert server.process.wait(20) == 2
    assert message in server.log
    assert "Traceback" not in server.log


def run(*arguments, cwd):
    command = [sys.executable, "-m", "gymbridge", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "src")}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60)


def test_evaluate_writes_what_the_policy_returns(serve, tmp_path):
    server = serve(EXPERT.as_posix() + ":act", "Reacher-v5")
    options = ["--env", "Reacher-v5", "--episodes", "20", "--json", "result.json"]
    done = run("evaluate", server.address, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    assert set(result) == {"return_mean", "return_sd", "episodes", "length_mean", "returns"}
    assert len(result["returns"]) == 20
    assert -8 < result["return_mean"] < -4.5
    assert run("evaluate", f"{server.address}/other", *options, cwd=tmp_path).returncode == 2


DATA = Path(os.environ.get("GYMBRIDGE_POLICIES", "nowhere"))


@pytest.mark.skipif(not DATA.is_dir(), reason="GYMBRIDGE_POLICIES names no folder with the published policies")
@pytest.mark.parametrize(
    ("name", "env_id", "low", "high"),
    [
        ("gail_HalfCheetah-v1", "HalfCheetah-v5", 5000, 5500),
        ("gail_Hopper-v1", "Hopper-v5", 3500, 3600),
        ("sb3_ppo_CartPole-v1", "CartPole-v1", 500, 500),
        ("sb3_dqn_CartPole-v1", "CartPole-v1", 500, 500),
        ("gail_MountainCar-v0", "MountainCar-v0", -125, -85),
    ],
)
def test_converted_policies_return_what_is_known_of_them(tmp_path, name, env_id, low, high):
    converter = HERE.parent.parent / "benchmarks" / "convert_policy.py"
    subprocess.run([sys.executable, converter, DATA / f"{name}.npz", tmp_path / "p.npz"], check=True)
    env = gym.make(env_id)
    policy = NetworkActor(tmp_path / "p.npz", env.observation_space, env.action_space, 0)
    observation, _ = env.reset(seed=0)
    total, ended = 0.0, False
    while not ended:
        action = policy.act(observation[None], True)[0]
        if isinstance(env.action_space, gym.spaces.Box):
            action = np.clip(action, env.action_space.low, env.action_space.high)
        observation, reward, terminated, truncated, _ = env.step(action)
        total, ended = total + reward, terminated or truncated
    assert low <= total <= high
