"""The page that shows what was asked and answered in a demo: one HTML file beside the pictures that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

ROLES = ("unknown", "left hand", "right hand", "object")
TEMPLATE = Path(__file__).with_name("demo_page.html")

_CARD = Template("""<article>
$picture
<div class="text">
<p class="note">$note</p>
<h2>$query</h2>
<p class="answer $mood">$answer</p>
<p class="analysis">$analysis</p>
$objects
<p class="facts">$facts</p>
</div>
</article>""")

_ROW = Template("<tr><td>$label</td><td>$role</td><td>$score</td><td>$place</td><td>$size</td></tr>")


def page(results: Sequence[Mapping[str, Any]]) -> str:
    """Return the page for the list that ``query_client --out`` writes as ``results.json``."""
    answered = sum(item["success"] for item in results)
    first = results[0]["answer"] if results else {"engine": "", "model": ""}
    engine = escape(f"{first['engine']} ({first['model']})")
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        summary=f"{answered} of {len(results)} queries answered by {engine}",
        cards="\n".join(map(_card, results)),
    )


def _card(item: Mapping[str, Any]) -> str:
    answer = item["answer"]
    mood = "failed" if not item["success"] else "found" if answer["has_target"] else "none"
    return _CARD.substitute(
        picture=f'<img src="{escape(item["overlay"])}" alt="overlay">' if "overlay" in item else "",
        note=escape(item["note"]),
        query=escape(item["query"]),
        mood=mood,
        answer=escape(_answer(item)),
        analysis=escape(answer["analysis"]),
        objects=_objects(answer["objects"]),
        facts=" · ".join(_facts(item)),
    )


def _answer(item: Mapping[str, Any]) -> str:
    if not item["success"]:
        return str(item["message"])
    answer = str(item["answer"]["answer"])
    return answer if item["expected"] in ("", answer) else f"{answer} (expected: {item['expected']})"


def _objects(objects: Sequence[Mapping[str, Any]]) -> str:
    if not objects:
        return ""
    heading = "<tr><th>target</th><th>role</th><th>score</th><th>centre x, y, z [m]</th><th>size [m]</th></tr>"
    return f"<table>{heading}{''.join(map(_row, objects))}</table>"


def _row(target: Mapping[str, Any]) -> str:
    place, size = target["pose"]["pose"]["position"], target["size"]
    return _ROW.substitute(
        label=escape(target["label"]),
        role=ROLES[target["role"]],
        score=f"{target['score']:.2f}",
        place=", ".join(f"{place[axis]:+.3f}" for axis in "xyz") if target["has_pose"] else "no 3D",
        size=" × ".join(f"{size[axis]:.3f}" for axis in "xyz") if target["has_pose"] else "",
    )


def _facts(item: Mapping[str, Any]) -> list[str]:
    stages = ", ".join(f"{escape(stage['stage'])} {stage['ms']:.0f}" for stage in item["answer"]["latencies"])
    facts = [f"target score {item['answer']['target_score']:.2f}", f"{item['latency_ms']:.0f} ms ({stages})"]
    links = {"mask": "label image", "markers": "markers"}
    facts += [f'<a href="{escape(item[key])}">{name}</a>' for key, name in links.items() if key in item]
    return facts + [escape(note) for note in item["answer"]["notes"]]
