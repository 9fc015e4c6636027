"""``annexe event-benchmark``: whether descriptions tell the right verb once they hear of motion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from annexe_ros.cli.engine import DEFAULT_ENGINE, EngineOption, ModelOption, open_engine
from annexe_ros.cli.terminal import JsonFlag, print_json, progress_bar, working
from annexe_ros.cli.video_benchmark import DEFAULT_ENCODER

if TYPE_CHECKING:
    from annexe_ros.data.clips.dataset import RenderedClip

SIZE = 224


def event_benchmark(
    count: Annotated[int, typer.Option(min=1, help="Number of clips.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of the clips.")] = 0,
    data: Annotated[Path | None, typer.Option(help="Folder of 'annexe clips', in place of fresh ones.")] = None,
    encoder: Annotated[str, typer.Option(help="Folder or name of a clip encoder.")] = DEFAULT_ENCODER,
    min_margin: Annotated[float, typer.Option(min=0.0, help="Below it the recognizer abstains.")] = 0.05,
    engine: EngineOption = DEFAULT_ENGINE,
    model: ModelOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Describe the last image of generated clips, alone and with the event recognised in the whole clip.

    right: the description tells the clip's verb; wrong: it tells another. still: an event of the last image alone,
    early, late: of windows half a second beside the film.
    """
    with working():
        from annexe_ros.inference.resolve import resolve_model
        from annexe_ros.video.benchmarks.descriptions import figures, generated_prompts, look
        from annexe_ros.video.encoder import ClipEncoder
        from annexe_ros.video.recognition import Recogniser

        clip_encoder = ClipEncoder.load(resolve_model(encoder))
        recogniser = Recogniser(clip_encoder, generated_prompts())
        interpreter = open_engine(engine, model, "cpu")
        seen = []
        with progress_bar("clips") as follow:
            for done, clip in enumerate(_clips(data, count, seed), start=1):
                seen.append(look(clip_encoder, recogniser, interpreter, clip))
                follow(done, count)
        found = figures(seen, min_margin)
    if as_json:
        print_json(found)
    else:
        typer.echo("\n".join(_lines(found)))


def _clips(data: Path | None, count: int, seed: int) -> Iterator[RenderedClip]:
    """Yield the first clips of a folder, or fresh ones."""
    from annexe_ros.data.clips.dataset import ClipFolder, RenderedClip, render_clips

    if data is None:
        yield from render_clips(seed, count, SIZE)
        return
    folder = ClipFolder(data)
    for place in range(min(count, len(folder))):
        yield RenderedClip(folder.frames(place), folder.annotation(place))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['n']} clips, margin {found['min_margin']}: verb right, another told"
    for name in ("alone", "motion", "still", "early", "late"):
        yield f"{name}: {found[name]['right']:.3f}, {found[name]['wrong']:.3f}"
    yield f"in place of 'holds' or 'touches': {found['in_place']:.3f}; noun right: {found['noun']:.3f}"
    for row in found["margins"]:
        yield f"margin {row['min_margin']}: {row['right']:.3f}, {row['wrong']:.3f}"
