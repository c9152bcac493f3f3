"""Stable-Baselines3, unmodified, learning through the bridge: sb3.py ADDRESS

    python -m venv sb3 && sb3/bin/pip install -r benchmarks/sb3-requirements.txt ./python-shim
    PYTHONPATH=python-shim/tests python -m gymbridge serve-env CartPole-v1 Pendulum-v1 envs_for_tests:goal \\
        --max-sessions 16 --workers 1 --address unix:env.sock
    sb3/bin/python benchmarks/sb3.py unix:env.sock
"""

import argparse
import time
import warnings

import gymnasium as gym
import numpy as np
import stable_baselines3
import torch
from ppo import train
from stable_baselines3 import DQN, PPO, SAC, HerReplayBuffer
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

import gymbridge

GOAL = "envs_for_tests:goal"


def checked(address: str) -> None:
    """SB3's own checker, its warnings as errors."""
    for env_id in ("CartPole-v1", GOAL):
        with gymbridge.RemoteEnv(address, env_id) as env, warnings.catch_warnings():
            warnings.simplefilter("error")
            check_env(env)
        print(f"check_env: {env_id} passes without a warning", flush=True)


def evaluated(name: str, model: BaseAlgorithm, env: gym.Env, steps: int, episodes: int = 50) -> float:
    """Trains the model, plays, and prints what came of it."""
    started = time.perf_counter()
    model.learn(steps)
    seconds = time.perf_counter() - started
    mean, deviation = evaluate_policy(model, env, episodes)
    rate = f"{steps} steps in {seconds:.0f} s"
    print(f"{name}: {mean:.1f} ± {deviation:.1f} over {episodes} episodes, after {rate}", flush=True)
    env.close()
    model.get_env().close()
    return float(mean)


def main() -> None:
    """Runs everything, and fails where PPO does not learn CartPole-v1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    address = parser.parse_args().address
    torch.set_num_threads(1)
    print(f"stable_baselines3 {stable_baselines3.__version__}, gymnasium {gym.__version__}, torch {torch.__version__}")

    def remote(env_id: str) -> gym.Env:
        return gym.make("gymbridge/Remote-v0", address=address, env_id=env_id)

    checked(address)
    # The hyperparameters of CartPole-v1 in RL Baselines3 Zoo.
    model = PPO(
        "MlpPolicy",
        make_vec_env(lambda: remote("CartPole-v1"), n_envs=8, seed=1),
        n_steps=32,
        batch_size=256,
        gae_lambda=0.8,
        gamma=0.98,
        n_epochs=20,
        learning_rate=lambda left: 0.001 * left,
        clip_range=lambda left: 0.2 * left,
        seed=1,
    )
    mean = evaluated("PPO, CartPole-v1", model, remote("CartPole-v1"), 100_000)
    assert mean >= 475, f"PPO should reach 475, got {mean}"
    model = DQN("MlpPolicy", remote("CartPole-v1"), learning_starts=500, seed=1)
    evaluated("DQN, CartPole-v1 (only run, not tuned)", model, remote("CartPole-v1"), 10_000)
    model = SAC(
        "MultiInputPolicy",
        remote(GOAL),
        replay_buffer_class=HerReplayBuffer,
        replay_buffer_kwargs={"n_sampled_goal": 4, "goal_selection_strategy": "future"},
        learning_starts=200,
        gamma=0.9,
        seed=1,
    )
    evaluated("SAC with HER, a point on a line (0 is best, -20 worst)", model, remote(GOAL), 3_000)
    gym.register(
        "CartPole-over-gymbridge-v1",
        entry_point="gymbridge.client.registration:make",
        vector_entry_point="gymbridge.client.registration:make_vec",
        kwargs={"address": address, "env_id": "CartPole-v1"},
    )
    returns = {}
    for env_id in ("CartPole-v1", "CartPole-over-gymbridge-v1"):
        started = time.perf_counter()
        returns[env_id] = train(env_id, {"vectorization_mode": "sync"} if env_id == "CartPole-v1" else {}, 200_000, 1)
        seconds = time.perf_counter() - started
        last = np.mean(returns[env_id][-100:])
        print(
            f"ppo.py {env_id}: the last 100 episodes returned {last:.1f}; 200000 steps in {seconds:.0f} s", flush=True
        )
    first, second = returns.values()
    print("the returns of both runs are", "the same, one by one" if first == second else "different")


if __name__ == "__main__":
    main()
