"""Messages in a ring of memory: one side writes records, the other reads them, each moves a position of its own.

On x86-64 stores are seen in their order. Elsewhere a lock that nobody else wants keeps them apart: a record is in
memory before the position that tells of it, and a position is read before the record.

A reader that looks for records by itself says so in a word of its own, and the writer then leaves the bell alone. Who
wants to sleep takes the word back first and looks once more. For that a store must be seen before what is read after
it: on x86-64 a lock sees to it. Elsewhere nobody can say what Python's locks do, and the bell is rung each time.
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Sequence

from gymbridge.codec.steps import Data
from gymbridge.memory.segment import Segment

_SKIP = (1 << 64) - 1
_STORES_ARE_ORDERED = platform.machine() in ("x86_64", "AMD64")
_fence = threading.Lock()


class RingBroken(Exception):
    """The other side wrote something that is no position or no record; the message says what."""


class RingWriter:
    """Writes records into a ring whose position is the word `written`, while the reader's is `read`.

    The reader looks by itself while the word `looks` is not 0.
    """

    def __init__(self, segment: Segment, ring: tuple[int, int], written: int, read: int, looks: int) -> None:
        self._memory = segment.memory
        self._words = segment.words
        self._start, self._size = ring
        self._written_at, self._read_at, self._looks_at = written, read, looks
        # The word is for the other side; what it says is not asked again.
        self.written = 0

    def place(self, length: int) -> int:
        """Where, counted from the beginning, a record of so many bytes would end, or 0 where there is no room for it.

        Raises RingBroken for a position of the reader that cannot be.
        """
        read, written, size = self._words[self._read_at], self.written, self._size
        if read & 7 or not 0 <= written - read <= size:
            raise RingBroken(f"position {read} of the reader, {written} are written into a ring of {size} bytes")
        needed = 8 + (length + 7 & -8)
        rest = size - written % size
        end = written + needed if needed <= rest else written + rest + needed
        return end if end - read <= size else 0

    def write(self, parts: Sequence[Data], length: int, end: int) -> int:
        """Writes a record of `length` bytes, which `place` lets end there; the message's offset in memory."""
        padded = length + 7 & -8
        written, size = self.written, self._size
        if end - written != padded + 8:
            self._words[self._start + written % size >> 3] = _SKIP
        at = self._start + 8 + (end - padded - 8) % size
        self._words[at - 8 >> 3] = length
        if padded != length:
            # The last word, of which the message then writes its part.
            self._words[at + padded - 8 >> 3] = 0
        to = at
        for part in parts:
            self._memory[to : to + len(part)] = part
            to += len(part)
        self.written = end
        if not _STORES_ARE_ORDERED:
            with _fence:
                pass
        self._words[self._written_at] = end
        return at

    @property
    def wants_bell(self) -> bool:
        """Whether the reader may be asleep, and not see what was written."""
        if not _STORES_ARE_ORDERED:
            return True
        with _fence:
            pass
        return self._words[self._looks_at] == 0


class RingReader:
    """Reads records from a ring whose position is the word `read`, while the writer's is `written`.

    The word `looks` tells the writer whether this side looks by itself.
    """

    def __init__(self, segment: Segment, ring: tuple[int, int], written: int, read: int, looks: int) -> None:
        self._words = segment.words
        self._start, self._size = ring
        self._written_at, self._read_at, self._looks_at = written, read, looks
        self._looks = False
        self._next = 0
        self._released = 0

    def find(self) -> tuple[int, int] | None:
        """Where the next record's message begins and ends in the segment's memory; None where there is none yet.

        Raises RingBroken for a position or a length that cannot be.
        """
        written = self._words[self._written_at]
        position = self._next
        if written == position:
            return None
        if not _STORES_ARE_ORDERED:
            with _fence:
                pass
        size = self._size
        if written & 7 or not position < written <= self._released + size:
            raise RingBroken(f"position {written} of the writer, {self._released} are read of a ring of {size} bytes")
        offset = position % size
        length = self._words[self._start + offset >> 3]
        if length == _SKIP:
            position += size - offset
            offset = 0
            if position == written:
                return None
            length = self._words[self._start >> 3]
        after = position + 8 + (length + 7 & -8)
        if after > written or offset + 8 + length > size:
            raise RingBroken(f"a record of {length} bytes at position {position}, {written} are written")
        self._next = after
        at = self._start + offset + 8
        return at, at + length

    def has_more(self) -> bool:
        """Whether the writer has moved on; whether `find` likes what it wrote is another matter."""
        return self._words[self._written_at] != self._next

    def look(self) -> None:
        """From now on this side looks by itself."""
        if not self._looks and _STORES_ARE_ORDERED:
            self._looks = True
            self._words[self._looks_at] = 1

    def rest(self) -> bool:
        """From now on the bell has to be rung; whether there is something that was written before."""
        if self._looks:
            self._looks = False
            self._words[self._looks_at] = 0
            with _fence:
                pass
        return self.has_more()

    def release(self) -> None:
        """Gives what was found back to the writer."""
        self._released = self._next
        self._words[self._read_at] = self._next
