"""What comes over the wire is what Gymnasium's SyncVectorEnv gives, byte for byte."""

import envs_for_tests
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from gymbridge.codec.items import decode_item, decode_map
from gymbridge.v1 import environment_pb2 as pb

ENVS = {
    "CartPole-v1": (lambda: gym.make("CartPole-v1"), 300),
    "HalfCheetah-v5": (lambda: gym.make("HalfCheetah-v5"), 200),
    "Hopper-v5": (lambda: gym.make("Hopper-v5"), 200),
    "envs_for_tests:odd_infos": (envs_for_tests.odd_infos, 60),
    "envs_for_tests:nested_infos": (envs_for_tests.nested_infos, 60),
    "envs_for_tests:truncating": (envs_for_tests.truncating, 20),
}
MODES = {
    AutoresetMode.NEXT_STEP: pb.AUTORESET_MODE_NEXT_STEP,
    AutoresetMode.SAME_STEP: pb.AUTORESET_MODE_SAME_STEP,
}
NUM_ENVS = 3


def assert_same_infos(ours, theirs):
    assert set(ours) == set(theirs)
    for key, value in theirs.items():
        if isinstance(value, dict):
            assert_same_infos(ours[key], value)
        elif value.dtype == object:
            assert ours[key] == value.tolist()
        else:
            assert ours[key].dtype == value.dtype, key
            assert ours[key].tobytes() == value.tobytes(), key


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("env_id", ENVS)
def test_steps_equal_those_of_sync_vector_env(open_session, env_id, mode):
    make, steps = ENVS[env_id]
    theirs = SyncVectorEnv([make] * NUM_ENVS, autoreset_mode=mode)
    session = open_session(env_id, NUM_ENVS, autoreset_mode=MODES[mode])
    observations, infos = theirs.reset(seed=7)
    reset = session.reset([7, 8, 9]).reset
    assert session.decode(reset.observations)[0].tobytes() == observations.tobytes()
    assert_same_infos(decode_map(reset.infos), infos)
    theirs.action_space.seed(1)
    ended = 0
    for _ in range(steps):
        actions = theirs.action_space.sample()
        observations, rewards, terminated, truncated, infos = theirs.step(actions)
        step = session.step(*actions).step
        assert session.decode(step.observations)[0].tobytes() == observations.tobytes()
        assert step.rewards == rewards.astype("<f8").tobytes()
        assert step.terminated == terminated.tobytes()
        assert step.truncated == truncated.tobytes()
        final = infos.pop("final_obs", None)
        mask = infos.pop("_final_obs", None)
        final_infos = infos.pop("final_info", None)
        infos.pop("_final_info", None)
        assert_same_infos(decode_map(step.infos), infos)
        assert step.HasField("final_observations") == (final is not None)
        if final is not None:
            ended += int(mask.sum())
            (ours,) = session.decode(step.final_observations, int(mask.sum()))
            assert ours.tobytes() == np.stack(final[mask]).tobytes()
            assert_same_infos(decode_map(step.final_infos), final_infos)
    theirs.close()
    assert mode is AutoresetMode.NEXT_STEP or env_id == "HalfCheetah-v5" or ended > 5


@pytest.mark.parametrize("name", ["multi_spaces", "multi_discrete", "multi_binary", "image", "variable_size"])
def test_values_of_composite_spaces_equal_those_of_a_local_env(open_session, name):
    local = getattr(envs_for_tests, name)()
    session = open_session(f"envs_for_tests:{name}")
    assert session.observations.space == local.observation_space
    assert session.actions.space == local.action_space
    observation, _ = local.reset(seed=5)
    arrays = session.decode(session.reset([5]).reset.observations)
    local.action_space.seed(2)
    for _ in range(5):
        assert str(session.observations.value(arrays, 0)) == str(observation)
        action = local.action_space.sample()
        observation, reward, terminated, _, _ = local.step(action)
        step = session.step(action).step
        arrays = session.decode(step.observations)
        assert np.frombuffer(step.rewards)[0] == reward
        assert step.terminated == bytes([terminated])


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Hopper-v5", "envs_for_tests:nested_infos"])
def test_resets_by_mask_equal_those_of_sync_vector_env(open_session, env_id):
    make, _ = ENVS[env_id]
    theirs = SyncVectorEnv([make] * NUM_ENVS, autoreset_mode=AutoresetMode.DISABLED)
    session = open_session(env_id, NUM_ENVS, autoreset_mode=pb.AUTORESET_MODE_DISABLED)
    theirs.reset(seed=7)
    session.reset([7, 8, 9])
    theirs.action_space.seed(1)
    partial = 0
    for _ in range(200):
        actions = theirs.action_space.sample()
        observations, rewards, terminated, truncated, infos = theirs.step(actions)
        step = session.step(*actions).step
        assert session.decode(step.observations)[0].tobytes() == observations.tobytes()
        assert (step.rewards, step.terminated) == (rewards.astype("<f8").tobytes(), terminated.tobytes())
        assert_same_infos(decode_map(step.infos), infos)
        mask = terminated | truncated
        if mask.any():
            partial += not mask.all()
            # Without seeds at first, then with one for each lane.
            seeds = None if partial < 3 else [partial + lane for lane in range(NUM_ENVS)]
            observations, infos = theirs.reset(seed=seeds, options={"reset_mask": mask})
            reset = session.reset(seeds, reset_mask=mask.tobytes()).reset
            assert session.decode(reset.observations)[0].tobytes() == observations.tobytes()
            assert_same_infos(decode_map(reset.infos), infos)
    theirs.close()
    assert partial > 3 or "nested" in env_id


def test_resets_without_seeds_go_on_with_the_generators(open_session):
    theirs = SyncVectorEnv([envs_for_tests.nested_infos] * NUM_ENVS)
    session = open_session("envs_for_tests:nested_infos", NUM_ENVS)
    theirs.reset(seed=7)
    session.reset([7, 8, 9])
    for _ in range(3):
        _, infos = theirs.reset()
        assert_same_infos(decode_map(session.reset().reset.infos), infos)


def test_texts_equal_those_of_a_local_env(open_session):
    local = gym.make("FrozenLake-v1", render_mode="ansi")
    session = open_session("FrozenLake-v1", render_mode="ansi")
    assert session.opened.spec.render_mode == "ansi"
    local.reset(seed=1)
    session.reset([1])
    for action in (0, 1, 1):
        local.step(action)
        session.step(action)
        (frame,) = session.ask(render=pb.RenderRequest()).rendered.frames
        assert decode_item(frame) == local.render()


def test_collected_frames_are_those_of_the_steps(open_session):
    one, all_ = (open_session("Reacher-v5", render_mode=mode) for mode in ("rgb_array", "rgb_array_list"))
    expected = []
    for session in (one, all_):
        session.reset([1])
        for action in np.zeros((4, 2), np.float32):
            if session is one:
                expected.append(decode_item(one.ask(render=pb.RenderRequest()).rendered.frames[0]))
            session.step(action)
    expected.append(decode_item(one.ask(render=pb.RenderRequest()).rendered.frames[0]))
    frames = decode_item(all_.ask(render=pb.RenderRequest()).rendered.frames[0])
    assert np.array(frames).tobytes() == np.array(expected).tobytes()
    # Gymnasium's wrapper forgets the frames that it gave.
    assert decode_item(all_.ask(render=pb.RenderRequest()).rendered.frames[0]) == []


def test_spec_says_what_gymnasiums_says(open_session):
    for env_id in ("CartPole-v1", "HalfCheetah-v5"):
        ours, theirs = open_session(env_id).opened.spec, gym.spec(env_id)
        assert ours.max_episode_steps == theirs.max_episode_steps
        assert ours.reward_threshold == theirs.reward_threshold
        assert ours.nondeterministic == theirs.nondeterministic
        assert ours.render_mode == ""
        assert decode_map(ours.metadata)["render_fps"] == gym.make(env_id).metadata["render_fps"]
