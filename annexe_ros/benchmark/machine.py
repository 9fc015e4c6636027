"""The kind of machine that figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> str:
    """Return e.g. "2 cores of Intel Xeon, 24 GB, Linux x86_64"; what can't be found out is left out."""
    memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB"
    processor = f" of {name}" if (name := _processor()) else ""
    return f"{os.cpu_count()} cores{processor}, {memory}, {platform.system()} {platform.machine()}"


def busy_note() -> str:
    """Return a sentence about other work on the machine, where there is more of it than a core can do; else nothing."""
    load = os.getloadavg()[0]
    return f"Other work was going on (load average {load:.0f}): times are too long, ratios hold." if load > 1 else ""


def _processor() -> str:
    """Return the processor's name (Linux on a PC), or nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else ""
