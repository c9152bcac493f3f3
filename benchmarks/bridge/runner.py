"""Opens and measures systems for `gymbridge bench bridge`, which asks for them in JSON lines on standard input.

    {"open": 1, "cell": {"kind": "sync", "env": "CartPole-v1", "num_envs": 8, "workers": 1}}
    {"run": 1, "seconds": 0.5}
    {"close": 1}

Each is answered with one line: what `System.run` gives, nothing, or {"error": reason}. Ends with its standard input.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from systems import Cell, System, Unsupported

KINDS = {
    "loop": "in_process:Loop",
    "loops": "in_process:Loops",
    "sync": "in_process:Sync",
    "async": "in_process:Async",
    "numpy": "in_process:NumPy",
    "gymbridge": "bridge_client:RemoteVector",
    "gymbridge-single": "bridge_client:Remote",
    "envpool": "envpool_peer:EnvPool",
    "rlmesh": "rlmesh_peer:RLMesh",
    "dm_env_rpc": "dm_env_rpc_peer:DmEnvRpc",
}


def main(kinds: dict[str, str], cell_class: Callable[..., Any]) -> None:
    """Answers until standard input ends.

    Args:
        kinds: the systems, "module:class" by the name that a request gives.
        cell_class: what their constructors take, made of the fields of a request's cell.
    """
    warnings.simplefilter("ignore")
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    systems: dict[int, System] = {}
    for line in sys.stdin:
        try:
            answer = _answer(systems, json.loads(line), kinds, cell_class)
        except Unsupported as error:
            answer = {"error": str(error)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
    for system in systems.values():
        system.close()


def _answer(
    systems: dict[int, System], request: dict[str, Any], kinds: dict[str, str], cell_class: Callable[..., Any]
) -> dict[str, Any]:
    if "open" in request:
        cell = cell_class(**request["cell"])
        module, _, name = kinds[cell.kind].partition(":")
        systems[request["open"]] = getattr(importlib.import_module(module), name)(cell)
        return {}
    if "run" in request:
        return systems[request["run"]].run(request["seconds"])
    systems.pop(request["close"]).close()
    return {}


if __name__ == "__main__":
    main(KINDS, Cell)
