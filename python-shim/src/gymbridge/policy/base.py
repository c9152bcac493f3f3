"""What a served policy is, and the one that is a Python function."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from gymbridge.codec.values import Array


class Actor(Protocol):
    """Answers batches of observations. Thread-safe.

    `version` changes with its content, `stochastic` is whether `deterministic` matters, `provenance` is what its
    author recorded.
    """

    version: str
    stochastic: bool
    provenance: dict[str, Any]

    def act(self, observations: Any, deterministic: bool) -> Any:
        """Actions (N, …) for observations (N, …): arrays, or dicts and tuples of arrays as the spaces have it."""
        ...


class FunctionActor:
    """A function of a batch of observations. Calls come one at a time, as it may not expect otherwise."""

    stochastic = False

    def __init__(self, function: Callable[[Any], Any], version: str) -> None:
        self._function = function
        self._lock = threading.Lock()
        self.version = version
        self.provenance: dict[str, Any] = {"kind": "function", "name": getattr(function, "__name__", "?")}

    def act(self, observations: Any, deterministic: bool) -> Any:
        """What the function returns."""
        with self._lock:
            return self._function(observations)


class StableBaselines3Actor:
    """A model of Stable-Baselines3."""

    stochastic = True

    def __init__(self, model: Any, version: str) -> None:
        self._model = model
        self._lock = threading.Lock()
        self.version = version
        self.provenance: dict[str, Any] = {"kind": "stable-baselines3", "algorithm": type(model).__name__}

    def act(self, observations: Any, deterministic: bool) -> Array:
        """The model's actions."""
        with self._lock:
            actions: Array = self._model.predict(observations, deterministic=deterministic)[0]
            return actions
