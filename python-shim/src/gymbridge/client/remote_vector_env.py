"""Many environments that run in a server, as a `gymnasium.vector.VectorEnv`."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from gymbridge.client.address import Compression
from gymbridge.client.errors import RemoteError, SessionEnded, WorkerLost
from gymbridge.client.gathering import Gatherer, Part
from gymbridge.client.line import Transport
from gymbridge.client.opening import (
    COMPUTE_REWARD,
    call_request,
    decode_frame,
    has_goals,
    metadata_of,
    open_request,
    reset_request,
    set_request,
    told_by_server,
)
from gymbridge.client.registration import remote_spec
from gymbridge.client.rollouts import Policies, Rollout, RolloutGatherer
from gymbridge.client.session import Session
from gymbridge.client.shard_stream import Request, ShardStream, response_of
from gymbridge.client.stepping import Stepping
from gymbridge.codec.items import decode_item
from gymbridge.codec.plain_steps import StepWriter
from gymbridge.codec.spaces import decode_space
from gymbridge.codec.steps import Data
from gymbridge.codec.values import Array, Arrays, BatchCodec
from gymbridge.credentials import NONE, Credentials
from gymbridge.v1 import environment_pb2 as pb

_MODES = {
    AutoresetMode.NEXT_STEP: pb.AUTORESET_MODE_NEXT_STEP,
    AutoresetMode.SAME_STEP: pb.AUTORESET_MODE_SAME_STEP,
    AutoresetMode.DISABLED: pb.AUTORESET_MODE_DISABLED,
}


class RemoteVectorEnv(gym.vector.VectorEnv[Any, Any, Any]):
    """Environments that run in a server, in as many processes as it has workers for them.

    Results, infos and autoreset modes are those of `gymnasium.vector.SyncVectorEnv`, with one difference: where an info
    is an integer in some lanes and a float in others, its type is that of the first lane of each process.

    Args:
        address: the server's, "unix:path" or "host:port".
        env_id: what the server calls the environment; empty for the only one.
        num_envs: how many; None: the server's default.
        autoreset_mode: Gymnasium's, or its name.
        render_mode: Gymnasium's; "rgb_array", "ansi" and the like, but not "human".
        infos: whether to send infos; without them steps are faster.
        copy: whether arrays are the caller's own; otherwise they may be read-only views, valid until the next call.
        on_loss: "raise": a step in which a process dies raises WorkerLost, and `reset` goes on. "mark": the step's
            other lanes are as always; the lost ones begin a new episode, whose first observation is returned with
            reward 0, not terminated and not truncated, and `infos["lost"]` says why (with the mask "_lost").
        max_shards: most processes to use; 0: as many as the server has.
        lease_seconds: how long the server waits for this process, should it fall silent; 0: as the server has it.
        step_timeout: seconds after which the server gives up a step; 0: as the server has it.
        transport: "auto": through shared memory where the server is on this machine and has some, otherwise gRPC
            alone; "shm": shared memory, or RemoteError; "grpc": gRPC alone.
        compression: "gzip": large messages are compressed, which pays for pictures over a network; not in shared
            memory.
        credentials: TLS and a token, where the server wants them.
        max_episode_steps: a limit other than the environment's own, as a keyword argument for it.
        **kwargs: for the environment's constructor; the server must allow them.

    Besides `step` there is `send` for some of the lanes and `recv` for what came of it, so that some can step while the
    actions of others are worked out. Errors, pickling and threads as with RemoteEnv.
    """

    def __init__(
        self,
        address: str,
        env_id: str = "",
        num_envs: int | None = None,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        infos: bool = True,
        copy: bool = True,
        on_loss: Literal["raise", "mark"] = "raise",
        max_shards: int = 0,
        lease_seconds: float = 0.0,
        step_timeout: float = 0.0,
        transport: Transport = "auto",
        compression: Compression = "none",
        credentials: Credentials = NONE,
        max_episode_steps: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.closed = True
        mode = AutoresetMode(autoreset_mode)
        if on_loss not in ("raise", "mark"):
            raise ValueError(f"got on_loss={on_loss!r}, expected 'raise' or 'mark'")
        if num_envs is not None and num_envs < 1:
            raise ValueError(f"got num_envs={num_envs}, expected at least 1")
        request = open_request(
            kwargs if max_episode_steps is None else {**kwargs, "max_episode_steps": max_episode_steps},
            render_mode,
            env_id=env_id,
            num_envs=num_envs or 0,
            autoreset_mode=_MODES[mode],
            info_mode=pb.INFO_MODE_ALL if infos else pb.INFO_MODE_NONE,
            max_shards=max_shards,
            lease_seconds=lease_seconds,
            step_timeout_seconds=step_timeout,
        )
        self._arguments = {
            "address": address,
            "env_id": env_id,
            "num_envs": num_envs,
            "autoreset_mode": mode.value,
            "render_mode": render_mode,
            "infos": infos,
            "copy": copy,
            "on_loss": on_loss,
            "max_shards": max_shards,
            "lease_seconds": lease_seconds,
            "step_timeout": step_timeout,
            "transport": transport,
            "compression": compression,
            "max_episode_steps": max_episode_steps,
            **kwargs,
        }
        if credentials != NONE:
            self._arguments["credentials"] = credentials
        self._session = Session(address, request, credentials, transport, compression)
        self.closed = False
        self._finalizer = weakref.finalize(self, self._session.close)
        opened = self._session.opened
        self._remote = opened.spec
        self.num_envs = opened.num_envs
        self.single_observation_space = decode_space(self._remote.observation_space)
        self.single_action_space = decode_space(self._remote.action_space)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.metadata = {**metadata_of(self._remote), "autoreset_mode": mode}
        self.autoreset_mode = mode
        self.render_mode = render_mode
        self._gatherer = Gatherer(BatchCodec(self.single_observation_space), copy)
        self._actions = BatchCodec(self.single_action_space)
        self._writer = StepWriter(self._actions)
        self._marks_losses = on_loss == "mark"
        # Nanoseconds of the last call that this side did nothing.
        self._waited = 0
        self._policies = Policies()
        self._steps_rolled = 0
        self._steps = Stepping(self._session, self._gatherer, self._actions, self._marks_losses)
        self.spec = remote_spec({**self._arguments, "vectorization_mode": "vector_entry_point"})

    @property
    def spec(self) -> EnvSpec | None:
        """Gymnasium's specification, which connects again; its limits and thresholds are the remote environment's."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        if spec is not None:
            spec = told_by_server(spec, self._remote)
            # Else make_vec would hand the environment's own limit to it as an argument.
            spec.kwargs = {"max_episode_steps": None, **spec.kwargs}
        self._spec = spec

    def reset(
        self,
        *,
        seed: int | list[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begins episodes in all lanes, or in AutoresetMode.DISABLED where `options["reset_mask"]` (bool (N)) is true.

        An integer seeds the lanes with seed, seed + 1, …; a lane without a seed goes on with its generator. Opens
        the environments anew where the server has closed them or their process was lost. What comes of steps under way
        is dropped; a reset of some lanes wants that there are none.
        """
        super().reset(seed=seed if isinstance(seed, (int, np.integer)) else None)
        seeds = self._seeds(seed)
        mask = None
        if options is not None and "reset_mask" in options:
            options = dict(options)
            mask = self._checked_mask(options.pop("reset_mask"))
        if mask is None:
            self._steps.drain()
        try:
            return self._reset(seeds, mask, options)
        except SessionEnded:
            if mask is not None:
                raise
            self._session.open()
            return self._reset(seeds, mask, options)

    def step(self, actions: Any) -> tuple[Any, Array, Array, Array, dict[str, Any]]:
        """One step of all lanes; ValueError or TypeError where the actions' shape or type does not fit."""
        started = perf_counter_ns()
        shards = self._session.require()
        if len(shards) == 1 and self._steps.is_idle and not shards[0].loss:
            # The usual case, in few calls.
            data = self._writer.write_array(actions, self.num_envs)
            if data is not None:
                return self._step_at_once(shards[0], data, started)
        columns = self._unstacked(actions, self.num_envs)
        if self._steps.has_untold_losses:
            self._steps.require_idle("step")
            self._steps.send(range(self.num_envs), columns)
            return self._gatherer.join(self._steps.receive(), in_lane_order=True)

        def request(shard: ShardStream) -> bytes:
            return self._writer.write([column[_slice(shard)] for column in columns])

        losses: list[tuple[ShardStream, str]] = []
        parts = [self._gatherer.step(shard.lanes, data) for shard, data in self._ask_all("step", request, losses)]
        results = self._gatherer.join(self._with_revived(parts, losses))
        self._session.times.add_coding("step", perf_counter_ns() - started - self._waited)
        return results

    def _step_at_once(
        self, shard: ShardStream, request: bytes, started: int
    ) -> tuple[Any, Array, Array, Array, dict[str, Any]]:
        written = perf_counter_ns()
        try:
            data = shard.ask_data(request)
        except WorkerLost as error:
            if not self._marks_losses:
                raise
            return self._gatherer.join(self._with_revived([], [(shard, error.cause)]))
        arrived = perf_counter_ns()
        results = self._gatherer.join([self._gatherer.step(shard.lanes, data)])
        self._session.times.add_coding("step", written - started + perf_counter_ns() - arrived)
        return results

    def send(self, actions: Any, env_ids: Sequence[int] | Array | None = None) -> None:
        """Has lanes step, and does not wait for it: all, or these, one action each; see `recv`.

        The other lanes stay where they are. A lane has at most one step under way: `gymnasium.error.
        AlreadyPendingCallError` for another one. ValueError where the actions' shape or type does not fit, or for lanes
        that are not there; then nothing is sent. What the environments say of the actions, `recv` raises.
        """
        lanes = self._lanes(env_ids)
        self._steps.send(lanes, self._unstacked(actions, len(lanes)))

    def recv(self, minimum: int | None = None) -> tuple[Any, Array, Array, Array, dict[str, Any]]:
        """What came of steps that were sent, as `step` gives it, once it is of `minimum` lanes; None: of all of them.

        Rows are those of `infos["env_id"]` (int64), an array of the lanes. They may be more than the minimum: all lanes
        that were sent at once to one process arrive at once, and those of each process in the order in which they were
        sent. `gymnasium.error.NoAsyncCallError` where nothing is under way. After an error the lanes that it was about
        are no longer under way; what others did, the next call gives.
        """
        parts = self._steps.receive(minimum)
        *results, infos = self._gatherer.join(parts)
        infos["env_id"] = np.concatenate([np.asarray(part.lanes, np.int64) for part in parts])
        observations, rewards, terminated, truncated = results
        return observations, rewards, terminated, truncated, infos

    def render(self) -> tuple[Any, ...] | None:
        """One frame per lane as `render_mode` has it; None, with a warning, without a render mode."""
        if self.render_mode is None:
            gym.logger.warn("render() without a render_mode: say e.g. render_mode='rgb_array' when making the env")
            return None
        request = pb.RenderRequest()
        responses = self._ask("render", lambda shard: pb.InteractRequest(render=request))
        return tuple(
            decode_frame(frame, self.render_mode) for _, response in responses for frame in response.rendered.frames
        )

    @property
    def np_random_seed(self) -> Any:
        """The seed of each lane's generator, as a tuple; -1 each where the server does not know them."""
        try:
            return self.get_attr("np_random_seed")
        except RemoteError as error:
            if error.code not in ("INVALID_ARGUMENT", "PERMISSION_DENIED", "UNIMPLEMENTED"):
                raise
            return (-1,) * self.num_envs

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """What each lane's method returns, or without arguments the value of each lane's attribute.

        The server must allow the name (`--allow-attributes`). Arrays, numbers, texts, lists and dicts can be sent.
        """
        request = call_request(name, args, kwargs)
        responses = self._ask("call", lambda shard: pb.InteractRequest(call=request))
        return tuple(decode_item(result) for _, response in responses for result in response.called.results)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Each lane's value of an attribute, which the server must allow."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Sets an attribute of the lanes: to a list's or tuple's values, one per lane, or to one value for all."""
        if not isinstance(values, (list, tuple)):
            values = [values] * self.num_envs
        if len(values) != self.num_envs:
            raise ValueError(f"got {len(values)} values, expected one for each of {self.num_envs} lanes")

        def request(shard: ShardStream) -> pb.InteractRequest:
            return pb.InteractRequest(set_attribute=set_request(name, list(values[_slice(shard)])))

        self._ask("set_attr", request)

    def bridge_stats(self) -> dict[str, Any]:
        """Where the time of requests went, until now.

        `requests` has for each kind ("step", "reset", …) its `count`, `bytes_sent` and `bytes_received`, and in
        microseconds, each as `mean`, `p50` and `p99` of a sample: `total_us`, from when a request is sent until its
        response is there; and of these `environment_us`, inside the environments; `server_codec_us`, the server's
        reading and writing; `queue_us`, waiting for earlier requests; `wire_us`, all else: sockets or memory, and
        threads that wake. `client_codec_us`, this side's reading and writing of a step, comes on top. Where the
        environments live in several processes, each is asked and counted by itself.

        `transports` says of each process how requests go there, "shm" or "grpc", and where it is the latter why.
        """
        return self._session.stats()

    def put_policy(self, bundle: bytes) -> int:
        """Gives the server the policy that the next rollouts act with; its version, 1 for the first one.

        The server must take policies (`--allow-policies`). RemoteError for a bundle that fails a check.
        """
        with self._policies.putting(bytes(bundle)):
            for shard, _ in self._ask("put_policy", self._policies.request, []):
                self._policies.note(shard)
        return self._policies.version

    def rollout(
        self, steps: int, *, seed: int = 0, deterministic: bool = False, with_distribution: bool = False
    ) -> Rollout:
        """Has all lanes step by themselves, with the actions of the policy that was put last.

        `seed` is the key of the generator of actions, not of the environments. Where losses are marked, a lane that was
        lost has one step that says so, and goes on in a new environment; otherwise WorkerLost is raised, and `reset`
        goes on. RemoteError where there is no policy, or where it gives no distribution to draw from.
        """
        if steps < 1:
            raise ValueError(f"got steps={steps}, expected at least 1")
        gatherer = RolloutGatherer(BatchCodec(self.single_observation_space), self._actions, self.num_envs, steps)

        def request(shard: ShardStream) -> pb.InteractRequest | None:
            left = gatherer.left(shard)
            if left == 0:
                return None
            rollout = pb.RolloutRequest(
                steps=left,
                oldest_version=self._policies.version,
                seed=seed & (1 << 64) - 1,
                first_step=self._steps_rolled + steps - left,
                deterministic=deterministic,
                with_distribution=with_distribution,
            )
            return self._policies.request(shard) or pb.InteractRequest(rollout=rollout)

        while any(gatherer.left(shard) for shard in self._session.require()):
            losses: list[tuple[ShardStream, str]] = []
            for shard, response in self._ask("rollout", request, losses):
                if response.HasField("policy_put"):
                    self._policies.note(shard)
                else:
                    gatherer.add(shard, response.rolled_out)
            for shard, loss in losses:
                (observations,) = self._steps.revive(shard, loss).observations
                self._steps.tell(shard.lanes)
                gatherer.add_loss(shard, observations)
        first_step = self._steps_rolled
        self._steps_rolled += steps
        return gatherer.rollout(first_step, not deterministic)

    def close_extras(self, **kwargs: Any) -> None:
        """Closes the remote environments."""
        self._steps.forget()
        self._finalizer()

    def __getattr__(self, name: str) -> Any:
        """A goal environment's `compute_reward`, for one goal or a batch: the same in every lane, so one is asked."""
        if name == COMPUTE_REWARD and "_session" in self.__dict__ and has_goals(self.single_observation_space):
            return functools.partial(self._call_first, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Its arguments: what reads them connects anew."""
        return functools.partial(type(self), **self._arguments), ()

    def _call_first(self, name: str, *args: Any, **kwargs: Any) -> Any:
        request = call_request(name, args, kwargs)
        request.lanes.append(0)
        self._steps.require_idle(name)
        shard = self._session.require()[0]
        (result,) = shard.ask(pb.InteractRequest(call=request)).called.results
        return decode_item(result)

    def _unstacked(self, actions: Any, expected: int) -> Arrays:
        n, columns = self._actions.unstack(actions)
        if n != expected:
            raise ValueError(f"got {n} actions, expected one for each of {expected} lanes")
        return columns

    def _lanes(self, env_ids: Any) -> Sequence[int]:
        if env_ids is None:
            return range(self.num_envs)
        ids = np.asarray(env_ids)
        if ids.ndim != 1 or ids.size == 0 or ids.dtype.kind not in "iu":
            raise ValueError(f"got env_ids {env_ids!r}, expected a list of lanes")
        lanes: list[int] = ids.tolist()
        if min(lanes) < 0 or max(lanes) >= self.num_envs or len(set(lanes)) != len(lanes):
            raise ValueError(f"got env_ids {lanes}, expected lanes from 0 to {self.num_envs - 1}, each once")
        return lanes

    def _ask(
        self,
        name: str,
        request: Callable[[ShardStream], pb.InteractRequest | None],
        losses: list[tuple[ShardStream, str]] | None = None,
    ) -> list[tuple[ShardStream, pb.InteractResponse]]:
        """As `_ask_all`; raises the first error among the responses too."""
        return [(shard, response_of(data)) for shard, data in self._ask_all(name, request, losses)]

    def _ask_all(
        self,
        name: str,
        request: Callable[[ShardStream], Request | None],
        losses: list[tuple[ShardStream, str]] | None = None,
    ) -> list[tuple[ShardStream, Data]]:
        """The responses of all shards, which work at the same time; of those that were lost, where `losses` takes them.

        A shard whose `request` is None is left out. `name` is the method's, for messages. Raises, once all have
        answered, the first error because of which there is no response.
        """
        self._steps.require_idle(name)
        requests = {shard: message for shard in self._session.require() if (message := request(shard)) is not None}
        shards = list(requests)
        if not self._marks_losses:
            # No lane moves while others are lost.
            for shard, message in requests.items():
                shard.raise_if_lost(message)
        responses = []
        failure: RemoteError | None = None
        started = perf_counter_ns()
        try:
            for shard, message in requests.items():
                shard.begin(message)
            for shard in shards:
                try:
                    responses.append((shard, shard.end_data()))
                except WorkerLost as error:
                    if losses is None or not self._marks_losses:
                        failure = failure or error
                    else:
                        losses.append((shard, error.cause))
                except RemoteError as error:
                    failure = failure or error
        except BaseException:
            for shard in shards:
                shard.abandon()
            raise
        self._waited = perf_counter_ns() - started
        if failure is not None:
            raise failure
        return responses

    def _seeds(self, seed: Any) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, (int, np.integer)):
            return [int(seed) + lane for lane in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"got {len(seed)} seeds, expected one for each of {self.num_envs} lanes")
        return [None if one is None else int(one) for one in seed]

    def _checked_mask(self, mask: Any) -> Array | None:
        # In the words of SyncVectorEnv's errors, which programs may look for.
        name = "`options['reset_mask']`"
        if not isinstance(mask, np.ndarray):
            raise TypeError(f"{name} must be a numpy array, got {type(mask)}")
        if mask.shape != (self.num_envs,):
            raise ValueError(f"{name} must have shape `({self.num_envs},)`, got {mask.shape}")
        if mask.dtype != np.bool_:
            raise TypeError(f"{name} must have `dtype=np.bool_`, got {mask.dtype}")
        if not mask.any():
            raise ValueError(f"{name} must contain a boolean array with at least one True value, got reset_mask={mask}")
        if mask.all():
            return None
        if self.autoreset_mode is not AutoresetMode.DISABLED:
            raise ValueError(f"{name} needs autoreset_mode=AutoresetMode.DISABLED, or True everywhere")
        return mask

    def _reset(
        self, seeds: list[int | None], mask: Array | None, options: dict[str, Any] | None
    ) -> tuple[Any, dict[str, Any]]:
        def request(shard: ShardStream) -> pb.InteractRequest:
            reset = reset_request(seeds[_slice(shard)], options)
            if mask is not None:
                reset.reset_mask = mask[_slice(shard)].tobytes()
            return pb.InteractRequest(reset=reset)

        losses: list[tuple[ShardStream, str]] = []
        parts = [
            self._gatherer.reset(shard.lanes, response.reset, self._marked(shard.take_loss()))
            for shard, response in self._ask("reset", request, losses)
        ]
        observations, _, _, _, infos = self._gatherer.join(self._with_revived(parts, losses))
        self._steps.tell(range(self.num_envs) if mask is None else np.flatnonzero(mask).tolist())
        return observations, infos

    def _with_revived(self, parts: list[Part], losses: list[tuple[ShardStream, str]]) -> list[Part]:
        """The parts, and those of lanes that took lost ones' place, which begin episodes; in the order of lanes."""
        if not losses:
            return parts
        for shard, loss in losses:
            parts.append(self._steps.revive(shard, loss))
            self._steps.tell(shard.lanes)
        return sorted(parts, key=lambda part: part.lanes[0])

    def _marked(self, loss: str) -> str:
        return loss if self._marks_losses else ""


def _slice(shard: ShardStream) -> slice:
    return slice(shard.lanes[0], shard.lanes[-1] + 1)
