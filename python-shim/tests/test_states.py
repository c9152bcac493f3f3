"""Saving and restoring lanes: what follows is the same to the last bit."""

import copy
import enum
import random
import threading
from collections import defaultdict, deque, namedtuple

import grpc
import gymnasium as gym
import numpy as np
import pytest
from envs_for_tests import counting
from gymnasium.wrappers import (
    FrameStackObservation,
    NormalizeObservation,
    NormalizeReward,
    RecordEpisodeStatistics,
    StickyAction,
    TimeAwareObservation,
)
from test_attributes import UNIMPLEMENTED
from test_serve_env import INVALID, rows

import gymbridge
from gymbridge.client.errors import WorkerLost
from gymbridge.codec.values import BatchCodec
from gymbridge.env import restoring, snapshots, states
from gymbridge.env.copies import Copies
from gymbridge.env.lanes import DISABLED, NEXT_STEP, SAME_STEP
from gymbridge.errors import RequestError
from gymbridge.v1 import environment_pb2 as pb

KEY = b"only the servers know"
Point = namedtuple("Point", "x y")
CLASSIC = ["Acrobot-v1", "CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1"]
TOY_TEXT = [
    "Blackjack-v1",
    "CliffWalking-v1",
    "CliffWalkingSlippery-v1",
    "FrozenLake-v1",
    "FrozenLake8x8-v1",
    "Taxi-v4",
]
MUJOCO = [
    "Ant-v5",
    "HalfCheetah-v5",
    "Hopper-v5",
    "Humanoid-v5",
    "HumanoidStandup-v5",
    "InvertedDoublePendulum-v5",
    "InvertedPendulum-v5",
    "Pusher-v5",
    "Reacher-v5",
    "Swimmer-v5",
    "Walker2d-v5",
]
# So that an autoreset lies in what is repeated.
LIMIT = {"max_episode_steps": 130}


def make(env_id):
    return gym.make(env_id, disable_env_checker=True, **LIMIT)


def wrapped():
    """Most of what wrappers keep: running means, stacks, statistics, generators."""
    env = gym.make("Hopper-v5", max_episode_steps=50)
    env = RecordEpisodeStatistics(StickyAction(env, 0.3), buffer_length=3)
    env = FrameStackObservation(TimeAwareObservation(env), 3, padding_type="zero")
    return NormalizeReward(NormalizeObservation(env))


def lanes_of(make, n=1, mode=NEXT_STEP):
    return Copies([make() for _ in range(n)], mode, pb.INFO_MODE_ALL)


def record(lanes, actions):
    """Everything that stepping gives, as bytes."""
    seen = []
    for batch in actions:
        # Sticky actions keep a view of their batch.
        lanes.step([column.copy() for column in batch])
        observations = [np.array(column).tobytes() for column in lanes.observations]
        ends = (
            np.array(lanes.rewards, np.float64).tobytes(),
            np.array(lanes.terminated, np.bool_).tobytes(),
            np.array(lanes.truncated, np.bool_).tobytes(),
        )
        seen.append((observations, *ends, exact(lanes.infos)))
    return seen


def exact(infos):
    # What RecordEpisodeStatistics tells at an episode's end holds the time it took.
    return {
        key: value.tobytes() if isinstance(value, np.ndarray) and value.dtype != object else str(value)
        for key, value in infos.items()
        if "episode" not in key
    }


def actions_for(lanes, steps, seed=3):
    space = lanes.envs[0].action_space
    space = gym.vector.utils.batch_space(space, lanes.num_envs)
    space.seed(seed)
    codec = BatchCodec(lanes.envs[0].action_space)
    return [codec.stack(gym.vector.utils.iterate(space, space.sample())) for _ in range(steps)]


def reset(lanes, seed):
    lanes.reset([seed + lane for lane in range(lanes.num_envs)], None, [None] * lanes.num_envs)


def through_bytes(saved):
    return [states.unpack("X", states.pack("X", state, KEY), KEY) for state in saved]


@pytest.mark.parametrize("env_id", CLASSIC + TOY_TEXT + MUJOCO)
def test_restored_lanes_repeat_what_followed(env_id):
    check_repeats(lambda: make(env_id), 1)


def test_restored_wrappers_repeat_what_followed():
    check_repeats(wrapped, 2)


def check_repeats(make_env, n):
    lanes, each = lanes_of(make_env, n), list(range(n))
    reset(lanes, 5)
    actions = actions_for(lanes, 200)
    record(lanes, actions[:100])
    saved = through_bytes(lanes.save(each))
    before = [np.array(column).tobytes() for column in lanes.observations]
    first = record(lanes, actions[100:])
    assert any(b"\1" in terminated + truncated for _, _, terminated, truncated, _ in first)
    lanes.restore(each, saved)
    assert [np.array(column).tobytes() for column in lanes.observations] == before
    assert record(lanes, actions[100:]) == first
    # Fresh lanes, which were never reset, and some that went elsewhere.
    fresh = lanes_of(make_env, n)
    fresh.restore(each, saved)
    assert record(fresh, actions[100:]) == first
    other = lanes_of(make_env, n)
    reset(other, 77)
    record(other, actions[:37])
    other.restore(each[::-1], saved[::-1])
    assert record(other, actions[100:]) == first


def test_lanes_of_a_server_are_restored_in_another_session(open_session):
    first = open_session("Hopper-v5", 2)
    assert "save_state" in first.opened.capabilities
    first.reset([1, 2])
    actions = sampled(first, 60)
    for action in actions[:30]:
        first.step(*action)
    response = first.ask(save_state=pb.SaveStateRequest())
    saved = list(response.saved.states)
    rest = [first.step(*action).step for action in actions[30:]]
    second = open_session("Hopper-v5", 2)
    restored = second.ask(restore_state=pb.RestoreStateRequest(states=saved)).restored
    first.ask(restore_state=pb.RestoreStateRequest(states=saved))
    assert [second.step(*action).step for action in actions[30:]] == rest
    assert [first.step(*action).step for action in actions[30:]] == rest
    # One lane's state in both lanes.
    both = second.ask(restore_state=pb.RestoreStateRequest(lanes=[1, 0], states=[saved[0]] * 2)).restored
    rows = second.decode(both.observations)[0]
    assert rows[0].tolist() == rows[1].tolist() == second.decode(restored.observations)[0][0].tolist()


def sampled(session, steps):
    space = gym.vector.utils.batch_space(session.actions.space, session.opened.num_envs)
    space.seed(0)
    return [space.sample() for _ in range(steps)]


def test_state_from_between_episodes_resets_in_the_next_step(open_session):
    session = open_session("envs_for_tests:counting", kwargs={"length": 2})
    session.reset([4])
    session.step(0)
    ended = session.step(0).step
    (saved,) = session.ask(save_state=pb.SaveStateRequest()).saved.states
    dummy = session.step(0).step
    session.step(0)
    restored = session.ask(restore_state=pb.RestoreStateRequest(states=[saved])).restored
    assert restored.observations == ended.observations
    assert session.step(99).step == dummy


def test_states_that_do_not_fit_are_refused_and_no_lane_changes(open_session):
    session = open_session("envs_for_tests:counting", 2)
    session.reset([1, 2])
    good = list(session.ask(save_state=pb.SaveStateRequest()).saved.states)
    other = open_session("CartPole-v1")
    other.reset([0])
    (foreign,) = other.ask(save_state=pb.SaveStateRequest()).saved.states
    session.step(0, 0)
    damaged = bytearray(good[1])
    damaged[-3] ^= 1
    forged = states.pack("envs_for_tests:counting", {}, b"a client's own key")
    for bad, message in [
        (bytes(damaged), "damaged"),
        (good[1][:-1], "damaged"),
        (forged, "damaged or of another server"),
        (b"", "no saved state"),
        (foreign, "got a state of CartPole-v1, expected one of envs_for_tests:counting"),
    ]:
        error = session.ask(restore_state=pb.RestoreStateRequest(states=[good[0], bad])).error
        assert error.code == INVALID
        assert message in error.message
    assert rows(session, session.step(0, 0).step.observations) == [[2, 1], [2, 2]]


def test_states_are_good_on_servers_with_the_same_key(start, tmp_path):
    (tmp_path / "key").write_text("0123456789abcdef\n")
    (tmp_path / "same").write_text("0123456789abcdef")
    (tmp_path / "other").write_text("fedcba9876543210")

    def env(key):
        server = start("serve-env", "envs_for_tests:counting", "--address", f"unix:{key}.sock", "--state-key", key)
        return gymbridge.RemoteEnv(server.address)

    with env("key") as first, env("same") as second, env("other") as third:
        first.reset(seed=3)
        first.step(0)
        state = first.save_state()
        assert second.restore_state(state).tolist() == [1, 3]
        with pytest.raises(gymbridge.RemoteError, match="--state-key"):
            third.restore_state(state)


def test_state_of_a_process_that_died_is_restored_in_the_next_one(start):
    server = start("serve-env", "envs_for_tests:kills_itself", "--address", "unix:env.sock")
    with gymbridge.RemoteEnv(server.address) as env:
        env.reset(seed=3)
        env.step(0)
        state = env.save_state()
        env.step(0)
        with pytest.raises(WorkerLost):
            env.step(0)
        env.reset()
        assert env.restore_state(state).tolist() == [1, 3]


@pytest.mark.parametrize(("content", "message"), [(None, "No such file"), ("short", "has 5 bytes")])
def test_a_key_that_does_not_do_is_refused_at_the_start(start, tmp_path, content, message):
    if content is not None:
        (tmp_path / "key").write_text(content)
    server = start("serve-env", "envs_for_tests:counting", "--state-key", "key")
    assert server.process.wait(20) == 2
    assert message in server.log


@pytest.mark.parametrize(
    ("lanes", "count", "message"),
    [([0, 0], 2, "more than once"), ([2], 1, "not less than 2"), ([], 1, "got 1, expected 2"), ([1], 2, "expected 1")],
)
def test_wrong_lanes_are_refused(open_session, lanes, count, message):
    session = open_session("envs_for_tests:counting", 2)
    states_ = list(session.ask(save_state=pb.SaveStateRequest()).saved.states)[:count]
    error = session.ask(restore_state=pb.RestoreStateRequest(lanes=lanes, states=states_)).error
    assert error.code == INVALID
    assert message in error.message


def test_what_cannot_be_saved_is_named(open_session):
    session = open_session("envs_for_tests:unsaveable")
    assert "save_state" not in session.opened.capabilities
    error = session.ask(save_state=pb.SaveStateRequest()).error
    assert error.code == UNIMPLEMENTED
    assert "_Unsaveable.lock is a _thread.lock" in error.message


def test_ended_state_does_not_fit_same_step():
    saver = lanes_of(lambda: counting(length=1), mode=DISABLED)
    reset(saver, 0)
    saver.step([np.array([0])])
    with pytest.raises(RequestError, match="AUTORESET_MODE_SAME_STEP"):
        lanes_of(counting, mode=SAME_STEP).restore([0], through_bytes(saver.save([0])))


def test_state_saved_without_rendering_is_restored_where_frames_are_wanted():
    saver = lanes_of(counting)
    reset(saver, 0)
    saver.step([np.array([0])])
    target = lanes_of(lambda: counting(render_mode="ansi"))
    target.restore([0], through_bytes(saver.save([0])))
    assert target.render([0]) == ["count=1"]


class Part:
    def __init__(self, value):
        self.value = value


class Kind(enum.Enum):
    LOW = 0
    HIGH = 1


class Holder(gym.Env):
    """Whatever a test gives it."""

    observation_space = gym.spaces.Discrete(2)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, **attributes):
        self.__dict__.update(attributes)


def restored(env, target):
    snapshot = states.unpack("X", states.pack("X", snapshots.take(env), KEY), KEY)
    for act in restoring.plan(target, snapshot):
        act()
    return target


def test_plain_data_of_every_kind_comes_back_as_it_was():
    generator = np.random.default_rng(3)
    values = {
        "none": None,
        "flag": True,
        "large": 2**127 + 1,
        "negative": -(2**70),
        "real": float("nan"),
        "text": "é😀",
        "raw": b"\0\xff",
        "raws": bytearray(b"ab"),
        "nested": [1, (2.5, [None, {"a": {3: "x", (1, 2): 4}}])],
        "numpy": np.float32(1.25),
        "string": np.str_("abc"),
        "letters": np.array([[b"S", b"F"]]),
        "objects": np.array([None, 1, "a"], object),
        "empty": np.zeros((0, 3), np.int16),
        "big_endian": np.arange(3, dtype=">i4"),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "recent": deque([1, 2], maxlen=3),
        "names": {"b", "a"},
        "frozen": frozenset([1]),
        "mapping": defaultdict(list, {"a": [1]}),
        "kind": Kind.HIGH,
        "pair": Point(1, [2]),
        "part": Part([1]),
        "legacy": np.random.RandomState(3),
        "python": random.Random(3),
        "generators": [generator, np.random.Generator(np.random.MT19937(3))],
    }
    twin = copy.deepcopy(values)
    for name in ("large", "negative", "text", "raw", "nested", "numpy", "string", "recent", "kind"):
        twin[name] = Kind.LOW if name == "kind" else None
    twin["part"].value = 5
    twin["objects"][1] = 7
    twin["generators"][0].random(5)
    got = restored(Holder(**values), Holder(**twin)).__dict__
    for name, value in values.items():
        if name not in ("part", "legacy", "python", "generators", "real"):
            assert type(got[name]) is type(value), name
            assert str(got[name]) == str(value) or got[name] == value, name
    assert got["recent"].maxlen == 3
    assert got["big_endian"].dtype == ">i4"
    assert got["part"].value == [1]
    assert got["legacy"].random() == np.random.RandomState(3).random()
    assert got["python"].random() == random.Random(3).random()
    assert [each.random() for each in got["generators"]] == [each.random() for each in values["generators"]]


def test_what_is_shared_stays_shared_and_what_is_not_is_told_apart():
    shared = np.arange(3)
    env = Holder(one=shared, two=shared, last=np.array([7, 8, 9]))
    same = np.zeros(3, int)
    target = restored(env, Holder(one=np.zeros(3, int), two=same, last=same))
    assert target.one is target.two
    assert target.last is not target.two
    assert target.one.tolist() == [0, 1, 2]
    assert target.last.tolist() == [7, 8, 9]


def test_arrays_are_filled_in_place_so_that_views_see_it():
    buffer = np.arange(4)
    target = Holder(buffer=buffer, view=buffer[1:3])
    source = np.arange(10, 14)
    restored(Holder(buffer=source, view=source[1:3]), target)
    assert target.view.tolist() == [11, 12]
    target.buffer[1] = 99
    assert target.view[0] == 99


def test_cycles_and_attributes_that_come_and_go():
    env = Holder(new=1)
    env.me = [env]
    target = restored(env, Holder(old=2, code=len))
    assert target.me[0] is target
    assert not hasattr(target, "old")
    assert target.code is len


def test_generators_of_spaces_are_part_of_the_state():
    def env(seed):
        holder = Holder()
        holder.observation_space = gym.spaces.Dict(
            a=gym.spaces.Discrete(99), b=gym.spaces.Tuple([gym.spaces.Box(0, 1)])
        )
        holder.observation_space.seed(seed)
        return holder

    source = env(1)
    source.observation_space.sample()
    target = restored(source, env(2))
    assert str(target.observation_space.sample()) == str(source.observation_space.sample())


def test_no_object_is_made_of_a_class_that_the_environment_does_not_hold():
    with pytest.raises(RequestError, match=r"was a test_states\.Part and is a NoneType here") as caught:
        restored(Holder(part=Part(1)), Holder(part=None))
    assert caught.value.code == grpc.StatusCode.INVALID_ARGUMENT
    target = restored(Holder(parts=[Part(1), Part(2)]), Holder(parts=[Part(0)]))
    assert [part.value for part in target.parts] == [1, 2]


def test_functions_among_data_stay_those_of_the_environment():
    target = restored(Holder(steps=[len, 1]), Holder(steps=[max, 2, 3]))
    assert target.steps == [max, 1]


@pytest.mark.parametrize("value", [threading.Lock(), iter([]), np.ma.masked_array([1]), object()])
def test_what_is_not_plain_data_is_unimplemented(value):
    with pytest.raises(RequestError, match=r"Holder\.value is a .*, whose state cannot be saved"):
        snapshots.take(Holder(value=value))


def test_tampered_nodes_are_refused():
    for nodes in ([], [["array", "|O", [1], b"12345678"]], [["nonsense"]], [["object", "os.system", {}, []]], [3]):
        with pytest.raises(RequestError, match="does not fit"):
            restoring.plan(Holder(), {"root": [0], "nodes": nodes})


@pytest.mark.parametrize(
    "generator",
    [np.random.Generator(np.random.MT19937(1)), np.random.Generator(np.random.Philox(1)), np.random.RandomState(1)],
)
def test_positions_of_generators_are_checked(generator):
    snapshot = states.unpack("X", states.pack("X", snapshots.take(Holder(generator=generator)), KEY), KEY)
    restoring.plan(Holder(generator=generator), snapshot)
    for node in snapshot["nodes"]:
        if node[0] == "dict":
            for name in {"pos", "buffer_pos"} & {key for key in node[2][::2] if type(key) is str}:
                node[2][node[2].index(name) + 1] = 10**6
    with pytest.raises(RequestError, match="outside of its buffer"):
        restoring.plan(Holder(generator=generator), snapshot)
