"""Waiting for another thread or process: one that sleeps is woken late, one that spins takes a core's time."""

from __future__ import annotations

import os
import time
from functools import partial

# What it takes, about, to wake a thread that sleeps.
WAKE_NANOS = 40_000
# How long to look for an answer or a request before sleeping.
SPIN_NANOS = 200_000 if (os.cpu_count() or 1) > 1 else 0

give_way = getattr(os, "sched_yield", partial(time.sleep, 0))
"""Lets others have the core for a moment, if some want it. While spinning: who is waited for may need this very one."""
