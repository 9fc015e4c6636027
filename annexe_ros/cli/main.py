"""The command ``annexe``: collects the verbs and turns expected failures into one sentence and exit code 2."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from annexe_ros import __version__
from annexe_ros.cli.annotate import annotate
from annexe_ros.cli.ask import ask
from annexe_ros.cli.assemble import assemble
from annexe_ros.cli.bench import bench
from annexe_ros.cli.clips import clips
from annexe_ros.cli.convert import convert
from annexe_ros.cli.egoexolearn import egoexolearn
from annexe_ros.cli.evaluate import evaluate
from annexe_ros.cli.evaluate_gaze import evaluate_gaze
from annexe_ros.cli.event_benchmark import event_benchmark
from annexe_ros.cli.narrate_clips import narrate_clips
from annexe_ros.cli.procedures import evaluate_tracker, procedures, train_tracker
from annexe_ros.cli.scenes import scenes
from annexe_ros.cli.serve import serve
from annexe_ros.cli.train import train
from annexe_ros.cli.train_clips import train_clips
from annexe_ros.cli.video_benchmark import video_benchmark
from annexe_ros.cli.video_zero_shot import video_zero_shot
from annexe_ros.core.errors import AnnexeError, MissingDependencyError

EXTRAS = {
    "mujoco": "scenes",
    "accelerate": "train",
    "tensorboard": "train",
    "matplotlib": "bench",
    "peft": "paper",
    "ray": "serve",
    "pyarrow": "annotate",
}
"""Libraries that only some verbs need, and the extra of the pip package that brings them."""


class Verbs(TyperGroup):
    """The group of verbs; failures that were foreseen end here, without a traceback."""

    def invoke(self, ctx: Any) -> Any:  # click's Context, of which newer versions of typer have a copy
        """Run a verb."""
        try:
            return super().invoke(ctx)
        except AnnexeError as error:
            typer.echo(f"annexe: {error}", err=True)
        except ModuleNotFoundError as error:
            if error.name not in EXTRAS:
                raise
            command = f"pip install 'annexe-ros[{EXTRAS[error.name]}]'"
            typer.echo(f"annexe: {MissingDependencyError(error.name, command)}", err=True)
        raise typer.Exit(2)


app = typer.Typer(
    name="annexe",
    cls=Verbs,
    help="Egocentric interaction perception: what the hands do with which objects.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
VERBS = (
    ask, evaluate, evaluate_gaze, bench, scenes, clips, procedures, train,
    train_clips, narrate_clips, train_tracker, evaluate_tracker, video_benchmark, video_zero_shot, event_benchmark,
    assemble, convert, serve, annotate,
)  # fmt: skip
for verb in VERBS:
    app.command()(verb)
app.add_typer(egoexolearn, name="egoexolearn")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"annexe {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Version.")
    ] = False,
) -> None:
    """Egocentric interaction perception: what the hands do with which objects."""


def main() -> None:
    """Entry point of the console script."""
    app()
