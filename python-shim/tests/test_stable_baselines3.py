"""Stable-Baselines3 through the bridge; benchmarks/sb3.py has the runs that learn."""

import warnings

import numpy as np
import pytest

import gymbridge

sb3 = pytest.importorskip("stable_baselines3", reason="stable-baselines3 is not installed: see benchmarks/sb3.py")


@pytest.mark.parametrize("env_id", ["CartPole-v1", "envs_for_tests:goal", "envs_for_tests:image"])
def test_check_env_passes(server, env_id):
    from stable_baselines3.common.env_checker import check_env

    with gymbridge.RemoteEnv(server.address, env_id) as env, warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env)


def test_ppo_and_dqn_run(server):
    from stable_baselines3.common.env_util import make_vec_env

    envs = make_vec_env(lambda: gymbridge.RemoteEnv(server.address, "CartPole-v1"), n_envs=2)
    sb3.PPO("MlpPolicy", envs, n_steps=32, batch_size=32).learn(64)
    envs.close()
    env = gymbridge.RemoteEnv(server.address, "CartPole-v1")
    sb3.DQN("MlpPolicy", env, learning_starts=20).learn(60)
    env.close()


def test_her_computes_its_rewards_in_the_server(server):
    env = gymbridge.RemoteEnv(server.address, "envs_for_tests:goal")
    model = sb3.SAC("MultiInputPolicy", env, replay_buffer_class=sb3.HerReplayBuffer, learning_starts=40)
    model.learn(80)
    samples = model.replay_buffer.sample(256)
    reached = np.abs(samples.next_observations["achieved_goal"] - samples.next_observations["desired_goal"]) <= 0.1
    assert (samples.rewards.numpy() == np.where(reached.numpy(), 0.0, -1.0)).all()
    env.close()
