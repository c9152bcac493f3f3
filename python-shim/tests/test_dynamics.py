"""Tasks with changed dynamics: other movements, the same spaces and the same reward."""

import gymnasium as gym
import numpy as np
import pytest
from support import Session

from gymbridge import dynamics

CHANGED = [
    ("HalfCheetah-v5", dynamics.half_cheetah_disabled, {}),
    ("HalfCheetah-v5", dynamics.half_cheetah_disabled, {"leg": "back"}),
    ("HalfCheetah-v5", dynamics.half_cheetah_gravity, {"factor": 1.5}),
    ("HalfCheetah-v5", dynamics.half_cheetah_mass, {"factor": 0.5}),
    ("Ant-v5", dynamics.ant_disabled, {}),
    ("Ant-v5", dynamics.ant_disabled, {"legs": "right", "length": 1.0}),
]


def play(env, steps=30):
    """Observations, and rewards with what they should be by the task's formula."""
    observations = [env.reset(seed=3)[0]]
    rewards, expected = [], []
    generator = np.random.default_rng(0)
    before = env.unwrapped.data.qpos[0]
    for _ in range(steps):
        action = generator.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        observation, reward, terminated, truncated, info = env.step(action)
        assert not terminated and not truncated
        observations.append(observation)
        rewards.append(reward)
        effort = np.sum(np.square(action))
        if env.spec.id == "HalfCheetah-v5":
            after = env.unwrapped.data.qpos[0]
            expected.append((after - before) / env.unwrapped.dt - 0.1 * effort)
            before = after
        else:
            expected.append(info["x_velocity"] + 1 - 0.5 * effort + info["reward_contact"])
    return np.array(observations), np.array(rewards), np.array(expected)


@pytest.mark.parametrize(("env_id", "factory", "kwargs"), CHANGED)
def test_the_same_actions_lead_elsewhere_and_are_paid_by_the_same_formula(env_id, factory, kwargs):
    with gym.make(env_id) as usual, factory(**kwargs) as changed:
        assert changed.observation_space == usual.observation_space
        assert changed.action_space == usual.action_space
        assert changed.spec.max_episode_steps == usual.spec.max_episode_steps
        usually, rewards, expected = play(usual)
        np.testing.assert_allclose(rewards, expected, atol=1e-5)
        otherwise, rewards, expected = play(changed)
        np.testing.assert_allclose(rewards, expected, atol=1e-5)
        assert np.abs(usually[-1] - otherwise[-1]).max() > 0.1


def test_nothing_changed_moves_as_the_task_does():
    for factory, factor in ((dynamics.half_cheetah_gravity, 1.0), (dynamics.half_cheetah_mass, 1.0)):
        with gym.make("HalfCheetah-v5") as usual, factory(factor=factor) as same:
            assert np.array_equal(play(usual)[0], play(same)[0])


def test_disabled_motors_hardly_act_and_the_others_do():
    with dynamics.half_cheetah_disabled(leg="front") as env:
        gears = {name: env.unwrapped.model.actuator(name).gear[0] for name in ("bthigh", "fthigh", "fshin", "ffoot")}
    assert gears == {"bthigh": 120, "fthigh": 1, "fshin": 1, "ffoot": 30}
    with dynamics.ant_disabled() as env:
        model = env.unwrapped.model
        # The motors are those of hip 4, ankle 4, hip 1, …
        assert [model.actuator(motor).gear[0] for motor in range(8)] == [150, 150, 1, 1, 1, 1, 150, 150]
        lengths = {name: model.geom(name).size[1] for name in ("left_ankle_geom", "third_ankle_geom")}
        assert lengths["left_ankle_geom"] == pytest.approx(0.5 * lengths["third_ankle_geom"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dynamics.half_cheetah_disabled(leg="middle"), "leg must be one of front, back, got 'middle'"),
        (lambda: dynamics.half_cheetah_gravity(factor=-1), "factor must be 0 or more, got -1"),
        (lambda: dynamics.half_cheetah_mass(factor=0), "factor must be more than 0, got 0"),
        (lambda: dynamics.ant_disabled(length=2), "length must lie in"),
    ],
)
def test_wrong_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_they_are_served_with_their_keyword_arguments(start):
    env_id = "gymbridge.dynamics:half_cheetah_gravity"
    server = start("serve-env", env_id, "--address", "unix:env.sock", "--allow-kwargs", "factor")
    with Session(server.address, env_id, 1, kwargs={"factor": 0.25}) as session:
        assert session.opened.spec.max_episode_steps == 1000
