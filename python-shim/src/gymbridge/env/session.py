"""One shard in a worker: its lanes, and the answers to the requests of its stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gymbridge.codec.items import decode_map, encode_item, encode_map, fill_map
from gymbridge.codec.values import Array
from gymbridge.env.lanes import Lanes
from gymbridge.errors import RequestError, failed_precondition, invalid_argument, raised
from gymbridge.v1 import environment_pb2 as pb


class Session:
    """Answers requests one at a time, in the thread that runs environments. `lanes` is what they act on."""

    def __init__(self, lanes: Lanes, render_mode: str, warn: Callable[[str], None]) -> None:
        self.lanes = lanes
        self._render_mode = render_mode
        self._warn = warn

    def answer(self, request: pb.InteractRequest) -> pb.InteractResponse:
        """Executes a request; failures become the response's `error`."""
        response = pb.InteractResponse(sequence=request.sequence)
        self.lanes.nanos = 0
        try:
            kind = request.WhichOneof("request")
            if kind == "step":
                self._step(request.step, response)
            elif kind == "reset":
                self._reset(request.reset, response.reset)
            elif kind == "render":
                self._render(request.render, response.rendered)
            else:
                raise invalid_argument("the request is empty")
        except RequestError as error:
            response.error.CopyFrom(error.to_status())
        except Exception as error:
            response.error.CopyFrom(raised(error).to_status())
        response.environment_nanos = self.lanes.nanos
        return response

    def _step(self, request: pb.StepRequest, response: pb.InteractResponse) -> None:
        lanes = self.lanes
        lanes.step(lanes.action_codec.decode(request.actions, lanes.num_envs, "actions"))
        step = response.step
        lanes.observation_codec.fill(step.observations, lanes.observations)
        step.rewards = lanes.rewards.astype("<f8", copy=False).tobytes()
        step.terminated = lanes.terminated.tobytes()
        step.truncated = lanes.truncated.tobytes()
        if lanes.infos is not None:
            self._fill_infos(step.infos, lanes.infos)
        for info in lanes.lane_infos or ():
            self._fill_infos(step.lane_infos.add(), info)
        if lanes.final_observations is not None:
            lanes.observation_codec.fill(step.final_observations, lanes.final_observations)
        if lanes.final_infos is not None:
            self._fill_infos(step.final_infos, lanes.final_infos)

    def _reset(self, request: pb.ResetRequest, response: pb.ResetResponse) -> None:
        lanes = self.lanes
        n = lanes.num_envs
        seeds: list[int | None] = [None] * n
        if request.seeds:
            values = _array(request.seeds, "<i8", n, "seeds").tolist()
            where = _mask(request.seed_mask, n, "seed_mask")
            seeds = [seed if where is None or where[lane] else None for lane, seed in enumerate(values)]
            for lane, seed in enumerate(seeds):
                if seed is not None and seed < 0:
                    raise invalid_argument(f"seeds: lane {lane} has {seed}; a seed is 0 or more")
        elif request.seed_mask:
            raise invalid_argument("seed_mask without seeds")
        options = decode_map(request.options) if request.HasField("options") else None
        lanes.reset(seeds, _mask(request.reset_mask, n, "reset_mask"), options)
        lanes.observation_codec.fill(response.observations, lanes.observations)
        if lanes.infos is not None:
            self._fill_infos(response.infos, lanes.infos)
        for info in lanes.lane_infos or ():
            self._fill_infos(response.lane_infos.add(), info)

    def _render(self, request: pb.RenderRequest, response: pb.RenderResponse) -> None:
        if not self._render_mode:
            raise failed_precondition("the session was opened without a render_mode")
        wanted = list(request.lanes) or list(range(self.lanes.num_envs))
        for lane in wanted:
            if lane >= self.lanes.num_envs:
                raise invalid_argument(f"lanes: {lane} is not less than {self.lanes.num_envs}")
        response.frames.extend(encode_item(frame) for frame in self.lanes.render(wanted))

    def _fill_infos(self, message: Any, infos: dict[str, Any]) -> None:
        try:
            fill_map(message, infos)
        except RequestError:
            message.Clear()
            message.CopyFrom(encode_map(_sendable(infos, self._warn)))


def _sendable(infos: dict[str, Any], warn: Callable[[str], None]) -> dict[str, Any]:
    kept = {}
    for key, value in infos.items():
        try:
            encode_item(value)
            kept[key] = value
        except RequestError as error:
            if isinstance(value, dict):
                kept[key] = _sendable(value, warn)
            else:
                warn(f"info {key!r} is left out: {error.message}")
    return {
        key: value for key, value in kept.items() if not key.startswith("_") or key[1:] not in infos or key[1:] in kept
    }


def _array(data: bytes, dtype: str, n: int, what: str) -> Array:
    if len(data) != n * np.dtype(dtype).itemsize:
        raise invalid_argument(f"{what}: got {len(data)} bytes, expected {n * np.dtype(dtype).itemsize} for {n} lanes")
    return np.frombuffer(data, dtype)


def _mask(data: bytes, n: int, what: str) -> Array | None:
    if not data:
        return None
    array = _array(data, "u1", n, what)
    if (array > 1).any():
        raise invalid_argument(f"{what}: holds {array.max()}, only 0 and 1 are allowed")
    return array.astype(np.bool_)
