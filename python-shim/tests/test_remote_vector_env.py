import pickle

import comparisons
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import gymbridge
from gymbridge.client.errors import WorkerLost
from gymbridge.env.factory import find_factory

COUNTING = "envs_for_tests:counting"
NUM_ENVS = 5
# How many steps it takes for episodes to end.
COMPARED = {
    "CartPole-v1": 80,
    "FrozenLake-v1": 60,
    "Blackjack-v1": 20,
    "Pendulum-v1": 250,
    "HalfCheetah-v5": 30,
    "envs_for_tests:odd_infos": 30,
    "envs_for_tests:goal": 50,
}


@pytest.fixture
def make(server):
    """Makes environments on the common server; they end with the test."""
    envs = []

    def make(env_id=COUNTING, num_envs=3, **arguments):
        envs.append(gymbridge.RemoteVectorEnv(server.address, env_id, num_envs, **arguments))
        return envs[-1]

    yield make
    for env in envs:
        env.close()


def same(theirs, ours, what):
    difference = next(comparisons.differences(theirs, ours, what), None)
    assert difference is None, difference


def both(zoo, env_id, mode, wrap=lambda envs: envs, **arguments):
    """The same environments here and in the server, in two processes."""
    theirs = SyncVectorEnv([find_factory(env_id)] * NUM_ENVS, autoreset_mode=mode)
    ours = gymbridge.RemoteVectorEnv(zoo, env_id, NUM_ENVS, autoreset_mode=mode, **arguments)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert ours.single_observation_space == theirs.single_observation_space
    assert ours.single_action_space == theirs.single_action_space
    assert ours.metadata["autoreset_mode"] is mode
    return wrap(theirs), wrap(ours)


@pytest.mark.parametrize("transport", ["shm", "grpc"])
@pytest.mark.parametrize("mode", AutoresetMode, ids=lambda mode: mode.name)
@pytest.mark.parametrize("env_id", COMPARED)
def test_steps_equal_those_of_sync_vector_env(zoo, env_id, mode, transport):
    # FrozenLake's info "prob" is an int after a reset and a float after a step.
    max_shards = 1 if env_id == "FrozenLake-v1" else 2
    theirs, ours = both(zoo, env_id, mode, max_shards=max_shards, transport=transport)
    assert len(ours._session.shards) == max_shards
    same(theirs.reset(seed=7), ours.reset(seed=7), "reset")
    theirs.action_space.seed(1)
    ended = 0
    for step in range(COMPARED[env_id]):
        actions = theirs.action_space.sample()
        expected = theirs.step(actions)
        same(expected, ours.step(actions), f"step {step}")
        mask = expected[2] | expected[3]
        ended += mask.any()
        if mode is AutoresetMode.DISABLED and mask.any():
            same(theirs.reset(options={"reset_mask": mask}), ours.reset(options={"reset_mask": mask}), "reset_mask")
    assert ended or env_id == "HalfCheetah-v5"
    same(theirs.reset(seed=[3, None, 5, None, 0]), ours.reset(seed=[3, None, 5, None, 0]), "seeds of some")
    same(theirs.reset(), ours.reset(), "unseeded reset")
    same(theirs.step(actions), ours.step(actions), "step after reset")
    theirs.close()
    ours.close()


def statistics(envs):
    return gym.wrappers.vector.RecordEpisodeStatistics(envs)


def normalized(envs):
    envs = gym.wrappers.vector.NormalizeObservation(gym.wrappers.vector.RescaleObservation(envs, -1, 1))
    return gym.wrappers.vector.NormalizeReward(gym.wrappers.vector.ClipReward(envs, -5, 5))


@pytest.mark.parametrize("wrap", [statistics, normalized])
def test_wrappers_on_top_give_the_same(zoo, wrap):
    theirs, ours = both(zoo, "Pendulum-v1", AutoresetMode.NEXT_STEP, wrap)
    same(theirs.reset(seed=1), ours.reset(seed=1), "reset")
    theirs.action_space.seed(1)
    for step in range(210):
        actions = theirs.action_space.sample()
        for result in (expected := theirs.step(actions)), (got := ours.step(actions)):
            # Seconds, which differ.
            result[4].get("episode", {}).pop("t", None)
        same(expected, got, f"step {step}")
    ours.close()
    theirs.close()


def test_make_vec_makes_them_and_their_specification_again(server):
    envs = gym.make_vec("gymbridge/Remote-v0", num_envs=2, address=server.address, env_id="CartPole-v1")
    assert isinstance(envs, gymbridge.RemoteVectorEnv) and isinstance(envs, gym.vector.VectorEnv)
    assert envs.spec.max_episode_steps == 500 and envs.spec.reward_threshold == 475.0
    assert envs.unwrapped is envs
    again = gym.make_vec(envs.spec)
    assert isinstance(again, gymbridge.RemoteVectorEnv) and again.num_envs == 2
    same(envs.reset(seed=3), again.reset(seed=3), "reset")
    envs.close()
    again.close()
    direct = gymbridge.RemoteVectorEnv(server.address, "CartPole-v1", 3, autoreset_mode="SameStep")
    again = gym.make_vec(direct.spec)
    assert again.num_envs == 3 and again.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    direct.close()
    again.close()


def test_single_environments_can_be_vectorised_too(server):
    arguments = {"address": server.address, "env_id": "CartPole-v1"}
    envs = gym.make_vec("gymbridge/Remote-v0", num_envs=2, vectorization_mode="sync", **arguments)
    local = gym.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync")
    same(local.reset(seed=1), envs.reset(seed=1), "reset")
    envs.close()


def test_number_of_lanes_is_the_servers_default(make):
    assert make(num_envs=None).num_envs == 8
    with pytest.raises(ValueError, match="num_envs=0"):
        make(num_envs=0)
    with pytest.raises(gymbridge.RemoteError, match="--max-num-envs"):
        make(num_envs=100_000)


def test_pickles_connect_anew(make):
    envs = make(length=2, autoreset_mode=AutoresetMode.SAME_STEP)
    envs.reset(seed=4)
    again = pickle.loads(pickle.dumps(envs))
    assert again.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert again.reset(seed=4)[0].tolist() == [[0, 4], [0, 5], [0, 6]]
    again.close()


def test_arrays_are_the_callers_own_unless_views_are_asked_for(make):
    envs = make()
    observations, *_ = envs.reset(seed=0)
    kept = observations.copy()
    _, rewards, *_ = envs.step(np.array([1, 2, 0]))
    observations += 1
    rewards += 1
    assert (observations == kept + 1).all()
    view = make(copy=False, max_shards=1).reset(seed=0)[0]
    assert not view.flags.writeable and (view == kept).all()


def test_rendering_gives_a_frame_per_lane(make):
    envs = make(render_mode="rgb_array")
    envs.reset()
    frames = envs.render()
    assert len(frames) == 3 and frames[2].shape == (4, 6, 3)
    envs = make(render_mode="ansi")
    envs.reset()
    envs.step(np.zeros(3, int))
    assert envs.render() == ("count=1",) * 3


@pytest.mark.parametrize("name", ["multi_spaces", "multi_discrete", "variable_size"])
def test_values_of_all_kinds_of_spaces_lie_in_them(make, name):
    envs = make(f"envs_for_tests:{name}")
    observations = envs.reset(seed=1)[0]
    assert observations in envs.observation_space
    envs.action_space.seed(1)
    for _ in range(7):
        assert envs.step(envs.action_space.sample())[0] in envs.observation_space


def test_wrong_arguments_are_refused(make):
    envs = make()
    envs.reset()
    with pytest.raises(ValueError, match="got 2 actions, expected one for each of 3"):
        envs.step(np.array([0, 1]))
    with pytest.raises(TypeError, match="expected an array of shape"):
        envs.step(0)
    with pytest.raises(ValueError, match="got 2 seeds"):
        envs.reset(seed=[1, 2])
    mask = np.array([True, False, False])
    with pytest.raises(ValueError, match=r"AutoresetMode\.DISABLED"):
        envs.reset(options={"reset_mask": mask})
    envs = make(autoreset_mode=AutoresetMode.DISABLED)
    envs.reset()
    options = {"reset_mask": mask, "start": 2}
    assert envs.reset(options=options)[0][:, 0].tolist() == [2, 0, 0]
    assert "reset_mask" in options
    with pytest.raises(ValueError, match="on_loss='ignore'"):
        make(on_loss="ignore")
    with pytest.raises(ValueError, match="Sometimes"):
        make(autoreset_mode="Sometimes")


@pytest.mark.parametrize(
    "mask", [[True, False, False], np.ones(2, bool), np.ones((1, 3), bool), np.array([1, 0, 1]), np.zeros(3, bool)]
)
def test_wrong_masks_are_refused_in_the_same_words(make, mask):
    envs = make("CartPole-v1", autoreset_mode=AutoresetMode.DISABLED)
    theirs = SyncVectorEnv([lambda: gym.make("CartPole-v1")] * 3, autoreset_mode=AutoresetMode.DISABLED)
    refusals = []
    for each in (envs, theirs):
        each.reset()
        with pytest.raises((TypeError, ValueError)) as refusal:
            each.reset(options={"reset_mask": mask})
        refusals.append((refusal.type, str(refusal.value)))
    assert refusals[0] == refusals[1]


def test_seeds_of_the_lanes_generators_are_known(make):
    envs = make("CartPole-v1")
    envs.reset()
    assert envs.np_random_seed == (-1, -1, -1)
    envs.reset(seed=42)
    envs.reset()
    assert envs.np_random_seed == (42, 43, 44)
    with pytest.raises(gymbridge.RemoteError, match="not allowed"):
        envs.set_attr("np_random_seed", 1)


def test_closed_environments_say_so(make):
    envs = make()
    envs.close()
    with pytest.raises(gym.error.ClosedEnvironmentError, match="make another one"):
        envs.reset()


@pytest.mark.parametrize(("max_shards", "message"), [(1, "lane 1 has Discrete"), (2, "different processes")])
def test_lanes_with_different_spaces_are_refused(start, max_shards, message):
    server = start("serve-env", "envs_for_tests:of_many_spaces", "--address", "unix:env.sock")
    with pytest.raises(RuntimeError, match=message):
        gymbridge.RemoteVectorEnv(server.address, num_envs=2, max_shards=max_shards)
    gymbridge.RemoteVectorEnv(server.address, num_envs=1).close()


def test_error_of_one_shard_leaves_the_others_in_step(make):
    envs = make("envs_for_tests:raises_in_step", num_envs=2)
    envs.reset()
    for _ in range(2):
        envs.step(np.array([0, 0]))
    with pytest.raises(gymbridge.RemoteError, match=r"ValueError: the third step always fails \(lane 0\)"):
        envs.step(np.array([0, 0]))
    assert envs.reset(seed=1)[0].tolist() == [[0, 1], [0, 2]]
    assert envs.step(np.array([1, 2]))[1].tolist() == [1.0, 2.0]


def test_lost_worker_raises_until_reset(start):
    server = start("serve-env", "envs_for_tests:kills_itself", "--address", "unix:env.sock")
    envs = gymbridge.RemoteVectorEnv(server.address, num_envs=3, autoreset_mode="Disabled")
    envs.reset(seed=0)
    only_first = np.array([True, True, False])
    envs.step(np.zeros(3, int))
    envs.reset(options={"reset_mask": only_first})
    envs.step(np.zeros(3, int))
    for _ in range(2):
        with pytest.raises(WorkerLost, match=r"the worker of lane 2 was lost: .*signal 9"):
            envs.step(np.zeros(3, int))
    with pytest.raises(WorkerLost):
        envs.reset(options={"reset_mask": ~only_first})
    assert envs.reset(seed=5)[0].tolist() == [[0, 5], [0, 6], [0, 7]]
    envs.close()


def test_lost_worker_can_be_marked_instead(start):
    server = start("serve-env", "envs_for_tests:kills_itself", "--address", "unix:env.sock")
    envs = gymbridge.RemoteVectorEnv(server.address, num_envs=3, on_loss="mark", autoreset_mode="Disabled")
    envs.reset(seed=1)
    envs.step(np.zeros(3, int))
    envs.reset(options={"reset_mask": np.array([True, True, False])})
    for _ in range(2):
        observations, rewards, terminated, truncated, infos = envs.step(np.full(3, 2))
    assert observations[:, 0].tolist() == [2, 2, 0]
    assert rewards.tolist() == [2, 2, 0]
    assert not terminated.any() and not truncated.any()
    assert infos["_lost"].tolist() == [False, False, True] and infos["lost"].dtype == object
    assert infos["lost"][0] is None and "signal 9" in infos["lost"][2]
    assert infos["count"].tolist() == [2, 2, 0] and infos["_count"].all()
    observations, *_, infos = envs.reset(seed=2)
    assert "lost" not in infos
    observations, *_, infos = envs.step(np.zeros(3, int))
    assert observations.tolist() == [[1, 2], [1, 3], [1, 4]] and "lost" not in infos
    envs.close()


def test_goal_environments_compute_rewards_for_batches(make):
    envs = make("envs_for_tests:goal")
    rewards = envs.compute_reward(np.array([[0.0], [0.5]]), np.array([[0.05], [0.0]]), {})
    assert rewards.tolist() == [0.0, -1.0]
    assert not hasattr(make(), "compute_reward")


def test_attributes_are_called_read_and_set(start):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", "--allow-attributes", "length,count")
    envs = gymbridge.RemoteVectorEnv(server.address, num_envs=3)
    envs.reset()
    envs.step(np.zeros(3, int))
    assert envs.get_attr("count") == (1, 1, 1)
    envs.set_attr("length", [2, 3, 2])
    assert envs.call("length") == (2, 3, 2)
    assert envs.step(np.zeros(3, int))[2].tolist() == [True, False, True]
    envs.set_attr("length", 4)
    assert envs.get_attr("length") == (4, 4, 4)
    with pytest.raises(ValueError, match="got 2 values"):
        envs.set_attr("length", [1, 2])
    envs.close()
