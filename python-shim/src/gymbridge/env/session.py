"""One shard in a worker: its lanes, and the answers to the requests of its stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import Any

import numpy as np

from gymbridge.codec.items import decode_item, decode_map, encode_item
from gymbridge.codec.requests import Step, StepParser
from gymbridge.codec.steps import Data, StepEncoder
from gymbridge.codec.values import Array, Arrays
from gymbridge.env import states
from gymbridge.env.attributes import AllowedAttributes
from gymbridge.env.lanes import Lanes
from gymbridge.errors import RequestError, failed_precondition, invalid_argument, raised, unimplemented
from gymbridge.v1 import environment_pb2 as pb


class Session:
    """Answers requests one at a time, in the thread that runs environments.

    `lanes` is what they act on; `parse_step` reads the usual step, as StepParser does.
    """

    def __init__(
        self,
        lanes: Lanes,
        env_id: str,
        render_mode: str,
        allowed: AllowedAttributes,
        with_tracebacks: bool,
        warn: Callable[[str], None],
    ) -> None:
        self.lanes = lanes
        self._env_id = env_id
        self._render_mode = render_mode
        self._allowed = allowed
        self._with_tracebacks = with_tracebacks
        self._steps = StepEncoder(warn, lanes.everywhere)
        self.parse_step = StepParser(lanes.action_codec, lanes.num_envs).parse

    def answer(self, request: Step | pb.InteractRequest, arrived: int, waited: int) -> list[Data]:
        """Executes a request; failures become the response's `error`.

        `arrived` is when the request had been read, on perf_counter_ns, and `waited` how many nanoseconds of the time
        since then it waited for others. Gives the parts of the response's bytes, which are valid until the next one.
        """
        response = pb.InteractResponse()
        step: list[Data] = []
        lanes = self.lanes
        lanes.nanos = 0
        try:
            step = self._step(request.actions) if isinstance(request, Step) else self._answer(request, response)
        except RequestError as error:
            response.error.CopyFrom(error.to_status(self._with_tracebacks))
        except Exception as error:
            response.error.CopyFrom(raised(error).to_status(self._with_tracebacks))
        response.sequence = request.sequence
        response.environment_nanos = lanes.nanos
        response.queue_nanos = waited
        response.server_nanos = perf_counter_ns() - arrived
        return [response.SerializeToString(), *step]

    def _answer(self, request: pb.InteractRequest, response: pb.InteractResponse) -> list[Data]:
        kind = request.WhichOneof("request")
        if kind == "step":
            some = self._each_once(request.step.lanes) if request.step.lanes else None
            n = self.lanes.num_envs if some is None else len(some)
            return self._step(self.lanes.action_codec.decode(request.step.actions, n, "actions"), some)
        if kind == "reset":
            self._reset(request.reset, response.reset)
        elif kind == "render":
            self._render(request.render, response.rendered)
        elif kind == "call":
            self._call(request.call, response.called)
        elif kind == "set_attribute":
            self._set_attribute(request.set_attribute, response.attribute_set)
        elif kind == "save_state":
            self._save(request.save_state, response.saved)
        elif kind == "restore_state":
            self._restore(request.restore_state, response.restored)
        else:
            raise invalid_argument("the request is empty")
        return []

    def _step(self, actions: Arrays, some: Sequence[int] | None = None) -> list[Data]:
        lanes = self.lanes
        codec = lanes.observation_codec
        observations = lanes.step(actions, some)
        return self._steps.encode(
            codec.parts(observations),
            lanes.rewards.astype("<f8", copy=False).tobytes(),
            lanes.terminated.tobytes(),
            lanes.truncated.tobytes(),
            lanes.infos,
            lanes.lane_infos,
            None if lanes.final_observations is None else codec.parts(lanes.final_observations),
            lanes.final_infos,
        )

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
        lanes.reset(seeds, _mask(request.reset_mask, n, "reset_mask"), _options(request, n))
        response.observations.buffers.extend(lanes.observation_codec.lay(lanes.observations))
        if lanes.infos is not None:
            response.infos.ParseFromString(self._steps.encode_infos(lanes.infos))
        for info in lanes.lane_infos or ():
            response.lane_infos.add().ParseFromString(self._steps.encode_infos(info))

    def _render(self, request: pb.RenderRequest, response: pb.RenderResponse) -> None:
        if not self._render_mode:
            raise failed_precondition("the session was opened without a render_mode")
        response.frames.extend(encode_item(frame) for frame in self.lanes.render(self._wanted(request.lanes)))

    def _call(self, request: pb.CallRequest, response: pb.CallResponse) -> None:
        self._allowed.check_call(request.name)
        args = [decode_item(item) for item in request.args]
        results = self.lanes.call(request.name, args, decode_map(request.kwargs), self._wanted(request.lanes))
        # Where no result is added, the message says nevertheless that this is the answer.
        response.SetInParent()
        try:
            response.results.extend([encode_item(result) for result in results])
        except RequestError as error:
            raise unimplemented(f"{request.name} gave what cannot be sent: {error.message}") from error

    def _set_attribute(self, request: pb.SetAttributeRequest, response: pb.SetAttributeResponse) -> None:
        self._allowed.check_set(request.name)
        n = self.lanes.num_envs
        values = [decode_item(item) for item in request.values]
        if len(values) == 1:
            values = [values[0]] + [decode_item(request.values[0]) for _ in range(n - 1)]
        if len(values) != n:
            raise invalid_argument(f"values: got {len(values)}, expected 1 for all lanes or {n}, one each")
        self.lanes.set_attribute(request.name, values)
        response.SetInParent()

    def _save(self, request: pb.SaveStateRequest, response: pb.SaveStateResponse) -> None:
        saved = self.lanes.save(self._wanted(request.lanes))
        response.states.extend([states.pack(self._env_id, state) for state in saved])

    def _restore(self, request: pb.RestoreStateRequest, response: pb.RestoreStateResponse) -> None:
        wanted = self._each_once(request.lanes)
        if len(request.states) != len(wanted):
            raise invalid_argument(f"states: got {len(request.states)}, expected {len(wanted)}, one per lane")
        self.lanes.restore(wanted, [states.unpack(self._env_id, state) for state in request.states])
        response.observations.buffers.extend(self.lanes.observation_codec.lay(self.lanes.observations))

    def _wanted(self, lanes: Sequence[int]) -> list[int]:
        n = self.lanes.num_envs
        for lane in lanes:
            if lane >= n:
                raise invalid_argument(f"lanes: {lane} is not less than {n}")
        return list(lanes) or list(range(n))

    def _each_once(self, lanes: Sequence[int]) -> list[int]:
        wanted = self._wanted(lanes)
        if len(set(wanted)) != len(wanted):
            raise invalid_argument(f"lanes: {wanted} name one more than once")
        return wanted


def _options(request: pb.ResetRequest, n: int) -> list[dict[str, Any] | None]:
    if not request.lane_options:
        return [decode_map(request.options) if request.HasField("options") else None] * n
    if request.HasField("options"):
        raise invalid_argument("options and lane_options: give one of them")
    if len(request.lane_options) != n:
        raise invalid_argument(f"lane_options: got {len(request.lane_options)}, expected {n}, one per lane")
    return [decode_map(options) for options in request.lane_options]


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
