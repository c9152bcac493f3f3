"""Java environments before the eyes of Gymnasium, and beside their own doings in process."""

from contextlib import closing

import comparisons
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import gymbridge
from gymbridge.codec.items import decode_map
from gymbridge.v1 import value_pb2

NUM_ENVS = 3


def same(theirs, ours, where):
    difference = next(comparisons.differences(theirs, ours, where), None)
    assert difference is None, difference


def is_gymnasiums(env_id):
    return env_id in gym.registry


def test_check_env_warns_of_nothing_that_it_does_not_warn_of_locally(address, env_id):
    theirs = set()
    if is_gymnasiums(env_id):
        # Gymnasium's own pictures want pygame.
        theirs = comparisons.warnings_of_check_env(gym.make(env_id).unwrapped, True)
    with gymbridge.RemoteEnv(address, env_id) as env:
        assert comparisons.warnings_of_check_env(env, False) <= theirs


def test_spaces_and_specification_are_gymnasiums(address, env_id):
    if not is_gymnasiums(env_id):
        pytest.skip("not one of Gymnasium's")
    local = gym.make(env_id)
    with gymbridge.RemoteEnv(address, env_id) as env:
        comparisons.check_spaces(local, env)
        assert env.spec.max_episode_steps == local.spec.max_episode_steps
        assert env.spec.reward_threshold == local.spec.reward_threshold
        assert env.spec.nondeterministic == local.spec.nondeterministic
        assert env.metadata["render_fps"] == local.metadata["render_fps"]
        assert {*env.metadata["render_modes"]} == {*local.metadata["render_modes"]} - {"human"}


def test_thousand_steps_are_those_of_the_java_process(address, env_id, trajectories):
    file = trajectories / env_id.replace("/", "-")
    moments = decode_map(value_pb2.ItemMap.FromString(file.read_bytes()))["moments"]
    steps = 0
    with gymbridge.RemoteEnv(address, env_id) as env:
        for number, moment in enumerate(moments):
            if "seed" in moment:
                observation, info = env.reset(seed=moment["seed"])
            else:
                action = moment["action"]
                observation, reward, *ends, info = env.step(action if action.shape else action.item())
                same([moment["reward"], *moment["ends"]], [reward, *ends], f"moment {number}")
                steps += 1
            parts = observation if isinstance(observation, tuple) else (observation,)
            for expected, part in zip(moment["observation"], parts, strict=True):
                same(np.asarray(expected), np.asarray(part), f"moment {number}")
            same(moment["info"], info, f"moment {number}")
    assert steps == 1000


@pytest.mark.parametrize("mode", AutoresetMode, ids=lambda mode: mode.name)
def test_vector_env_does_what_gymnasiums_does(address, env_id, mode):
    if env_id in comparisons.TOY_TEXT:
        makers = [lambda: comparisons.make_local(env_id)] * NUM_ENVS
    else:
        makers = [lambda: gymbridge.RemoteEnv(address, env_id)] * NUM_ENVS
    with (
        closing(SyncVectorEnv(makers, autoreset_mode=mode)) as theirs,
        closing(gymbridge.RemoteVectorEnv(address, env_id, num_envs=NUM_ENVS, autoreset_mode=mode)) as ours,
    ):
        assert ours.single_observation_space == theirs.single_observation_space
        assert ours.action_space == theirs.action_space
        theirs.action_space.seed(1)
        same(theirs.reset(seed=5), ours.reset(seed=5), "reset")
        for step in range(120):
            actions = theirs.action_space.sample()
            expected = theirs.step(actions)
            same(expected, ours.step(actions), f"step {step}")
            ended = expected[2] | expected[3]
            if mode is AutoresetMode.DISABLED and ended.any():
                resets = [envs.reset(options={"reset_mask": ended.copy()}) for envs in (theirs, ours)]
                same(*resets, f"reset after step {step}")


def test_pictures_and_texts(address, env_id):
    with gymbridge.RemoteEnv(address, env_id) as env:
        modes = env.metadata["render_modes"]
    assert modes
    for mode in modes:
        with gymbridge.RemoteEnv(address, env_id, render_mode=mode) as env:
            env.reset(seed=1)
            first = env.render()
            if mode == "ansi":
                local = gym.make(env_id, render_mode=mode)
                local.reset(seed=1)
                assert first == local.render()
            else:
                assert first.dtype == np.uint8
                assert first.ndim == 3 and first.shape[2] == 3 and first.std() > 0
    with closing(gymbridge.RemoteVectorEnv(address, env_id, num_envs=2, render_mode=modes[0])) as envs:
        envs.reset(seed=1)
        assert len(envs.render()) == 2


def test_saved_states_go_on_bit_for_bit(address, env_id):
    with gymbridge.RemoteEnv(address, env_id) as env, gymbridge.RemoteEnv(address, env_id) as other:
        env.reset(seed=1)
        env.action_space.seed(1)
        state = env.save_state()
        actions = [env.action_space.sample() for _ in range(20)]

        def go_on(one):
            seen = []
            for action in actions:
                seen.append(one.step(action))
                if seen[-1][2] or seen[-1][3]:
                    seen.append(one.reset())
            return seen

        once = go_on(env)
        env.restore_state(state)
        other.restore_state(state)
        same(once, go_on(env), "restored")
        same(once, go_on(other), "restored elsewhere")


def test_the_list_has_gymnasiums_environments_and_others(address):
    from conftest import offered

    assert {*comparisons.CLASSIC, *comparisons.TOY_TEXT} <= {*offered()}
    assert not all(is_gymnasiums(env_id) for env_id in offered())
