"""Lanes that a vector environment has by itself: NumPy ones, EnvPool's, Gymnasium's own."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from time import perf_counter_ns
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from gymbridge.codec.values import Array, Arrays
from gymbridge.env.lanes import DISABLED, NEXT_STEP, SAME_STEP, Lanes
from gymbridge.errors import RequestError, invalid_argument, raised, unimplemented

_MODES = {AutoresetMode.NEXT_STEP: NEXT_STEP, AutoresetMode.SAME_STEP: SAME_STEP, AutoresetMode.DISABLED: DISABLED}


class VectorLanes(Lanes):
    """A vector environment, whose own batches are passed on.

    `env` is a `gymnasium.vector.VectorEnv` or looks like one. EnvPool's, which call the spaces of one lane just
    observation_space and action_space and know their number by `len`, do too.
    """

    def __init__(self, env: Any, info_mode: int) -> None:
        self.env = env
        self.observation_space = getattr(env, "single_observation_space", None) or env.observation_space
        self.action_space = getattr(env, "single_action_space", None) or env.action_space
        num_envs = int(env.num_envs if hasattr(env, "num_envs") else len(env))
        mode = (getattr(env, "metadata", None) or {}).get("autoreset_mode") or AutoresetMode.NEXT_STEP
        super().__init__(num_envs, self.observation_space, self.action_space, _MODES[AutoresetMode(mode)], info_mode)
        sampled = copy.deepcopy(self.action_space)
        sampled.seed(0)
        # Stands for the actions of lanes about to reset, which may be anything: the environment may check them.
        self._any_action = sampled.sample()

    def reset(  # noqa: D102
        self, seeds: Sequence[int | None], mask: Array | None, options: Sequence[dict[str, Any] | None]
    ) -> None:
        if any(other is not options[0] for other in options):
            raise unimplemented("a vector environment takes the same options for all lanes, not lane_options")
        merged = options[0]
        if mask is not None and not mask.all():
            if self.autoreset_mode != DISABLED:
                raise invalid_argument("a partial reset needs a session in AUTORESET_MODE_DISABLED")
            if not mask.any():
                self._begin()
                return
            merged = {**(options[0] or {}), "reset_mask": mask}
        else:
            mask = np.ones(self.num_envs, np.bool_)
        self._begin()
        started = perf_counter_ns()
        try:
            observations, infos = self.env.reset(seed=_seed(seeds), options=merged)
            self._take(observations)
        except Exception as error:
            raise self._broken(error) from error
        finally:
            self.nanos = perf_counter_ns() - started
        self._began(mask)
        self.infos = dict(infos) if self._with_infos else None
        self._check_finite(self.observations)

    def step(self, actions: Arrays, lanes: Sequence[int] | None = None) -> Arrays:  # noqa: D102
        if lanes is not None:
            raise unimplemented("a vector environment steps all of its lanes at once: leave `lanes` empty")
        self._check_ready()
        self._check_actions(actions, self._ended if self._any_ended else None)
        for lane in np.flatnonzero(self._ended).tolist() if self._any_ended else ():
            self.action_codec.write(actions, lane, self._any_action)
        self._begin()
        started = perf_counter_ns()
        try:
            batch = self.action_codec.value(actions, slice(None))
            observations, rewards, terminated, truncated, infos = self.env.step(batch)
            self._take(observations)
            self.rewards = _per_lane(rewards, self.num_envs, "rewards").astype(np.float64)
            self.terminated = _per_lane(terminated, self.num_envs, "terminations").astype(np.bool_)
            self.truncated = _per_lane(truncated, self.num_envs, "truncations").astype(np.bool_)
            self._take_infos(dict(infos))
        except Exception as error:
            raise self._broken(error) from error
        finally:
            self.nanos = perf_counter_ns() - started
        self._check_rewards()
        self._check_finite(self.observations)
        self._note_ends()
        return self.observations

    def _take(self, observations: Any) -> None:
        n, self.observations = self.observation_codec.unstack(observations)
        if n != self.num_envs:
            raise ValueError(f"the vector environment returned {n} observations, expected {self.num_envs}")

    def _take_infos(self, infos: dict[str, Any]) -> None:
        if self.autoreset_mode == SAME_STEP:
            final, final_infos = infos.pop("final_obs", None), infos.pop("final_info", None)
            infos.pop("_final_obs", None)
            infos.pop("_final_info", None)
            ended = np.flatnonzero(np.logical_or(self.terminated, self.truncated)).tolist()
            if ended:
                if final is None:
                    raise ValueError(f"lane {ended[0]} has ended, and the vector environment returned no final_obs")
                self.final_observations = self.observation_codec.stack([_row(final, lane) for lane in ended])
                found = self.observation_codec.not_finite(self.final_observations)
                if found is not None:
                    raise ValueError(f"the environment returned a final_obs that is not finite: {found[1]}{found[2]}")
                if self._with_infos:
                    self.final_infos = dict(final_infos or {})
        self.infos = infos if self._with_infos else None

    def render(self, lanes: Sequence[int]) -> list[Any]:  # noqa: D102
        frames = self._act(self.env.render)
        if not isinstance(frames, (list, tuple, np.ndarray)) or len(frames) != self.num_envs:
            raise unimplemented("the vector environment's render does not return one frame per lane")
        return [frames[lane] for lane in lanes]

    def call(  # noqa: D102
        self, name: str, args: Sequence[Any], kwargs: dict[str, Any], lanes: Sequence[int]
    ) -> list[Any]:
        if not hasattr(self.env, "call"):
            raise unimplemented(f"{type(self.env).__name__} has no `call` for its lanes' methods and attributes")
        if list(lanes) != list(range(self.num_envs)):
            raise unimplemented("a vector environment's call goes to all lanes: leave `lanes` empty")
        return list(self._act(lambda: self.env.call(name, *args, **kwargs)))

    def set_attribute(self, name: str, values: Sequence[Any]) -> None:  # noqa: D102
        if not hasattr(self.env, "set_attr"):
            raise unimplemented(f"{type(self.env).__name__} has no `set_attr` for its lanes' attributes")
        self._act(lambda: self.env.set_attr(name, list(values)))

    def close(self) -> None:  # noqa: D102
        with contextlib.suppress(Exception):
            self.env.close()

    def _act(self, act: Any) -> Any:
        started = perf_counter_ns()
        try:
            return act()
        except RequestError:
            raise
        except Exception as error:
            raise raised(error) from error
        finally:
            self.nanos = perf_counter_ns() - started


def _seed(seeds: Sequence[int | None]) -> int | list[int | None] | None:
    """As vector environments take them: none, the first of consecutive ones, or a list, which not all can do with."""
    first = seeds[0]
    if first is None:
        return None if all(seed is None for seed in seeds) else list(seeds)
    return first if list(seeds) == list(range(first, first + len(seeds))) else list(seeds)


def _per_lane(values: Any, n: int, what: str) -> Array:
    array = np.asarray(values)
    if array.shape != (n,):
        raise ValueError(f"the vector environment returned {what} of shape {array.shape}, expected ({n},)")
    return array


def _row(final: Any, lane: int) -> Any:
    if isinstance(final, dict):
        return {key: _row(part, lane) for key, part in final.items()}
    if isinstance(final, tuple):
        return tuple(_row(part, lane) for part in final)
    return final[lane]
