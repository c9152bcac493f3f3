"""How fast a learner's own loop is: a policy acts on all environments at once, then each steps, all in this process.

`python benchmarks/policy_loop.py ENV_ID NUM_ENVS BUNDLE SECONDS SEED` prints the steps of all environments a second.
Used by `gymbridge bench rollout`, which runs one for each worker.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from gymbridge.env.factory import find_factory
from gymbridge.rollout.bundle import read_bundle
from gymbridge.rollout.engines import make_engine
from gymbridge.rollout.heads import Gaussian

_WARM_UP_CALLS = 50


def main(env_id: str, num_envs: int, bundle: bytes, seconds: float, seed: int) -> None:
    """Steps for so many seconds."""
    factory = find_factory(env_id)
    envs = [factory() for _ in range(num_envs)]
    space = envs[0].action_space
    policy = read_bundle(bundle, envs[0].observation_space, space)
    observations = np.stack([env.reset(seed=seed + lane)[0] for lane, env in enumerate(envs)])
    engine = make_engine(policy.model, policy.graph, observations, Gaussian.outputs)
    random = np.random.default_rng(seed)
    low, high = space.low, space.high

    def step() -> None:
        mean, log_std = engine(observations)
        samples = mean + np.exp(log_std) * random.standard_normal(mean.shape, np.float32)
        actions = np.minimum(np.maximum(samples, low), high)
        for lane, env in enumerate(envs):
            observation, _, terminated, truncated, _ = env.step(actions[lane])
            if terminated or truncated:
                observation, _ = env.reset()
            observations[lane] = observation

    for _ in range(_WARM_UP_CALLS):
        step()
    calls = 0
    started = now = time.perf_counter()
    while now < started + seconds:
        step()
        calls += 1
        now = time.perf_counter()
    print(num_envs * calls / (now - started))
    for env in envs:
        env.close()


if __name__ == "__main__":
    _, _id, _num_envs, _bundle, _seconds, _seed = sys.argv
    main(_id, int(_num_envs), Path(_bundle).read_bytes(), float(_seconds), int(_seed))
