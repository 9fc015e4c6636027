"""``annexe procedures``, ``train-tracker``, ``evaluate-tracker``: films of procedures, and trackers of their steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annexe_ros.cli.engine import DeviceOption
from annexe_ros.cli.terminal import JsonFlag, print_json, progress_bar, working, writing_into

if TYPE_CHECKING:
    from annexe_ros.video.encoder import ClipEncoder
    from annexe_ros.video.window import WindowShape


def procedures(
    out: Annotated[Path, typer.Option(help="Folder of the recordings; those that are finished are kept.")],
    count: Annotated[int, typer.Option(min=1, help="Number of films.")] = 12,
    seed: Annotated[int, typer.Option(min=0, help="Decides every film.")] = 0,
    takes: Annotated[int, typer.Option(min=1, help="Clips that are rendered per step; films share them.")] = 6,
) -> None:
    """Generate films of a procedure, making tea in six or seven steps, as recordings with steps.json.

    camera_replay plays them; each step is one or two clips of a hand's action (see ``annexe clips``).
    """
    with working():
        from annexe_ros.data.clips.procedure import generate_procedures

        with progress_bar("procedures") as follow:
            names = generate_procedures(out, count, seed, takes, progress=follow)
    typer.echo(f"{len(names)} procedures in {out}")


def train_tracker(
    data: Annotated[Path, typer.Option(help="Folder of recordings with steps.json.")],
    out: Annotated[Path, typer.Option(help="Folder of the tracker.")],
    encoder: Annotated[str, typer.Option(help="Folder or name of the clip encoder.")] = "egovideo-clips",
    held_out: Annotated[Path | None, typer.Option(help="Recordings to measure on.")] = None,
    window: Annotated[float, typer.Option(min=0.1, help="Time that is recognised as a whole [s].")] = 2.0,
    stride: Annotated[float, typer.Option(min=0.05, help="Time between the ends of two windows [s].")] = 0.5,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the recordings.")] = 40,
    seed: Annotated[int, typer.Option(min=0, help="Of the training.")] = 0,
    device: DeviceOption = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Train a tracker of a procedure's steps: a causal MS-TCN on the features of a frozen clip encoder.

    With --held-out it prints the share of windows whose step is recognised (accuracy), and of those after which the
    most probable next step is the one that comes (next_step).
    """
    with working(), writing_into(out):
        from dataclasses import replace

        from annexe_ros.procedures.tracking import training
        from annexe_ros.procedures.tracking.measuring import measured

        clip_encoder = _clip_encoder(encoder, device)
        shape = _shape(clip_encoder, window)
        with progress_bar("recordings") as follow:
            rehearsals = training.rehearse(data, clip_encoder, shape, stride, follow)
        settings = replace(training.SIZES, epochs=epochs)
        named = str(Path(encoder).resolve()) if Path(encoder).is_dir() else encoder  # the node is started elsewhere
        model = training.train_tracker(rehearsals, named, window, stride, settings, seed)
        model.save(out)
        figures: dict[str, float] = {}
        if held_out is not None:
            with progress_bar("held out") as follow:
                figures = measured(model, training.rehearse(held_out, clip_encoder, shape, stride, follow))
    _tell(figures, as_json, f"tracker in {out}")


def evaluate_tracker(
    data: Annotated[Path, typer.Option(help="Folder of recordings with steps.json, which it wasn't trained on.")],
    model: Annotated[Path, typer.Option(help="Folder of the tracker.")],
    demonstration: Annotated[Path | None, typer.Option(help="Recording with steps.json to tell the place in.")] = None,
    encoder: Annotated[str | None, typer.Option(help="Clip encoder, where it isn't the tracker's.")] = None,
    device: DeviceOption = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Measure a tracker on recordings whose steps are known, window by window, as the node ``step_tracker`` runs it.

    accuracy and next_step are those of ``annexe train-tracker``. With --demonstration it prints the share of windows
    that are put where the demonstration does the true step, by the views and the step that is recognised (place), and
    by the views alone (place_by_view).
    """
    with working():
        from annexe_ros.procedures.tracking.measuring import measured, places_measured
        from annexe_ros.procedures.tracking.tracker import TrackerModel
        from annexe_ros.procedures.tracking.training import rehearsal, rehearse

        tracker = TrackerModel.load(model)
        name = encoder or tracker.config.encoder
        clip_encoder = _clip_encoder(name, device)
        tracker.check_features(name, clip_encoder.config.projection_dim)
        shape, stride = _shape(clip_encoder, tracker.config.window_s), tracker.config.stride_s
        with progress_bar("recordings") as follow:
            films = rehearse(data, clip_encoder, shape, stride, follow)
        figures = measured(tracker, films)
        if demonstration is not None:
            shown = rehearsal(demonstration, clip_encoder, shape, stride)
            figures |= places_measured(tracker, films, shown)
    _tell(figures, as_json)


def _clip_encoder(name: str, device: str) -> ClipEncoder:
    from annexe_ros.inference.placement import device_named
    from annexe_ros.inference.resolve import resolve_model
    from annexe_ros.video.encoder import ClipEncoder

    return ClipEncoder.load(resolve_model(name), str(device_named(device)))


def _shape(encoder: ClipEncoder, window_s: float) -> WindowShape:
    from annexe_ros.procedures.tracking.training import MAX_GAP_S
    from annexe_ros.video.window import WindowShape

    return WindowShape(window_s, encoder.config.num_frames, encoder.config.frame_size, MAX_GAP_S)


def _tell(figures: dict[str, float], as_json: bool, *lines: str) -> None:
    if as_json:
        print_json(figures)
    else:
        typer.echo("\n".join([*lines, *(f"{name}: {value:.4g}" for name, value in figures.items())]))
