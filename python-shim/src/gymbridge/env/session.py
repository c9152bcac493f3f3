"""One shard in a worker: its lanes, and the answers to the requests of its stream."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import Any

import grpc
import numpy as np

from gymbridge.codec.items import decode_item, decode_map, encode_item
from gymbridge.codec.plain_steps import Step, StepParser
from gymbridge.codec.steps import PLAIN_NANOS, Data, PlainEncoder, StepEncoder
from gymbridge.codec.values import Array, Arrays
from gymbridge.env import states
from gymbridge.env.attributes import AllowedAttributes
from gymbridge.env.lanes import Lanes
from gymbridge.errors import RequestError, failed_precondition, invalid_argument, raised, unimplemented
from gymbridge.rollout.roller import Roller
from gymbridge.v1 import environment_pb2 as pb

# Larger observations are not copied but where they are sent.
_PLAIN_BYTES = 8192


class Session:
    """Answers requests one at a time, in the thread that runs environments.

    `lanes` is what they act on; `roller` has policies act in them, None where the server takes no policies;
    `parse_step` reads the usual step, as StepParser does.
    """

    def __init__(
        self,
        lanes: Lanes,
        env_id: str,
        render_mode: str,
        allowed: AllowedAttributes,
        state_key: bytes,
        roller: Roller | None,
        with_tracebacks: bool,
        warn: Callable[[str], None],
    ) -> None:
        self.lanes = lanes
        self._env_id = env_id
        self._render_mode = render_mode
        self._allowed = allowed
        self._state_key = state_key
        self._roller = roller
        self._with_tracebacks = with_tracebacks
        self._steps = StepEncoder(warn, lanes.everywhere)
        leaf = lanes.observation_codec.single_array
        self._plain: Callable[..., bytes] | None = None
        if leaf is not None and leaf.is_plain and lanes.num_envs * leaf.min_bytes <= _PLAIN_BYTES:
            self._plain = PlainEncoder(lanes.num_envs, lanes.num_envs * leaf.min_bytes).encode
        self.parse_step = StepParser(lanes.action_codec, lanes.num_envs).parse

    def answer(self, request: Step | pb.InteractRequest, arrived: int, waited: int) -> list[Data]:
        """Executes a request; failures become the response's `error`.

        `arrived` is when the request had been read, on perf_counter_ns, and `waited` how many nanoseconds of the time
        since then it waited for others. Gives the parts of the response's bytes, which are valid until the next one.
        """
        lanes = self.lanes
        lanes.nanos = 0
        response = None
        step: list[Data] = []
        try:
            if isinstance(request, Step):
                observations = lanes.step(request.actions)
                nanos = perf_counter_ns() - arrived
                if self._plain is not None and lanes.is_plain and waited == 0 and nanos < PLAIN_NANOS:
                    (array,) = observations
                    results = lanes.rewards, lanes.terminated, lanes.truncated
                    return [self._plain(request.head, lanes.nanos, nanos, array.tobytes(), *results)]
                step = self._encode(observations)
            else:
                response = pb.InteractResponse()
                step = self._answer(request, response)
        except RequestError as error:
            response = pb.InteractResponse(error=error.to_status(self._with_tracebacks))
        except Exception as error:
            response = pb.InteractResponse(error=raised(error).to_status(self._with_tracebacks))
        if response is None:
            response = pb.InteractResponse()
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
            return self._encode(
                self.lanes.step(self.lanes.action_codec.decode(request.step.actions, n, "actions"), some)
            )
        if kind == "reset":
            self._reset(request.reset, response.reset)
        elif kind == "render":
            self._render(request.render, response.rendered)
        elif kind == "call":
            self._call(request.call, response.called)
        elif kind == "set_attribute":
            self._set_attribute(request.set_attribute, response.attribute_set)
        elif kind == "rollout":
            with self.lanes.without_infos():
                self._require_roller().roll_out(request.rollout, response.rolled_out)
        elif kind == "put_policy":
            self._require_roller().put(request.put_policy, response.policy_put)
        elif kind == "save_state":
            self._save(request.save_state, response.saved)
        elif kind == "restore_state":
            self._restore(request.restore_state, response.restored)
        else:
            raise invalid_argument("the request is empty")
        return []

    def _encode(self, observations: Arrays) -> list[Data]:
        lanes = self.lanes
        codec = lanes.observation_codec
        return self._steps.encode(
            codec.parts(observations),
            _reals(lanes.rewards),
            bytes(lanes.terminated),
            bytes(lanes.truncated),
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
        response.states.extend([states.pack(self._env_id, state, self._state_key) for state in saved])

    def _restore(self, request: pb.RestoreStateRequest, response: pb.RestoreStateResponse) -> None:
        wanted = self._each_once(request.lanes)
        if len(request.states) != len(wanted):
            raise invalid_argument(f"states: got {len(request.states)}, expected {len(wanted)}, one per lane")
        saved = [states.unpack(self._env_id, state, self._state_key) for state in request.states]
        self.lanes.restore(wanted, saved)
        response.observations.buffers.extend(self.lanes.observation_codec.lay(self.lanes.observations))

    def _require_roller(self) -> Roller:
        if self._roller is None:
            message = "policies are not taken here; start the server with --allow-policies"
            raise RequestError(grpc.StatusCode.PERMISSION_DENIED, message)
        return self._roller

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


def _reals(values: Sequence[float] | Array) -> bytes:
    if isinstance(values, np.ndarray):
        return values.astype("<f8", copy=False).tobytes()
    return struct.pack(f"<{len(values)}d", *values)


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
