"""The lanes of one shard: copies of one environment, stepped in a loop into preallocated arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import perf_counter_ns
from typing import Any

import gymnasium as gym
import numpy as np

from gymbridge.codec.values import Array, Arrays, BatchCodec
from gymbridge.env.actions import BatchChecker
from gymbridge.env.infos import add_info
from gymbridge.errors import RequestError, failed_precondition, invalid_argument, raised
from gymbridge.v1 import environment_pb2 as pb

NEXT_STEP = pb.AUTORESET_MODE_NEXT_STEP
SAME_STEP = pb.AUTORESET_MODE_SAME_STEP
DISABLED = pb.AUTORESET_MODE_DISABLED


class Lanes:
    """N environments and the batch of what they last returned. Used by one thread.

    Attributes, all valid until the next call: `observations` (one column of N per leaf), `rewards` float64 (N),
    `terminated` and `truncated` bool (N), `infos` and `final_infos` in vector form (None unless wanted),
    `final_observations` (SAME_STEP: of the lanes that ended now), `nanos` spent inside the environments.
    """

    def __init__(self, envs: Sequence[gym.Env[Any, Any]], autoreset_mode: int, with_infos: bool, first_lane: int = 0):
        self.envs = list(envs)
        self.num_envs = n = len(self.envs)
        self._mode = autoreset_mode
        self._with_infos = with_infos
        self._first_lane = first_lane
        self.observation_codec = BatchCodec(self.envs[0].observation_space)
        self.action_codec = BatchCodec(self.envs[0].action_space)
        self._check_actions = BatchChecker(self.action_codec, "action", "lane", first_lane)
        self.observations = self.observation_codec.allocate(n)
        self.rewards = np.zeros(n)
        self.terminated = np.zeros(n, np.bool_)
        self.truncated = np.zeros(n, np.bool_)
        self.infos: dict[str, Any] | None = None
        self.final_infos: dict[str, Any] | None = None
        self.final_observations: Arrays | None = None
        self.nanos = 0
        self._ended = np.zeros(n, np.bool_)
        self._ready = np.zeros(n, np.bool_)

    def reset(self, seeds: Sequence[int | None], mask: Array | None, options: dict[str, Any] | None) -> None:
        """Starts new episodes, in all lanes or where `mask` (bool (N), DISABLED only) is true.

        A lane whose seed is None goes on with the generator it has. UNKNOWN where an environment raises; then every
        lane wants a reset.
        """
        if mask is not None and self._mode != DISABLED and not mask.all():
            raise invalid_argument("a partial reset needs a session in AUTORESET_MODE_DISABLED")
        self._begin()
        lane = 0
        started = perf_counter_ns()
        try:
            for lane in range(self.num_envs) if mask is None else np.flatnonzero(mask).tolist():
                observation, info = self.envs[lane].reset(seed=seeds[lane], options=options)
                self.observation_codec.write(self.observations, lane, observation)
                self._ended[lane] = self.terminated[lane] = self.truncated[lane] = False
                self._ready[lane] = True
                if self.infos is not None:
                    add_info(self.infos, info, lane, self.num_envs)
        except Exception as error:
            raise self._broken(error, lane) from error
        finally:
            self.nanos = perf_counter_ns() - started
        self._check_finite()

    def step(self, actions: Arrays) -> None:
        """Advances every lane by one step, resetting as the autoreset mode says.

        INVALID_ARGUMENT for actions outside their space and FAILED_PRECONDITION for lanes that want a reset: nothing
        is stepped. UNKNOWN where an environment raises or returns nonsense; then every lane wants a reset.
        """
        if not self._ready.all():
            lane = self._first_lane + int(np.argmin(self._ready))
            raise failed_precondition(f"lane {lane} wants a reset before its next step")
        if self._mode == DISABLED and self._ended.any():
            lane = self._first_lane + int(np.argmax(self._ended))
            raise failed_precondition(f"the episode of lane {lane} has ended: reset it by reset_mask before stepping")
        self._check_actions(actions, self._ended)
        self._begin()
        lane = 0
        started = perf_counter_ns()
        try:
            for lane in range(self.num_envs):
                self._step_lane(lane, actions)
        except Exception as error:
            raise self._broken(error, lane) from error
        finally:
            self.nanos = perf_counter_ns() - started
        self._check_finite()
        if self._mode != SAME_STEP:
            np.logical_or(self.terminated, self.truncated, out=self._ended)

    def _step_lane(self, lane: int, actions: Arrays) -> None:
        env = self.envs[lane]
        if self._mode == NEXT_STEP and self._ended[lane]:
            observation, info = env.reset()
            self.rewards[lane] = 0.0
            self.terminated[lane] = self.truncated[lane] = False
        else:
            action = self.action_codec.value(actions, lane)
            observation, reward, terminated, truncated, info = env.step(action)
            reward = float(reward)
            if not math.isfinite(reward):
                raise ValueError(f"the environment returned the reward {reward}, which is not finite")
            self.rewards[lane] = reward
            self.terminated[lane] = terminated
            self.truncated[lane] = truncated
            if self._mode == SAME_STEP and (terminated or truncated):
                observation, info = self._reset_in_same_step(lane, observation, info)
        self.observation_codec.write(self.observations, lane, observation)
        if self.infos is not None:
            add_info(self.infos, info, lane, self.num_envs)

    def _reset_in_same_step(self, lane: int, observation: Any, info: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        final = self.observation_codec.stack([observation])
        if self.observation_codec.not_finite(final) is not None:
            raise ValueError("the environment returned an observation that is not finite")
        if self.final_observations is None:
            self.final_observations = final
        else:
            self.final_observations = self.observation_codec.join([self.final_observations, final])
        if self._with_infos:
            if self.final_infos is None:
                self.final_infos = {}
            add_info(self.final_infos, info, lane, self.num_envs)
        return self.envs[lane].reset()

    def render(self, lanes: Sequence[int]) -> list[Any]:
        """What the given lanes' `render` returns; UNKNOWN where it raises."""
        lane = 0
        started = perf_counter_ns()
        try:
            frames: list[Any] = []
            for lane in lanes:
                frames.append(self.envs[lane].render())
            return frames
        except Exception as error:
            raise raised(error, self._name(lane)) from error
        finally:
            self.nanos = perf_counter_ns() - started

    def close(self) -> None:
        """Closes the environments, whatever they raise."""
        for env in self.envs:
            try:
                env.close()
            except Exception:
                continue

    def _begin(self) -> None:
        self.infos = {} if self._with_infos else None
        self.final_infos = None
        self.final_observations = None

    def _check_finite(self) -> None:
        found = self.observation_codec.not_finite(self.observations)
        if found is not None:
            raise self._broken(ValueError("the environment returned an observation that is not finite"), found[0])

    def _broken(self, error: Exception, lane: int) -> RequestError:
        self._ready[:] = False
        return raised(error, self._name(lane))

    def _name(self, lane: int) -> str:
        return f" (lane {self._first_lane + lane})"
