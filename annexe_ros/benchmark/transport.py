"""How many images arrive, and how late: what is measured for each kind of image stream, and what must hold.

Streams of rgb8 images between two processes on one machine. Who sends and receives isn't known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from rich.table import Table

RATE_HZ = 30.0
SIZES = ((640, 480), (1280, 720), (1920, 1080))
RELIABILITIES = ("best_effort", "reliable")
DEFAULT, PROFILE = "default", "profile"
TRANSPORTS = (DEFAULT, PROFILE)

LEAST_SHARE = 0.99
"""Share of 1280x720 images that arrive best effort, with the profile."""


@dataclass(frozen=True)
class ImageStream:
    """One kind of image stream.

    Attributes:
        transport: Fast DDS as it is (``default``) or with ``config/fastdds.xml`` (``profile``).
        reliability: quality of service of both ends, ``best_effort`` or ``reliable``.
        width, height: of the images [pixels].
    """

    transport: str
    reliability: str
    width: int
    height: int


STREAMS = tuple(
    ImageStream(transport, reliability, *size)
    for size, reliability, transport in product(SIZES, RELIABILITIES, TRANSPORTS)
)


@dataclass(frozen=True)
class TransportRun(ImageStream):
    """What became of a stream.

    Attributes:
        sent, received: numbers of images.
        median_ms, p99_ms: time from stamp to callback of those received [ms]; None when there are none.
    """

    sent: int
    received: int
    median_ms: float | None
    p99_ms: float | None


def transport_run(stream: ImageStream, sent: int, latencies_ms: Sequence[float]) -> TransportRun:
    """Return what became of a stream of ``sent`` images, from the latencies of those received [ms]."""
    median, p99 = (float(value) for value in np.percentile(latencies_ms, [50, 99])) if latencies_ms else (None, None)
    return TransportRun(**vars(stream), sent=sent, received=len(latencies_ms), median_ms=median, p99_ms=p99)


def images_arrive(runs: Iterable[TransportRun]) -> bool:
    """Say whether every 1280x720 best-effort stream with the profile was measured and nearly all of it arrived."""
    decisive = [
        run.received >= LEAST_SHARE * run.sent > 0
        for run in runs
        if (run.transport, run.reliability, run.width, run.height) == (PROFILE, RELIABILITIES[0], *SIZES[1])
    ]
    return bool(decisive) and all(decisive)


def transport_table(runs: Iterable[TransportRun]) -> Table:
    """Return the runs as a table for people."""
    table = Table(title=f"rgb8 images at {RATE_HZ:g} Hz between two processes")
    for heading in ("size", "reliability", "transport", "received", "median [ms]", "p99 [ms]"):
        table.add_column(heading, justify="left" if heading in ("reliability", "transport") else "right")
    for run in runs:
        table.add_row(*transport_cells(run))
    return table


def transport_cells(run: TransportRun) -> list[str]:
    """Return a run as the cells of a table's row."""
    times = [f"{value:.1f}" if value is not None else "-" for value in (run.median_ms, run.p99_ms)]
    received = f"{run.received} of {run.sent}"
    return [f"{run.width}x{run.height}", run.reliability.replace("_", " "), run.transport, received, *times]
