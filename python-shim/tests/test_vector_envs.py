"""Vector environments made by somebody else, with lanes of their own."""

import envs_for_tests
import grpc
import gymnasium as gym
import numpy as np
import pytest
from support import Session
from test_attributes import UNIMPLEMENTED, call, results, set_attribute
from test_equality import assert_same_infos
from test_serve_env import INVALID

from gymbridge.codec.items import decode_item, decode_map, encode_map
from gymbridge.env.vector_lanes import VectorLanes
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc

SAME_STEP = pb.AUTORESET_MODE_SAME_STEP
DISABLED = pb.AUTORESET_MODE_DISABLED
NAMES = ["CartPole-v1", *(f"envs_for_tests:{name}" for name in ("fixed_vector", "sync_vector", "sync_vector_disabled"))]


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    from support import ServerProcess

    server = ServerProcess(
        *("serve-env", *NAMES, "--vector", "--num-envs", "4", "--address", "unix:env.sock"),
        *("--allow-attributes", "length,multiply", "--allow-kwargs", "length"),
        cwd=tmp_path_factory.mktemp("vectors"),
    )
    assert server.address, server.log
    yield server
    server.close()


def test_list_says_how_many_lanes_each_has(vectors):
    with grpc.insecure_channel(vectors.address) as channel:
        stub = environment_pb2_grpc.EnvironmentServiceStub(channel)
        listed = stub.ListEnvironments(pb.ListEnvironmentsRequest()).environments
    assert [each.fixed_num_envs for each in listed] == [4, 3, 3, 3]
    assert [each.default_num_envs for each in listed] == [4, 3, 3, 3]


def test_numpy_cart_poles_step_as_they_do_locally(vectors):
    theirs = gym.make_vec("CartPole-v1", 4, vectorization_mode="vector_entry_point")
    with Session(vectors.address, "CartPole-v1", 4) as session:
        assert session.opened.spec.max_episode_steps == 500
        assert session.observations.space == theirs.single_observation_space
        observations, _ = theirs.reset(seed=3)
        reset = session.reset([3, 4, 5, 6]).reset
        assert session.decode(reset.observations)[0].tobytes() == observations.tobytes()
        theirs.action_space.seed(0)
        ended = 0
        for _ in range(200):
            actions = theirs.action_space.sample()
            observations, rewards, terminated, truncated, _ = theirs.step(actions)
            step = session.step(*actions).step
            assert session.decode(step.observations)[0].tobytes() == observations.tobytes()
            assert step.rewards == rewards.astype("<f8").tobytes()
            assert (step.terminated, step.truncated) == (terminated.tobytes(), truncated.tobytes())
            ended += int(terminated.sum())
        assert ended > 5


def test_actions_of_lanes_about_to_reset_may_be_anything(vectors):
    with Session(vectors.address, "CartPole-v1", 4) as session:
        session.reset([3, 4, 5, 6])
        terminated = [0] * 4
        while not any(terminated):
            terminated = session.step(*np.ones(4, int)).step.terminated
        actions = [9 if ended else 1 for ended in terminated]
        assert session.step(*actions).HasField("step")
        assert session.step(9, 9, 9, 9).error.code == INVALID


@pytest.mark.parametrize(
    ("name", "request_", "message"),
    [
        ("CartPole-v1", {"num_envs": 3}, "is a vector environment of 4 lanes: ask for these, not 3"),
        ("CartPole-v1", {"autoreset_mode": SAME_STEP}, "in AUTORESET_MODE_NEXT_STEP: ask for this"),
        ("envs_for_tests:fixed_vector", {}, "in AUTORESET_MODE_SAME_STEP: ask for this"),
    ],
)
def test_other_lanes_and_autoreset_modes_are_refused(vectors, name, request_, message):
    with pytest.raises(grpc.RpcError) as caught:
        Session(vectors.address, name, **{"num_envs": 0, **request_})
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert message in caught.value.details()


def test_same_step_passes_final_observations_and_infos_on(vectors):
    with Session(vectors.address, "envs_for_tests:fixed_vector", 0, autoreset_mode=SAME_STEP) as session:
        assert session.opened.num_envs == 3
        assert "save_state" not in session.opened.capabilities
        reset = session.reset([5, 6, 7], options=encode_map({"start": 1})).reset
        assert decode_map(reset.infos)["seed"].tolist() == [5, 5, 5]
        step = session.step(0, 1, 2).step
        assert np.frombuffer(step.rewards).tolist() == [0, 1, 2]
        assert [array.tolist() for array in session.decode(step.observations)] == [
            [[0], [2], [2]],
            [0, 2, 2],
            [1, 3, 3],
        ]
        (count, *_) = session.decode(step.final_observations, 1)
        assert count.tolist() == [[2]]
        infos = decode_map(step.infos)
        assert infos["twice"].tolist() == [4, 4, 4]
        assert "final_obs" not in infos and "final_info" not in infos
        assert decode_map(step.final_infos)["why"].tolist() == [7, 0, 0]


def test_frames_are_those_of_the_lanes_asked_for(vectors):
    with Session(
        vectors.address, "envs_for_tests:fixed_vector", 0, autoreset_mode=SAME_STEP, render_mode="ansi"
    ) as session:
        session.reset()
        session.step(0, 0, 0)
        frames = session.ask(render=pb.RenderRequest(lanes=[2, 0])).rendered.frames
        assert [decode_item(frame) for frame in frames] == ["count=1", "count=1"]


def test_sync_vector_env_is_passed_on_as_it_is(vectors):
    theirs = envs_for_tests.sync_vector()
    with Session(vectors.address, "envs_for_tests:sync_vector", 3) as session:
        seeds = np.array([5, 0, 3], "<i8").tobytes()
        theirs.envs[1].reset(seed=9)
        # Lane 1 has no seed: its generator is made equal first.
        session.reset([0, 9, 0])
        _, infos = theirs.reset(seed=[5, None, 3])
        reset = session.ask(reset=pb.ResetRequest(seeds=seeds, seed_mask=b"\1\0\1")).reset
        assert_same_infos(decode_map(reset.infos), infos)
        for _ in range(12):
            *_, infos = theirs.step(np.array([0, 1, 2]))
            assert_same_infos(decode_map(session.step(0, 1, 2).step.infos), infos)
        assert results(call(session, "multiply", 3)) == list(theirs.call("multiply", 3))
        assert set_attribute(session, "length", 1, 2, 3).HasField("attribute_set")
        assert results(call(session, "length")) == [1, 2, 3]
        assert call(session, "length", lanes=[1]).error.code == UNIMPLEMENTED
        assert session.ask(save_state=pb.SaveStateRequest()).error.code == UNIMPLEMENTED
        options = [encode_map({"start": lane}) for lane in range(3)]
        assert session.ask(reset=pb.ResetRequest(lane_options=options)).error.code == UNIMPLEMENTED


def test_disabled_vector_env_resets_by_mask(vectors):
    with Session(
        vectors.address, "envs_for_tests:sync_vector_disabled", 3, autoreset_mode=DISABLED, kwargs={"length": 2}
    ) as session:
        session.reset([1, 2, 3])
        session.step(0, 0, 0)
        partial = session.ask(reset=pb.ResetRequest(reset_mask=b"\0\1\0", options=encode_map({"start": 1}))).reset
        assert session.decode(partial.observations)[0].tolist() == [[1, 1], [1, 2], [1, 3]]
        assert session.step(0, 0, 0).step.terminated == b"\1\1\1"
        assert "lane 0 has ended" in session.step(0, 0, 0).error.message
        nothing = session.ask(reset=pb.ResetRequest(reset_mask=b"\0\0\0")).reset
        assert session.decode(nothing.observations)[0].tolist() == [[2, 1], [2, 2], [2, 3]]


def test_vector_env_that_resets_by_itself_takes_no_mask(vectors):
    with Session(vectors.address, "envs_for_tests:sync_vector", 3, kwargs={"length": 2}) as session:
        session.reset([1, 2, 3])
        assert session.ask(reset=pb.ResetRequest(reset_mask=b"\0\1\0")).error.code == UNIMPLEMENTED


def test_ids_without_a_vector_environment_are_refused_at_the_start(start):
    server = start("serve-env", "Pendulum-v1", "--vector", "--address", "unix:env.sock")
    assert server.address is None
    assert "has no vector_entry_point" in server.log


class PoolLike:
    """As EnvPool's: the spaces are those of one lane, the number of lanes is the length."""

    def __init__(self):
        self.observation_space = gym.spaces.Box(0, 1, (2,), np.float32)
        self.action_space = gym.spaces.Discrete(2)

    def __len__(self):
        return 5

    def reset(self, seed=None, options=None):
        return np.zeros((5, 2), np.float32), {"env_id": np.arange(5)}

    def step(self, actions):
        ones = np.ones(5)
        return np.ones((5, 2), np.float32), ones * actions, ones > 1, ones > 1, {"env_id": np.arange(5)}


def test_what_looks_like_env_pool_is_taken():
    lanes = VectorLanes(PoolLike(), pb.INFO_MODE_ALL)
    assert lanes.num_envs == 5
    assert lanes.autoreset_mode == pb.AUTORESET_MODE_NEXT_STEP
    lanes.reset([None] * 5, None, [None] * 5)
    lanes.step([np.array([0, 1, 0, 1, 1])])
    assert lanes.rewards.tolist() == [0, 1, 0, 1, 1]
    assert lanes.infos["env_id"].tolist() == [0, 1, 2, 3, 4]
