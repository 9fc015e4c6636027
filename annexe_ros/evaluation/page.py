"""An evaluation as one HTML page that needs no other file."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from annexe_ros.core.errors import MissingDependencyError
from annexe_ros.evaluation.gallery import Failure
from annexe_ros.evaluation.published import PUBLISHED
from annexe_ros.evaluation.text import INSTALL

TEMPLATE = Path(__file__).with_name("page.html")
PARTS = ("analysis", "answer", "grounding", "interaction", "indicator", "naming", "depth")


def check_page_can_be_written() -> None:
    """Raise ``MissingDependencyError`` where Jinja is not installed: before an evaluation, not after it."""
    if find_spec("jinja2") is None:
        raise MissingDependencyError("Jinja, which the report needs,", INSTALL)


def page(figures: dict[str, Any], failures: Sequence[Failure], failed: int, title: str) -> str:
    """Return the page.

    Args:
        figures: of ``EvaluationReport.to_json``.
        failures: those to show, the worst first.
        failed: how many there were in all.
        title: what was evaluated on what.

    Raises what ``check_page_can_be_written`` raises.
    """
    check_page_can_be_written()
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["figure"] = _figure
    environment.filters["percent"] = lambda share: "–" if share is None else f"{100 * share:.2f}"
    environment.filters["picture"] = lambda data: "data:image/jpeg;base64," + b64encode(data).decode()
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        title=title, figures=figures, parts=PARTS, failures=failures, failed=failed, published=PUBLISHED
    )


def _figure(value: float | None) -> str:
    """Return a figure as the tables show it."""
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
