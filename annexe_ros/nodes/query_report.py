"""What a person gets of asked queries: a table in the terminal, pictures and JSON in a folder. Knows no topics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
from rich.table import Table
from rich.text import Text
from sensor_msgs.msg import Image
from visualization_msgs.msg import MarkerArray

from annexe_ros.msg import InteractionObject
from annexe_ros.ros.images import colour_from_message, pixels_from_message
from annexe_ros.ros.plain import plain
from annexe_ros.srv import EgoQuery

RESULTS_NAME = "results.json"


@dataclass(frozen=True)
class Question:
    """A query text, what the asker notes of it, and the answer that is right; empty where that isn't known."""

    query: str
    note: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Asked:
    """One question that was asked through the service.

    Attributes:
        question: what was asked.
        response: what came back.
        latency_ms: from sending the request to having the response [ms].
        overlay, markers: what the node published for people; None where nothing arrived.
    """

    question: Question
    response: EgoQuery.Response
    latency_ms: float
    overlay: Image | None = None
    markers: MarkerArray | None = None

    @property
    def is_right(self) -> bool | None:
        """Whether the answer is the expected one; None where nothing is expected."""
        return self.response.answer.answer == self.question.expected if self.question.expected else None


def results_table(asked: Sequence[Asked], title: str) -> Table:
    """Return a table with one row per query; positions in the answers' frame [m]."""
    table = Table(title=Text(title), show_lines=True)  # a bracket in a name is a bracket, no markup
    for heading in ("query", "answer", "score", "objects [m]", "latency [ms]"):
        table.add_column(heading, justify="right" if heading in ("score", "latency [ms]") else "left")
    for item in asked:
        note, answer = item.question.note, item.response.answer
        query = Text.assemble(item.question.query, (f"\n{note}" if note else "", "dim"))
        objects = Text("\n".join(_in_a_line(target) for target in answer.objects))
        score = f"{answer.target_score:.2f}" if item.response.success else ""
        table.add_row(query, _verdict(item), score, objects, f"{item.latency_ms:.0f}")
    return table


def write_results(asked: Sequence[Asked], folder: Path) -> None:
    """Write per query ``<nn>_overlay.png``, ``<nn>_mask.png`` (label image) and ``<nn>_markers.json``, and a summary.

    The summary, ``results.json``, is a list with one object per query, which names the files that exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    summary = [_summary(item, _write_files(item, folder, f"{number:02d}")) for number, item in enumerate(asked, 1)]
    (folder / RESULTS_NAME).write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _verdict(item: Asked) -> Text:
    if not item.response.success:
        return Text(item.response.message, "red")
    if item.is_right is False:
        return Text.assemble((item.response.answer.answer, "yellow"), (f"\nexpected: {item.question.expected}", "dim"))
    return Text(item.response.answer.answer, "green" if item.is_right else "")


def _in_a_line(target: InteractionObject) -> str:
    if not target.has_pose:
        return f"{target.label}: no 3D"
    place, size = target.pose.pose.position, target.size
    return (
        f"{target.label}: at {place.x:+.2f} {place.y:+.2f} {place.z:+.2f}, {size.x:.2f} x {size.y:.2f} x {size.z:.2f}"
    )


def _write_files(item: Asked, folder: Path, stem: str) -> dict[str, str]:
    files = {}
    if item.overlay is not None:
        files["overlay"] = f"{stem}_overlay.png"
        cv2.imwrite(str(folder / files["overlay"]), colour_from_message(item.overlay)[:, :, ::-1])
    if item.response.mask.data:
        files["mask"] = f"{stem}_mask.png"
        cv2.imwrite(str(folder / files["mask"]), pixels_from_message(item.response.mask))
    if item.markers is not None:
        files["markers"] = f"{stem}_markers.json"
        (folder / files["markers"]).write_text(json.dumps(plain(item.markers), indent=1) + "\n", encoding="utf-8")
    return files


def _summary(item: Asked, files: dict[str, str]) -> dict[str, Any]:
    response = item.response
    return {
        **asdict(item.question),
        "success": response.success,
        "status": response.status,
        "message": response.message,
        "latency_ms": round(item.latency_ms, 1),
        "answer": plain(response.answer),
        **files,
    }
