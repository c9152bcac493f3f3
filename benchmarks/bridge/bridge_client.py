"""The bridge's own Python clients."""

from __future__ import annotations

from typing import Any

import gymbridge

from systems import Cell, SingleSystem, VectorSystem


class RemoteVector(VectorSystem):
    """RemoteVectorEnv without infos, as a learner has it."""

    def __init__(self, cell: Cell) -> None:
        envs = gymbridge.RemoteVectorEnv(
            cell.address, cell.env, cell.num_envs, max_shards=cell.workers, infos=False, **_more(cell)
        )
        super().__init__(envs, envs.num_envs, envs.single_action_space)


class Remote(SingleSystem):
    """RemoteEnv, which is a `gymnasium.Env`, infos and all."""

    def __init__(self, cell: Cell) -> None:
        super().__init__(gymbridge.RemoteEnv(cell.address, cell.env, **_more(cell)))


def _more(cell: Cell) -> dict[str, Any]:
    more: dict[str, Any] = {"transport": cell.transport}
    if cell.tls_ca:
        more["credentials"] = gymbridge.Credentials(tls_ca=cell.tls_ca)
    return more
