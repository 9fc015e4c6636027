"""``annexe evaluate-gaze``: how often the object that is looked at is found, on generated scenes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from annexe_ros.cli.engine import (
    DEFAULT_DTYPE,
    DEFAULT_ENGINE,
    DeviceOption,
    DtypeOption,
    EngineOption,
    ModelOption,
    open_engine,
)
from annexe_ros.cli.terminal import JsonFlag, print_json, progress_bar, working
from annexe_ros.core.gaze import CROPS, DEFAULT_CROP


def evaluate_gaze(
    data: Annotated[Path, typer.Option(help="Folder of generated scenes.")],
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    count: Annotated[int, typer.Option(min=1, help="Scenes to measure on.")] = 200,
    true_masks: Annotated[bool, typer.Option(help="Take the scenes' own masks, and ask no engine.")] = False,
    crop: Annotated[str, typer.Option(help="Part of the image around the gaze: full, 3/4, 1/2 or 1/3.")] = DEFAULT_CROP,
    engine: EngineOption = DEFAULT_ENGINE,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    dtype: DtypeOption = DEFAULT_DTYPE,
    as_json: JsonFlag = False,
) -> None:
    """Measure how often a gaze point is assigned to the object that is looked at.

    An engine is asked about each scene. "What am I looking at?": right_object says that the mask is that of the object,
    right_name that the name is, nearer that a second look was needed. "Is the hand on what I look at?": right_touch
    says that it was told whether. The points are half a degree off in x and in y, as an eye tracker's are.
    """
    with working(), progress_bar("scenes") as follow:
        from annexe_ros.data.ego_irgbench import EgoIrgBench
        from annexe_ros.evaluation import gaze

        dataset = EgoIrgBench(data, split)
        if true_masks:
            figures = gaze.evaluate_gaze(dataset, count, follow)
        else:
            from annexe_ros.inference.gaze import GazeInterpreter

            interpreter = open_engine(engine, model, device, dtype)
            looking = GazeInterpreter(interpreter, fraction=_fraction(crop))
            figures = gaze.evaluate_gaze_answers(dataset, looking, count, follow)
            interpreter.close()
    if as_json:
        print_json(figures)
    else:
        typer.echo("\n".join(f"{name}: {value:.4g}" for name, value in figures.items()))


def _fraction(crop: str) -> float:
    if crop not in CROPS:
        raise typer.BadParameter(f"'{crop}' is not one of {', '.join(CROPS)}", param_hint="--crop")
    return CROPS[crop]
