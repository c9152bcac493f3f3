"""Stable-Baselines3, unmodified, learning through the bridge: sb3.py ADDRESS

    python -m venv sb3 && sb3/bin/pip install -r benchmarks/sb3-requirements.txt ./python-shim

With environments written in Python, one of them with goals:

    PYTHONPATH=python-shim/tests python -m gymbridge serve-env CartPole-v1 Pendulum-v1 envs_for_tests:goal \\
        --max-sessions 16 --workers 1 --address unix:env.sock

or in Java, as many as one likes of those that ./gymbridge envs lists:

    ./gymbridge serve-env CartPole-v1 Taxi-v4 gymbridge/PointMaze-v0 --address unix:env.sock

then

    sb3/bin/python benchmarks/sb3.py unix:env.sock

Everything that the server offers goes through SB3's checker; PPO, DQN and a PPO in one file learn its CartPole-v1, and
SAC with hindsight the environment with goals, where there is one.
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
from gymbridge.credentials import NONE, channel
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc

GOAL = "envs_for_tests:goal"


def offered(address: str) -> list[str]:
    """The ids that the server lists."""
    with channel(address, NONE) as connection:
        answer = environment_pb2_grpc.EnvironmentServiceStub(connection).ListEnvironments(pb.ListEnvironmentsRequest())
    return [environment.env_id for environment in answer.environments]


def warned(env: gym.Env) -> set[str]:
    """What SB3's own checker warns of; what it refuses, it raises."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(env)
    return {str(warning.message) for warning in caught}


def checked(address: str, env_ids: list[str]) -> None:
    """Fails where SB3 warns of something that it does not warn of in this process."""
    for env_id in env_ids:
        with gymbridge.RemoteEnv(address, env_id) as env:
            ours = warned(env)
        theirs = warned(gym.make(env_id).unwrapped) if ours and env_id in gym.registry else set()
        assert ours <= theirs, f"{env_id}: {ours - theirs}"
        print(f"check_env: {env_id} passes with {len(ours) or 'no'} warnings", flush=True)


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

    env_ids = offered(address)
    checked(address, env_ids)
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
    if GOAL in env_ids:
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
