"""A policy served elsewhere, with Stable-Baselines3's `predict`."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import grpc
import numpy as np
from google.rpc import error_details_pb2

from gymbridge.client.address import Address
from gymbridge.client.errors import ConnectionFailed
from gymbridge.codec.items import decode_map
from gymbridge.codec.spaces import decode_space
from gymbridge.codec.values import ArrayLeaf, Arrays, BatchCodec
from gymbridge.credentials import NONE, Credentials, channel, hint
from gymbridge.http2.client import CallEnded, ConnectionBroken
from gymbridge.v1 import policy_pb2 as pb
from gymbridge.v1 import policy_pb2_grpc

_ACT_STREAM = "/gymbridge.v1.PolicyService/ActStream"
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True)
class Acted:
    """A policy's answer to N observations.

    Attributes:
        actions: N actions, or one where one observation was given.
        versions: that answered: one for all rows, or N.
        digest: twelve hexadecimal digits of the first row's version's content.
        log_probabilities: float64 (N,), of the actions as they were drawn, before any clipping; None if not wanted.
        values: float32 (N,); None if not wanted.
        state: N recurrent states, a dict of arrays; None if not wanted, or for a policy without.
    """

    actions: Any
    versions: list[str]
    digest: str
    log_probabilities: np.ndarray[Any, np.dtype[np.float64]] | None = None
    values: np.ndarray[Any, np.dtype[np.float32]] | None = None
    state: Any = None


class RemotePolicy:
    """Asks a policy server for actions. Thread-safe: calls are made one at a time.

    The rows of a batch are episodes that go on from one call to the next: each keeps the version of the policy, and the
    recurrent state, that it began with until `episode_start` says that another begins. New ones begin also where the
    batch's size changes, and after a lost connection.

    Args:
        address: "host:port" or "unix:path". Of several servers with the same policies, "a:50051,b:50051", each stream
            and each call takes one in its turn, and what a lost one did not answer another is asked, but for recurrent
            policies.
        name: the policy's name; None for the only one.
        timeout: seconds that one call may take.
        credentials: TLS and a token, where the server wants them.

    Raises: ConnectionError where no server answers, LookupError for an unknown name, PermissionError for a missing or
    wrong token, TimeoutError, ValueError for observations that the server refuses, RuntimeError (with the remote
    traceback) where the policy raises. After a broken connection the next call makes a new one; a request to a
    single server is never sent twice.

    >>> with RemotePolicy("127.0.0.1:50052") as policy:  # doctest: +SKIP
    ...     action, _ = policy.predict(observation)
    """

    def __init__(
        self, address: str, name: str | None = None, timeout: float = 30.0, credentials: Credentials = NONE
    ) -> None:
        self.address = address
        self._credentials = credentials
        self._timeout = timeout
        self._lock = threading.Lock()
        self._stream: _Stream | None = None
        self._closed = False
        addresses = [address] if address.startswith("unix:") else address.split(",")
        self._servers = [Address.parse(each, credentials) for each in addresses]
        # Callers begin at different ones.
        self._turn = random.randrange(len(self._servers))
        self._channel = channel(address, credentials)
        self._stub = policy_pb2_grpc.PolicyServiceStub(self._channel)
        try:
            described = self._stub.DescribePolicy(pb.DescribePolicyRequest(policy=name or ""), timeout=timeout)
        except grpc.RpcError as error:
            self._channel.close()
            raise self._error(error.code(), error.details() or "") from None
        self.name: str = described.name
        self.version: str = described.version
        self.stochastic: bool = described.stochastic
        self.provenance: dict[str, Any] = decode_map(described.provenance)
        self.observation_space = decode_space(described.observation_space)
        self.action_space = decode_space(described.action_space)
        self._observations = BatchCodec(self.observation_space)
        self._actions = BatchCodec(self.action_space)
        self._states = BatchCodec(decode_space(described.state_space)) if described.HasField("state_space") else None
        self.masks: bool = described.masks
        self.values: bool = described.values

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = True
    ) -> tuple[Any, None]:
        """The action for one observation, or (N, …) actions for a batch (N, …) of them; and None, for no state.

        Where observations vary in size, a batch is what Gymnasium's `concatenate` makes: arrays (N, …) for parts that
        don't, a tuple of N values for those that do. What could be one observation is taken for one.

        `episode_start` is one truth value, or one for each row: where true, a new episode begins with this observation.
        `state` is there for Stable-Baselines3's signature, and ignored: the server keeps it.
        """
        acted = self.act(observation, deterministic=deterministic, episode_start=episode_start)
        return acted.actions, None

    def act(self, observation: Any, *, episode_start: Any = None, **wishes: Any) -> Acted:
        """As `predict`, with more to ask for and more in the answer.

        Args:
            observation: one, or a batch (N, …) of them.
            episode_start: as in `predict`.
            wishes: `deterministic` (True): the most likely actions, else samples. `draw` (None): (seed, step), which
                name the samples: the same version, observations, seed and step have the same actions. `action_mask`
                (None): (N, n) of a Discrete, (N, sum(nvec)) of a MultiDiscrete space, 1 or True for what is allowed.
                `version` (""): a version or a label. `state` (None): recurrent states that the caller keeps, as in
                `Acted.state`. `log_probability`, `value`, `next_state` (False): what the answer shall have as well.

        Raises: as the class says; ValueError also for masks and states that don't fit.
        """
        request, batched = self._request(observation, **wishes)
        if episode_start is not None:
            starts = np.broadcast_to(np.asarray(episode_start, bool).reshape(-1), request.batch_size)
            request.episode_starts = starts.astype(np.uint8).tobytes()
        return self._acted(self._act(request), request.batch_size, batched)

    def act_async(self, observation: Any, **wishes: Any) -> Future[Acted]:
        """As `act`, in a call of its own that belongs to no episode; any number may be under way. Returns a future."""
        request, batched = self._request(observation, **wishes)
        future: Future[Acted] = Future()

        def finish(call: Any) -> None:
            try:
                future.set_result(self._acted(call.result(), request.batch_size, batched))
            except grpc.RpcError as error:
                future.set_exception(self._error(error.code(), error.details() or ""))
            except Exception as error:
                future.set_exception(error)

        self._stub.Act.future(request, timeout=self._timeout).add_done_callback(finish)
        return future

    def _request(
        self,
        observation: Any,
        *,
        deterministic: bool = True,
        draw: tuple[int, int] | None = None,
        action_mask: Any = None,
        version: str = "",
        state: Any = None,
        log_probability: bool = False,
        value: bool = False,
        next_state: bool = False,
    ) -> tuple[pb.ActRequest, bool]:
        n, arrays, batched = self._batch(observation)
        if n == 0:
            raise ValueError("an empty batch of observations")
        request = pb.ActRequest(
            policy=self.name,
            batch_size=n,
            deterministic=deterministic,
            version=version,
            log_probability=log_probability,
            value=value,
            next_state=next_state,
        )
        request.observations.CopyFrom(self._observations.encode(arrays))
        if draw is not None:
            request.draw.seed, request.draw.step = draw
        if action_mask is not None:
            mask = np.asarray(action_mask)
            request.action_mask = mask.astype(np.uint8).tobytes()
        if state is not None:
            if self._states is None:
                raise ValueError(f"the policy {self.name} has no recurrent state")
            parts = [state[leaf.keys[0]] for leaf in self._states.leaves]
            request.state.CopyFrom(self._states.encode([np.asarray(part, np.float32) for part in parts]))
        return request, batched

    def _acted(self, response: pb.ActResponse, n: int, batched: bool) -> Acted:
        self.version = response.version
        actions = self._actions.decode(response.actions, n, "actions")
        state = None
        if self._states is not None and response.state.buffers:
            state = self._states.value(self._states.decode(response.state, n, "state"), slice(None))
        return Acted(
            actions=self._actions.value(actions, slice(None) if batched else 0),
            versions=list(response.row_versions) or [response.version],
            digest=response.digest,
            log_probabilities=np.frombuffer(response.log_probabilities, "<f8") if response.log_probabilities else None,
            values=np.frombuffer(response.values, "<f4") if response.values else None,
            state=state,
        )

    def _batch(self, observation: Any) -> tuple[int, Arrays, bool]:
        """N, the observations, and whether they came as a batch."""
        leaves = [leaf for leaf in self._observations.leaves if isinstance(leaf, ArrayLeaf)]
        if len(leaves) < len(self._observations.leaves):
            try:
                return 1, self._observations.stack([observation]), False
            except (LookupError, TypeError, ValueError):
                return *self._observations.unstack(observation), True
        parts = []
        for leaf in leaves:
            part = observation
            for key in leaf.keys:
                part = part[key]
            parts.append(np.asarray(part))
        batched = parts[0].ndim == len(leaves[0].shape) + 1
        arrays = []
        for part, leaf in zip(parts, leaves, strict=True):
            array = part if batched else part[None]
            if array.shape[1:] != leaf.shape or array.ndim == len(leaf.shape):
                shape = f"{leaf.shape} or (N, {', '.join(map(str, leaf.shape))})"
                raise ValueError(f"observation{leaf.path} has shape {part.shape}; expected {shape}")
            if not np.can_cast(array.dtype, leaf.dtype, "same_kind") and array.dtype.kind not in "iu":
                raise ValueError(f"observation{leaf.path} has type {array.dtype}; expected {leaf.dtype}")
            arrays.append(array.astype(leaf.dtype, copy=False))
        return len(arrays[0]), arrays, batched

    def _act(self, request: pb.ActRequest) -> pb.ActResponse:
        with self._lock:
            for others in range(len(self._servers) - 1, -1, -1):
                try:
                    response = self._ask(request)
                    break
                except _Unreachable as error:
                    raise ConnectionError(str(error)) from None
                except ConnectionError:
                    # What a recurrent policy remembers of its episodes is gone with the server.
                    if others == 0 or self._states is not None:
                        raise
        if response.WhichOneof("response") == "error":
            status = response.error
            raise self._error(_code(status.code), status.message + _traceback(status))
        return response.acted

    def _ask(self, request: pb.ActRequest) -> pb.ActStreamResponse:
        if self._closed:
            raise ValueError("this policy is closed: make another one")
        if self._stream is None:
            self._stream = self._open()
        stream = self._stream
        try:
            return stream.ask(request)
        except BaseException as error:
            # What the stream would answer next is unknown.
            self._drop()
            if stream.timed_out:
                raise self._error(grpc.StatusCode.DEADLINE_EXCEEDED, "") from None
            if isinstance(error, CallEnded):
                code = _code(error.code) if error.code else grpc.StatusCode.UNAVAILABLE
                raise self._error(code, error.message or "it ended the stream") from None
            if isinstance(error, ConnectionBroken):
                raise self._error(grpc.StatusCode.UNAVAILABLE, str(error)) from None
            raise

    def _open(self) -> _Stream:
        """A stream to the next server that can be reached."""
        reason = ""
        for _ in self._servers:
            self._turn = (self._turn + 1) % len(self._servers)
            try:
                return _Stream(self._servers[self._turn], self._timeout)
            except (ConnectionBroken, ConnectionFailed) as error:
                reason = getattr(error.__cause__, "strerror", None) or str(error)
        raise _Unreachable(str(self._error(grpc.StatusCode.UNAVAILABLE, reason)))

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _error(self, code: grpc.StatusCode, message: str) -> Exception:
        if code == grpc.StatusCode.UNAVAILABLE:
            advice = hint(self.address, self._credentials, message) or (
                "start one: python -m gymbridge serve-policy WHAT --env ID --address ADDRESS"
            )
            return ConnectionError(f"no policy server at {self.address} ({message}); {advice}")
        if code == grpc.StatusCode.UNAUTHENTICATED:
            return PermissionError(f"{self.address}: {message}")
        if code == grpc.StatusCode.UNIMPLEMENTED:
            return ConnectionError(f"the server at {self.address} serves no policies")
        if code == grpc.StatusCode.NOT_FOUND:
            return LookupError(f"{self.address}: {message}")
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return TimeoutError(f"{self.address} did not answer within {self._timeout:g} s")
        if code == grpc.StatusCode.INVALID_ARGUMENT:
            return ValueError(message)
        return RuntimeError(f"{self.address}: {message}")

    def close(self) -> None:
        """Ends the connection. Closing twice is allowed."""
        with self._lock:
            self._closed = True
            self._drop()
            self._channel.close()

    def __enter__(self) -> RemotePolicy:
        """The policy itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        self.close()


class _Unreachable(ConnectionError):
    """None of the servers can be connected to."""


class _Stream:
    """One ActStream, in the thread that asks: those of grpc hand each message from thread to thread.

    A thread beside it looks in now and then: it answers the server's pings while nobody asks, and ends what takes too
    long.
    """

    def __init__(self, server: Address, timeout: float) -> None:
        self._call = server.call(_ACT_STREAM, min(timeout, _CONNECT_SECONDS))
        self._call.settimeout(None)
        self._timeout = timeout
        self._sequence = 0
        self._asked_at = 0.0
        self._asking = threading.Lock()
        self._over = threading.Event()
        self.timed_out = False
        threading.Thread(target=self._watch, name="policy stream", daemon=True).start()

    def ask(self, request: pb.ActRequest) -> pb.ActStreamResponse:
        with self._asking:
            self._sequence += 1
            self._asked_at = time.monotonic()
            self._call.send(pb.ActStreamRequest(sequence=self._sequence, act=request).SerializeToString())
            response: pb.ActStreamResponse = pb.ActStreamResponse.FromString(bytes(self._call.receive()))
            self._asked_at = 0.0
        return response

    def _watch(self) -> None:
        while not self._over.wait(min(self._timeout / 4, 1.0)):
            asked_at = self._asked_at
            if asked_at and time.monotonic() - asked_at > self._timeout:
                self.timed_out = True
                self._call.shut_down()
                return
            if self._asking.acquire(blocking=False):
                try:
                    # What ends the stream, the next question is told.
                    with contextlib.suppress(CallEnded, ConnectionBroken):
                        if not self._over.is_set():
                            self._call.receive_arrived()
                finally:
                    self._asking.release()

    def close(self) -> None:
        self._over.set()
        self._call.shut_down()
        with self._asking:
            self._call.close()


def _code(number: int) -> grpc.StatusCode:
    return next((code for code in grpc.StatusCode if code.value[0] == number), grpc.StatusCode.UNKNOWN)


def _traceback(status: Any) -> str:
    for detail in status.details:
        info = error_details_pb2.DebugInfo()
        if detail.Unpack(info) and info.stack_entries:
            return "\n" + "\n".join(info.stack_entries)
    return ""
