"""Rollouts: blocks of steps that a policy made in the server's workers, put together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.client.errors import RemoteError, WorkerLost
from gymbridge.client.opening import garbled
from gymbridge.client.shard_stream import ShardStream
from gymbridge.codec.dtypes import from_bytes
from gymbridge.codec.values import Array, BatchCodec
from gymbridge.errors import RequestError, invalid_argument
from gymbridge.v1 import environment_pb2 as pb

_FLOAT64: np.dtype[Any] = np.dtype(np.float64)
_FLOAT32: np.dtype[Any] = np.dtype(np.float32)
_BOOL: np.dtype[Any] = np.dtype(np.bool_)

# What every shard says of a bundle that one of them refuses.
_REFUSALS = ("INVALID_ARGUMENT", "PERMISSION_DENIED", "FAILED_PRECONDITION", "UNIMPLEMENTED")


@dataclass(frozen=True)
class Rollout:
    """T steps of N lanes that a policy made by itself; row t of each array is step t, its columns the lanes.

    Attributes:
        observations: (T + 1, N, …), before each step what the policy saw, and those after the last.
        actions: (T, N, …), as the environments got them.
        rewards: float64 (T, N).
        terminated: bool (T, N).
        truncated: bool (T, N).
        resets: bool (T, N), true where the step only began an episode: no transition.
        lost: bool (T, N), true where the environment was lost: no transition, and the next observation is the first one
            of another episode.
        final_observations: AutoresetMode.SAME_STEP only, (E, …): the last ones of the episodes that ended, in the order
            of steps and lanes.
        log_probabilities: float64 (T, N), of the actions as they were drawn; None where they were not.
        samples: float32 (T, N, components), Gaussian actions before they were clipped; None for others.
        distribution: what they were drawn from, where it was asked for: mean and log_std, or logits.
        policy_versions: int64 (T, N), 0 where the lane was lost.
        first_step: the number of the first step in the generator of actions.
    """

    observations: Array
    actions: Array
    rewards: Array
    terminated: Array
    truncated: Array
    resets: Array
    lost: Array
    final_observations: Array
    log_probabilities: Array | None
    samples: Array | None
    distribution: tuple[Array, ...]
    policy_versions: Array
    first_step: int


class Policies:
    """The newest policy, and which shards have it."""

    def __init__(self) -> None:
        self.version = 0
        self._bundle = b""
        # By shard: the generation of its process, and the version that it has.
        self._given: dict[ShardStream, tuple[int, int]] = {}

    @contextlib.contextmanager
    def putting(self, bundle: bytes) -> Iterator[None]:
        """Takes a newer policy, to be given to all shards meanwhile; where they refuse it, the one before stays."""
        before = self.version, self._bundle, dict(self._given)
        self.version += 1
        self._bundle = bundle
        try:
            yield
        except WorkerLost:
            raise
        except RemoteError as error:
            tried = self.version
            self.version, self._bundle, self._given = before
            if error.code not in _REFUSALS:
                # Some shards may have taken it: all get the one before again, under a number above that.
                self.version = tried + 1
            raise

    def request(self, shard: ShardStream) -> pb.InteractRequest | None:
        """What gives a shard the newest policy; None where it has it."""
        if not self._bundle:
            raise RemoteError("there is no policy to act: put one first", "FAILED_PRECONDITION")
        generation = shard.generation
        if self._given.get(shard) == (generation, self.version):
            return None
        self._given[shard] = generation, 0
        return pb.InteractRequest(put_policy=pb.PutPolicyRequest(version=self.version, bundle=self._bundle))

    def note(self, shard: ShardStream) -> None:
        """A shard has taken what it was given."""
        self._given[shard] = self._given[shard][0], self.version


class RolloutGatherer:
    """Puts the blocks of shards into their places among `steps` steps and `num_envs` lanes."""

    def __init__(self, observations: BatchCodec, actions: BatchCodec, num_envs: int, steps: int) -> None:
        self.done: dict[ShardStream, int] = {}
        self._steps = steps
        self._codecs = observations, actions
        self._width = spaces.flatdim(actions.space)
        self._num_envs = num_envs
        try:
            (observation,), (action,) = observations.allocate(1), actions.allocate(1)
            self._observations = np.zeros((steps + 1, num_envs, *observation.shape[1:]), observation.dtype)
            self._actions = np.zeros((steps, num_envs, *action.shape[1:]), action.dtype)
        except (AttributeError, ValueError) as error:
            raise ValueError("rollouts need observations and actions that are plain arrays") from error
        self._rewards = np.zeros((steps, num_envs))
        self._flags = {name: np.zeros((steps, num_envs), np.bool_) for name in ("terminated", "truncated", "resets")}
        self._lost = np.zeros((steps, num_envs), np.bool_)
        self._finals: dict[tuple[int, int], Array] = {}
        self._log_probabilities = np.zeros((steps, num_envs))
        self._samples: Array | None = None
        self._distribution: list[Array] = []
        self._versions = np.zeros((steps, num_envs), np.int64)

    def left(self, shard: ShardStream) -> int:
        """Steps of a shard that are not here yet."""
        return self._steps - self.done.get(shard, 0)

    def add(self, shard: ShardStream, block: pb.RolloutResponse) -> None:
        """The next steps of a shard; RemoteError where they do not fit."""
        first, count, n = self.done.get(shard, 0), block.steps, len(shard.lanes)
        if not 1 <= count <= self.left(shard):
            raise garbled(invalid_argument(f"a block of {count} steps, where {self.left(shard)} are left"))
        rows, lanes = slice(first, first + count), slice(shard.lanes[0], shard.lanes[-1] + 1)
        observations, actions = self._codecs
        try:
            (seen,) = observations.decode(block.observations, (count + 1) * n, "observations", copy=False)
            (taken,) = actions.decode(block.actions, count * n, "actions", copy=False)
            self._observations[first : first + count + 1, lanes] = seen.reshape(count + 1, n, *seen.shape[1:])
            self._actions[rows, lanes] = taken.reshape(count, n, *taken.shape[1:])
            self._rewards[rows, lanes] = from_bytes(block.rewards, _FLOAT64, (count, n), "rewards", copy=False)
            for name, array in self._flags.items():
                array[rows, lanes] = from_bytes(getattr(block, name), _BOOL, (count, n), name, copy=False)
            self._versions[rows, lanes] = block.policy_version
            if block.log_probabilities:
                self._log_probabilities[rows, lanes] = from_bytes(
                    block.log_probabilities, _FLOAT64, (count, n), "log_probabilities", copy=False
                )
            if block.samples:
                self._samples = self._floats() if self._samples is None else self._samples
                self._samples[rows, lanes] = self._drawn(block.samples, count, n)
            for part, data in enumerate(block.distribution):
                if len(self._distribution) == part:
                    self._distribution.append(self._floats())
                self._distribution[part][rows, lanes] = self._drawn(data, count, n)
            if block.HasField("final_observations"):
                self._add_finals(block, first, rows, lanes)
        except RequestError as error:
            raise garbled(error) from error
        self.done[shard] = first + count

    def add_loss(self, shard: ShardStream, observations: Array) -> None:
        """One step in which a shard was lost, and the first observations of its new lanes."""
        step, lanes = self.done.get(shard, 0), slice(shard.lanes[0], shard.lanes[-1] + 1)
        self._lost[step, lanes] = True
        self._observations[step + 1, lanes] = observations
        self.done[shard] = step + 1

    def rollout(self, first_step: int, drawn: bool) -> Rollout:
        """All of it."""
        finals = [self._finals[place] for place in sorted(self._finals)]
        return Rollout(
            observations=self._observations,
            actions=self._actions,
            rewards=self._rewards,
            lost=self._lost,
            final_observations=np.array(finals, self._observations.dtype).reshape(-1, *self._observations.shape[2:]),
            log_probabilities=self._log_probabilities if drawn else None,
            samples=self._samples,
            distribution=tuple(self._distribution),
            policy_versions=self._versions,
            first_step=first_step,
            **self._flags,
        )

    def _add_finals(self, block: pb.RolloutResponse, first: int, rows: slice, lanes: slice) -> None:
        ended = np.argwhere((self._flags["terminated"] | self._flags["truncated"])[rows, lanes]).tolist()
        (finals,) = self._codecs[0].decode(block.final_observations, len(ended), "final_observations")
        for (step, lane), observation in zip(ended, finals, strict=True):
            self._finals[first + step, lanes.start + lane] = observation

    def _floats(self) -> Array:
        return np.zeros((self._steps, self._num_envs, self._width), np.float32)

    def _drawn(self, data: bytes, count: int, n: int) -> Array:
        return from_bytes(data, _FLOAT32, (count, n, self._width), "samples or distribution", copy=False)
