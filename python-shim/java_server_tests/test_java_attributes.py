"""Attributes of Java environments, read, set and called from Python."""

from contextlib import closing

import gymnasium as gym
import numpy as np
import pytest

import gymbridge
from gymbridge.client.errors import RemoteError

PHYSICS = {
    "gravity": 3.7,
    "masspole": 0.3,
    "total_mass": 1.3,
    "length": 0.9,
    "polemass_length": 0.27,
    "force_mag": np.float64(7.5),
    "tau": 0.01,
    "theta_threshold_radians": 0.4,
    "x_threshold": 1,
}


def assert_follows(local, remote, steps):
    """The same ends, and the same observations and rewards to 1e-6: sines differ in their last bits."""
    local.action_space.seed(1)
    np.testing.assert_array_equal(local.reset(seed=1)[0], remote.reset(seed=1)[0])
    for _ in range(steps):
        action = local.action_space.sample()
        theirs, ours = local.step(action), remote.step(action)
        np.testing.assert_allclose(ours[0], theirs[0], atol=1e-6)
        assert ours[1] == pytest.approx(theirs[1], abs=1e-6)
        assert ours[2:4] == theirs[2:4]
        if theirs[2] or theirs[3]:
            local.reset()
            remote.reset()


def test_cart_pole_with_other_physics_is_gymnasiums(address):
    local = gym.make("CartPole-v1")
    with gymbridge.RemoteEnv(address, "CartPole-v1") as env:
        assert env.get_attr("masscart") == local.unwrapped.masscart
        for name, value in PHYSICS.items():
            assert env.get_attr(name) == getattr(local.unwrapped, name)
            env.set_attr(name, value)
            setattr(local.unwrapped, name, value)
            assert env.get_attr(name) == value
        assert_follows(local, env, 300)
        np.testing.assert_allclose(env.get_attr("state"), local.unwrapped.state, atol=1e-6)


def test_pendulum_with_other_physics_is_gymnasiums(address):
    local = gym.make("Pendulum-v1")
    with gymbridge.RemoteEnv(address, "Pendulum-v1") as env:
        for name, value in {"g": 9.81, "m": 0.8, "l": 1.3}.items():
            assert env.get_attr(name) == getattr(local.unwrapped, name)
            env.set_attr(name, value)
            setattr(local.unwrapped, name, value)
        assert_follows(local, env, 50)


def test_lanes_have_values_of_their_own(address):
    with closing(gymbridge.RemoteVectorEnv(address, "CartPole-v1", num_envs=3)) as envs:
        assert envs.get_attr("length") == (0.5, 0.5, 0.5)
        envs.set_attr("length", [0.4, 0.5, 0.6])
        assert envs.get_attr("length") == (0.4, 0.5, 0.6)
        envs.set_attr("length", 0.7)
        assert envs.call("length") == (0.7, 0.7, 0.7)


def test_state_of_a_table_is_read_and_set(address):
    local = gym.make("FrozenLake-v1").unwrapped
    local.reset(seed=1)
    with gymbridge.RemoteEnv(address, "FrozenLake-v1") as env:
        env.reset(seed=1)
        assert env.get_attr("s") == local.s
        env.set_attr("s", 14)
        local.s = 14
        assert env.step(1)[:4] == local.step(1)[:4]


def test_wall_of_the_maze_is_moved(address):
    with gymbridge.RemoteEnv(address, "gymbridge/PointMaze-v0") as env:
        env.reset(seed=1)
        assert env.get_attr("gap") == "left"

        def reaches_the_other_side(side):
            env.set_attr("state", [0.1, 0.3, 0.0, 0.0])
            env.set_attr("gap", side)
            for _ in range(30):
                observation = env.step(np.array([0, 1], np.float32))[0]
            return observation[1] > 0.6

        assert reaches_the_other_side("left")
        assert not reaches_the_other_side("right")


def test_a_saved_state_holds_attributes(address):
    with gymbridge.RemoteEnv(address, "CartPole-v1") as env:
        env.reset(seed=1)
        env.set_attr("gravity", 1.5)
        state = env.save_state()
        env.set_attr("gravity", 9.8)
        env.restore_state(state)
        assert env.get_attr("gravity") == 1.5


def test_what_does_not_fit_is_refused_and_says_why(address):
    with gymbridge.RemoteEnv(address, "CartPole-v1") as env:
        env.reset(seed=1)
        for name, value, message in (
            ("gravity", "strong", "expected a finite number"),
            ("gravity", float("nan"), "expected a finite number"),
            ("state", [1, 2], "expected 4 finite numbers"),
            ("masscart", 2.0, "can be read, not set"),
            ("_random", 2.0, "leading underscore"),
            ("random", 2.0, "--allow-attributes"),
        ):
            with pytest.raises(RemoteError, match=message):
                env.set_attr(name, value)
        with pytest.raises(RemoteError, match="takes no arguments"):
            env.call("gravity", 1)
        with pytest.raises(RemoteError, match="--allow-attributes"):
            env.call("close")
        assert env.get_attr("gravity") == 9.8
        env.step(0)
