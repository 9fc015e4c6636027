"""Generated clips one after the other, as a camera would show them: with pauses, so that no window spans two."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annexe_ros.data.clips.dataset import ClipFolder
from annexe_ros.data.timeline import Timeline

PAUSE_NS = 1_000_000_000
NANOSECONDS = 1_000_000_000


class ClipReel:
    """The clips of a folder in their order.

    Attributes:
        timeline: when each frame of each clip is shown.
    """

    def __init__(self, clips: ClipFolder) -> None:
        """Lay the clips out in time; raises ``DatasetFormatError`` for a malformed one."""
        self._clips = clips
        self._places: list[tuple[int, int]] = []
        stamps, begin_ns = [], 0
        for place in range(len(clips)):
            annotation = clips.annotation(place)
            times = [begin_ns + round(k * NANOSECONDS / annotation.rate_hz) for k in range(len(annotation.holds))]
            self._places += [(place, number) for number in range(len(times))]
            stamps += times
            begin_ns = times[-1] + PAUSE_NS
        self.timeline = Timeline(tuple(stamps))
        self._frames = lru_cache(maxsize=1)(clips.frames)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Return a frame (S, S, 3) RGB; raises ``DatasetFormatError``."""
        place, number = self._places[index]
        return self._frames(place)[number]


def is_clip_folder(path: Path | str) -> bool:
    """Tell whether a folder is one that ``generate_clips`` wrote."""
    return all((Path(path) / name).is_dir() for name in ("annotations", "frames"))
