"""The interfaces of the perception node as docs/interfaces.md lists them: what other files are held against."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "interfaces.md"
KINDS = ("in", "out", "service", "action")


@dataclass(frozen=True)
class Interface:
    """One row of a table.

    Attributes:
        kind: one of ``KINDS``.
        name: as in the code, e.g. "~/answer" or "image".
        type: e.g. "sensor_msgs/msg/Image".
        qos: e.g. "reliable, latched"; empty for services and actions.
        only: under which condition it is there; empty: always.
    """

    kind: str
    name: str
    type: str
    qos: str
    only: str

    def full_name(self, node: str = "/annexe") -> str:
        """Return the name in the graph, for a node without a namespace whose topics aren't remapped."""
        name = self.name.replace("~", node, 1)
        return name if name.startswith("/") else f"/{name}"


def interfaces(*kinds: str) -> list[Interface]:
    """Return what the page lists of these kinds."""
    return [row for row in _rows(PAGE.read_text(encoding="utf-8")) if row.kind in kinds]


def _rows(text: str) -> Iterator[Interface]:
    columns: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            columns = []
        elif not columns:
            columns = cells
        elif columns[0] in KINDS and not cells[0].startswith("---"):
            row = dict(zip(columns, cells, strict=True))
            yield Interface(columns[0], cells[0], row["type"], row.get("QoS", ""), row["only"])
