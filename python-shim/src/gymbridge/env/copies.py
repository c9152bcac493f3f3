"""Lanes that are copies of one environment, stepped in a loop."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter_ns
from typing import Any

import gymnasium as gym
import numpy as np

from gymbridge.codec.values import Array, Arrays
from gymbridge.env import restoring, snapshots
from gymbridge.env.infos import add_info, gather
from gymbridge.env.lanes import DISABLED, LANE_INFOS, SAME_STEP, Lanes
from gymbridge.errors import RequestError, invalid_argument, raised
from gymbridge.v1 import value_pb2 as pb

# Numbers that Python adds up in less time than NumPy takes to look at them.
_FEW = 128


class Copies(Lanes):
    """N environments of their own, whose values are copied into the batch."""

    def __init__(self, envs: Sequence[gym.Env[Any, Any]], autoreset_mode: int, info_mode: int, first_lane: int = 0):
        self.envs = list(envs)
        n, first = len(self.envs), self.envs[0]
        super().__init__(n, first.observation_space, first.action_space, autoreset_mode, info_mode, first_lane)
        # Of observations that are one array: what it is like, and all their numbers where Python adds them up quickly.
        leaf = self.observation_codec.single_array
        self._dtype: Any = None if leaf is None else leaf.dtype
        self._shape: tuple[int, ...] = () if leaf is None else leaf.shape
        few = leaf is not None and 0 < self.observations[0].size <= _FEW
        self._few: Array | None = self.observations[0].reshape(-1) if few else None

    def reset(  # noqa: D102
        self, seeds: Sequence[int | None], mask: Array | None, options: Sequence[dict[str, Any] | None]
    ) -> None:
        if mask is not None and self.autoreset_mode != DISABLED and not mask.all():
            raise invalid_argument("a partial reset needs a session in AUTORESET_MODE_DISABLED")
        self._begin()
        lane = 0
        started = perf_counter_ns()
        try:
            for lane in range(self.num_envs) if mask is None else np.flatnonzero(mask).tolist():
                observation, info = self.envs[lane].reset(seed=seeds[lane], options=options[lane])
                self.observation_codec.write(self.observations, lane, observation)
                self._began(lane)
                if self.infos is not None:
                    add_info(self.infos, info, lane, self.num_envs)
                elif self.lane_infos is not None:
                    self.lane_infos[lane] = info
        except Exception as error:
            raise self._broken(error, lane) from error
        finally:
            self.nanos = perf_counter_ns() - started
        self._check_finite(self.observations)

    def step(self, actions: Arrays, lanes: Sequence[int] | None = None) -> Arrays:  # noqa: D102
        # What is usual is looked for here, so that few calls are made: they would take most of the time.
        if lanes is not None or self._any_ended or not self._all_ready:
            self._check_ready(lanes)
        resets = self._ended.tolist() if self._any_ended else None
        self._check_actions(actions, None if resets is None else self._ended[lanes or slice(None)], lanes)
        self.infos = self.lane_infos = self.final_infos = self.final_observations = None
        envs = self.envs
        chosen = range(len(envs)) if lanes is None else lanes
        rows, observations = self.action_codec.rows(actions), self.observations
        dtype, shape, ndarray = self._dtype, self._shape, np.ndarray
        same_step = self.autoreset_mode == SAME_STEP
        rewards: list[float] = []
        terminated: list[bool] = []
        truncated: list[bool] = []
        infos: list[dict[str, Any]] = []
        row = lane = 0
        started = perf_counter_ns()
        try:
            for lane in chosen:
                if resets is not None and resets[lane]:
                    observation, info = envs[lane].reset()
                    rewards.append(0.0)
                    terminated.append(False)
                    truncated.append(False)
                else:
                    observation, reward, terminal, cut, info = envs[lane].step(rows[row])
                    rewards.append(float(reward))
                    terminated.append(bool(terminal))
                    truncated.append(bool(cut))
                    if same_step and (terminal or cut):
                        observation, info = self._reset_in_same_step(row, len(chosen), envs[lane], observation, info)
                if type(observation) is ndarray and observation.dtype is dtype and observation.shape == shape:
                    observations[0][lane] = observation
                else:
                    self.observation_codec.write(observations, lane, observation)
                infos.append(info)
                row += 1
        except Exception as error:
            raise self._broken(error, lane, lanes) from error
        finally:
            self.nanos = perf_counter_ns() - started
        self.rewards, self.terminated, self.truncated = rewards, terminated, truncated
        if self._info_mode == LANE_INFOS:
            self.lane_infos = infos
        elif self._with_infos:
            self._gather(infos, lanes)
        if lanes is not None:
            observations = self.observation_codec.take(observations, lanes)
        if not math.isfinite(sum(rewards)):
            self._check_rewards(lanes)
        # No sum is finite that has an infinity or a NaN in it.
        if self._few is None or not math.isfinite(sum(self._few.tolist())):
            self._check_finite(observations, lanes)
        if lanes is not None or self._any_ended or True in terminated or True in truncated:
            self._note_ends(lanes)
        return observations

    def _gather(self, infos: list[dict[str, Any]], lanes: Sequence[int] | None) -> None:
        self.infos = gather(infos, self.everywhere if lanes is None else self.everywhere[: len(lanes)])
        if self.infos is not None:
            return
        self.infos = {}
        row = 0
        try:
            for row, info in enumerate(infos):
                add_info(self.infos, info, row, len(infos))
        except Exception as error:
            raise self._broken(error, row if lanes is None else lanes[row], lanes) from error

    def _reset_in_same_step(
        self, row: int, rows: int, env: gym.Env[Any, Any], observation: Any, info: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
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
            add_info(self.final_infos, info, row, rows)
        return env.reset()

    def render(self, lanes: Sequence[int]) -> list[Any]:  # noqa: D102
        return self._in_each(lanes, lambda lane: self.envs[lane].render())

    def call(  # noqa: D102
        self, name: str, args: Sequence[Any], kwargs: dict[str, Any], lanes: Sequence[int]
    ) -> list[Any]:
        def act(lane: int) -> Any:
            env = self.envs[lane]
            if not env.has_wrapper_attr(name):
                raise invalid_argument(f"{env} has no attribute {name!r}")
            found = env.get_wrapper_attr(name)
            if callable(found):
                return found(*args, **kwargs)
            if args or kwargs:
                raise invalid_argument(f"{name!r} of {env} is an attribute, which takes no arguments")
            return found

        return self._in_each(lanes, act)

    def set_attribute(self, name: str, values: Sequence[Any]) -> None:  # noqa: D102
        self._in_each(range(self.num_envs), lambda lane: self.envs[lane].set_wrapper_attr(name, values[lane]))

    def save(self, lanes: Sequence[int]) -> list[dict[str, Any]]:  # noqa: D102
        return self._in_each(lanes, self._save)

    def _save(self, lane: int) -> dict[str, Any]:
        observation = self.observation_codec.lay([column[lane : lane + 1] for column in self.observations])
        return {
            "environment": snapshots.take(self.envs[lane]),
            "observation": observation,
            "ended": bool(self._ended[lane]),
            "ready": bool(self._ready[lane]),
        }

    def restore(self, lanes: Sequence[int], states: Sequence[dict[str, Any]]) -> None:  # noqa: D102
        plans = []
        for lane, state in zip(lanes, states, strict=True):
            try:
                buffers = pb.Buffers(buffers=[bytes(data) for data in state["observation"]])
                observation = self.observation_codec.decode(buffers, 1, "a state's observation")
                plan = restoring.plan(self.envs[lane], state["environment"])
                ended, ready = bool(state["ended"]), bool(state["ready"])
            except (LookupError, TypeError, ValueError) as error:
                raise invalid_argument(f"a saved state is damaged: {error}") from error
            if ended and self.autoreset_mode == SAME_STEP:
                raise invalid_argument("a state from between two episodes does not fit AUTORESET_MODE_SAME_STEP")
            plans.append((lane, plan, observation, ended, ready))
        for lane, plan, observation, ended, ready in plans:
            for act in plan:
                act()
            for column, values in zip(self.observations, observation, strict=True):
                column[lane] = values[0]
            self._note_lanes(lane, ended, ready)

    def close(self) -> None:  # noqa: D102
        for env in self.envs:
            with contextlib.suppress(Exception):
                env.close()

    def _in_each(self, lanes: Iterable[int], act: Callable[[int], Any]) -> list[Any]:
        lane = 0
        results = []
        started = perf_counter_ns()
        try:
            for lane in lanes:
                results.append(act(lane))
            return results
        except RequestError:
            raise
        except Exception as error:
            raise raised(error, self._name(lane)) from error
        finally:
            self.nanos = perf_counter_ns() - started
