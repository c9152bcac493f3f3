"""Steps of some lanes at a time: which are under way, and what becomes of those whose process was lost."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Sequence

from gymnasium.error import AlreadyPendingCallError, NoAsyncCallError

from gymbridge.client.errors import RemoteError, WorkerLost
from gymbridge.client.gathering import Gatherer, Part
from gymbridge.client.session import Session
from gymbridge.client.shard_stream import ShardStream, wait_for_any
from gymbridge.codec.values import Arrays, BatchCodec
from gymbridge.v1 import environment_pb2 as pb

_STEP_LANES = "step_lanes"


class Stepping:
    """Sends steps and receives what came of them; a lane has at most one under way. Used by one thread.

    Where losses are marked, lanes of a lost process begin new episodes. Each is told of once: where its step was under
    way, by that step; otherwise by its next one, which then takes no action.
    """

    def __init__(self, session: Session, gatherer: Gatherer, actions: BatchCodec, marks_losses: bool) -> None:
        self._session = session
        self._gatherer = gatherer
        self._actions = actions
        self._marks_losses = marks_losses
        self._under_way: dict[ShardStream, deque[Sequence[int]]] = {}
        self._lanes: set[int] = set()
        # Answered, and not received yet.
        self._answered: list[Part] = []
        # First observations of lanes whose loss was not told yet.
        self._untold: dict[int, Part] = {}

    @property
    def has_untold_losses(self) -> bool:
        """Whether some lanes have begun new episodes of which no step has told."""
        return bool(self._untold)

    @property
    def is_idle(self) -> bool:
        """Whether no step is under way, and there is nothing of which no step has told."""
        return not self._lanes and not self._untold

    def require_idle(self, name: str) -> None:
        """AlreadyPendingCallError where a step is under way, or not received yet."""
        if self._lanes:
            raise AlreadyPendingCallError(
                f"{name}() while steps of {len(self._lanes)} lanes are under way: recv() them first", name
            )

    def send(self, lanes: Sequence[int], actions: Arrays) -> None:
        """Has lanes step, each with its row of the actions."""
        for lane in lanes:
            if lane in self._lanes:
                raise AlreadyPendingCallError(f"a step of lane {lane} is under way already: recv() it first", "send")
        shards = self._session.require()
        requests = []
        told: list[Part] = []
        for shard in shards:
            rows = [row for row, lane in enumerate(lanes) if lane in shard.lanes]
            untold = [lanes[row] for row in rows if lanes[row] in self._untold]
            if untold:
                told.append(self._gatherer.some(self._untold[untold[0]], untold))
                rows = [row for row in rows if lanes[row] not in self._untold]
            if rows:
                stepped, message = self._request(shard, lanes, rows, actions)
                if not self._marks_losses:
                    # No lane moves while others are lost.
                    shard.raise_if_lost(message)
                requests.append((shard, stepped, message))
        try:
            for shard, stepped, message in requests:
                shard.begin(message)
                self._under_way.setdefault(shard, deque()).append(stepped)
        except BaseException:
            self.forget()
            raise
        self._lanes.update(lanes)
        self._answered += told
        for part in told:
            self.tell(part.lanes)

    def receive(self, minimum: int | None = None) -> list[Part]:
        """What came of steps, once it is of so many lanes or more; None: of all that are under way.

        Each part is what one `send` asked of one shard, or the lanes of it that were lost. An error of one of them is
        raised, and the others are for the next call.
        """
        if not self._lanes:
            raise NoAsyncCallError("recv() with nothing under way: send() actions first", "recv")
        wanted = len(self._lanes) if minimum is None else minimum
        if not 0 < wanted <= len(self._lanes):
            raise ValueError(f"got minimum={wanted}, expected 1 to {len(self._lanes)}, the lanes under way")
        try:
            while sum(part.num_envs for part in self._answered) < wanted:
                for shard in wait_for_any(list(self._under_way)):
                    self._take(shard)
        except RemoteError:
            raise
        except BaseException:
            self.forget()
            raise
        parts, self._answered = self._answered, []
        for part in parts:
            self._lanes.difference_update(part.lanes)
        return parts

    def drain(self) -> None:
        """Waits for what is under way, whatever comes of it, and forgets it."""
        try:
            for shard, asked in self._under_way.items():
                for _ in asked:
                    with contextlib.suppress(RemoteError):
                        shard.end()
        finally:
            self.forget()

    def forget(self) -> None:
        """Gives up what is under way."""
        for shard in self._under_way:
            shard.abandon()
        self._under_way.clear()
        self._lanes.clear()
        self._answered.clear()

    def tell(self, lanes: Sequence[int]) -> None:
        """The caller knows that these lanes begin a new episode."""
        for lane in lanes:
            self._untold.pop(lane, None)

    def _request(
        self, shard: ShardStream, lanes: Sequence[int], rows: list[int], actions: Arrays
    ) -> tuple[Sequence[int], pb.InteractRequest]:
        message = pb.InteractRequest()
        stepped: Sequence[int]
        if len(rows) == len(shard.lanes):
            rows.sort(key=lambda row: lanes[row])
            stepped = shard.lanes
        else:
            if _STEP_LANES not in self._session.opened.capabilities:
                raise ValueError(
                    f"the server steps whole processes only: name all lanes from {shard.lanes[0]} to "
                    f"{shard.lanes[-1]} or none of them"
                )
            stepped = [lanes[row] for row in rows]
            message.step.lanes.extend([lane - shard.lanes[0] for lane in stepped])
        self._actions.fill(message.step.actions, self._actions.take(actions, rows))
        return stepped, message

    def _take(self, shard: ShardStream) -> None:
        """Ends the oldest step of a shard."""
        asked = self._under_way[shard]
        lanes = asked.popleft()
        if not asked:
            del self._under_way[shard]
        try:
            self._answered.append(self._gatherer.step(lanes, shard.end_data()))
        except WorkerLost as error:
            self._lanes.difference_update(lanes)
            if not self._marks_losses:
                raise
            together = [lanes, *self._under_way.pop(shard, ())]
            for _ in together[1:]:
                with contextlib.suppress(WorkerLost):
                    shard.end()
            self._revive(shard, error.cause, together)
        except RemoteError:
            self._lanes.difference_update(lanes)
            raise

    def _revive(self, shard: ShardStream, loss: str, together: list[Sequence[int]]) -> None:
        """Begins episodes in the lanes that took the lost ones' place; those whose step was under way are answered."""
        for lanes in together:
            self._lanes.difference_update(lanes)
        fresh = self.revive(shard, loss)
        self._untold.update(dict.fromkeys(shard.lanes, fresh))
        for lanes in together:
            self._answered.append(self._gatherer.some(fresh, lanes))
            self._lanes.update(lanes)
            self.tell(lanes)

    def revive(self, shard: ShardStream, loss: str) -> Part:
        """Begins episodes in the lanes that took a lost shard's place."""
        response = shard.ask(pb.InteractRequest(reset=pb.ResetRequest()))
        shard.take_loss()
        return self._gatherer.reset(shard.lanes, response.reset, loss)
