"""Writes `testdata/minari`, which MinariReaderTest reads, with Minari itself.

    pip install "minari[hdf5]==0.5.4" pillow
    python data/src/test/python/write_minari.py testdata/minari

Eleven episodes of one to three steps: `episode_10` comes behind `episode_9`, not behind `episode_1`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec

EPISODES = 11


def main(target: Path) -> None:
    """Replaces the data set at a folder."""
    with tempfile.TemporaryDirectory() as root:
        os.environ["MINARI_DATASETS_PATH"] = root
        import minari
        from minari.data_collector import EpisodeBuffer

        episodes = []
        for episode in range(EPISODES):
            steps = 1 + episode % 3
            last = [step == steps - 1 for step in range(steps)]
            ends = episode % 2 == 0
            episodes.append(
                EpisodeBuffer(
                    id=episode,
                    observations=[np.array([episode / 2, step / 2], np.float32) for step in range(steps + 1)],
                    actions=[np.int64(step % 3) for step in range(steps)],
                    rewards=[episode + 0.25 * step for step in range(steps)],
                    terminations=[flag and ends for flag in last],
                    truncations=[flag and not ends for flag in last],
                    infos=None,
                )
            )
        minari.create_dataset_from_buffers(
            "test/numbered-v0",
            buffer=episodes,
            env=EnvSpec("Test-v0", entry_point="gymnasium.envs.classic_control.cartpole:CartPoleEnv"),
            observation_space=gym.spaces.Box(-10, 10, (2,), np.float32),
            action_space=gym.spaces.Discrete(3),
        )
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(Path(root) / "test" / "numbered-v0", target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
