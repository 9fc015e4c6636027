"""Generated procedures: films of several clips' actions in a row, as recordings with ``steps.json``.

Making tea has seven steps. Which comes when is partly free, and some are left out, so that what comes next can be
foreseen but not known. Each action is filmed on a stage of its own: the film is cut, as instructional films are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError, SceneError
from annexe_ros.core.procedure import TimedStep
from annexe_ros.data.clips.dataset import JPEG_QUALITY, SIZE, open_renderer
from annexe_ros.data.clips.film import RATE_HZ, film
from annexe_ros.data.clips.motion import FRAMES
from annexe_ros.data.clips.staging import stage
from annexe_ros.data.recording import DEFAULT_FRAME_ID, write_index
from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.render import Renderer
from annexe_ros.data.timed_steps import STEPS_NAME, write_steps
from annexe_ros.data.whole import write_whole

ACTIONS = (
    ("open the cabinet", "open", "storage furniture"),
    ("take the mug", "pick up", "mug"),
    ("take the kettle", "pick up", "kettle"),
    ("pour from the kettle", "pour", "kettle"),
    ("put the kettle down", "put down", "kettle"),
    ("shake the bottle", "shake", "bottle"),
    ("close the cabinet", "close", "storage furniture"),
)
"""Label, verb and noun of steps 1 to 7."""
CLIP_S = FRAMES / RATE_HZ
_ATTEMPTS = 300
_MAX_CLIPS = 2

Frames = NDArray[np.uint8]


def order(rng: Generator) -> list[int]:
    """Return the steps of one procedure: mug and kettle in either order, the bottle in three of five."""
    vessels = [2, 3] if rng.random() < 0.5 else [3, 2]
    return [1, *vessels, 4, 5, *([6] if rng.random() < 0.6 else []), 7]


def render_action(renderer: Renderer, step_id: int, key: tuple[int, ...], size: int = SIZE) -> Frames:
    """Return the frames (T, S, S, 3) RGB of a step; ``key`` decides them. Raises ``SceneError``."""
    label, verb, noun = ACTIONS[step_id - 1]
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng([*key, step_id, attempt])
        staged = stage(rng, verb, noun, size)
        if staged is not None:
            return film(rng, renderer, staged).frames
    raise SceneError(label, _ATTEMPTS)


class ActionPool:
    """Rendered actions, each made when it is first asked for; a film takes each step from a few takes."""

    def __init__(self, seed: int, takes: int, size: int = SIZE) -> None:
        self._seed, self._takes, self._size = seed, takes, size
        self._renderer = open_renderer(size)
        self._made: dict[tuple[int, int], Frames] = {}

    def draw(self, step_id: int, rng: Generator) -> Frames:
        """Return one take of a step."""
        key = (step_id, int(rng.integers(self._takes)))
        if key not in self._made:
            self._made[key] = render_action(self._renderer, step_id, (self._seed, key[1]), self._size)
        return self._made[key]

    def close(self) -> None:
        """Give the renderer back."""
        self._renderer.close()


def generate_procedures(
    out: Path,
    count: int,
    seed: int,
    takes: int = 6,
    size: int = SIZE,
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Write procedures 0..count-1 of a seed as recordings below ``out`` and return their names.

    Finished ones are kept. ``takes`` bounds how many clips are rendered per step: films share them. Raises
    ``DatasetFormatError`` if ``out`` can't hold them and, if any is missing, ``MissingDependencyError`` without GL.
    """
    names = [f"tea_{seed:04d}_{index:03d}" for index in range(count)]
    missing = [name for name in names if not (out / name / STEPS_NAME).is_file()]
    if not missing:
        return names
    pool = ActionPool(seed, takes, size)
    try:
        for done, name in enumerate(names, start=1):
            if name in missing:
                _write(out / name, pool, np.random.default_rng([seed, done]))
            if progress is not None:
                progress(done, count)
    finally:
        pool.close()
    return names


def _write(folder: Path, pool: ActionPool, rng: Generator) -> None:
    """Write one film; with its steps it counts as finished."""
    try:
        (folder / "RGB").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetFormatError(folder, f"can't write a procedure here: {error.strerror}") from error
    steps, stamps = list[TimedStep](), dict[str, int]()
    for step_id, clips in _acted(pool, rng):
        start_s = steps[-1].end_s if steps else 0.0
        steps.append(TimedStep(step_id, ACTIONS[step_id - 1][0], start_s, start_s + CLIP_S * len(clips)))
        for picture in np.concatenate(clips):
            name = f"{len(stamps):06d}"
            stamps[name] = round(len(stamps) / RATE_HZ * 1e9)
            _, encoded = cv2.imencode(
                ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
            )
            write_whole(folder / "RGB" / f"{name}.jpg", encoded.tobytes())
    write_index(folder, DEFAULT_FRAME_ID, None, stamps)
    write_steps(folder, steps)


def _acted(pool: ActionPool, rng: Generator) -> Iterator[tuple[int, list[Frames]]]:
    """Yield each step and the clips that show it, one after the other."""
    for step_id in order(rng):
        yield step_id, [pool.draw(step_id, rng) for _ in range(int(rng.integers(1, _MAX_CLIPS + 1)))]
