"""PolicyService for one policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
from gymnasium import spaces

from gymbridge.codec.items import encode_map
from gymbridge.codec.spaces import encode_space
from gymbridge.codec.values import ArrayLeaf, Arrays, BatchCodec
from gymbridge.env.actions import BatchChecker
from gymbridge.errors import RequestError, abort, closest, invalid_argument, raised
from gymbridge.policy.base import Actor
from gymbridge.serving import SERVER_VERSION
from gymbridge.v1 import policy_pb2 as pb
from gymbridge.v1 import policy_pb2_grpc


class PolicyService(policy_pb2_grpc.PolicyServiceServicer):
    """Serves one policy under one name. Thread-safe. `with_tracebacks` says whether clients get the policy's."""

    def __init__(
        self, name: str, actor: Actor, observation_space: Any, action_space: Any, with_tracebacks: bool
    ) -> None:
        self._with_tracebacks = with_tracebacks
        self._name = name
        self._actor = actor
        self._observation_space = observation_space
        self._action_space = action_space
        self._observations = BatchCodec(observation_space)
        self._actions = BatchCodec(action_space)
        self._check_actions = BatchChecker(self._actions, "the policy's action", "observation")

    def ListPolicies(self, request: Any, context: Any) -> pb.ListPoliciesResponse:  # noqa: D102
        summary = pb.PolicySummary(name=self._name, version=self._actor.version)
        return pb.ListPoliciesResponse(policies=[summary], server_version=SERVER_VERSION)

    def DescribePolicy(self, request: Any, context: Any) -> pb.DescribePolicyResponse:  # noqa: D102
        try:
            self._check_name(request.policy)
        except RequestError as error:
            abort(context, error, self._with_tracebacks)
        return pb.DescribePolicyResponse(
            name=self._name,
            version=self._actor.version,
            observation_space=encode_space(self._observation_space),
            action_space=encode_space(self._action_space),
            stochastic=self._actor.stochastic,
            provenance=encode_map(self._actor.provenance),
        )

    def Act(self, request: Any, context: Any) -> pb.ActResponse:  # noqa: D102
        try:
            return self._act(request)
        except RequestError as error:
            abort(context, error, self._with_tracebacks)

    def ActStream(self, requests: Iterator[Any], context: Any) -> Iterator[pb.ActStreamResponse]:  # noqa: D102
        last = 0
        for request in requests:
            response = pb.ActStreamResponse(sequence=request.sequence)
            try:
                if request.sequence != last + 1:
                    raise invalid_argument(f"got sequence {request.sequence}, expected {last + 1}")
                last += 1
                response.acted.CopyFrom(self._act(request.act))
            except RequestError as error:
                response.error.CopyFrom(error.to_status(self._with_tracebacks))
            yield response

    def _check_name(self, name: str) -> None:
        if name and name != self._name:
            message = f"there is no policy {name!r}{closest(name, [self._name])}; there is: {self._name}"
            raise RequestError(grpc.StatusCode.NOT_FOUND, message)

    def _act(self, request: pb.ActRequest) -> pb.ActResponse:
        self._check_name(request.policy)
        n = request.batch_size
        if n < 1:
            raise invalid_argument("batch_size is 0; expected at least 1")
        observations = self._observations.decode(request.observations, n, "observations")
        found = self._observations.not_finite(observations)
        if found is not None:
            row, path, where = found
            raise invalid_argument(f"observations{path}: observation {row}{where}, which is not finite")
        try:
            batch = self._observations.value(observations, slice(None))
            actions = self._pack(self._actor.act(batch, request.deterministic), n)
            self._check_actions(actions)
        except RequestError as error:
            raise RequestError(grpc.StatusCode.UNKNOWN, error.message, []) from error
        except Exception as error:
            raise raised(error) from error
        return pb.ActResponse(actions=self._actions.encode(actions), version=self._actor.version)

    def _pack(self, actions: Any, n: int) -> Arrays:
        """The policy's answer as a batch, arrays clipped to the space; ValueError where it does not fit."""
        arrays: Arrays = []
        for leaf in self._actions.leaves:
            part = actions
            for key in leaf.keys:
                part = part[key]
            if not isinstance(leaf, ArrayLeaf):
                column = leaf.column(part)
                if len(column) != n:
                    raise ValueError(f"the policy returned {len(column)} actions{leaf.path}, not {n}")
                arrays.append(column)
                continue
            array = np.asarray(part)
            if array.shape != (n, *leaf.shape):
                raise ValueError(
                    f"the policy returned actions{leaf.path} of shape {array.shape}, not {(n, *leaf.shape)}"
                )
            if isinstance(leaf.space, spaces.Box):
                if not np.isfinite(array).all():
                    raise ValueError(f"the policy returned actions{leaf.path} that are not finite")
                array = np.clip(array, leaf.space.low, leaf.space.high)
            elif array.dtype.kind not in "iub":
                raise ValueError(f"the policy returned actions{leaf.path} of type {array.dtype}, not integers")
            arrays.append(np.ascontiguousarray(array, leaf.dtype).reshape(n, *leaf.shape))
        return arrays
