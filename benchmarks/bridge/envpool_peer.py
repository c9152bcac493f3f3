"""EnvPool: environments in C++ on threads of the learner's process."""

from __future__ import annotations

import envpool
import numpy as np
from gymnasium.spaces import Discrete

from systems import SEED, Cell, Unsupported, VectorSystem


class EnvPool(VectorSystem):
    """As many threads as the cell has workers; all environments step in each call."""

    def __init__(self, cell: Cell) -> None:
        if cell.env not in envpool.list_all_envs():
            raise Unsupported(f"EnvPool {envpool.__version__} has no {cell.env}")
        envs = envpool.make(cell.env, env_type="gymnasium", num_envs=cell.num_envs, num_threads=cell.workers, seed=SEED)
        # Its spaces are those of one environment, and it takes no int64.
        discrete = isinstance(envs.action_space, Discrete)
        super().__init__(envs, cell.num_envs, envs.action_space, np.int32 if discrete else None)

    def _reset(self) -> None:
        self._envs.reset()
