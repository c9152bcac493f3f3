"""Opens and measures clients and servers for `gymbridge bench serving`, by the requests of benchmarks/bridge/runner.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "bridge"))

import runner  # noqa: E402
from serving_systems import Cell  # noqa: E402

KINDS = {
    "remote_policy": "native_client:Native",
    "tritonclient": "triton_client:Triton",
    "mlserver": "mlserver_peer:MLServer",
}

if __name__ == "__main__":
    runner.main(KINDS, Cell)
