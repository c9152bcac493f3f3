"""What is measured: a client asks a policy server for the action for one observation, again and again."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from systems import System

NAME = "bench"
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Cell:
    """What `gymbridge bench serving` asks for.

    Args:
        kind: one of `serving_runner.KINDS`.
        address: the server's.
        onnx: file of the policy's graph, where a server is to be started.
        observation: the one that is asked about.
        actions: what the policy does then; empty where that does not matter.
    """

    kind: str
    address: str
    onnx: str = ""
    observation: list[float] = field(default_factory=list)
    actions: list[float] = field(default_factory=list)


class Client(System):
    """Asks one question after the other. Subclasses answer `ask` and `close`."""

    num_envs = 1

    def __init__(self, cell: Cell) -> None:
        self._observation = np.array(cell.observation, np.float32)
        got = self.ask()
        if cell.actions and not np.allclose(got, cell.actions, atol=_TOLERANCE):
            raise ValueError(f"the server answers {got}, which is not the policy's {cell.actions}")

    def ask(self) -> np.ndarray:
        """The policy's action, float32 (6,)."""
        raise NotImplementedError

    def step(self, number: int) -> None:
        """See `System.step`."""
        self.ask()

    def run(self, seconds: float) -> dict[str, float]:
        """Gives calls_per_second and, in µs, us_p50 and us_p99."""
        figures = super().run(seconds)
        return {
            "calls_per_second": figures["steps_per_second"],
            "us_p50": figures["call_us_p50"],
            "us_p99": figures["call_us_p99"],
        }
