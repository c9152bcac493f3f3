"""Rollouts through the Python client: equal to steps, versions of policies, and lanes that are lost."""

import os
import signal

import bundles
import numpy as np
import pytest
from support import ServerProcess, children

import gymbridge
from gymbridge.client.errors import WorkerLost


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    options = ["--allow-policies", "--address", "unix:env.sock"]
    directory = tmp_path_factory.mktemp("rollouts")
    server = ServerProcess("serve-env", "CartPole-v1", "HalfCheetah-v5", *options, cwd=directory)
    assert server.address, server.log
    yield server.address
    server.close()


def policy_for(env, **options) -> bytes:
    return bundles.policy_for(env.single_observation_space, env.single_action_space, **options)


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("env_id", ["CartPole-v1", "HalfCheetah-v5"])
def test_a_rollout_is_what_its_actions_step_by_step_give(address, env_id, mode):
    rolling, stepping = (
        gymbridge.RemoteVectorEnv(address, env_id, 5, autoreset_mode=mode, infos=True) for _ in range(2)
    )
    try:
        assert rolling.put_policy(policy_for(rolling)) == 1
        first, _ = rolling.reset(seed=3)
        stepping.reset(seed=3)
        for part in range(2):
            rollout = rolling.rollout(60, seed=1)
            assert rollout.first_step == 60 * part
            np.testing.assert_array_equal(rollout.observations[0], first)
            ended, finals = np.zeros(5, bool), []
            for step in range(60):
                observations, rewards, terminated, truncated, infos = stepping.step(rollout.actions[step])
                np.testing.assert_array_equal(rollout.observations[step + 1], observations)
                np.testing.assert_array_equal(rollout.rewards[step], rewards)
                np.testing.assert_array_equal(rollout.terminated[step], terminated)
                np.testing.assert_array_equal(rollout.truncated[step], truncated)
                if step > 0:
                    np.testing.assert_array_equal(rollout.resets[step], ended & (mode == "NextStep"))
                ended = terminated | truncated
                if "final_obs" in infos:
                    finals += list(infos["final_obs"][infos["_final_obs"]])
            assert len(rollout.final_observations) == len(finals)
            np.testing.assert_array_equal(rollout.final_observations, np.array(finals).reshape(-1, *first.shape[1:]))
            assert (rollout.policy_versions == 1).all()
            first = observations
    finally:
        rolling.close()
        stepping.close()


def test_a_refused_policy_leaves_the_one_before(address):
    env = gymbridge.RemoteVectorEnv(address, "CartPole-v1", 4)
    try:
        env.reset(seed=1)
        with pytest.raises(gymbridge.RemoteError, match="put one first"):
            env.rollout(1)
        env.put_policy(policy_for(env))
        with pytest.raises(gymbridge.RemoteError, match="no zip file") as raised:
            env.put_policy(b"nonsense")
        assert raised.value.code == "INVALID_ARGUMENT"
        assert (env.rollout(2, deterministic=True).policy_versions == 1).all()
        assert env.put_policy(policy_for(env, seed=1)) == 2
        rollout = env.rollout(2, deterministic=True, with_distribution=True)
        assert (rollout.policy_versions == 2).all()
        assert rollout.log_probabilities is None
        assert rollout.distribution == ()
    finally:
        env.close()


@pytest.mark.parametrize("on_loss", ["mark", "raise"])
def test_a_lost_worker_gets_the_policy_anew(tmp_path, on_loss):
    server = ServerProcess("serve-env", "CartPole-v1", "--allow-policies", "--address", "unix:e.sock", cwd=tmp_path)
    env = gymbridge.RemoteVectorEnv(server.address, "CartPole-v1", 4, on_loss=on_loss)
    try:
        env.put_policy(policy_for(env))
        env.reset(seed=1)
        env.rollout(5)
        os.kill(max(children(server.process.pid)), signal.SIGKILL)
        if on_loss == "raise":
            with pytest.raises(WorkerLost):
                for _ in range(100):
                    env.rollout(5)
            env.reset(seed=1)
            assert not env.rollout(5).lost.any()
            return
        rollout = env.rollout(20)
        while not rollout.lost.any():
            rollout = env.rollout(20)
        (lanes,) = np.nonzero(rollout.lost[0])
        assert len(lanes) == 2
        assert not rollout.lost[1:].any()
        assert (rollout.policy_versions[0, lanes] == 0).all()
        assert (rollout.policy_versions[1:] == 1).all()
        assert np.abs(rollout.observations[1, lanes]).max() < 0.05
    finally:
        env.close()
        server.close()
