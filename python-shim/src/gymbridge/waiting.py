"""Waiting for another thread or process: one that sleeps is woken late, one that spins takes a core's time."""

from __future__ import annotations

import os
import time
from functools import partial

# What it takes, about, to wake a thread that sleeps.
WAKE_NANOS = 40_000
_CORES = os.cpu_count() or 1
# How long to look for a request before sleeping.
SPIN_NANOS = 200_000 if _CORES > 1 else 0

give_way = getattr(os, "sched_yield", partial(time.sleep, 0))
"""Lets others have the core for a moment, if some want it. While spinning: who is waited for may need this very one."""


def spin_for(processes: int) -> int:
    """How many nanoseconds to look for the answers of so many processes that work on them before sleeping."""
    return 1_000_000 if processes < _CORES else WAKE_NANOS if _CORES > 1 else 0
