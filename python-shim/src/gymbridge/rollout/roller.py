"""The policy of a shard, and the blocks of steps that its lanes make with it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import grpc
import numpy as np
from gymnasium import spaces

from gymbridge.codec.values import Array, Arrays
from gymbridge.env.lanes import DISABLED, Lanes
from gymbridge.errors import RequestError, failed_precondition, invalid_argument, raised
from gymbridge.rollout.bundle import Bundle, read_bundle
from gymbridge.rollout.engines import Engine, make_engine
from gymbridge.rollout.heads import Block, Deterministic, Draws, distribution_of, to_bytes
from gymbridge.v1 import environment_pb2 as pb

# A block is one request, which others wait for: heartbeats, the next policy, the end of the session.
_BLOCK_SECONDS = 1.0
# A block's time of the step timeout, so that a step that takes long does not exceed it.
_PART_OF_TIMEOUT = 0.25
_BLOCK_BYTES = 32 << 20
_MAX_FIRST_STEP = 1 << 48
_PLAIN = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)


def can_roll_out(lanes: Lanes) -> bool:
    """Whether a policy can act in these lanes: values of one size, and episodes that begin by themselves."""
    ends = (lanes.observation_codec.space, lanes.action_codec.space)
    return lanes.autoreset_mode != DISABLED and all(isinstance(space, _PLAIN) for space in ends)


@dataclass(frozen=True)
class _Acting:
    version: int
    bundle: Bundle
    deterministic: Engine
    # None: the policy gives no distribution.
    stochastic: Engine | None


class Roller:
    """PutPolicy and Rollout for one shard. `step_timeout` is that of a request, inf for none."""

    def __init__(self, lanes: Lanes, max_message: int, step_timeout: float) -> None:
        self._lanes = lanes
        self._max_bytes = min(max_message // 2, _BLOCK_BYTES)
        self._seconds = min(_BLOCK_SECONDS, step_timeout * _PART_OF_TIMEOUT)
        self._acting: _Acting | None = None

    def put(self, request: pb.PutPolicyRequest, response: pb.PutPolicyResponse) -> None:
        """Takes a policy; INVALID_ARGUMENT for one that fails a check, and the one before stays."""
        lanes, before = self._lanes, self._acting
        if request.version <= (0 if before is None else before.version):
            has = "1 or more" if before is None else f"above {before.version}, the version of the policy that is here"
            raise invalid_argument(f"version: got {request.version}, expected {has}")
        if not can_roll_out(lanes):
            raise invalid_argument(
                "rollouts need plain arrays for observations and actions, and a session that resets lanes by itself"
            )
        action_space = lanes.action_codec.space
        bundle = read_bundle(request.bundle, lanes.observation_codec.space, action_space)
        like = lanes.observations[0]
        deterministic = make_engine(bundle.model, bundle.graph, like, Deterministic.outputs)
        stochastic = None
        if bundle.stochastic:
            kind = distribution_of(action_space, bundle.graph.outputs)
            stochastic = make_engine(bundle.model, bundle.graph, like, kind.outputs)
        self._acting = _Acting(request.version, bundle, deterministic, stochastic)
        response.engine = (stochastic or deterministic).name

    def roll_out(self, request: pb.RolloutRequest, response: pb.RolloutResponse) -> None:
        """Makes up to the steps that are wanted, and adds them to the response."""
        acting = self._checked(request)
        lanes = self._lanes
        n, observed = lanes.num_envs, lanes.observations[0]
        capacity = min(request.steps, max(1, self._max_bytes // self._bytes_per_step()))
        block = self._block(acting, request, capacity)
        observations = np.empty((capacity + 1, *observed.shape), observed.dtype)
        rewards = np.empty((capacity, n))
        terminated, truncated, resets = (np.zeros((capacity, n), np.bool_) for _ in range(3))
        finals: list[Arrays] = []
        nanos = steps = 0
        deadline = time.monotonic() + self._seconds
        while steps < capacity and (steps == 0 or time.monotonic() < deadline):
            observations[steps] = lanes.observations[0]
            ended = lanes.about_to_reset
            if ended is not None:
                resets[steps] = ended
            lanes.nanos = 0
            try:
                _act(block, steps, observations[steps])
                # Environments may change what they get, and keep it.
                lanes.step([block.actions[steps].copy()])
            except RequestError as error:
                if steps > 0 and error.code is grpc.StatusCode.INVALID_ARGUMENT:
                    # No lane has moved: the next block's first step will say so.
                    break
                raise
            finally:
                nanos += lanes.nanos
            rewards[steps] = lanes.rewards
            terminated[steps] = lanes.terminated
            truncated[steps] = lanes.truncated
            if lanes.final_observations is not None:
                finals.append(lanes.final_observations)
            steps += 1
        lanes.nanos = nanos
        observations[steps] = lanes.observations[0]
        response.steps = steps
        response.policy_version = acting.version
        response.observations.buffers.append(to_bytes(observations[: steps + 1]))
        response.actions.buffers.append(to_bytes(block.actions[:steps]))
        response.rewards = to_bytes(rewards[:steps])
        response.terminated = terminated[:steps].tobytes()
        response.truncated = truncated[:steps].tobytes()
        response.resets = resets[:steps].tobytes()
        if finals:
            lanes.observation_codec.fill(response.final_observations, lanes.observation_codec.join(finals))
        block.fill(response, steps, request.with_distribution)

    def _checked(self, request: pb.RolloutRequest) -> _Acting:
        if request.steps < 1 or request.first_step >= _MAX_FIRST_STEP:
            wanted = f"steps {request.steps}, first_step {request.first_step}"
            raise invalid_argument(f"got {wanted}, expected 1 or more, and less than {_MAX_FIRST_STEP}")
        acting = self._acting
        if acting is None:
            raise failed_precondition("there is no policy to act: put one first")
        if acting.version < request.oldest_version:
            raise failed_precondition(
                f"the policy is version {acting.version}, older than {request.oldest_version}: put a newer one"
            )
        if acting.stochastic is None and not request.deterministic:
            raise invalid_argument("the policy gives no distribution to draw from: ask for a deterministic rollout")
        return acting

    def _block(self, acting: _Acting, request: pb.RolloutRequest, capacity: int) -> Block:
        lanes = self._lanes
        space = lanes.action_codec.space
        if request.deterministic or acting.stochastic is None:
            return Deterministic(acting.deterministic, space, capacity, lanes.num_envs)
        draws = Draws(request.seed, request.first_step, lanes.numbers)
        return distribution_of(space, acting.bundle.graph.outputs)(acting.stochastic, space, capacity, draws)

    def _bytes_per_step(self) -> int:
        lanes = self._lanes
        # Samples, mean and log_std, or logits, are as many float32 as a one-hot action at most.
        drawn = 12 * spaces.flatdim(lanes.action_codec.space)
        per_lane = lanes.observation_codec.bytes_per_value + lanes.action_codec.bytes_per_value + 19 + drawn
        return lanes.num_envs * per_lane


def _act(block: Block, step: int, observations: Array) -> None:
    try:
        block.act(step, observations)
    except Exception as error:
        raise raised(error) from error
