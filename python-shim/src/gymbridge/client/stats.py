"""Where the time of requests went: in the environment, in coding, in a queue, on the way."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from gymbridge.codec.plain_steps import server_times
from gymbridge.codec.steps import Data

# Of each kind the last so many samples are kept.
_KEPT = 4096
# The first requests are all looked at, then one of so many: a prime, so that each of several processes has its turn.
_ALL, _ONE_OF = 256, 13
_ROW = struct.Struct("=4q")
_NUMBER = struct.Struct("=q")


class _Kind:
    """Requests of one kind. Memory is taken once."""

    def __init__(self) -> None:
        self.count = self.sampled = self.coded = self.sent = self.received = 0
        self._rows = np.zeros((_KEPT, 4), np.int64)
        self._codings = np.zeros(_KEPT, np.int64)
        self._row_bytes, self._coding_bytes = self._rows.data.cast("B"), self._codings.data.cast("B")

    def add(self, total: int, data: Data, sent: int) -> None:
        if self.count < _ALL or self.count % _ONE_OF == 0:
            place = self.sampled % _KEPT * _ROW.size
            _ROW.pack_into(self._row_bytes, place, total, *server_times(data))
            self.sampled += 1
        self.count += 1
        self.sent += sent
        self.received += len(data)

    def add_coding(self, nanos: int) -> None:
        _NUMBER.pack_into(self._coding_bytes, self.coded % _KEPT * _NUMBER.size, nanos)
        self.coded += 1

    def summary(self) -> dict[str, Any]:
        total, environment, server, queue = self._rows[: self.sampled].T
        # Servers that are older only tell the environment's part.
        server = np.maximum(server, environment + queue)
        return {
            "count": self.count,
            "bytes_sent": self.sent,
            "bytes_received": self.received,
            "total_us": _times(total),
            "environment_us": _times(environment),
            "server_codec_us": _times(server - environment - queue),
            "queue_us": _times(queue),
            "wire_us": _times(np.maximum(total - server, 0)),
            "client_codec_us": _times(self._codings[: self.coded]),
        }


class RequestTimes:
    """What a session's requests took, kind by kind. Used by one thread."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def add(self, kind: str, total: int, data: Data, sent: int) -> None:
        """A request of so many bytes had this response after so many nanoseconds."""
        self._of(kind).add(total, data, sent)

    def add_coding(self, kind: str, nanos: int) -> None:
        """So long this side took to write requests and read responses, for one call."""
        self._of(kind).add_coding(nanos)

    def summary(self) -> dict[str, dict[str, Any]]:
        """For each kind count, bytes, and microseconds as mean, p50 and p99."""
        return {name: kind.summary() for name, kind in self._kinds.items() if kind.count}

    def _of(self, name: str) -> _Kind:
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kinds[name] = _Kind()
        return kind


def _times(nanos: np.ndarray[Any, Any]) -> dict[str, float]:
    if not len(nanos):
        return {"mean": 0.0, "p50": 0.0, "p99": 0.0}
    p50, p99 = np.percentile(nanos, [50, 99])
    return {"mean": float(nanos.mean()) / 1e3, "p50": float(p50) / 1e3, "p99": float(p99) / 1e3}
