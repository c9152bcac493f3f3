"""What the shards of a session answered, put together as `gymnasium.vector.SyncVectorEnv` would give it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gymbridge.client.infos import join_infos
from gymbridge.client.opening import garbled, plain
from gymbridge.codec.dtypes import from_bytes
from gymbridge.codec.items import decode_map
from gymbridge.codec.values import Array, Arrays, BatchCodec
from gymbridge.errors import RequestError
from gymbridge.v1 import environment_pb2 as pb

_FLOAT64: np.dtype[Any] = np.dtype(np.float64)
_BOOL: np.dtype[Any] = np.dtype(np.bool_)


@dataclass
class Part:
    """One shard's answer, decoded."""

    first_lane: int
    observations: Arrays
    rewards: Array
    terminated: Array
    truncated: Array
    infos: dict[str, Any] | None
    # Of the lanes whose episodes ended, where they were reset in the same step.
    final_observations: Arrays | None = None
    final_infos: dict[str, Any] | None = None
    # Why the lanes are new ones; empty where they are not.
    loss: str = ""
    num_envs: int = field(init=False)

    def __post_init__(self) -> None:
        """Counts the lanes."""
        self.num_envs = len(self.rewards)


class Gatherer:
    """Decodes the answers of shards of `num_envs` lanes in all, and joins them. `copy` as for BatchCodec.decode."""

    def __init__(self, codec: BatchCodec, num_envs: int, copy: bool) -> None:
        self._codec = codec
        self._num_envs = num_envs
        self._copy = copy
        self._plain = plain(codec.space)

    def step(self, first_lane: int, n: int, message: pb.StepResponse) -> Part:
        """A step's answer; RemoteError where it does not fit."""
        try:
            terminated = from_bytes(message.terminated, _BOOL, (n,), "terminated")
            truncated = from_bytes(message.truncated, _BOOL, (n,), "truncated")
            part = Part(
                first_lane,
                self._codec.decode(message.observations, n, "observations", self._copy),
                from_bytes(message.rewards, _FLOAT64, (n,), "rewards"),
                terminated,
                truncated,
                decode_map(message.infos) if message.HasField("infos") else None,
            )
            if message.HasField("final_observations"):
                ended = int((terminated | truncated).sum())
                part.final_observations = self._codec.decode(message.final_observations, ended, "final_observations")
            if message.HasField("final_infos"):
                part.final_infos = decode_map(message.final_infos)
            return part
        except RequestError as error:
            raise garbled(error) from error

    def reset(self, first_lane: int, n: int, message: pb.ResetResponse, loss: str) -> Part:
        """A reset's answer, as a step without reward; RemoteError where it does not fit."""
        try:
            return Part(
                first_lane,
                self._codec.decode(message.observations, n, "observations", self._copy),
                np.zeros(n),
                np.zeros(n, np.bool_),
                np.zeros(n, np.bool_),
                decode_map(message.infos) if message.HasField("infos") else None,
                loss=loss,
            )
        except RequestError as error:
            raise garbled(error) from error

    def join(self, parts: list[Part]) -> tuple[Any, Array, Array, Array, dict[str, Any]]:
        """Observations, rewards, terminated, truncated and infos of all lanes."""
        if len(parts) == 1:
            (part,) = parts
            columns, rewards, terminated, truncated = (
                part.observations,
                part.rewards,
                part.terminated,
                part.truncated,
            )
        else:
            parts = sorted(parts, key=lambda part: part.first_lane)
            columns = self._codec.join([part.observations for part in parts])
            rewards = np.concatenate([part.rewards for part in parts])
            terminated = np.concatenate([part.terminated for part in parts])
            truncated = np.concatenate([part.truncated for part in parts])
        infos = join_infos([(part.first_lane, part.infos) for part in parts if part.infos], self._num_envs)
        self._add_finals(infos, parts)
        self._add_losses(infos, parts)
        return self._codec.value(columns, slice(None)), rewards, terminated, truncated, infos

    def _add_finals(self, infos: dict[str, Any], parts: list[Part]) -> None:
        having = [part for part in parts if part.final_observations is not None]
        if not having:
            return
        observations = np.full(self._num_envs, None, object)
        mask = np.zeros(self._num_envs, np.bool_)
        for part in having:
            assert part.final_observations is not None
            for row, lane in enumerate(np.flatnonzero(part.terminated | part.truncated).tolist()):
                value = self._codec.value(part.final_observations, row)
                observations[part.first_lane + lane] = value if self._plain is None else self._plain(value)
                mask[part.first_lane + lane] = True
        infos["final_obs"], infos["_final_obs"] = observations, mask
        final_infos = [(part.first_lane, part.final_infos) for part in having if part.final_infos is not None]
        if final_infos:
            infos["final_info"] = join_infos(final_infos, self._num_envs)
            infos["_final_info"] = mask.copy()

    def _add_losses(self, infos: dict[str, Any], parts: list[Part]) -> None:
        if not any(part.loss for part in parts):
            return
        causes = np.full(self._num_envs, None, object)
        mask = np.zeros(self._num_envs, np.bool_)
        for part in parts:
            if part.loss:
                lanes = slice(part.first_lane, part.first_lane + part.num_envs)
                causes[lanes], mask[lanes] = part.loss, True
        infos["lost"], infos["_lost"] = causes, mask
