"""How the outputs of a policy's graph become actions, for one block of steps; docs/protocol.md specifies each bit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.errors import invalid_argument
from gymbridge.rollout import noise
from gymbridge.rollout.engines import Engine
from gymbridge.rollout.noise import Array
from gymbridge.v1 import environment_pb2 as pb

# Random numbers are made for so many steps at a time.
_STRIDE = 128


@dataclass(frozen=True)
class Draws:
    """Which random numbers a block has: the generator's key, the number of its first step, and its lanes."""

    seed: int
    first_step: int
    lanes: range


class Block(ABC):
    """The actions of up to `capacity` steps: `actions` (capacity, N, …) has them, in the action space's type."""

    def __init__(self, engine: Engine, space: Any, capacity: int, n: int) -> None:
        self.actions = np.zeros((capacity, n, *space.shape), space.dtype)
        self._engine = engine
        self._n = n

    @abstractmethod
    def act(self, step: int, observations: Array) -> None:
        """Puts the actions for a batch of observations into row `step`; rows are filled one after the other."""

    @abstractmethod
    def fill(self, response: pb.RolloutResponse, steps: int, with_distribution: bool) -> None:
        """Adds what is known of the draws of the first `steps` rows."""


class Deterministic(Block):
    """What the graph calls `actions`, clipped where the space is a box."""

    outputs = ("actions",)

    def __init__(self, engine: Engine, space: Any, capacity: int, n: int) -> None:
        super().__init__(engine, space, capacity, n)
        self._bounds = (space.low, space.high) if isinstance(space, spaces.Box) else None

    def act(self, step: int, observations: Array) -> None:  # noqa: D102
        (actions,) = self._engine(observations)
        if self._bounds is not None:
            actions = np.minimum(np.maximum(actions, self._bounds[0]), self._bounds[1])
        self.actions[step] = actions

    def fill(self, response: pb.RolloutResponse, steps: int, with_distribution: bool) -> None:
        """Adds nothing."""


class Drawn(Block):
    """A block with random numbers of its own, `draws` for each lane and step."""

    def __init__(self, engine: Engine, space: Any, capacity: int, draws: Draws, width: int) -> None:
        super().__init__(engine, space, capacity, len(draws.lanes))
        self._draws = draws
        self._noise = np.empty((capacity, self._n, width))

    def _noise_of(self, step: int) -> Array:
        if step % _STRIDE == 0:
            count = min(_STRIDE, len(self._noise) - step)
            draws = self._draws
            width = self._noise.shape[2]
            u = noise.uniforms(draws.seed, draws.lanes, draws.first_step + step, count, width)
            self._noise[step : step + count] = self._transform(u)
        return self._noise[step]  # type: ignore[no-any-return]

    @abstractmethod
    def _transform(self, uniforms: Array) -> Array:
        """The distribution's standard numbers at these quantiles."""


class Gaussian(Drawn):
    """A Gaussian for each component, from `mean` and `log_std`, then clipped."""

    outputs = ("mean", "log_std")

    def __init__(self, engine: Engine, space: Any, capacity: int, draws: Draws) -> None:
        width = int(np.prod(space.shape))
        super().__init__(engine, space, capacity, draws, width)
        self._rows = self.actions.reshape(capacity, self._n, width)
        self._low = space.low.reshape(width).astype(np.float64)
        self._high = space.high.reshape(width).astype(np.float64)
        self._samples = np.empty((capacity, self._n, width), np.float32)
        self._mean = np.empty_like(self._samples)
        self._log_std = np.empty_like(self._samples)
        self._std: Array | None = None

    def _transform(self, uniforms: Array) -> Array:
        return noise.normals(uniforms)

    def act(self, step: int, observations: Array) -> None:  # noqa: D102
        mean, log_std = self._engine(observations)
        self._mean[step] = mean
        self._log_std[step] = log_std
        std = self._std
        if std is None:
            std = noise.exp(self._log_std[step].astype(np.float64))
            if "log_std" in self._engine.constant:
                self._std = std
        sample = self._samples[step]
        sample[...] = std * self._noise_of(step) + mean
        self._rows[step] = np.minimum(np.maximum(sample, self._low), self._high)

    def fill(self, response: pb.RolloutResponse, steps: int, with_distribution: bool) -> None:  # noqa: D102
        z = self._noise[:steps]
        terms = (-0.5 * z * z - self._log_std[:steps]) - noise.LOG_SQRT_2_PI
        total = np.zeros((steps, self._n))
        for component in range(z.shape[2]):
            total += terms[..., component]
        response.log_probabilities = to_bytes(total)
        response.samples = to_bytes(self._samples[:steps])
        if with_distribution:
            response.distribution.extend([to_bytes(self._mean[:steps]), to_bytes(self._log_std[:steps])])


class Categorical(Drawn):
    """One choice for each component, from `logits`: the one with the greatest sum of its logit and a Gumbel number."""

    outputs = ("logits",)

    def __init__(self, engine: Engine, space: Any, capacity: int, draws: Draws) -> None:
        if isinstance(space, spaces.Discrete):
            counts, starts = [int(space.n)], [int(space.start)]
        else:
            counts, starts = space.nvec.ravel().tolist(), space.start.ravel().tolist()
        super().__init__(engine, space, capacity, draws, sum(counts))
        ends = np.cumsum(counts).tolist()
        self._components = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
        self._starts = starts
        self._rows = self.actions.reshape(capacity, self._n, len(counts))
        self._logits = np.empty((capacity, self._n, sum(counts)), np.float32)
        self._choices = np.empty((capacity, self._n, len(counts)), np.int64)

    def _transform(self, uniforms: Array) -> Array:
        return noise.gumbels(uniforms)

    def act(self, step: int, observations: Array) -> None:  # noqa: D102
        (logits,) = self._engine(observations)
        self._logits[step] = logits
        scores = self._noise_of(step) + logits
        for index, component in enumerate(self._components):
            choices = scores[:, component].argmax(axis=1)
            self._choices[step, :, index] = choices
            self._rows[step, :, index] = choices + self._starts[index]

    def fill(self, response: pb.RolloutResponse, steps: int, with_distribution: bool) -> None:  # noqa: D102
        total = np.zeros((steps, self._n))
        for index, component in enumerate(self._components):
            logits = self._logits[:steps, :, component].astype(np.float64)
            shifted = logits - logits.max(axis=2, keepdims=True)
            chosen = np.take_along_axis(shifted, self._choices[:steps, :, index, None], axis=2)[..., 0]
            exponentials = noise.exp(shifted)
            mass = np.zeros((steps, self._n))
            for choice in range(exponentials.shape[2]):
                mass += exponentials[..., choice]
            total += chosen - noise.log(mass)
        response.log_probabilities = to_bytes(total)
        if with_distribution:
            response.distribution.append(to_bytes(self._logits[:steps]))


def distribution_of(space: Any, outputs: Sequence[str]) -> type[Gaussian] | type[Categorical]:
    """How a policy with these outputs draws actions; INVALID_ARGUMENT where it gives no distribution for the space."""
    floating = isinstance(space, spaces.Box) and np.dtype(space.dtype).kind == "f"
    kind: type[Gaussian] | type[Categorical] = Gaussian if floating else Categorical
    fits = floating or isinstance(space, (spaces.Discrete, spaces.MultiDiscrete))
    if not fits or not set(kind.outputs) <= set(outputs):
        raise invalid_argument(
            f"the policy gives no distribution for {space}, only {', '.join(outputs)}: ask for deterministic rollouts"
        )
    return kind


def to_bytes(array: Array) -> bytes:
    """Row-major and little-endian."""
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
