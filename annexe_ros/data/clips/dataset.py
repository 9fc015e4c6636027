"""Generates folders of clips, and reads them.

Layout: ``frames/<id>.jpg`` holds a clip's frames one below the other, ``annotations/<id>.json`` what is known of it. A
clip depends on (seed, index) alone, and a folder that was begun is continued.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Hands
from annexe_ros.core.errors import DatasetFormatError, SceneError
from annexe_ros.data.clips.annotation import Box, ClipAnnotation, word
from annexe_ros.data.clips.film import RATE_HZ, film
from annexe_ros.data.clips.staging import stage
from annexe_ros.data.clips.vocabulary import deal
from annexe_ros.data.scenes.render import Renderer
from annexe_ros.data.spread import spread
from annexe_ros.data.whole import write_whole

SIZE = 112
JPEG_QUALITY = 90
_ATTEMPTS = 300


@dataclass(frozen=True, eq=False)
class RenderedClip:
    """Frames (T, S, S, 3) RGB uint8 and their annotation."""

    frames: NDArray[np.uint8]
    annotation: ClipAnnotation

    def backwards(self) -> RenderedClip:
        """Return the film shown backwards, with the annotation of what that shows."""
        return RenderedClip(self.frames[::-1], self.annotation.backwards())


def clip_id(seed: int, index: int) -> str:
    """Return the name of a clip's files."""
    return f"C{seed:04d}_{index:06d}"


def render_clip(renderer: Renderer, seed: int, index: int, size: int = SIZE) -> RenderedClip:
    """Return clip ``index`` of a seed in square pictures; raises ``SceneError`` where nothing can be arranged."""
    verb, noun = deal(seed, index)
    name = clip_id(seed, index)
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng([seed, index, attempt])
        staged = stage(rng, verb, noun, size)
        if staged is None:
            continue
        filmed = film(rng, renderer, staged)
        annotation = ClipAnnotation(
            id=name,
            verb=verb,
            noun=noun,
            side="left" if staged.hand.hand.side is Hands.LEFT else "right",
            wording=word(rng, verb, noun),
            rate_hz=RATE_HZ,
            hand_boxes=_rows(filmed.hand_boxes),
            thing_boxes=_rows(filmed.thing_boxes),
            holds=tuple(moment.holds for moment in staged.moments),
        )
        return RenderedClip(filmed.frames, annotation)
    raise SceneError(name, _ATTEMPTS)


def _rows(boxes: NDArray[np.float64]) -> tuple[Box, ...]:
    rows = boxes.round(4).tolist()
    return tuple((left, top, right, bottom) for left, top, right, bottom in rows)


def render_clips(seed: int, count: int, size: int = SIZE) -> Iterator[RenderedClip]:
    """Yield clips 0..count-1 of a seed without writing them; raises ``MissingDependencyError`` without GL."""
    renderer = open_renderer(size)
    try:
        for index in range(count):
            yield render_clip(renderer, seed, index, size)
    finally:
        renderer.close()


def generate_clips(
    out: Path,
    count: int,
    seed: int,
    size: int = SIZE,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Write clips 0..count-1 of ``seed`` below ``out`` and return their ids; finished ones are kept as they are.

    ``progress`` is called with (done, count). Raises ``DatasetFormatError`` if ``out`` can't hold clips and
    ``MissingDependencyError`` without GL.
    """
    try:
        for folder in ("frames", "annotations"):
            (out / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetFormatError(out, f"can't write clips here: {error.strerror}") from error
    names = [clip_id(seed, index) for index in range(count)]
    jobs = [_Job(out, seed, k, size) for k, name in enumerate(names) if not _annotation_file(out, name).exists()]
    spread(_write_one, jobs, workers, count, progress)
    return names


@dataclass(frozen=True)
class _Job:
    out: Path
    seed: int
    index: int
    size: int


_renderers: dict[int, Renderer] = {}


def open_renderer(size: int) -> Renderer:
    """Return a renderer that keeps to one thread: for small pictures, software GL loses more by sharing than it gains.

    The setting is Mesa's and is read when GL starts.
    """
    os.environ.setdefault("LP_NUM_THREADS", "0")
    cv2.setNumThreads(1)
    return Renderer(size, size)


def _write_one(job: _Job) -> None:
    if job.size not in _renderers:
        _renderers[job.size] = open_renderer(job.size)
    clip = render_clip(_renderers[job.size], job.seed, job.index, job.size)
    write_clip(job.out, clip)


def write_clip(out: Path, clip: RenderedClip) -> None:
    """Write a clip; with its annotation it counts as finished. Raises ``DatasetFormatError``."""
    name = clip.annotation.id
    strip = cv2.cvtColor(np.concatenate(clip.frames), cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    write_whole(out / "frames" / f"{name}.jpg", encoded.tobytes())
    write_whole(_annotation_file(out, name), json.dumps(clip.annotation.to_json()).encode())


class ClipFolder:
    """Clips on disk, in the order of their ids, read when asked for.

    Raises ``DatasetFormatError`` where there are none.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self.ids = tuple(sorted(file.stem for file in (self.root / "annotations").glob("*.json")))
        if not self.ids:
            raise DatasetFormatError(self.root, "holds no clips; 'annexe clips' makes some")

    def __len__(self) -> int:
        return len(self.ids)

    def annotation(self, place: int) -> ClipAnnotation:
        """Return what is known of the clip at a place; raises ``DatasetFormatError`` for a malformed file."""
        file = _annotation_file(self.root, self.ids[place])
        try:
            return ClipAnnotation.from_json(json.loads(file.read_text()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetFormatError(file, f"is no annotation of a clip ({error!r})") from error

    def clip(self, place: int) -> RenderedClip:
        """Return the clip at a place; raises ``DatasetFormatError``."""
        return RenderedClip(self.frames(place), self.annotation(place))

    def frames(self, place: int) -> NDArray[np.uint8]:
        """Return the frames (T, S, S, 3) RGB of the clip at a place; raises ``DatasetFormatError``."""
        file = self.root / "frames" / f"{self.ids[place]}.jpg"
        strip = cv2.imread(str(file))
        if strip is None or strip.shape[0] % strip.shape[1]:
            raise DatasetFormatError(file, "is no strip of square frames")
        side = strip.shape[1]
        return np.asarray(cv2.cvtColor(strip, cv2.COLOR_BGR2RGB), np.uint8).reshape(-1, side, side, 3)


def _annotation_file(root: Path, name: str) -> Path:
    return root / "annotations" / f"{name}.json"
