"""Saving and restoring lanes: what follows is the same to the last bit."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import (
    FrameStackObservation,
    NormalizeObservation,
    NormalizeReward,
    RecordEpisodeStatistics,
    StickyAction,
    TimeAwareObservation,
)

from gymbridge.codec.values import BatchCodec
from gymbridge.env import states
from gymbridge.env.copies import Copies
from gymbridge.env.lanes import NEXT_STEP

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
# Envs whose episodes end by themselves too rarely are cut short, so that an autoreset lies in what is repeated.
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
    return Copies([make() for _ in range(n)], mode, True)


def record(lanes, actions):
    """Everything that stepping gives, as bytes."""
    seen = []
    for batch in actions:
        # Sticky actions keep a view of their batch.
        lanes.step([column.copy() for column in batch])
        observations = [np.array(column).tobytes() for column in lanes.observations]
        infos = {key: str(value) for key, value in lanes.infos.items() if "episode" not in key}
        ends = (lanes.rewards.tobytes(), lanes.terminated.tobytes(), lanes.truncated.tobytes())
        seen.append((observations, *ends, infos, exact(lanes.infos)))
    return seen


def exact(infos):
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
    return [states.unpack("X", states.pack("X", state)) for state in saved]


@pytest.mark.parametrize("env_id", CLASSIC + TOY_TEXT + MUJOCO)
def test_restored_lanes_repeat_what_followed(env_id):
    check_repeats(lambda: make(env_id))


def test_restored_wrappers_repeat_what_followed():
    check_repeats(wrapped)


def check_repeats(make_env):
    lanes = lanes_of(make_env, 2)
    reset(lanes, 5)
    actions = actions_for(lanes, 200)
    record(lanes, actions[:100])
    saved = through_bytes(lanes.save([0, 1]))
    before = [np.array(column).tobytes() for column in lanes.observations]
    first = record(lanes, actions[100:])
    assert any(b"\1" in terminated + truncated for _, _, terminated, truncated, _, _ in first)
    lanes.restore([0, 1], saved)
    assert [np.array(column).tobytes() for column in lanes.observations] == before
    assert record(lanes, actions[100:]) == first
    # A fresh lane, which was never reset, and one that went elsewhere.
    fresh = lanes_of(make_env, 2)
    fresh.restore([0, 1], saved)
    assert record(fresh, actions[100:]) == first
    other = lanes_of(make_env, 2)
    reset(other, 77)
    record(other, actions[:37])
    other.restore([1, 0], [saved[1], saved[0]])
    assert record(other, actions[100:]) == first
