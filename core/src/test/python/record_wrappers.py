"""Records what Gymnasium's wrappers make of a few short episodes, for Java's wrappers to be compared with.

    $(scripts/python-env) core/src/test/python/record_wrappers.py

writes core/src/test/resources/io/gymbridge/core/wrappers anew. First come scripts: observations, rewards and ends of
real environments, three lanes each. Then every wrapper sees the same scripts played back, here by `Scripted`, in Java
by `ScriptedEnv`; `WrapperGoldenTest` says what a line means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from gymnasium.wrappers import (
    ClipAction,
    FrameStackObservation,
    NormalizeObservation,
    NormalizeReward,
    RecordEpisodeStatistics,
    RescaleAction,
)
from gymnasium.wrappers.vector import ClipAction as VectorClipAction
from gymnasium.wrappers.vector import NormalizeObservation as VectorNormalizeObservation
from gymnasium.wrappers.vector import NormalizeReward as VectorNormalizeReward
from gymnasium.wrappers.vector import RecordEpisodeStatistics as VectorRecordEpisodeStatistics
from gymnasium.wrappers.vector import RescaleAction as VectorRescaleAction

FOLDER = Path(__file__).parents[1] / "resources/io/gymbridge/core/wrappers"
LANES = 3
STEPS = 26
# The step before which the statistics are frozen, in the cases that do.
FROZEN = 18

# An observation, its reward, terminated, truncated; the reset's first, with reward 0.
Moment = tuple[np.ndarray, float, bool, bool]
Wrap = Callable[[Any], Any]


def play(env: gym.Env, lane: int, act: Callable[[np.random.Generator], Any]) -> list[Moment]:
    """Plays episodes until there are STEPS steps and more, whatever the resets between them count for."""
    random = np.random.default_rng(lane)
    moments: list[Moment] = []
    seed: int | None = 7 + lane
    while len(moments) < STEPS + 10:
        observation, _ = env.reset(seed=seed)
        moments.append((observation, 0.0, False, False))
        seed = None
        ended = False
        while not ended:
            observation, reward, terminated, truncated, _ = env.step(act(random))
            moments.append((observation, float(reward), bool(terminated), bool(truncated)))
            ended = terminated or truncated
    return moments


def cartpole() -> list[list[Moment]]:
    """CartPole pushed to one side mostly: its episodes terminate after 8 to 15 steps."""
    return [play(gym.make("CartPole-v1"), lane, lambda random: int(random.random() < 0.85)) for lane in range(LANES)]


def pendulum() -> list[list[Moment]]:
    """Pendulum truncated after 5, 6 and 7 steps, as float64, with rewards that have a fraction."""
    scripts = []
    for lane in range(LANES):
        env = gym.make("Pendulum-v1", max_episode_steps=5 + lane)
        moments = play(env, lane, lambda random: random.uniform(-2, 2, 1).astype(np.float32))
        scripts.append([(o.astype(np.float64) * 1.1, *rest) for o, *rest in moments])
    return scripts  # type: ignore[return-value]


def offset() -> list[list[Moment]]:
    """Pendulum in float32 and far from zero, where float32 statistics differ from float64 ones by a thousandth."""
    return [
        [((o + 100).astype(np.float32), reward, terminated, truncated) for o, reward, terminated, truncated in moments]
        for moments in pendulum()
    ]


SCRIPTS = {"cartpole": cartpole(), "pendulum": pendulum(), "offset": offset()}


class Scripted(gym.Env[np.ndarray, np.int64]):
    """Plays one lane's script back, whatever the actions."""

    def __init__(self, moments: list[Moment]) -> None:
        self._moments = moments
        self._next = 0
        first = moments[0][0]
        self.observation_space = spaces.Box(-np.inf, np.inf, first.shape, first.dtype.type)
        self.action_space = spaces.Discrete(2)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Goes to the beginning of the next episode."""
        while self._next > 0 and not (self._moments[self._next - 1][2] or self._moments[self._next - 1][3]):
            self._next += 1
        self._next += 1
        return self._moments[self._next - 1][0], {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Goes on."""
        self._next += 1
        observation, reward, terminated, truncated = self._moments[self._next - 1]
        return observation, reward, terminated, truncated, {}


class KeepsOptions(SyncVectorEnv):
    """Leaves the reset mask in the options, where the wrappers look for it."""

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Resets with a copy of the options."""
        return super().reset(seed=seed, options=None if options is None else dict(options))


def line(tag: str, *values: Any) -> str:
    """A tag and numbers, exactly."""
    numbers = np.concatenate([np.ravel(np.asarray(value)).astype(np.float64) for value in values] or [np.zeros(0)])
    return ",".join([tag, *(f"{number:.17g}" for number in numbers)])


def single(script: list[Moment], wrap: Wrap, freezes: bool) -> Iterator[str]:
    """Lines of one wrapped environment."""
    env = wrap(Scripted(script))
    ended = True
    for step in range(STEPS):
        if freezes and step == FROZEN:
            env.update_running_mean = False
            yield "freeze"
        if ended:
            yield line("reset", 1)
            yield line("observation", 0, env.reset()[0])
            ended = False
            continue
        observation, reward, terminated, truncated, info = env.step(np.int64(0))
        ended = terminated or truncated
        yield "step"
        yield line("observation", 0, observation)
        yield line("rewards", reward)
        if "episode" in info:
            yield line("episode", 0, info["episode"]["r"], info["episode"]["l"])


def vector(env: VectorEnv, mode: AutoresetMode, freezes: bool, partial_resets: bool) -> Iterator[str]:
    """Lines of a wrapped batch. Under DISABLED lanes are reset as they end, or all when one does."""
    mask = np.ones(LANES, np.bool_)
    for step in range(STEPS):
        if freezes and step == FROZEN:
            env.update_running_mean = False  # type: ignore[attr-defined]
            yield "freeze"
        if mask.any():
            if not partial_resets:
                mask[:] = True
            yield line("reset", mask)
            observations, _ = env.reset(options=None if mask.all() else {"reset_mask": mask.copy()})
            yield from (line("observation", lane, row) for lane, row in enumerate(observations))
            mask[:] = False
            continue
        observations, rewards, terminated, truncated, infos = env.step(np.zeros(LANES, np.int64))
        if mode == AutoresetMode.DISABLED:
            mask = terminated | truncated
        yield "step"
        yield from (line("observation", lane, row) for lane, row in enumerate(observations))
        yield line("rewards", rewards)
        for lane in np.flatnonzero(infos.get("_final_obs", [])):
            yield line("final", lane, infos["final_obs"][lane])
        for lane in np.flatnonzero(infos.get("_episode", [])):
            yield line("episode", lane, infos["episode"]["r"][lane], infos["episode"]["l"][lane])


def write_case(wrapper: str, name: str, lines: Iterator[str]) -> None:
    """Writes what a wrapper changes, and leaves out what passes through it."""
    changed = {
        "NormalizeObservation": ["observation", "final"],
        "NormalizeReward": ["rewards"],
        "RecordEpisodeStatistics": ["episode"],
        "FrameStackObservation": ["observation", "final"],
    }
    kept = ["reset", "step", "freeze", *changed[wrapper.split("-")[0]]]
    write(f"{wrapper}-{name}", (text for text in lines if text.split(",")[0] in kept))


def write(name: str, lines: Iterator[str]) -> None:
    """Writes one file."""
    (FOLDER / f"{name}.csv").write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")


def batch(script: str, mode: AutoresetMode, inner: Wrap = lambda env: env) -> VectorEnv:
    """Three lanes of a script, each wrapped."""

    def make(moments: list[Moment]) -> Any:
        return inner(Scripted(moments))

    return KeepsOptions([partial(make, moments) for moments in SCRIPTS[script]], autoreset_mode=mode)


def record_cases() -> None:
    """Each wrapper, alone and in a batch, in the modes that Gymnasium's allows."""
    singles: dict[str, Wrap] = {
        "NormalizeObservation": NormalizeObservation,
        "NormalizeReward": NormalizeReward,
        "RecordEpisodeStatistics": RecordEpisodeStatistics,
        "FrameStackObservation": partial(FrameStackObservation, stack_size=3),
        "FrameStackObservation-zero": partial(FrameStackObservation, stack_size=3, padding_type="zero"),
    }
    batches: dict[str, tuple[Wrap, set[str]]] = {
        "NormalizeObservation": (VectorNormalizeObservation, {"NEXT_STEP"}),
        "NormalizeReward": (VectorNormalizeReward, {"NEXT_STEP", "SAME_STEP", "DISABLED"}),
        "RecordEpisodeStatistics": (VectorRecordEpisodeStatistics, {"NEXT_STEP", "SAME_STEP", "DISABLED"}),
    }
    for script, lanes in SCRIPTS.items():
        for name, wrap in singles.items():
            if script != "offset" or name == "NormalizeObservation":
                write_case(name, f"{script}-single", single(lanes[0], wrap, name.startswith("Normalize")))
        for name, (wrap, modes) in batches.items():
            for mode in (mode for mode in AutoresetMode if mode.name in modes):
                if script != "offset" or name == "NormalizeObservation":
                    env = wrap(batch(script, mode))
                    lines = vector(env, mode, name.startswith("Normalize"), name != "NormalizeReward")
                    write_case(name, f"{script}-{mode.name}", lines)
    # Gymnasium stacks frames inside the lanes only.
    for mode in AutoresetMode:
        env = batch("cartpole", mode, partial(FrameStackObservation, stack_size=3))
        write_case("FrameStackObservation", f"cartpole-{mode.name}", vector(env, mode, False, True))


class Receiver(gym.Env[np.ndarray, np.ndarray]):
    """Observes the action it got."""

    action_space: spaces.Box

    def __init__(self, action_space: spaces.Box) -> None:
        self.action_space = action_space
        self.observation_space = spaces.Box(-np.inf, np.inf, action_space.low.shape, np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Observes zeros."""
        return np.zeros(self.action_space.low.shape, np.float32), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Observes the action."""
        return np.asarray(action, np.float32), 0.0, False, False, {}


def record_actions() -> None:
    """Actions given to a wrapper, and those that come out of it."""
    low, high = np.array([-2, -0.1, 0, -np.inf], np.float32), np.array([2, 0.7, np.inf, np.inf], np.float32)
    least, most = np.array([-1, -3, 5, -np.inf], np.float32), np.array([1, 0.3, np.inf, np.inf], np.float32)
    bounds = spaces.Box(low, high)
    random = np.random.default_rng(1)
    inside = random.uniform([-1, -3, 5, -9], [1, 0.3, 9, 9], (10, 4))
    cases: dict[str, tuple[Wrap, Wrap, np.ndarray]] = {
        "ClipAction": (ClipAction, VectorClipAction, random.normal(0, 3, (12, 4)).astype(np.float32)),
        "RescaleAction": (
            partial(RescaleAction, min_action=least, max_action=most),
            partial(VectorRescaleAction, min_action=least, max_action=most),
            np.stack([np.where(np.isinf(least), 0, least), np.where(np.isinf(most), 9, most), *inside]).astype(
                np.float32
            ),
        ),
    }
    for name, (wrap, wrap_batch, actions) in cases.items():
        env = wrap(Receiver(bounds))
        env.reset()
        received = np.stack([env.step(action)[0] for action in actions])
        lanes = wrap_batch(SyncVectorEnv([lambda: Receiver(bounds)] * len(actions)))
        lanes.reset()
        assert np.array_equal(received, lanes.step(actions)[0]), f"{name}: the batch differs from the lanes"
        pairs = zip(actions, received, strict=True)
        write(name, (text for given, got in pairs for text in (line("given", given), line("received", got))))


def record_flattened() -> None:
    """Members of a composite space, leaf by leaf, and flattened; then the flat space's bounds."""
    space = spaces.Dict(
        {
            "position": spaces.Box(-1, 1, (2, 2), np.float32),
            "gear": spaces.Discrete(3, start=-1),
            "switches": spaces.MultiBinary((2, 2)),
            "rest": spaces.Tuple((spaces.MultiDiscrete([2, 3]), spaces.Box(0, 255, (3,), np.uint8))),
        },
        seed=4,
        sort_keys=False,
    )

    def lines() -> Iterator[str]:
        flat = spaces.flatten_space(space)
        assert isinstance(flat, spaces.Box) and flat.dtype == np.float64
        yield line("low", flat.low)
        yield line("high", flat.high)
        for _ in range(6):
            member = space.sample()
            leaves = member["position"], member["gear"], member["switches"], *member["rest"]
            yield line("leaves", *leaves)
            yield line("flat", spaces.flatten(space, member))

    write("flatten", lines())


def record_scripts() -> None:
    """What the scripted environments play."""
    for name, lanes in SCRIPTS.items():
        for moments in lanes:
            assert not any((a[2] or a[3]) and b[1] for a, b in pairwise(moments))
        rows = (line("moment", lane, *reversed(moment)) for lane, moments in enumerate(lanes) for moment in moments)
        write(name, rows)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    record_scripts()
    record_cases()
    record_actions()
    record_flattened()
