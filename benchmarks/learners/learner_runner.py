"""Opens and measures learners for `gymbridge bench learners`, by the requests of benchmarks/bridge/runner.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "bridge"))

import runner  # noqa: E402
from peer_learners import Cell  # noqa: E402

KINDS = {
    "gail": "peer_learners:Gail",
    "airl": "peer_learners:Airl",
    "bc": "peer_learners:Cloning",
    "ppo": "peer_learners:Ppo",
}

if __name__ == "__main__":
    runner.main(KINDS, Cell)
