"""What a session needs of its lanes, however they are stepped."""

from __future__ import annotations

import contextlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.codec.values import Array, Arrays, BatchCodec
from gymbridge.env.actions import BatchChecker
from gymbridge.errors import RequestError, failed_precondition, raised, unimplemented
from gymbridge.v1 import environment_pb2 as pb

NEXT_STEP = pb.AUTORESET_MODE_NEXT_STEP
SAME_STEP = pb.AUTORESET_MODE_SAME_STEP
DISABLED = pb.AUTORESET_MODE_DISABLED
NO_INFOS, LANE_INFOS = pb.INFO_MODE_NONE, pb.INFO_MODE_LANES


class Lanes(ABC):
    """N environments and the batch of what they last returned. Used by one thread.

    Attributes, all valid until the next call: `observations` (one column of N per leaf), and of the lanes that the last
    call was about, all or M of them, `rewards` (M numbers), `terminated` and `truncated` (M bools), `infos` and
    `final_infos` in vector form (None unless wanted), `lane_infos` the lanes' own (None unless wanted instead of
    `infos`), `final_observations` (SAME_STEP: of those that ended now), `nanos` spent inside the environments. Lanes
    are numbered from 0 here, and from `first_lane` in messages.

    What environments raise is UNKNOWN; where a reset or a step raises or returns nonsense, all lanes that it was about
    want a reset.
    """

    def __init__(
        self,
        num_envs: int,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        autoreset_mode: int,
        info_mode: int,
        first_lane: int = 0,
    ) -> None:
        self.num_envs = num_envs
        self.autoreset_mode = autoreset_mode
        self.observation_codec = BatchCodec(observation_space)
        self.action_codec = BatchCodec(action_space)
        self.observations = self.observation_codec.allocate(num_envs)
        # Lists take less time to fill than arrays; vector environments have arrays.
        self.rewards: list[float] | Array = []
        self.terminated: list[bool] | Array = []
        self.truncated: list[bool] | Array = []
        self.infos: dict[str, Any] | None = None
        self.lane_infos: list[dict[str, Any]] | None = None
        self.final_infos: dict[str, Any] | None = None
        self.final_observations: Arrays | None = None
        self.nanos = 0
        # The mask, in infos, of what all lanes have.
        self.everywhere = np.ones(num_envs, np.bool_)
        self.everywhere.flags.writeable = False
        self._info_mode = info_mode
        self._with_infos = info_mode != NO_INFOS
        self._first_lane = first_lane
        self._check_actions = BatchChecker(self.action_codec, "action", "lane", first_lane)
        self._ended = np.zeros(num_envs, np.bool_)
        self._ready = np.zeros(num_envs, np.bool_)
        self._any_ended = False
        self._all_ready = False

    @abstractmethod
    def reset(self, seeds: Sequence[int | None], mask: Array | None, options: Sequence[dict[str, Any] | None]) -> None:
        """Starts new episodes, in all lanes or where `mask` (bool (N), DISABLED only) is true.

        `seeds` and `options` have one entry per lane. A lane whose seed is None goes on with the generator it has.
        """

    @abstractmethod
    def step(self, actions: Arrays, lanes: Sequence[int] | None = None) -> Arrays:
        """Advances all lanes or these, each named once, by one step, resetting as the autoreset mode says.

        Gives their observations. Actions and all results are in the order of `lanes`. INVALID_ARGUMENT for actions
        outside their space and FAILED_PRECONDITION for lanes that want a reset: nothing is stepped.
        """

    @contextlib.contextmanager
    def without_infos(self) -> Iterator[None]:
        """Leaves infos out for a while."""
        modes = self._with_infos, self._info_mode
        self._with_infos, self._info_mode = False, NO_INFOS
        try:
            yield
        finally:
            self._with_infos, self._info_mode = modes

    @property
    def about_to_reset(self) -> Array | None:
        """bool (N), true for lanes whose episode the next step does not go on with but begins; None where none is."""
        return self._ended if self._any_ended else None

    @property
    def numbers(self) -> range:
        """The lanes' indices in the session."""
        return range(self._first_lane, self._first_lane + self.num_envs)

    @property
    def is_plain(self) -> bool:
        """Whether of the last step there is nothing but observations, rewards and flags."""
        return self.infos is None and self.lane_infos is None and self.final_observations is None

    @abstractmethod
    def render(self, lanes: Sequence[int]) -> list[Any]:
        """What the given lanes' `render` returns."""

    @abstractmethod
    def call(self, name: str, args: Sequence[Any], kwargs: dict[str, Any], lanes: Sequence[int]) -> list[Any]:
        """What the method `name` of each of the lanes' environments returns, or the attribute's value.

        INVALID_ARGUMENT where there is none, or for arguments to an attribute. The lanes stay as they are, apart from
        what the method does.
        """

    @abstractmethod
    def set_attribute(self, name: str, values: Sequence[Any]) -> None:
        """Sets an attribute of each lane's environment, to one value each."""

    def save(self, lanes: Sequence[int]) -> list[dict[str, Any]]:
        """The whole state of each of the lanes, as items have it; UNIMPLEMENTED where it cannot be had."""
        raise unimplemented("the states of a vector environment's lanes cannot be saved")

    def restore(self, lanes: Sequence[int], states: Sequence[dict[str, Any]]) -> None:
        """Puts lanes into saved states; INVALID_ARGUMENT for a state that does not fit, and no lane has changed."""
        raise unimplemented("the states of a vector environment's lanes cannot be restored")

    @abstractmethod
    def close(self) -> None:
        """Closes the environments, whatever they raise."""

    def _begin(self) -> None:
        self.infos = {} if self._with_infos and self._info_mode != LANE_INFOS else None
        self.lane_infos = [{} for _ in range(self.num_envs)] if self._info_mode == LANE_INFOS else None
        self.final_infos = None
        self.final_observations = None

    def _began(self, lanes: Any) -> None:
        """New episodes have begun in these lanes."""
        self._note_lanes(lanes, ended=False, ready=True)

    def _note_lanes(self, lanes: Any, ended: bool, ready: bool) -> None:
        self._ended[lanes] = ended
        self._ready[lanes] = ready
        self._any_ended = bool(self._ended.any())
        self._all_ready = bool(self._ready.all())

    def _check_ready(self, lanes: Sequence[int] | None = None) -> None:
        chosen = range(self.num_envs) if lanes is None else lanes
        if not self._all_ready:
            for lane in chosen:
                if not self._ready[lane]:
                    raise failed_precondition(f"lane {self._first_lane + lane} wants a reset before its next step")
        if self.autoreset_mode == DISABLED and self._any_ended:
            for lane in chosen:
                if self._ended[lane]:
                    ended = f"the episode of lane {self._first_lane + lane} has ended"
                    raise failed_precondition(f"{ended}: reset it by reset_mask before stepping")

    def _check_rewards(self, lanes: Sequence[int] | None = None) -> None:
        rewards = self.rewards
        # The sum may overflow where no reward is infinite: then they are looked at.
        if isinstance(rewards, list) and math.isfinite(sum(rewards)):
            return
        if not np.isfinite(rewards).all():
            row = int(np.argmin(np.isfinite(rewards)))
            message = f"the environment returned the reward {rewards[row]}, which is not finite"
            raise self._broken(ValueError(message), row if lanes is None else lanes[row], lanes)

    def _note_ends(self, lanes: Sequence[int] | None = None) -> None:
        if self.autoreset_mode == SAME_STEP:
            return
        if lanes is not None:
            self._ended[lanes] = np.logical_or(self.terminated, self.truncated)
            self._any_ended = bool(self._ended.any())
            return
        any_ended = True in self.terminated or True in self.truncated
        if any_ended or self._any_ended:
            np.logical_or(self.terminated, self.truncated, out=self._ended)
        self._any_ended = any_ended

    def _check_finite(self, observations: Arrays, lanes: Sequence[int] | None = None) -> None:
        found = self.observation_codec.not_finite(observations)
        if found is not None:
            row, path, problem = found
            message = f"the environment returned an observation that is not finite: {path}{problem}"
            raise self._broken(ValueError(message), row if lanes is None else lanes[row], lanes)

    def _broken(self, error: Exception, lane: int | None = None, lanes: Sequence[int] | None = None) -> RequestError:
        self._ready[slice(None) if lanes is None else lanes] = self._all_ready = False
        return raised(error, self._name(lane))

    def _name(self, lane: int | None) -> str:
        return "" if lane is None else f" (lane {self._first_lane + lane})"
