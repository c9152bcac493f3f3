"""What the shards of a session answered, put together as `gymnasium.vector.SyncVectorEnv` would give it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gymbridge.client.infos import join_infos, take_infos
from gymbridge.client.opening import garbled, plain
from gymbridge.client.shard_stream import response_of
from gymbridge.codec.dtypes import from_bytes
from gymbridge.codec.items import decode_map
from gymbridge.codec.plain_steps import StepReader
from gymbridge.codec.steps import Data
from gymbridge.codec.values import Array, Arrays, BatchCodec
from gymbridge.errors import RequestError
from gymbridge.v1 import environment_pb2 as pb

_FLOAT64: np.dtype[Any] = np.dtype(np.float64)
_BOOL: np.dtype[Any] = np.dtype(np.bool_)


@dataclass
class Part:
    """What one shard answered, decoded; everything in the order of `lanes`."""

    lanes: Sequence[int]
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

    @property
    def num_envs(self) -> int:
        """How many lanes it is of."""
        return len(self.lanes)


class Gatherer:
    """Decodes the answers of shards, and joins them. `copy` as for BatchCodec.decode."""

    def __init__(self, codec: BatchCodec, copy: bool) -> None:
        self._codec = codec
        self._copy = copy
        self._plain = plain(codec.space)
        self._readers: dict[int, StepReader] = {}

    def step(self, lanes: Sequence[int], data: Data) -> Part:
        """A step's answer, in bytes; RemoteError where it is an error or does not fit."""
        n = len(lanes)
        reader = self._readers.get(n)
        if reader is None:
            reader = self._readers[n] = StepReader(self._codec, n, self._copy)
        results = reader.read(data)
        try:
            if results is not None:
                columns, rewards, terminated, truncated, more = results
                part = Part(lanes, columns, rewards, terminated, truncated, None)
                if more is not None:
                    self._add_more(part, more)
                return part
            message = response_of(data).step
            terminated = from_bytes(message.terminated, _BOOL, (n,), "terminated")
            truncated = from_bytes(message.truncated, _BOOL, (n,), "truncated")
            part = Part(
                lanes,
                self._codec.decode(message.observations, n, "observations", self._copy),
                from_bytes(message.rewards, _FLOAT64, (n,), "rewards"),
                terminated,
                truncated,
                None,
            )
            self._add_more(part, message)
            return part
        except RequestError as error:
            raise garbled(error) from error

    def _add_more(self, part: Part, message: pb.StepResponse) -> None:
        if message.HasField("infos"):
            part.infos = decode_map(message.infos)
        if message.HasField("final_observations"):
            ended = int((part.terminated | part.truncated).sum())
            part.final_observations = self._codec.decode(message.final_observations, ended, "final_observations")
        if message.HasField("final_infos"):
            part.final_infos = decode_map(message.final_infos)

    def reset(self, lanes: Sequence[int], message: pb.ResetResponse, loss: str) -> Part:
        """A reset's answer, as a step without reward; RemoteError where it does not fit."""
        n = len(lanes)
        try:
            return Part(
                lanes,
                self._codec.decode(message.observations, n, "observations", self._copy),
                np.zeros(n),
                np.zeros(n, np.bool_),
                np.zeros(n, np.bool_),
                decode_map(message.infos) if message.HasField("infos") else None,
                loss=loss,
            )
        except RequestError as error:
            raise garbled(error) from error

    def some(self, part: Part, lanes: Sequence[int]) -> Part:
        """Some lanes of a reset's answer, in this order."""
        rows = [part.lanes.index(lane) for lane in lanes]
        return Part(
            lanes,
            self._codec.take(part.observations, rows),
            part.rewards[rows],
            part.terminated[rows],
            part.truncated[rows],
            None if part.infos is None else take_infos(part.infos, rows),
            loss=part.loss,
        )

    def join(self, parts: list[Part], in_lane_order: bool = False) -> tuple[Any, Array, Array, Array, dict[str, Any]]:
        """Observations, rewards, terminated, truncated and infos of the parts' lanes, in order of parts or lanes."""
        if len(parts) == 1:
            (part,) = parts
            if part.infos is None and part.final_observations is None and not part.loss and not in_lane_order:
                values = self._codec.value(part.observations, slice(None))
                return values, part.rewards, part.terminated, part.truncated, {}
            columns, rewards, terminated, truncated = (
                part.observations,
                part.rewards,
                part.terminated,
                part.truncated,
            )
        else:
            columns = self._codec.join([part.observations for part in parts])
            rewards = np.concatenate([part.rewards for part in parts])
            terminated = np.concatenate([part.terminated for part in parts])
            truncated = np.concatenate([part.truncated for part in parts])
        rows = [0, *itertools.accumulate(part.num_envs for part in parts)]
        infos = join_infos([(row, part.infos) for row, part in zip(rows, parts, strict=False) if part.infos], rows[-1])
        self._add_finals(infos, parts, rows)
        self._add_losses(infos, parts, rows)
        if in_lane_order:
            order = np.argsort(np.concatenate([part.lanes for part in parts])).tolist()
            columns, infos = self._codec.take(columns, order), take_infos(infos, order)
            rewards, terminated, truncated = rewards[order], terminated[order], truncated[order]
        return self._codec.value(columns, slice(None)), rewards, terminated, truncated, infos

    def _add_finals(self, infos: dict[str, Any], parts: list[Part], rows: list[int]) -> None:
        having = [(row, part) for row, part in zip(rows, parts, strict=False) if part.final_observations is not None]
        if not having:
            return
        observations = np.full(rows[-1], None, object)
        mask = np.zeros(rows[-1], np.bool_)
        for first, part in having:
            assert part.final_observations is not None
            for index, row in enumerate(np.flatnonzero(part.terminated | part.truncated).tolist()):
                value = self._codec.value(part.final_observations, index)
                observations[first + row] = value if self._plain is None else self._plain(value)
                mask[first + row] = True
        infos["final_obs"], infos["_final_obs"] = observations, mask
        final_infos = [(first, part.final_infos) for first, part in having if part.final_infos is not None]
        if final_infos:
            infos["final_info"] = join_infos(final_infos, rows[-1])
            infos["_final_info"] = mask.copy()

    def _add_losses(self, infos: dict[str, Any], parts: list[Part], rows: list[int]) -> None:
        if not any(part.loss for part in parts):
            return
        causes = np.full(rows[-1], None, object)
        mask = np.zeros(rows[-1], np.bool_)
        for first, part in zip(rows, parts, strict=False):
            if part.loss:
                causes[first : first + part.num_envs], mask[first : first + part.num_envs] = part.loss, True
        infos["lost"], infos["_lost"] = causes, mask
