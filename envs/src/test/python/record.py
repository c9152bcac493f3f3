"""Records Gymnasium's own environments for the tests: $(scripts/python-env) envs/src/test/python/record.py

It writes, beside the tests' classes,
  specs.csv            what each id's spec says
  steps/ID.csv.gz      classic control: 10,000 steps, each from a state of its own: state, action, observation (of
                       Acrobot, to save room, the angles instead of their sines), reward, terminated
  tables/N.csv.gz      toy text: the transition tables of VARIANTS, in their order
  rollouts/N.csv.gz    seeded episodes of ROLLOUTS, in their order: action, observation, reward with terminated and
                       truncated, info's prob and action_mask, text
  maps.csv             random frozen lakes of 6 by 6: seed, map
Numbers of steps are rounded to seven decimals; tables are exact.
"""

import gzip
import math
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.toy_text.frozen_lake import generate_random_map

HERE = pathlib.Path(__file__).parent
RESOURCES = HERE.parent / "resources" / "io" / "gymbridge" / "envs"
STEPS = 10_000

CLASSIC = ["CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1", "Acrobot-v1"]
TOY = [
    "Blackjack-v1",
    "FrozenLake-v1",
    "FrozenLake8x8-v1",
    "CliffWalking-v1",
    "CliffWalkingSlippery-v1",
    "Taxi-v4",
]
# An id with keyword arguments: true, false, numbers, words, lists with "/" between.
VARIANTS = [
    "FrozenLake-v1",
    "FrozenLake8x8-v1",
    "FrozenLake-v1?is_slippery=false",
    "FrozenLake-v1?success_rate=0.75&reward_schedule=2/-1/-0.125",
    "FrozenLake8x8-v1?map_name=4x4",
    "FrozenLake-v1?desc=SFFSF/FHFFH/FFGFF",
    "CliffWalking-v1",
    "CliffWalkingSlippery-v1",
    "CliffWalkingSlippery-v1?is_slippery=false",
    "Taxi-v4",
    "Taxi-v4?is_rainy=true",
    "Taxi-v4?is_rainy=true&rainy_probability=0.5",
]
# A variant, a seed, steps.
ROLLOUTS = [
    *((name, seed, 100) for name in CLASSIC for seed in (0, 42, 2**32 - 1, 2**40 + 7)),
    ("CartPole-v1?sutton_barto_reward=true", 1, 200),
    ("MountainCar-v0?goal_velocity=0.03", 1, 300),
    ("MountainCarContinuous-v0?goal_velocity=0.03", 1, 300),
    ("Pendulum-v1?g=9.81", 1, 300),
    *((name, 7, STEPS) for name in TOY),
    ("Blackjack-v1?sab=false", 3, 2_000),
    ("Blackjack-v1?sab=false&natural=true", 3, 2_000),
    ("FrozenLake-v1?is_slippery=false", 3, 500),
    ("FrozenLake-v1?success_rate=0.75&reward_schedule=2/-1/-0.125", 3, 500),
    ("FrozenLake-v1?desc=SFFSF/FHFFH/FFGFF", 3, 500),
    ("Taxi-v4?is_rainy=true", 3, 1_000),
    ("Taxi-v4?fickle_passenger=true&fickle_probability=0.9", 3, 4_000),
    ("Taxi-v4?is_rainy=true&fickle_passenger=true", 4, 4_000),
]


def value(text: str) -> Any:
    if "/" in text:
        return [value(part) for part in text.split("/")]
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text


def make(variant: str, **more: Any) -> gym.Env[Any, Any]:
    name, _, arguments = variant.partition("?")
    pairs = (pair.split("=") for pair in arguments.split("&") if pair)
    return gym.make(name, **{key: value(text) for key, text in pairs}, **more)


def write(path: str, lines: Iterable[str]) -> None:
    file = RESOURCES / path
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(line + "\n" for line in lines).encode()
    # A fixed stamp: the same recording gives the same file.
    file.write_bytes(gzip.compress(text, 9, mtime=0) if path.endswith(".gz") else text)


def number(x: Any) -> str:
    return f"{float(x):.7f}".rstrip("0").rstrip(".")


def numbers(xs: Iterable[Any]) -> str:
    return ",".join(number(x) for x in xs)


def describe(space: gym.Space[Any]) -> str:
    match space:
        case gym.spaces.Box():
            bounds = " ".join(repr(float(x)) for x in [*space.low.flat, *space.high.flat])
            return f"Box {space.dtype} {bounds}"
        case gym.spaces.Discrete():
            return f"Discrete {space.dtype} {space.n} {space.start}"
        case gym.spaces.Tuple():
            return "Tuple " + " | ".join(describe(part) for part in space.spaces)
    raise TypeError(space)


def specs() -> Iterator[str]:
    for name in CLASSIC + TOY:
        env = gym.make(name)
        spec = env.spec
        assert spec is not None
        modes = " ".join(mode for mode in env.metadata["render_modes"] if mode != "human")
        threshold = "" if spec.reward_threshold is None else repr(float(spec.reward_threshold))
        limit = spec.max_episode_steps or 0
        spaces = f"{describe(env.observation_space)},{describe(env.action_space)}"
        yield f"{name},{limit},{threshold},{env.metadata['render_fps']},{modes},{spaces}"


def states(name: str, rng: np.random.Generator) -> list[float]:
    def draw(*bounds: float, digits: int = 3) -> list[float]:
        return [round(float(rng.uniform(-bound, bound)), digits) for bound in bounds]

    match name:
        case "CartPole-v1":
            return draw(2.5, 3, 0.22, 3)
        case "Pendulum-v1":
            return draw(3 * math.pi, 8)
        case "Acrobot-v1":
            return draw(math.pi, math.pi, 4 * math.pi, 9 * math.pi, digits=2)
    # Mountain cars: one in ten at the left wall, one in ten about the goal.
    place = rng.integers(10)
    low, high = (-1.2, -1.15) if place == 0 else (0.38, 0.55) if place == 1 else (-1.2, 0.6)
    return [round(float(rng.uniform(low, high)), 4), round(float(rng.uniform(-0.07, 0.07)), 5)]


def steps(name: str) -> Iterator[str]:
    env = gym.make(name).unwrapped
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(STEPS):
        state = states(name, rng)
        kind = np.float32 if name == "MountainCarContinuous-v0" else np.float64
        env.state = np.array(state, dtype=kind)  # type: ignore[attr-defined]
        if name == "CartPole-v1":
            env.steps_beyond_terminated = None  # type: ignore[attr-defined]
        if isinstance(env.action_space, gym.spaces.Discrete):
            action: Any = int(rng.integers(env.action_space.n))
            written = str(action)
        else:
            assert isinstance(env.action_space, gym.spaces.Box)
            drawn = round(float(rng.uniform(env.action_space.low[0], env.action_space.high[0])), 2)
            action = np.array([drawn], dtype=np.float32)
            written = number(drawn)
        observation, reward, terminated, _, _ = env.step(action)
        seen = observation
        if name == "Acrobot-v1":
            seen = [*env.state[:2], *observation[4:]]  # type: ignore[attr-defined]
        yield f"{numbers(state)};{written};{numbers(seen)};{number(reward)};{int(terminated)}"


def table(variant: str) -> Iterator[str]:
    env: Any = make(variant).unwrapped
    yield f"# {variant}"
    yield ",".join(repr(float(p)) for p in env.initial_state_distrib)
    for state, actions in env.P.items():
        for action, outcomes in actions.items():
            for probability, following, reward, terminated in outcomes:
                numbers = f"{float(probability)!r},{int(following)},{float(reward)!r}"
                yield f"{state},{action},{numbers},{int(terminated)}"


def rollout(variant: str, seed: int, count: int) -> Iterator[str]:
    probe = make(variant)
    ansi = "ansi" in probe.metadata["render_modes"]
    env = make(variant, render_mode="ansi") if ansi else probe
    rng = np.random.default_rng(seed)

    def line(action: str, observation: Any, ends: str, info: dict[str, Any], index: int) -> str:
        parts = observation if isinstance(observation, tuple | np.ndarray) else [observation]
        probability = repr(info["prob"]) if "prob" in info else ""
        mask = "".join(str(m) for m in info.get("action_mask", []))
        text = str(env.render()) if ansi and index < 40 else ""
        text = text.replace("\x1b", "\\e").replace("\n", "\\n")
        return f"{action};{numbers(parts)};{ends};{probability};{mask};{text}"

    yield f"# {variant} {seed}"
    observation, info = env.reset(seed=seed)
    yield line("reset", observation, "", info, 0)
    for index in range(count):
        action: Any
        if isinstance(env.action_space, gym.spaces.Discrete):
            action = int(rng.integers(env.action_space.n))
            written = str(action)
        else:
            assert isinstance(env.action_space, gym.spaces.Box)
            drawn = round(float(rng.uniform(env.action_space.low[0], env.action_space.high[0])), 2)
            action = np.array([drawn], dtype=np.float32)
            written = number(drawn)
        observation, reward, terminated, truncated, info = env.step(action)
        ends = f"{number(reward)},{int(terminated)},{int(truncated)}"
        yield line(written, observation, ends, info, index)
        if terminated or truncated:
            observation, info = env.reset()
            yield line("reset", observation, "", info, index)


def main() -> None:
    write("specs.csv", specs())
    for name in CLASSIC:
        write(f"steps/{name}.csv.gz", steps(name))
    for index, variant in enumerate(VARIANTS):
        write(f"tables/{index}.csv.gz", table(variant))
    for index, (variant, seed, count) in enumerate(ROLLOUTS):
        write(f"rollouts/{index}.csv.gz", rollout(variant, seed, count))
    write("maps.csv", (f"{seed},{'/'.join(generate_random_map(6, 0.7, seed))}" for seed in range(20)))


if __name__ == "__main__":
    main()
