"""Rollouts in Java environments, with policies put from Python."""

from contextlib import closing

import bundles
import numpy as np
import pytest

import gymbridge

STEPS, NUM_ENVS = 60, 12


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("served", ["CartPole-v1", "Pendulum-v1", "gymbridge/PointMaze-v0"])
def test_a_rollout_is_what_its_actions_step_by_step_give(address, served, mode):
    with (
        closing(gymbridge.RemoteVectorEnv(address, served, NUM_ENVS, autoreset_mode=mode)) as rolling,
        closing(gymbridge.RemoteVectorEnv(address, served, NUM_ENVS, autoreset_mode=mode)) as stepping,
    ):
        policy = bundles.policy_for(rolling.single_observation_space, rolling.single_action_space)
        assert rolling.put_policy(policy) == 1
        first, _ = rolling.reset(seed=3)
        stepping.reset(seed=3)
        rollout = rolling.rollout(STEPS, seed=1)
        np.testing.assert_array_equal(rollout.observations[0], first)
        for step in range(STEPS):
            observations, rewards, terminated, truncated, _ = stepping.step(rollout.actions[step])
            np.testing.assert_array_equal(rollout.observations[step + 1], observations)
            np.testing.assert_array_equal(rollout.rewards[step], rewards)
            np.testing.assert_array_equal(rollout.terminated[step], terminated)
            np.testing.assert_array_equal(rollout.truncated[step], truncated)
        with pytest.raises(gymbridge.RemoteError, match="cut short") as raised:
            rolling.put_policy(policy[:-30])
        assert raised.value.code == "INVALID_ARGUMENT"
        assert (rolling.rollout(2, deterministic=True).policy_versions == 1).all()
