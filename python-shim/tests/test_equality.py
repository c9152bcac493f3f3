"""What comes over the wire is what Gymnasium's SyncVectorEnv gives, byte for byte."""

import envs_for_tests
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from gymbridge.codec.items import decode_map
from gymbridge.v1 import environment_pb2 as pb

ENVS = {
    "CartPole-v1": (lambda: gym.make("CartPole-v1"), 300),
    "HalfCheetah-v5": (lambda: gym.make("HalfCheetah-v5"), 200),
    "envs_for_tests:odd_infos": (envs_for_tests.odd_infos, 60),
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
