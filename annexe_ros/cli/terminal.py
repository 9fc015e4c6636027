"""What verbs share at the terminal: results on stdout, everything else (bars, notes, libraries' chatter) on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
Follow = Callable[[int, int], None]


def print_json(result: dict[str, Any]) -> None:
    """Print a result as one JSON object."""
    typer.echo(json.dumps(result, ensure_ascii=False, allow_nan=False))


def show_figures(figures: Mapping[str, float], as_json: bool) -> None:
    """Print figures as one JSON object, or one a line."""
    if as_json:
        print_json(dict(figures))
    else:
        typer.echo("\n".join(f"{name}: {value:.4g}" for name, value in figures.items()))


def open_console() -> Console:
    """Return a console on stdout for people; brackets and colons in what it prints are just that."""
    from rich.console import Console

    return Console(markup=False, emoji=False)


@contextmanager
def working() -> Iterator[None]:
    """Keep stdout for the result: what libraries print while working goes to stderr."""
    with redirect_stdout(sys.stderr):
        yield


@contextmanager
def writing_into(folder: Path, option: str = "--out") -> Iterator[None]:
    """Make the folder that an option names, and say so where it, or what is written there meanwhile, can't be.

    A new one is taken back where the work fails before anything is in it.
    """
    try:
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            TemporaryFile(dir=folder).close()  # a folder that nobody may write into is told before the work
            yield
        except BaseException:
            if new:
                with suppress(OSError):  # it isn't empty
                    folder.rmdir()
            raise
    except OSError as error:
        if not _is_of(error, folder):
            raise
        raise typer.BadParameter(f"can't write into '{folder}': {error.strerror}", param_hint=option) from error


def _is_of(error: OSError, folder: Path) -> bool:
    """Tell whether the system, not a library, refused what is in a folder or leads there; a full disk names no file."""
    if error.errno is None or error.filename is None:
        return error.errno is not None
    file, folder = Path(str(error.filename)).absolute(), folder.absolute()
    return file.is_relative_to(folder) or folder.is_relative_to(file)


@contextmanager
def progress_bar(description: str) -> Iterator[Follow]:
    """Show a bar on stderr; yields a function of (done, total)."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(description, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
