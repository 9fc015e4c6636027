"""Films one scene with a slowly moving head camera: a recording as ``annexe_ros.data.recording`` reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from annexe_ros.data.recording import DEFAULT_FRAME_ID, write_index
from annexe_ros.data.scenes import IMAGE_HEIGHT, IMAGE_WIDTH
from annexe_ros.data.scenes.build import build
from annexe_ros.data.scenes.dataset import (
    RenderedScene,
    find_scene,
    gaze_dice,
    prepare_folder,
    scene_id,
    write_scene,
)
from annexe_ros.data.scenes.gaze import fixation
from annexe_ros.data.scenes.render import Renderer
from annexe_ros.data.scenes.sensor import measure_depth, photograph
from annexe_ros.data.scenes.survey import take_stock
from annexe_ros.data.scenes.viewpoint import Viewpoint

_SWAY_M = (0.035, 0.015, 0.025)
_SWAY_DEGREES = (2.0, 3.0, 1.0)
_SWAYS_PER_SECOND = (0.10, 0.13, 0.17)


def render_sequence(
    seed: int, index: int, seconds: float, rate_hz: float, width: int = IMAGE_WIDTH, height: int = IMAGE_HEIGHT
) -> Iterator[RenderedScene]:
    """Yield the frames of scene ``index`` of ``seed``, the head swaying a few centimetres and degrees.

    Depth is without noise. The first frame is the generator's own view of that scene.
    """
    renderer = Renderer(width, height)
    scene, _, _, _ = find_scene(renderer, seed, index, width, height)
    built = build(scene)
    opened = renderer.open(built, scene.view)
    try:
        for frame in range(round(seconds * rate_hz)):
            view = sway(scene.view, frame / rate_hz)
            opened.view = view
            rendering = opened.render(sun_alone=scene.lighting.stripes is not None)
            name = f"{scene_id(seed, index)}_{frame:04d}"
            truth = take_stock(opened, built, replace(scene, view=view), rendering.mask, name, seed)
            truth = replace(truth, gaze=fixation(truth, rendering.mask, gaze_dice(seed, index)))
            rng = np.random.default_rng([seed, index])
            image = photograph(rng, rendering, view, scene.lighting)
            yield RenderedScene(image, measure_depth(rng, rendering, noisy=False), rendering.mask, truth)
    finally:
        opened.close()
        renderer.close()


def sway(view: Viewpoint, seconds: float) -> Viewpoint:
    """Return the view of a head that has swayed for some seconds; at 0 s it is the view itself."""
    phase = np.sin(2 * np.pi * np.array(_SWAYS_PER_SECOND) * seconds)
    turn = Rotation.from_rotvec(np.radians(np.array(_SWAY_DEGREES) * phase))
    return replace(
        view,
        position=view.position + view.rotation @ (np.array(_SWAY_M) * phase),
        rotation=view.rotation @ turn.as_matrix(),
    )


def write_recording(
    out: Path,
    seed: int,
    index: int,
    seconds: float,
    rate_hz: float,
    width: int = IMAGE_WIDTH,
    height: int = IMAGE_HEIGHT,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a recording with masks and truth to ``out``; raises what ``generate`` raises."""
    prepare_folder(out)
    stamps, camera = dict[str, int](), None
    for k, frame in enumerate(render_sequence(seed, index, seconds, rate_hz, width, height)):
        write_scene(out, frame)
        stamps[frame.truth.id] = round(k / rate_hz * 1e9)
        camera = frame.truth.camera
        if progress is not None:
            progress(k + 1, round(seconds * rate_hz))
    write_index(out, DEFAULT_FRAME_ID, camera, stamps)
