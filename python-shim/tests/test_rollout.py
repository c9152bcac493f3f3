"""Rollouts in the worker: the same bytes as steps, actions as they are specified, and what is refused."""

import json
import math

import bundles
import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from support import ServerProcess, Session

from gymbridge.env.copies import Copies
from gymbridge.errors import RequestError
from gymbridge.rollout.roller import Roller
from gymbridge.v1 import environment_pb2 as pb

NEXT_STEP, SAME_STEP = pb.AUTORESET_MODE_NEXT_STEP, pb.AUTORESET_MODE_SAME_STEP
OFFERED = [
    "CartPole-v1",
    "HalfCheetah-v5",
    *(f"envs_for_tests:{name}" for name in ("counting", "truncating", "multi_discrete", "raises_in_step", "image")),
]
FAILED_PRECONDITION, INVALID_ARGUMENT, PERMISSION_DENIED = 9, 3, 7


@pytest.fixture(scope="module")
def rollouts(tmp_path_factory):
    """A server that takes policies."""
    options = ["--allow-policies", "--allow-kwargs", "length", "--address", "unix:env.sock", "--max-sessions", "8"]
    server = ServerProcess("serve-env", *OFFERED, *options, cwd=tmp_path_factory.mktemp("rollouts"))
    assert server.address, server.log
    yield server
    server.close()


@pytest.fixture
def open_session(rollouts):
    sessions = []

    def open_session(env_id, num_envs=3, **request):
        sessions.append(Session(rollouts.address, env_id, num_envs, **{"max_shards": 1, **request}))
        return sessions[-1]

    yield open_session
    for session in sessions:
        session.close()


def put(session, version=1, **options):
    bundle = bundles.policy_for(session.observations.space, session.actions.space, **options)
    return session.ask(put_policy=pb.PutPolicyRequest(version=version, bundle=bundle))


def roll(session, steps, **request):
    response = session.ask(rollout=pb.RolloutRequest(steps=steps, **{"seed": 7, **request}))
    assert not response.HasField("error"), response.error
    return response.rolled_out


def test_a_server_takes_no_policies_unless_told_to(server):
    with Session(server.address, "CartPole-v1", max_shards=1) as session:
        assert "rollouts" not in session.opened.capabilities
        assert put(session).error.code == PERMISSION_DENIED
        error = session.ask(rollout=pb.RolloutRequest(steps=1)).error
        assert error.code == PERMISSION_DENIED
        assert "--allow-policies" in error.message


@pytest.mark.parametrize(
    ("env_id", "mode", "steps"),
    [
        ("HalfCheetah-v5", NEXT_STEP, 40),
        ("CartPole-v1", NEXT_STEP, 150),
        ("CartPole-v1", SAME_STEP, 150),
        ("envs_for_tests:truncating", SAME_STEP, 20),
        ("envs_for_tests:multi_discrete", NEXT_STEP, 12),
    ],
)
def test_replaying_the_actions_step_by_step_gives_identical_bytes(open_session, env_id, mode, steps):
    rolling, stepping = (open_session(env_id, autoreset_mode=mode) for _ in range(2))
    assert "rollouts" in rolling.opened.capabilities
    assert put(rolling).policy_put.engine == "numpy"
    first = rolling.reset([1, 2, 3]).reset.observations.buffers[0]
    assert stepping.reset([1, 2, 3]).reset.observations.buffers[0] == first
    block = roll(rolling, steps)
    assert block.steps == steps
    size, actions = len(first), rolling.actions.decode(block.actions, 3 * steps, "actions")
    observations, finals = block.observations.buffers[0], b""
    assert observations[:size] == first
    ended = np.zeros(3, bool)
    for step in range(steps):
        rows = pb.StepRequest()
        rows.actions.CopyFrom(rolling.actions.encode([column[3 * step : 3 * step + 3] for column in actions]))
        answer = stepping.ask(step=rows).step
        lanes = slice(3 * step, 3 * step + 3)
        assert observations[(step + 1) * size : (step + 2) * size] == answer.observations.buffers[0]
        assert block.rewards[24 * step : 24 * step + 24] == answer.rewards
        assert block.terminated[lanes] == answer.terminated
        assert block.truncated[lanes] == answer.truncated
        assert block.resets[lanes] == (ended if mode == NEXT_STEP else np.zeros(3, bool)).tobytes()
        ended = np.frombuffer(answer.terminated, bool) | np.frombuffer(answer.truncated, bool)
        finals += b"".join(answer.final_observations.buffers)
    assert b"".join(block.final_observations.buffers) == finals
    if env_id != "HalfCheetah-v5":
        assert any(block.terminated) or any(block.truncated)


def test_blocks_go_on_where_the_last_one_ended(open_session):
    whole, halves = open_session("CartPole-v1"), open_session("CartPole-v1")
    for session in (whole, halves):
        put(session)
        session.reset([1, 2, 3])
    one = roll(whole, 30)
    two = [roll(halves, 10), roll(halves, 20, first_step=10)]
    assert two[0].actions.buffers[0] + two[1].actions.buffers[0] == one.actions.buffers[0]
    assert two[0].log_probabilities + two[1].log_probabilities == one.log_probabilities
    size = 3 * 16
    assert two[0].observations.buffers[0][:-size] + two[1].observations.buffers[0] == one.observations.buffers[0]


# What docs/protocol.md says, number by number and without NumPy.


def philox(counter, key):
    word = (1 << 64) - 1
    for _ in range(10):
        first, second = counter[0] * 0xD2E7470EE14C6C93, counter[2] * 0xCA5A826395121157
        counter = [
            (second >> 64) ^ counter[1] ^ key[0],
            second & word,
            (first >> 64) ^ counter[3] ^ key[1],
            first & word,
        ]
        key = [(key[0] + 0x9E3779B97F4A7C15) & word, (key[1] + 0xBB67AE8584CAA73B) & word]
    return counter


def uniform(seed, lane, step, draw, draws):
    number = step * draws + draw
    word = philox([number // 4, lane, 0, 0], [seed, 0])[number % 4]
    return ((word >> 12) + 0.5) * 2.0**-52


def log(x):
    mantissa, exponent = math.frexp(x)
    if mantissa < 0.7071067811865476:
        mantissa, exponent = mantissa + mantissa, exponent - 1
    s = (mantissa - 1.0) / (mantissa + 1.0)
    s2 = s * s
    series = 2.0 / 21
    for power in range(19, 1, -2):
        series = series * s2 + 2.0 / power
    series = series * s2
    return exponent * 0.6931471803691238 + (exponent * 1.9082149292705877e-10 + (series * s + (s + s)))


def exp(x):
    x = min(max(x, -700.0), 700.0)
    k = math.floor(x * 1.4426950408889634 + 0.5)
    r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    series = 1.0 / math.factorial(13)
    for power in range(12, 1, -1):
        series = series * r + 1.0 / math.factorial(power)
    return math.ldexp((series * r + 1.0) * r + 1.0, k)


def test_philox_gives_the_known_answers():
    assert philox([0] * 4, [0] * 2) == [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]
    pi = [0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89]
    key = [0x452821E638D01377, 0xBE5466CF34E90C6C]
    assert philox(pi, key) == [0xA528F45403E61D95, 0x38C72DBD566E9788, 0xA5A1610E72FD18B5, 0x57BD43B5E52B7FE6]


def test_choices_and_their_probabilities_are_as_specified(open_session):
    session = open_session("envs_for_tests:multi_discrete")
    counts, starts = session.actions.space.nvec.ravel().tolist(), session.actions.space.start.ravel().tolist()
    put(session)
    session.reset([1, 2, 3])
    steps, first_step, seed = 10, 5, (1 << 63) + 9
    block = roll(session, steps, seed=seed, first_step=first_step, with_distribution=True)
    width = sum(counts)
    logits = np.frombuffer(block.distribution[0], "<f4").reshape(steps, 3, width)
    (actions,) = session.actions.decode(block.actions, 3 * steps, "actions")
    probabilities = np.frombuffer(block.log_probabilities, "<f8").reshape(steps, 3)
    for step in range(steps):
        for lane in range(3):
            total, at, expected = 0.0, 0, []
            for count, start in zip(counts, starts, strict=True):
                numbers = [float(x) for x in logits[step, lane, at : at + count]]
                gumbels = [
                    -log(-log(uniform(seed, lane, first_step + step, at + choice, width))) for choice in range(count)
                ]
                scores = [a + b for a, b in zip(gumbels, numbers, strict=True)]
                choice = scores.index(max(scores))
                expected.append(start + choice)
                shifted = [number - max(numbers) for number in numbers]
                mass = 0.0
                for number in shifted:
                    mass += exp(number)
                total += shifted[choice] - log(mass)
                at += count
            assert actions[3 * step + lane].ravel().tolist() == expected
            assert probabilities[step, lane] == total


def test_gaussian_actions_and_their_densities_are_as_specified(open_session):
    session = open_session("HalfCheetah-v5", 4, max_shards=2)
    assert len(session.streams) == 2
    bundle = bundles.policy_for(session.observations.space, session.actions.space, log_std=-0.3)
    steps, seed = 140, 11
    for first_lane, stream in zip((0, 2), session.streams, strict=True):
        stream.ask(put_policy=pb.PutPolicyRequest(version=1, bundle=bundle))
        stream.ask(reset=pb.ResetRequest())
        block = stream.ask(rollout=pb.RolloutRequest(steps=steps, seed=seed, with_distribution=True)).rolled_out
        steps = block.steps
        mean, log_std = (np.frombuffer(data, "<f4").reshape(steps, 2, 6) for data in block.distribution)
        samples = np.frombuffer(block.samples, "<f4").reshape(steps, 2, 6)
        actions = np.frombuffer(block.actions.buffers[0], "<f4").reshape(steps, 2, 6)
        densities = np.frombuffer(block.log_probabilities, "<f8").reshape(steps, 2)
        np.testing.assert_array_equal(actions, samples.clip(-1, 1))
        assert (actions != samples).any()
        from statistics import NormalDist

        quantile = NormalDist().inv_cdf
        for step in (0, 1, 127, 128, steps - 1):
            for lane in range(2):
                total = 0.0
                for component in range(6):
                    z = quantile(uniform(seed, first_lane + lane, step, component, 6))
                    std = float(log_std[step, lane, component])
                    assert samples[step, lane, component] == np.float32(
                        exp(std) * z + float(mean[step, lane, component])
                    )
                    total += (-0.5 * z * z - std) - 0.9189385332046727
                assert densities[step, lane] == pytest.approx(total, abs=1e-12)


def test_the_newest_policy_acts_with_its_own_normaliser_and_stale_ones_are_refused(open_session):
    session = open_session("HalfCheetah-v5", 2)
    session.reset([1, 2])
    assert session.ask(rollout=pb.RolloutRequest(steps=1)).error.code == FAILED_PRECONDITION
    put(session, 1)
    block = roll(session, 1, deterministic=True, oldest_version=1)
    assert block.policy_version == 1
    assert not block.log_probabilities and not block.samples and not block.distribution
    assert put(session, 1).error.code == INVALID_ARGUMENT
    error = session.ask(rollout=pb.RolloutRequest(steps=1, oldest_version=2)).error
    assert error.code == FAILED_PRECONDITION
    assert "version 1, older than 2" in error.message
    # Nothing has moved.
    again = roll(session, 1, deterministic=True)
    assert again.observations.buffers[0][: 2 * 17 * 8] == block.observations.buffers[0][2 * 17 * 8 :]
    put(session, 5, mean=np.full(17, 0.5), std=np.full(17, 2.0))
    newer = roll(session, 1, deterministic=True, oldest_version=4)
    assert newer.policy_version == 5
    space = session.observations.space
    seen = np.frombuffer(newer.observations.buffers[0], "<f8").reshape(2, 2, 17)[0]
    model = bundles.gaussian_model(space, session.actions.space, mean=np.full(17, 0.5), std=np.full(17, 2.0))
    (expected,) = bundles.run_model(model, seen, "actions")
    np.testing.assert_allclose(np.frombuffer(newer.actions.buffers[0], "<f4").reshape(2, 6), expected, atol=1e-6)


def test_an_error_of_an_environment_ends_the_rollout_and_wants_a_reset(open_session):
    session = open_session("envs_for_tests:raises_in_step")
    put(session)
    session.reset([1, 2, 3])
    assert session.ask(rollout=pb.RolloutRequest(steps=10)).error.code == 2
    assert session.ask(rollout=pb.RolloutRequest(steps=10)).error.code == FAILED_PRECONDITION


def test_a_session_that_resets_no_lanes_by_itself_has_no_rollouts(open_session):
    session = open_session("CartPole-v1", autoreset_mode=pb.AUTORESET_MODE_DISABLED)
    assert "rollouts" not in session.opened.capabilities
    assert put(session).error.code == INVALID_ARGUMENT


def test_a_block_ends_before_the_step_timeout_and_before_it_is_too_large():
    env = gym.make("CartPole-v1")
    policy = bundles.policy_for(env.observation_space, env.action_space)
    for message, timeout, expected in ((1 << 20, 0.0, 1), (1 << 12, math.inf, 15)):
        lanes = Copies([gym.make("CartPole-v1") for _ in range(2)], NEXT_STEP, pb.INFO_MODE_NONE)
        roller = Roller(lanes, message, timeout)
        roller.put(pb.PutPolicyRequest(version=1, bundle=policy), pb.PutPolicyResponse())
        lanes.reset([1, 2], None, [None, None])
        response = pb.RolloutResponse()
        roller.roll_out(pb.RolloutRequest(steps=1 << 31, seed=1), response)
        assert response.steps == expected
        assert response.ByteSize() < message


def test_large_networks_and_others_go_through_onnx_runtime():
    box, actions = spaces.Box(-1, 1, (3,), np.float32), spaces.Box(-1, 1, (2,), np.float32)
    maker = bundles.GraphMaker(np.float32, (3,))
    raw = bundles.network(maker, box, 2, np.random.default_rng(0))
    maker.output("actions", maker.node("Tanh", maker.node("Softplus", raw)), np.float32, (2,))
    odd = bundles.bundle(maker.model(), box, actions, lambda manifest: manifest.update(stochastic=False))
    large = bundles.policy_for(box, actions, hidden=(600, 600))
    for policy in (odd, large):
        response = pb.PutPolicyResponse()
        _roller(box, actions).put(pb.PutPolicyRequest(version=1, bundle=policy), response)
        assert response.engine == "onnxruntime"


class _Idle(gym.Env):
    def __init__(self, observation_space, action_space):
        self.observation_space, self.action_space = observation_space, action_space


def _roller(observation_space, action_space) -> Roller:
    lanes = Copies([_Idle(observation_space, action_space)] * 2, NEXT_STEP, pb.INFO_MODE_NONE)
    return Roller(lanes, 1 << 20, math.inf)


BOX, TWO = spaces.Box(-1, 1, (3,), np.float32), spaces.Box(-1, 1, (2,), np.float32)
MODEL = bundles.gaussian_model(BOX, TWO)


def _unknown_operator() -> bytes:
    maker = bundles.GraphMaker(np.float32, (3,))
    maker.output("actions", maker.node("Nil", "observations"), np.float32, (2,))
    return maker.model()


UNKNOWN = _unknown_operator()


def _manifest(**changes):
    return bundles.bundle(MODEL, BOX, TWO, lambda manifest: manifest.update(changes))


def _golden(manifest):
    manifest["golden"]["actions"]["data"][3] += 0.01


def _with_graph(*parts: bytes) -> bytes:
    return bundles.zipped({"manifest.json": _of(MODEL + b"".join(parts)), "policy.onnx": MODEL + b"".join(parts)})


def _of(model: bytes) -> bytes:
    import hashlib
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(_manifest())) as file:
        manifest = json.loads(file.read("manifest.json"))
    manifest["sha256"]["policy.onnx"] = hashlib.sha256(model).hexdigest()
    return json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("bundle", "why"),
    [
        (b"", "no zip file"),
        (_manifest()[:-30], "no zip file"),
        (bundles.zipped({"manifest.json": b"{}"}), "lacks policy.onnx"),
        (bundles.zipped({"manifest.json": b"{}", "policy.onnx": b"x"}), "not as it should be"),
        (bundles.zipped({"manifest.json": b"[" * 100_000, "policy.onnx": b"x"}), "not as it should be"),
        (bundles.zipped({"../evil.py": b"", "manifest.json": b"{}"}), "unexpected entry"),
        (_manifest(format=2), "format 2"),
        (_manifest(sha256={"policy.onnx": "0"}), "sha256"),
        (_manifest(action_space={"type": "Discrete", "n": 2, "start": 0}), "Discrete"),
        (bundles.bundle(MODEL, BOX, TWO, _golden), "golden observation 1"),
        (bundles.policy_for(BOX, spaces.Box(-1, 1, (4,), np.float32)), "shape"),
        (bundles.policy_for(spaces.Box(-1, 1, (3,), np.float64), TWO), "float64"),
        (_with_graph(b"\xff"), "cut short"),
        (_with_graph(bundles.message(25, bundles.text(1, "f"))), "functions"),
        (_with_graph(bundles.message(8, bundles.text(1, "evil.org"))), "domain"),
        (_with_graph(bundles.message(7, bundles.message(1, bundles.message(5, bundles.message(6))))), "holds a graph"),
        (_with_graph(bundles.message(7, bundles.message(5, bundles.message(13)))), "another file"),
        (bundles.zipped({"manifest.json": _of(UNKNOWN), "policy.onnx": UNKNOWN}), "be run"),
    ],
)
def test_bundles_that_are_refused(bundle, why):
    roller = _roller(BOX, TWO)
    with pytest.raises(RequestError, match=why) as raised:
        roller.put(pb.PutPolicyRequest(version=1, bundle=bundle), pb.PutPolicyResponse())
    assert raised.value.code.value[0] == INVALID_ARGUMENT


def test_a_bundle_cannot_unfold_to_more_than_it_declares():
    data = bytearray(bundles.zipped({"manifest.json": b" " * 100_000, "policy.onnx": b"x"}))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = (10).to_bytes(4, "little")
    with pytest.raises(RequestError, match="refused"):
        _roller(BOX, TWO).put(pb.PutPolicyRequest(version=1, bundle=bytes(data)), pb.PutPolicyResponse())
