"""gymbridge's own client."""

from __future__ import annotations

import gymbridge
import numpy as np
from serving_systems import NAME, Cell, Client


class Native(Client):
    """RemotePolicy, on its stream."""

    def __init__(self, cell: Cell) -> None:
        self._policy = gymbridge.RemotePolicy(cell.address, NAME)
        super().__init__(cell)

    def ask(self) -> np.ndarray:
        """See `Client.ask`."""
        action, _ = self._policy.predict(self._observation)
        return action

    def close(self) -> None:
        """See `System.close`."""
        self._policy.close()
