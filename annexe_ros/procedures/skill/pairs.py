"""The pair lists: two clips per line, ``<action>_<uid>_<first frame>_<last frame>``, the better one first (25 fps)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from annexe_ros.procedures.lines import bad_line, numbered_lines

ACTIONS = {
    "06": "peel", "13": "cut into chunks", "14": "cut into strips", "15": "cut into pieces", "18": "crack an egg",
    "20": "stir-fry",
}  # fmt: skip
_CLIP = re.compile(r"(\d\d)_([^_\s]+)_(\d+)_(\d+)")


@dataclass(frozen=True, order=True)
class Clip:
    """A stretch of a video at 25 frames a second, in which one of ``ACTIONS`` is done."""

    action: str
    video: str
    first_frame: int
    last_frame: int

    @property
    def name(self) -> str:
        """The clip as lists and feature files name it."""
        return f"{self.action}_{self.video}_{self.first_frame}_{self.last_frame}"

    @property
    def frames(self) -> int:
        """Length in frames."""
        return self.last_frame - self.first_frame


class Pair(NamedTuple):
    """Two clips of one action."""

    better: Clip
    worse: Clip


def read_clip(name: str) -> Clip:
    """Read a clip's name; raises ``ValueError`` with the reason."""
    match = _CLIP.fullmatch(name)
    if not match:
        raise ValueError(f"'{name}' is not '<action>_<uid>_<first frame>_<last frame>'")
    action, video, first, last = match.groups()
    if action not in ACTIONS:
        raise ValueError(f"'{name}' has the unknown action '{action}'; known are {', '.join(ACTIONS)}")
    if int(first) >= int(last):
        raise ValueError(f"'{name}' ends before it begins")
    return Clip(action, video, int(first), int(last))


def read_pairs(path: Path | str) -> list[Pair]:
    """Read a pair list; raises ``DatasetFormatError`` on the first line that isn't a pair."""
    return [_pair(path, number, line) for number, line in numbered_lines(path)]


def clip_disjoint(train: Sequence[Pair], test: Sequence[Pair]) -> list[Pair]:
    """Return the test pairs of which training saw neither clip: the published split is one of pairs, not of clips."""
    seen = {clip for pair in train for clip in pair}
    return [pair for pair in test if seen.isdisjoint(pair)]


def _pair(path: Path | str, number: int, line: str) -> Pair:
    names = line.split()
    if len(names) != 2:
        raise bad_line(path, number, "is not two names of clips")
    try:
        pair = Pair(read_clip(names[0]), read_clip(names[1]))
    except ValueError as error:
        raise bad_line(path, number, str(error)) from error
    if pair.better.action != pair.worse.action or pair.better == pair.worse:
        raise bad_line(path, number, "a pair is two different clips of one action")
    return pair
