"""``annexe video-benchmark``: how well the clip encoder tells verbs and nouns apart on fresh generated clips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annexe_ros.cli.terminal import Follow, JsonFlag, print_json, progress_bar, working

if TYPE_CHECKING:
    from annexe_ros.data.clips.dataset import RenderedClip

DEFAULT_ENCODER = "egovideo-clips"


def video_benchmark(
    count: Annotated[int, typer.Option(min=1, help="Number of clips.")] = 150,
    seed: Annotated[int, typer.Option(min=0, help="Of the clips; training used 1000.")] = 0,
    data: Annotated[Path | None, typer.Option(help="Folder of 'annexe clips', in place of fresh ones.")] = None,
    model: Annotated[str, typer.Option(help="Folder or name of a clip encoder.")] = DEFAULT_ENCODER,
    as_json: JsonFlag = False,
) -> None:
    """Film new clips and ask the encoder for each: which of eleven captions, by verb and by noun, is right.

    action: both at once. shuffled: the same with each clip's frames in disorder; what is lost there was read from
    motion. Ties are lost. Chance is .09 for verb and noun.
    """
    with working():
        from annexe_ros.inference.resolve import resolve_model
        from annexe_ros.video.benchmarks.generated import evaluate_generated
        from annexe_ros.video.encoder import ClipEncoder

        encoder = ClipEncoder.load(resolve_model(model))
        with progress_bar("clips") as follow:
            watched = _followed(_clips(data, seed, count), count, follow)
            figures = evaluate_generated(encoder, watched, seed)
    if as_json:
        print_json(figures)
    else:
        for name in ("hoi", "shuffled"):
            parts = ", ".join(f"{part} {value:.3f}" for part, value in figures[name].items())
            typer.echo(f"{name}: {parts} ({figures['n']} clips)")


def _clips(data: Path | None, seed: int, count: int) -> Iterator[RenderedClip]:
    """Yield the first clips of a folder, or fresh ones."""
    from annexe_ros.data.clips.dataset import ClipFolder, render_clips

    if data is None:
        yield from render_clips(seed, count)
        return
    folder = ClipFolder(data)
    for place in range(min(count, len(folder))):
        yield folder.clip(place)


def _followed(clips: Iterable[RenderedClip], count: int, follow: Follow) -> Iterator[RenderedClip]:
    for done, clip in enumerate(clips, start=1):
        yield clip
        follow(done, count)
