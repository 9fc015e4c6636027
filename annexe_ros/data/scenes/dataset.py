"""Generates data sets of synthetic egocentric scenes in the layout of Ego-IRGBench.

The mix: no hand in 10 % of scenes, one in 45 %, two in 45 %; 3 to 9 objects of different categories, mostly at least
two of them untouched; 85 % of hands touch an object. A scene depends on (seed, index) alone, not on how many workers
draw it, and a folder that was begun is continued. The splits of a folder share pictures, which are named after seed and
index: a seed's scenes are in one split and made in one way, which ``jobs/`` keeps.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import DatasetFormatError, SceneError
from annexe_ros.data.begun import differing, write_facts
from annexe_ros.data.ego_irgbench import SPLITS
from annexe_ros.data.scenes import IMAGE_HEIGHT, IMAGE_WIDTH
from annexe_ros.data.scenes.build import build
from annexe_ros.data.scenes.gaze import fixation
from annexe_ros.data.scenes.language import records
from annexe_ros.data.scenes.layout import arrange
from annexe_ros.data.scenes.plan import sample_plan
from annexe_ros.data.scenes.render import Renderer, Rendering
from annexe_ros.data.scenes.scene import Scene
from annexe_ros.data.scenes.sensor import HOLES_SHARE, measure_depth, photograph
from annexe_ros.data.scenes.strangers import strangers_of
from annexe_ros.data.scenes.survey import survey
from annexe_ros.data.scenes.truth import SceneTruth
from annexe_ros.data.spread import spread
from annexe_ros.data.whole import write_whole

JPEG_QUALITY = 92
_MAX_ATTEMPTS = 400
_ATTEMPTS_PER_DRAFT = 40
"""A plan that can't be arranged so often (a crowded surface, an awkward grasp) is given up for another draft."""
_SENSOR = 7
_GAZE = 11


@dataclass(frozen=True, eq=False)
class RenderedScene:
    """A finished scene: picture (H, W, 3) RGB uint8, depth (H, W) uint16 [mm], mask (H, W) uint8, and the truth."""

    image: NDArray[np.uint8]
    depth: NDArray[np.uint16]
    mask: NDArray[np.uint8]
    truth: SceneTruth


def scene_id(seed: int, index: int) -> str:
    """Return the name of a scene's files."""
    return f"S{seed:04d}_{index:06d}"


def render_scene(
    renderer: Renderer,
    seed: int,
    index: int,
    width: int,
    height: int,
    unseen: bool = False,
    depth_noise: bool | None = None,
) -> RenderedScene:
    """Return scene ``index`` of a seed; ``depth_noise`` None leaves it to chance whether the depth has faults."""
    scene, rendering, truth, rng = find_scene(renderer, seed, index, width, height, unseen)
    noisy = rng.random() < HOLES_SHARE if depth_noise is None else depth_noise
    image = photograph(rng, rendering, scene.view, scene.lighting)
    return RenderedScene(image, measure_depth(rng, rendering, noisy), rendering.mask, truth)


def find_scene(
    renderer: Renderer, seed: int, index: int, width: int, height: int, unseen: bool = False
) -> tuple[Scene, Rendering, SceneTruth, np.random.Generator]:
    """Return the first arrangement of a plan whose picture is good, and the dice for what the sensor does to it."""
    for attempt in range(1, _MAX_ATTEMPTS):
        plan = sample_plan(seed, index, unseen, draft=attempt // _ATTEMPTS_PER_DRAFT)
        scene = arrange(plan, np.random.default_rng([seed, index, attempt]), width, height)
        found = None if scene is None else _survey(renderer, scene, seed, index)
        if scene is not None and found is not None:
            return scene, *found, np.random.default_rng([seed, index, attempt, _SENSOR])
    raise SceneError(scene_id(seed, index), _MAX_ATTEMPTS)


def gaze_dice(seed: int, index: int) -> np.random.Generator:
    """Return the dice for where the wearer looks in scene ``index`` of a seed; nothing else in it hangs on them."""
    return np.random.default_rng([seed, index, _GAZE])


def _survey(renderer: Renderer, scene: Scene, seed: int, index: int) -> tuple[Rendering, SceneTruth] | None:
    built = build(scene)
    opened = renderer.open(built, scene.view)
    try:
        found = survey(opened, built, scene, scene_id(seed, index), seed)
    finally:
        opened.close()
    if found is None:
        return None
    rendering, truth = found
    return rendering, replace(truth, gaze=fixation(truth, rendering.mask, gaze_dice(seed, index)))


def generate(
    out: Path,
    count: int,
    seed: int,
    split: str,
    unseen: bool = False,
    width: int = IMAGE_WIDTH,
    height: int = IMAGE_HEIGHT,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Write scenes 0..count-1 of ``seed`` below ``out`` and return their ids; finished ones are kept as they are.

    ``progress`` is called with (done, count). ``unseen`` draws only touches that no other scene has (see ``combos``).
    Raises ``DatasetFormatError`` if ``out`` can't hold a data set, or has scenes of ``seed`` in another split or made
    in another way, and ``MissingDependencyError`` without GL.
    """
    out = Path(out)
    names = [scene_id(seed, index) for index in range(count)]
    _begin(out, split, seed, names, {"unseen": unseen, "width": width, "height": height})
    missing = [index for index, name in enumerate(names) if not _records_file(out, split, name).exists()]
    jobs = [_Job(out, split, seed, index, unseen, width, height) for index in missing]
    spread(_write_one, jobs, workers, count, progress)
    return names


def _begin(out: Path, split: str, seed: int, names: list[str], facts: dict[str, Any]) -> None:
    """Make the folders; raise ``DatasetFormatError`` where they can't be, or the seed was begun in another way."""
    instead = "choose another --seed or folder"
    having = {known for known in SPLITS for name in names if _records_file(out, known, name).exists()}
    if elsewhere := sorted(having - {split}):
        raise DatasetFormatError(out, f"has scenes of seed {seed} in split {elsewhere[0]}; {instead}")
    job = out / "jobs" / f"seed_{seed}.json"
    if job.exists() and (others := differing(job, facts)):
        raise DatasetFormatError(out, f"scenes of seed {seed} were begun with other {', '.join(others)}; {instead}")
    prepare_folder(out, f"dataset_split/{split}", "jobs")
    if not having:  # nobody knows how scenes without a job, in folders of before, were made
        write_facts(job, facts)


@dataclass(frozen=True)
class _Job:
    out: Path
    split: str
    seed: int
    index: int
    unseen: bool
    width: int
    height: int


_renderers: dict[tuple[int, int], Renderer] = {}


def _write_one(job: _Job) -> None:
    cv2.setNumThreads(1)
    size = (job.width, job.height)
    if size not in _renderers:
        _renderers[size] = Renderer(*size)
    scene = render_scene(_renderers[size], job.seed, job.index, job.width, job.height, job.unseen)
    write_scene(job.out, scene)
    write_records(job.out, job.split, scene.truth)


def prepare_folder(out: Path, *more: str) -> None:
    """Create the folders of a data set; raises ``DatasetFormatError`` if that isn't possible."""
    try:
        for folder in ("RGB", "depth", "mask", "scene", *more):
            (out / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetFormatError(out, f"can't write a data set here: {error.strerror}") from error


def write_scene(out: Path, scene: RenderedScene) -> None:
    """Write picture, depth, mask and truth of a scene, each file at once."""
    name = scene.truth.id
    bgr = cv2.cvtColor(scene.image, cv2.COLOR_RGB2BGR)
    _write_image(out / "RGB" / f"{name}.jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    _write_image(out / "depth" / f"{name}.png", scene.depth, [cv2.IMWRITE_PNG_COMPRESSION, 6])
    _write_image(out / "mask" / f"{name}.png", scene.mask, [])
    write_whole(out / "scene" / f"{name}.json", json.dumps(scene.truth.to_json()).encode())


def write_records(out: Path, split: str, truth: SceneTruth) -> None:
    """Write what can be asked and answered about a scene; with this file a scene counts as finished."""
    rng = np.random.default_rng(list(truth.id.encode()))
    written = records(truth, rng, strangers_of(split))
    write_whole(_records_file(out, split, truth.id), json.dumps(written, indent=1).encode())


def _records_file(out: Path, split: str, name: str) -> Path:
    return out / "dataset_split" / split / f"{name}.json"


def _write_image(path: Path, image: NDArray, options: list[int]) -> None:
    _, encoded = cv2.imencode(path.suffix, image, options)
    write_whole(path, encoded.tobytes())
