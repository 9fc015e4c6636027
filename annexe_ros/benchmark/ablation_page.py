"""The tables of analysis-guided answering in ``docs/weights.md``, from what ``ablation`` measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annexe_ros.benchmark.ablation import FIRST, FOLLOW_UP, UNDESCRIBED
from annexe_ros.benchmark.markdown import between, table

PLACE = "analysis-guided"
SHOWN = {
    "answer exact": "answer exact",
    "indicator accuracy": "indicator accuracy",
    "grounding ciou": "ciou",
    "grounding giou": "giou",
    "grounding per_target_iou": "per_target_iou",
    "answer cider": "answer CIDEr",
    "analysis cider": "analysis CIDEr",
}
"""Figures in the table, and what they are called there."""

KINDS = {
    FIRST: "first query about an image",
    UNDESCRIBED: "the same, analysis not wanted",
    FOLLOW_UP: "follow-up query",
}


def filled_in(page: str, figures: Mapping[str, Any]) -> str:
    """Return the page with the tables anew; raises ``ParameterError`` where it has no place for them."""
    return between(page, PLACE, f"\n{tables(figures)}\n")


def tables(figures: Mapping[str, Any]) -> str:
    """Return accuracy and latency as Markdown, with what was asked on which machine."""
    encoder = "the same image encoder" if figures["same_image_encoder"] else "image encoders that **differ**"
    sizes = figures["parameters"]
    asked = (
        f"{figures['n']} queries about {figures['images']} images; two models with {encoder}, of {sizes['off']:,} and "
        f"{sizes['on']:,} parameters; in brackets 95 % intervals by the bootstrap over images, those of the gain with "
        "the same images drawn on both sides."
    )
    timed = (
        f"Times are medians on {figures['machine']} ({figures['device']}), images of 1280x720; the ratio is the median "
        "of pairs measured one right after the other."
    )
    return "\n\n".join([asked, _accuracy(figures["accuracy"]), timed, _latency(figures["latency"]), *figures["notes"]])


def _accuracy(figures: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [[name, *_cells(figures[key])] for key, name in SHOWN.items() if key in figures]
    return table(["figure", "off", "on", "gain"], rows)


def _cells(figure: Mapping[str, Any]) -> list[str]:
    off, on = (_figure(figure[side], figure[f"{side}_interval"]) for side in ("off", "on"))
    return [off, on, _figure(figure["gain"], figure["gain_interval"], "+")]


def _figure(value: float | None, interval: Sequence[float] | None, sign: str = "") -> str:
    if value is None or interval is None:
        return "–"
    return f"{value:{sign}.3f} [{interval[0]:{sign}.3f}, {interval[1]:{sign}.3f}]"


def _latency(figures: Mapping[str, Mapping[str, float]]) -> str:
    rows = [
        [name, f"{figures[kind]['off_ms']:.0f}", f"{figures[kind]['on_ms']:.0f}", f"{figures[kind]['ratio']:.2f}"]
        for kind, name in KINDS.items()
    ]
    return table(["", "off [ms]", "on [ms]", "on / off"], rows)
