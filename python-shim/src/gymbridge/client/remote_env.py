"""One environment that runs in a server, as a `gymnasium.Env`."""

from __future__ import annotations

import functools
import struct
import weakref
from time import perf_counter_ns
from typing import Any

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec

from gymbridge.client.address import Compression
from gymbridge.client.errors import RemoteError, SessionEnded
from gymbridge.client.infos import lane_info
from gymbridge.client.line import Transport
from gymbridge.client.opening import (
    COMPUTE_REWARD,
    call_request,
    decode_frame,
    garbled,
    has_goals,
    metadata_of,
    open_request,
    plain,
    reset_request,
    set_request,
    told_by_server,
)
from gymbridge.client.registration import remote_spec
from gymbridge.client.session import Session
from gymbridge.client.shard_stream import response_of
from gymbridge.codec.items import decode_item, decode_map
from gymbridge.codec.plain_steps import StepReader, StepWriter
from gymbridge.codec.spaces import decode_space
from gymbridge.codec.values import Arrays, BatchCodec
from gymbridge.credentials import NONE, Credentials
from gymbridge.errors import RequestError
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import value_pb2

_REWARD = struct.Struct("<d")
_BOOLS = {b"\0": False, b"\1": True}


class RemoteEnv(gym.Env[Any, Any]):
    """An environment that runs in a server.

    Args:
        address: the server's, "unix:path" or "host:port".
        env_id: what the server calls the environment; empty for the only one.
        render_mode: Gymnasium's; "rgb_array", "ansi" and the like, but not "human".
        infos: whether to send infos; without them steps are faster.
        copy: whether observations are the caller's own; otherwise they may be read-only views, valid until the next
            call.
        lease_seconds: how long the server waits for this process, should it fall silent; 0: as the server has it.
        step_timeout: seconds after which the server gives up a step; 0: as the server has it.
        transport: "auto": through shared memory where the server is on this machine and has some, otherwise gRPC
            alone; "shm": shared memory, or RemoteError; "grpc": gRPC alone.
        compression: "gzip": large messages are compressed, which pays for pictures over a network; not in shared
            memory.
        credentials: TLS and a token, where the server wants them.
        **kwargs: for the environment's constructor; the server must allow them.

    Rewards are Python floats, values of Discrete spaces Python ints. A broken connection is mended without notice.
    Raises RemoteError: with the exception and its traceback where the environment raises; as WorkerLost where its
    process died, as SessionEnded where the server closed it (then `reset` goes on); as ConnectionFailed where no
    server answers. Used by one thread.

    Pickling and copying keep the arguments alone: the other end opens an environment of its own.

    >>> env = RemoteEnv("unix:env.sock", "CartPole-v1")  # doctest: +SKIP
    >>> observation, info = env.reset(seed=0)  # doctest: +SKIP
    """

    def __init__(
        self,
        address: str,
        env_id: str = "",
        *,
        render_mode: str | None = None,
        infos: bool = True,
        copy: bool = True,
        lease_seconds: float = 0.0,
        step_timeout: float = 0.0,
        transport: Transport = "auto",
        compression: Compression = "none",
        credentials: Credentials = NONE,
        **kwargs: Any,
    ) -> None:
        request = open_request(
            kwargs,
            render_mode,
            env_id=env_id,
            num_envs=1,
            autoreset_mode=pb.AUTORESET_MODE_DISABLED,
            info_mode=pb.INFO_MODE_LANES if infos else pb.INFO_MODE_NONE,
            lease_seconds=lease_seconds,
            step_timeout_seconds=step_timeout,
        )
        self._arguments = {
            "address": address,
            "env_id": env_id,
            "render_mode": render_mode,
            "infos": infos,
            "copy": copy,
            "lease_seconds": lease_seconds,
            "step_timeout": step_timeout,
            "transport": transport,
            "compression": compression,
            **kwargs,
        }
        if credentials != NONE:
            self._arguments["credentials"] = credentials
        self._session = Session(address, request, credentials, transport, compression)
        self._finalizer = weakref.finalize(self, self._session.close)
        self._remote = self._session.opened.spec
        self.observation_space = decode_space(self._remote.observation_space)
        self.action_space = decode_space(self._remote.action_space)
        self.metadata = metadata_of(self._remote)
        self.render_mode = render_mode
        self._observations = BatchCodec(self.observation_space)
        self._actions = BatchCodec(self.action_space)
        self._plain = plain(self.observation_space)
        self._copy = copy
        self._writer = StepWriter(self._actions)
        self._reader = StepReader(self._observations, 1, copy)
        self.spec = remote_spec(self._arguments)

    @property
    def spec(self) -> EnvSpec | None:
        """Gymnasium's specification, which connects again; its limits and thresholds are the remote environment's."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        self._spec = None if spec is None else told_by_server(spec, self._remote)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begins an episode. Without a seed the environment's generator goes on where it is, as Gymnasium's do.

        Opens the environment anew where the server has closed it or its process was lost.
        """
        super().reset(seed=seed)
        request = pb.InteractRequest(reset=reset_request([seed], options))
        (shard,) = self._session.require()
        try:
            reset = shard.ask(request).reset
        except SessionEnded:
            self._session.open()
            (shard,) = self._session.require()
            reset = shard.ask(request).reset
        shard.take_loss()
        return self._observation(reset.observations), self._info(reset)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One step. ValueError where the action's shape or type does not fit, RemoteError where it is out of bounds."""
        (shard,) = self._session.require()
        started = perf_counter_ns()
        request = self._writer.write(self._actions.stack((action,)))
        written = perf_counter_ns()
        data = shard.ask_data(request)
        arrived = perf_counter_ns()
        results = self._reader.read(data)
        self._session.times.add_coding("step", written - started + perf_counter_ns() - arrived)
        if results is not None:
            columns, rewards, (terminated,), (truncated,), more = results
            return (
                self._value(columns),
                float(rewards[0]),
                bool(terminated),
                bool(truncated),
                {} if more is None else self._info(more),
            )
        step = response_of(data).step
        try:
            (reward,) = _REWARD.unpack(step.rewards)
            terminated, truncated = _BOOLS[step.terminated], _BOOLS[step.truncated]
        except (struct.error, KeyError) as error:
            raise RemoteError(f"the server's answer to a step is malformed: {error}", "INTERNAL") from error
        return self._observation(step.observations), reward, terminated, truncated, self._info(step)

    def render(self) -> Any:
        """A frame as `render_mode` has it; None, with a warning, without a render mode."""
        if self.render_mode is None:
            gym.logger.warn(
                "render() without a render_mode: say e.g. render_mode='rgb_array' when making the RemoteEnv"
            )
            return None
        (frame,) = self._ask(render=pb.RenderRequest()).rendered.frames
        return decode_frame(frame, self.render_mode)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """What a method of the remote environment returns, or without arguments the value of an attribute.

        The server must allow the name (`--allow-attributes`). Arrays, numbers, texts, lists and dicts can be sent.
        """
        (result,) = self._ask(call=call_request(name, args, kwargs)).called.results
        return decode_item(result)

    def get_attr(self, name: str) -> Any:
        """The value of an attribute of the remote environment, which the server must allow."""
        return self.call(name)

    def set_attr(self, name: str, value: Any) -> None:
        """Sets an attribute of the remote environment, which the server must allow."""
        self._ask(set_attribute=set_request(name, [value]))

    def save_state(self) -> bytes:
        """The environment's whole state, its generator and the episode's progress included, to come back to.

        RemoteError ("UNIMPLEMENTED") where it holds something that cannot be saved.
        """
        (state,) = self._ask(save_state=pb.SaveStateRequest()).saved.states
        return bytes(state)

    def restore_state(self, state: bytes) -> Any:
        """Puts the environment into a saved state, of this one or another one like it; the last observation there."""
        restored = self._ask(restore_state=pb.RestoreStateRequest(states=[state])).restored
        return self._observation(restored.observations)

    def has_wrapper_attr(self, name: str) -> bool:
        """Whether there is such an attribute, here or among those that the server allows."""
        return super().has_wrapper_attr(name) or name in self._allowed

    def get_wrapper_attr(self, name: str) -> Any:
        """An attribute of this object, or the value of one in the server, as `get_attr` gives it."""
        if not hasattr(self, name) and name in self._allowed:
            return self.get_attr(name)
        return super().get_wrapper_attr(name)

    def set_wrapper_attr(self, name: str, value: Any, **how: Any) -> bool:
        """Sets an attribute: in the server where it allows that, otherwise here."""
        if name in self._allowed:
            self.set_attr(name, value)
            return True
        return super().set_wrapper_attr(name, value, **how)

    def bridge_stats(self) -> dict[str, Any]:
        """Where the time of requests went, until now.

        `requests` has for each kind ("step", "reset", …) its `count`, `bytes_sent` and `bytes_received`, and in
        microseconds, each as `mean`, `p50` and `p99` of a sample: `total_us`, from when a request is sent until its
        response is there; and of these `environment_us`, inside the environments; `server_codec_us`, the server's
        reading and writing; `queue_us`, waiting for earlier requests; `wire_us`, all else: sockets or memory, and
        threads that wake. `client_codec_us`, this side's reading and writing of a step, comes on top.

        `transports` says of each process how requests go there, "shm" or "grpc", and where it is the latter why.
        """
        return self._session.stats()

    def close(self) -> None:
        """Closes the remote environment. Closing twice is allowed."""
        self._finalizer()

    def __getattr__(self, name: str) -> Any:
        """A goal environment's `compute_reward`, for one goal or a batch."""
        if name == COMPUTE_REWARD and "_plain" in self.__dict__ and has_goals(self.observation_space):
            return functools.partial(self.call, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Its arguments: what reads them connects anew."""
        return functools.partial(type(self), **self._arguments), ()

    @functools.cached_property
    def _allowed(self) -> frozenset[str]:
        return self._session.allowed_attributes()

    def _ask(self, **request: Any) -> pb.InteractResponse:
        (shard,) = self._session.require()
        return shard.ask(pb.InteractRequest(**request))

    def _observation(self, message: value_pb2.Buffers) -> Any:
        try:
            return self._value(self._observations.decode(message, 1, "observation", self._copy))
        except RequestError as error:
            raise garbled(error) from error

    def _value(self, columns: Arrays) -> Any:
        value = self._observations.value(columns, 0)
        return value if self._plain is None else self._plain(value)

    def _info(self, message: Any) -> dict[str, Any]:
        try:
            if message.lane_infos:
                return decode_map(message.lane_infos[0])
            return lane_info(decode_map(message.infos), 0)
        except RequestError as error:
            raise garbled(error) from error
