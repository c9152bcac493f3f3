"""Tiny environments for the tests, offered as `envs_for_tests:NAME`; the Java tests use them too."""

import itertools
import os
import signal
import threading
import time
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

_numbers = itertools.count()


class _Tiny(gym.Env):
    """Counts its steps; ends after `length` of them. Its observation is [steps since reset, seed of the last reset]."""

    metadata = {"render_modes": ["ansi", "rgb_array", "rgb_array_list"], "render_fps": 10}

    def __init__(self, length: int = 5, truncates: bool = False, render_mode: str | None = None) -> None:
        self.length = length
        self.truncates = truncates
        self.render_mode = render_mode
        self.observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float32)
        self.action_space = spaces.Discrete(3)
        self.count = 0
        self.seed = -1

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        if seed is not None:
            self.seed = seed
        self.count = int((options or {}).get("start", 0))
        return self._observation(), {"count": self.count}

    def step(self, action):
        self.count += 1
        ended = self.count >= self.length
        terminated, truncated = ended and not self.truncates, ended and self.truncates
        return self._observation(), float(action), terminated, truncated, {"count": self.count}

    def render(self):
        if self.render_mode == "ansi":
            return f"count={self.count}"
        frame = np.full((4, 6, 3), self.count, np.uint8)
        return [frame, frame] if self.render_mode == "rgb_array_list" else frame

    def multiply(self, factor, plus=0):
        return factor * self.count + plus

    def fail(self):
        raise ValueError("this method always fails")

    def myself(self):
        return self

    def _observation(self):
        return np.array([self.count, self.seed], np.float32)


class _Raising(_Tiny):
    def step(self, action):
        if self.count == 2:
            raise ValueError("the third step always fails")
        return super().step(action)


class _Hanging(_Tiny):
    def step(self, action):
        if self.count == 1:
            print("hanging", flush=True)
            time.sleep(3600)
        return super().step(action)


class _HangingOnce(_Tiny):
    def __init__(self, marker: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.marker = marker

    def step(self, action):
        if self.count == 2 and not os.path.exists(self.marker):
            with open(self.marker, "x"):
                time.sleep(3600)
        return super().step(action)


class _Unrepeatable(_Tiny):
    def _observation(self):
        return np.array([self.count, os.getpid()], np.float32)


class _Waiting(_Tiny):
    def step(self, action):
        print("waiting", flush=True)
        while not os.path.exists("go"):
            time.sleep(0.01)
        return super().step(action)


class _Obeying(_Tiny):
    """Action 1: waits for a file; action 2: ends its process."""

    def __init__(self, go: str = "go", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.go = go

    def step(self, action):
        if action == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        while action == 1 and not os.path.exists(self.go):
            time.sleep(0.01)
        return super().step(action)


class _Suicidal(_Tiny):
    def step(self, action):
        if self.count == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step(action)


class _OddInfos(_Tiny):
    """Infos with keys that come and go, and with every kind of value."""

    def step(self, action):
        observation, reward, terminated, truncated, _ = super().step(action)
        info: dict[str, Any] = {
            "integer": self.count,
            "numpy_float": np.float32(self.count / 2),
            "flag": self.count % 2 == 0,
            "text": f"step {self.count}",
            "nothing": None,
            "list": [1, "two", None],
            "array": np.arange(3, dtype=np.int16) + self.count,
            "nested": {"real": self.count / 4, "deeper": {"text": "x"}},
        }
        if self.count % 2:
            info["sometimes"] = 1.5
        if terminated:
            info["last"] = {"why": "length"}
        return observation, reward, terminated, truncated, info


class _NestedInfos(_Tiny):
    """Infos with dicts in dicts, which come and go lane by lane, at reset too."""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        observation, info = super().reset(seed=seed, options=options)
        return observation, info | {"reset": {"seed": self.seed, "draw": float(self.np_random.random())}}

    def step(self, action):
        observation, reward, terminated, truncated, info = super().step(action)
        draw = self.np_random.integers(4)
        info["draw"] = draw
        info["deep"] = {"a": {"b": {"c": {"draw": np.int16(draw), "array": np.full((2, 2), draw, np.uint8)}}}}
        if draw:
            info["deep"]["sometimes"] = {"text": str(draw), f"key{draw}": bool(draw & 1)}
        # Integers in some lanes, floats in others: the first lane's type counts.
        info["mixed"] = 1.5 if draw == 3 else 1
        info["_hidden"] = np.float32(draw)
        return observation, reward, terminated, truncated, info


class _Unsaveable(_Tiny):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lock = threading.Lock()


class _Fixed(gym.vector.VectorEnv):
    """A vector environment of its own making, of three lanes; lane i ends after 2 + i steps."""

    metadata = {"render_modes": ["ansi"], "autoreset_mode": gym.vector.AutoresetMode.SAME_STEP}

    def __init__(self, render_mode: str | None = None) -> None:
        self.num_envs = 3
        self.render_mode = render_mode
        self.single_observation_space = spaces.Dict(
            {"count": spaces.Box(0, 99, (1,), np.int64), "pair": spaces.Tuple((spaces.Discrete(9), spaces.Discrete(9)))}
        )
        self.single_action_space = spaces.Discrete(3)
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, 3)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, 3)
        self.counts = np.zeros(3, np.int64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.counts[:] = (options or {}).get("start", 0)
        return self._observation(self.counts), {"seed": np.full(3, -1 if seed is None else seed)}

    def step(self, actions):
        self.counts += 1
        ended = self.counts >= 2 + np.arange(3)
        info = {"twice": 2 * self.counts, "_twice": np.ones(3, bool)}
        if ended.any():
            info["final_obs"], info["_final_obs"] = self._observation(self.counts), ended.copy()
            info["final_info"] = {"why": np.where(ended, 7, 0), "_why": ended.copy()}
            info["_final_info"] = ended.copy()
            self.counts[ended] = 0
        return self._observation(self.counts), actions.astype(np.float32), ended, np.zeros(3, bool), info

    def render(self):
        return tuple(f"count={count}" for count in self.counts)

    @staticmethod
    def _observation(counts):
        return {"count": counts[:, None].copy(), "pair": (counts % 9, (counts + 1) % 9)}


class _Sampled(gym.Env):
    """Any observation and action space: observations are samples of the seeded observation space."""

    def __init__(self, observation_space: spaces.Space, action_space: spaces.Space, length: int = 5) -> None:
        self.observation_space = observation_space
        self.action_space = action_space
        self.length = length
        self.count = 0
        self.last_action: Any = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        if seed is not None:
            self.observation_space.seed(seed)
        self.count = 0
        return self.observation_space.sample(), {}

    def step(self, action):
        if not self.action_space.contains(action):
            raise AssertionError(f"{action!r} is not in {self.action_space}")
        self.count += 1
        reward = float(np.sum(gym.spaces.flatten(self.action_space, action)))
        return self.observation_space.sample(), reward, self.count >= self.length, False, {}


class _Echo(_Sampled):
    """Observations and actions of one space: steps return the action."""

    def __init__(self, space: spaces.Space, length: int = 5) -> None:
        super().__init__(space, space, length)

    def step(self, action):
        if not self.action_space.contains(action):
            raise AssertionError(f"{action!r} is not in {self.action_space}")
        self.count += 1
        return action, 1.0, self.count >= self.length, False, {}


class _UnknownSpace(spaces.Space):
    """A space of a class of its own."""


class _BadReturns(_Tiny):
    def __init__(self, what: str = "shape", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.what = what

    def step(self, action):
        observation, reward, terminated, truncated, info = super().step(action)
        if self.what == "shape":
            observation = observation[:1]
        elif self.what == "nan":
            observation = observation * np.nan
        elif self.what == "reward":
            reward = float("nan")
        return observation, reward, terminated, truncated, info


def counting(**kwargs: Any) -> gym.Env:
    """Terminates after 5 steps; observation float32 (2): [steps, seed]; actions Discrete(3), the reward their value."""
    return _Tiny(**kwargs)


def truncating(**kwargs: Any) -> gym.Env:
    """As `counting`, but truncated after 5 steps."""
    return _Tiny(truncates=True, **kwargs)


def raises_in_step(**kwargs: Any) -> gym.Env:
    """As `counting`; the third step of an episode raises ValueError."""
    return _Raising(**kwargs)


def raises_in_constructor(**kwargs: Any) -> gym.Env:
    """Cannot be made."""
    raise RuntimeError("this environment cannot be made")


def hangs_in_step(**kwargs: Any) -> gym.Env:
    """As `counting`; the second step of an episode takes an hour."""
    return _Hanging(**kwargs)


def hangs_once(**kwargs: Any) -> gym.Env:
    """As `counting`; the first third step of any takes an hour, and leaves a file `marker` behind."""
    return _HangingOnce(**kwargs)


def unrepeatable(**kwargs: Any) -> gym.Env:
    """As `counting`, but the observation is [steps, the process's id]."""
    return _Unrepeatable(**kwargs)


def obeys(**kwargs: Any) -> gym.Env:
    """As `counting`; action 1 waits until there is a file `go`, 2 ends the process."""
    return _Obeying(**kwargs)


def waits_for_file(**kwargs: Any) -> gym.Env:
    """As `counting`; a step waits until there is a file "go" in the current directory."""
    return _Waiting(**kwargs)


def kills_itself(**kwargs: Any) -> gym.Env:
    """As `counting`; the third step of an episode kills the process."""
    return _Suicidal(**kwargs)


def odd_infos(**kwargs: Any) -> gym.Env:
    """As `counting`, with infos of every kind."""
    return _OddInfos(**kwargs)


def nested_infos(**kwargs: Any) -> gym.Env:
    """As `counting`, with infos nested deep."""
    return _NestedInfos(**kwargs)


def unsaveable(**kwargs: Any) -> gym.Env:
    """As `counting`, but its state cannot be saved."""
    return _Unsaveable(**kwargs)


def fixed_vector(**kwargs: Any) -> gym.vector.VectorEnv:
    """A vector environment of three lanes in AutoresetMode.SAME_STEP."""
    return _Fixed(**kwargs)


def sync_vector(length: int = 5, mode: str = "NextStep") -> gym.vector.VectorEnv:
    """Gymnasium's SyncVectorEnv of three `nested_infos`, as a vector environment made by somebody else."""
    return gym.vector.SyncVectorEnv([lambda: nested_infos(length=length)] * 3, autoreset_mode=mode)


def sync_vector_disabled(**kwargs: Any) -> gym.vector.VectorEnv:
    """As `sync_vector`, in AutoresetMode.DISABLED."""
    return sync_vector(mode="Disabled", **kwargs)


def bad_returns(**kwargs: Any) -> gym.Env:
    """As `counting`; each step returns something wrong: what="shape", "nan" or "reward"."""
    return _BadReturns(**kwargs)


def multi_spaces(**kwargs: Any) -> gym.Env:
    """Dict and Tuple observations and actions."""
    observation = spaces.Dict(
        {
            "image": spaces.Box(0, 255, (2, 3), np.uint8),
            "pair": spaces.Tuple((spaces.Discrete(4, start=-1), spaces.Box(-1, 1, (), np.float64))),
            "bits": spaces.MultiBinary(3),
        }
    )
    action = spaces.Dict({"turn": spaces.Box(-1, 1, (2,), np.float32), "gear": spaces.Discrete(3, start=1)})
    return _Sampled(observation, action, **kwargs)


def multi_discrete(**kwargs: Any) -> gym.Env:
    """MultiDiscrete observations and actions."""
    return _Sampled(spaces.MultiDiscrete([3, 4]), spaces.MultiDiscrete([2, 5], start=[0, -2]), **kwargs)


def multi_binary(**kwargs: Any) -> gym.Env:
    """MultiBinary observations and actions."""
    return _Sampled(spaces.MultiBinary((2, 2)), spaces.MultiBinary(4), **kwargs)


def image(height: int = 84, width: int = 84, channels: int = 4, **kwargs: Any) -> gym.Env:
    """Observations uint8 (height, width, channels); actions Discrete(6)."""
    return _Sampled(spaces.Box(0, 255, (height, width, channels), np.uint8), spaces.Discrete(6), **kwargs)


def large(**kwargs: Any) -> gym.Env:
    """Observations and actions uint8 (1 MiB); steps return the action."""
    return _Echo(spaces.Box(0, 255, (1 << 20,), np.uint8), **kwargs)


def variable_size(**kwargs: Any) -> gym.Env:
    """Observations and actions of every kind whose size varies, and a Box; steps return the action, resets samples."""
    point = spaces.Box(-1, 1, (2,), np.float32)
    text = spaces.Text(8, charset="aé😀")
    return _Echo(
        spaces.Dict(
            {
                "point": point,
                "text": text,
                "sequence": spaces.Sequence(spaces.Tuple((point, spaces.Sequence(spaces.Discrete(5))))),
                "stacked": spaces.Sequence(spaces.Dict({"point": point, "text": text}), stack=True),
                "graph": spaces.Graph(point, spaces.Discrete(3, start=1)),
                "one_of": spaces.OneOf([spaces.Graph(spaces.Discrete(4), None), text, point]),
            }
        ),
        **kwargs,
    )


def of_many_spaces(**kwargs: Any) -> gym.Env:
    """Actions of another space in each environment."""
    return _Sampled(spaces.Discrete(2), spaces.Discrete(os.getpid() * 1000 + next(_numbers)), **kwargs)


def unknown_space(**kwargs: Any) -> gym.Env:
    """Observations of a space that is none of Gymnasium's."""
    return _Sampled(_UnknownSpace(), spaces.Discrete(2), **kwargs)


class _Goal(gym.Env):
    """A point on a line, whose goal is another point: gymnasium_robotics.GoalEnv's protocol."""

    metadata = {"render_modes": []}

    def __init__(self, length: int = 20, render_mode: str | None = None) -> None:
        self.length = length
        self.render_mode = render_mode
        sizes = {"observation": 2, "achieved_goal": 1, "desired_goal": 1}
        self.observation_space = spaces.Dict(
            {name: spaces.Box(-1, 1, (size,), np.float64) for name, size in sizes.items()}
        )
        self.action_space = spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        self.count = 0
        self.position, self.goal = self.np_random.uniform(-1, 1, (2, 1))
        return self._observation(), {"is_success": False}

    def step(self, action):
        self.count += 1
        self.position = np.clip(self.position + 0.2 * np.asarray(action, np.float64), -1, 1)
        reward = self.compute_reward(self.position, self.goal, {})
        info = {"is_success": bool(reward == 0)}
        return self._observation(), float(reward), False, self.count >= self.length, info

    def compute_reward(self, achieved_goal, desired_goal, info):
        """0 where the goal is reached, -1 elsewhere; for one goal or a batch (B, 1)."""
        distance = np.abs(np.asarray(achieved_goal) - np.asarray(desired_goal))[..., 0]
        return -(distance > 0.1).astype(np.float32)

    def _observation(self):
        observation = np.concatenate([self.position, self.goal])
        return {
            "observation": observation,
            "achieved_goal": self.position.copy(),
            "desired_goal": self.goal.copy(),
        }


def goal(**kwargs: Any) -> gym.Env:
    """Dict observations of a goal environment with `compute_reward`; truncated after 20 steps."""
    return _Goal(**kwargs)
