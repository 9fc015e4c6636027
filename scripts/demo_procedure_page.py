"""The page of the procedure demo: rows of time with what was true and what was told, and two pictures of every step.

Beside the view is the place of the demonstration that it was said to be. The pictures lie beside the page, which can be
moved with them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from annexe_ros.data.recording import Recording
from annexe_ros.ros.stamps import NANOSECONDS

COLOURS = ("#8a8f98", "#e5733c", "#3c8ee5", "#2fb573", "#d6b12c", "#b05fd0", "#2fb8b8", "#d64c7f")
"""By step number; 0 is what belongs to none."""
TICK_S = 2
"""Between the marks of time [s]."""
PICTURES = "pictures"
"""Folder of the pictures, beside the page."""

_PAGE = Template("""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>a procedure, followed live</title><style>
:root { color-scheme: light dark; --ink: #1b1e24; --back: #f4f5f7; --quiet: #69707d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaee; --back: #15171b; --quiet: #98a0ae; } }
body { margin: 0; padding: 2rem clamp(1rem, 4vw, 4rem); background: var(--back); color: var(--ink);
       font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } p { color: var(--quiet); margin: .2rem 0 1.5rem; }
.row { display: grid; grid-template-columns: 9rem 1fr; align-items: center; margin: .4rem 0; }
.bar { position: relative; height: 2rem; border-radius: 6px; overflow: hidden; background: #8883; }
.bar span { position: absolute; top: 0; bottom: 0; }
.steps { display: flex; flex-wrap: wrap; gap: 1.5rem 1rem; margin: 1.5rem 0; }
.steps figure { margin: 0; width: 17rem; } .steps div { display: flex; gap: .25rem; }
.steps img { width: calc(50% - .125rem); border-radius: 8px; display: block; }
.steps figcaption { font-size: .8rem; border-left: .4rem solid; padding-left: .5rem; margin-top: .4rem; }
.steps figcaption span { display: block; color: var(--quiet); } .axis { color: var(--quiet); font-size: .8rem; }
.axis .bar { background: none; height: 1.2rem; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--quiet); font-weight: 500; }
th, td { padding: .25rem 1.2rem .25rem 0; border-bottom: 1px solid #8883; } td:first-child { white-space: nowrap; }
.wrong { color: #d04040; }
</style></head><body><h1>Making tea, followed live</h1><p>$figures</p>
$rows
<p>Colours are steps, as below; the paler, the less sure. Pictures: left the view, right the place of the demonstration
that it was said to be at, both from the middle of the last window in a step.</p>
<div class="steps">$pictures</div>
<table><tr><th>window</th><th>true step</th><th>recognised</th><th>next, probability, in</th>
<th>demonstration, probability</th></tr>
$lines
</table></body></html>
""")


def page(result: Mapping[str, Any], film: Path, demonstration: Path, out: Path) -> str:
    """Return the page of ``summary``'s result, and copy its pictures below the folder ``out``."""
    truth, heard = result["truth"], result["heard"]
    end_s = truth[-1]["end_s"]
    spans = {
        "true step": [(step["start_s"], step["end_s"], step["step_id"], step["label"], 1.0) for step in truth],
        "recognised": list(_spans(heard["step"], end_s, _as_step)),
        "foreseen next": list(_spans(heard["forecast"], end_s, _as_next)),
        "place in the demo": list(_spans(heard["demonstration"], end_s, _as_place(result["demonstration"]))),
    }
    shares = ", ".join(f"{name} right in {share:.0%}" for name, share in result["figures"].items())
    return _PAGE.substitute(
        figures=f"{result['told']} of {result['due']} windows were told in time: {shares}.",
        rows="\n".join([*(_row(name, parts, end_s) for name, parts in spans.items()), _axis(end_s)]),
        pictures="\n".join(_pictures(result, Recording.open(film), Recording.open(demonstration), out / PICTURES)),
        lines="\n".join(_lines(truth, heard)),
    )


Span = tuple[float, float, int, str, float]
"""Begin and end [s], number and name of a step, and how sure."""


def _spans(told: Sequence[Mapping[str, Any]], end_s: float, read: Any) -> Iterator[Span]:
    ends = [item["at_s"] for item in told[1:]] + [end_s]
    for item, until in zip(told, ends, strict=True):
        number, label, score = read(item)
        yield item["at_s"], min(until, end_s), number, label, score


def _as_step(item: Mapping[str, Any]) -> tuple[int, str, float]:
    return item["step_id"], item["label"], item["score"]


def _as_next(item: Mapping[str, Any]) -> tuple[int, str, float]:
    if not item["step_ids"]:
        return 0, "the end", 0.3
    return item["step_ids"][0], item["labels"][0], item["probabilities"][0]


def _as_place(demonstration: Sequence[Mapping[str, Any]]) -> Any:
    return lambda item: (demonstration[item["step_number"] - 1]["step_id"], item["text"], item["score"])


def _row(name: str, spans: Sequence[Span], end_s: float) -> str:
    parts = "".join(
        f'<span style="left:{100 * a / end_s:.2f}%;width:{100 * (b - a) / end_s:.2f}%;background:{_colour(number)};'
        f'opacity:{0.25 + 0.75 * score:.2f}" title="{escape(label)} ({score:.2f})"></span>'
        for a, b, number, label, score in spans
    )
    return f'<div class="row"><div>{escape(name)}</div><div class="bar">{parts}</div></div>'


def _axis(end_s: float) -> str:
    marks = "".join(
        f'<span style="left:{100 * at_s / end_s:.2f}%">{at_s} s</span>' for at_s in range(0, int(end_s), TICK_S)
    )
    return f'<div class="row axis"><div></div><div class="bar">{marks}</div></div>'


def _pictures(result: Mapping[str, Any], film: Recording, demonstration: Recording, out: Path) -> Iterator[str]:
    """Yield a figure for each step: the view of the last window in it, and where in the demonstration that was said."""
    out.mkdir(parents=True, exist_ok=True)
    for number, step in enumerate(result["truth"], start=1):
        told = [item for item in result["heard"]["demonstration"] if step["start_s"] < item["at_s"] <= step["end_s"]]
        if not told:
            continue
        last = told[-1]
        half_s = (last["at_s"] - last["from_s"]) / 2
        names = (
            _copied(film, last["at_s"] - half_s, out / f"{number}_view.jpg"),
            _copied(demonstration, last["position"] - half_s, out / f"{number}_demonstration.jpg"),
        )
        images = "".join(f'<img src="{PICTURES}/{name}" alt="">' for name in names)
        yield (
            f'<figure><div>{images}</div><figcaption style="border-color:{_colour(step["step_id"])}">'
            f"{last['at_s']:.1f} s: {escape(step['label'])}<span>{escape(last['text'])}</span></figcaption></figure>"
        )


def _copied(recording: Recording, at_s: float, target: Path) -> str:
    """Copy the frame that is in view at a time [s] of a recording, and return its new name."""
    entry = next((e for e in reversed(recording.frames) if e.stamp_ns <= at_s * NANOSECONDS), recording.frames[0])
    shutil.copyfile(recording.root / "RGB" / f"{entry.id}.jpg", target)
    return target.name


def _lines(truth: Sequence[Mapping[str, Any]], heard: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table row for each window of which everything was told."""
    forecasts = {item["at_s"]: item for item in heard["forecast"]}
    places = {item["at_s"]: f"{item['text']} {item['score']:.2f}" for item in heard["demonstration"]}
    for step in heard["step"]:
        at_s = step["at_s"]
        true = next((item["label"] for item in truth if item["start_s"] < at_s <= item["end_s"]), "")
        mood = "" if true == step["label"] else ' class="wrong"'
        coming = forecasts.get(at_s, {"labels": [], "probabilities": [], "lead_times": []})
        ahead = "; ".join(
            f"{label} {share:.2f}, {lead:.1f} s"
            for label, share, lead in zip(coming["labels"], coming["probabilities"], coming["lead_times"], strict=True)
        )
        told = f"{step['label']} {step['score']:.2f}"
        cells = (f"{step['from_s']:.1f} to {at_s:.1f} s", true, told, ahead, places.get(at_s, ""))
        shown = [f"<td{mood if k == 2 else ''}>{escape(cell)}</td>" for k, cell in enumerate(cells)]
        yield f"<tr>{''.join(shown)}</tr>"


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
