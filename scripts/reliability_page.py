"""Puts the figures of out/soak.json and out/transport.json, as far as they are there, into docs/reliability.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from annexe_ros.benchmark.reliability_page import filled_in

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"


def main() -> int:
    """Write the page anew."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled_in(page, _measured("soak"), _measured("transport")), encoding="utf-8")
    return 0


def _measured(name: str) -> Any:
    path = ROOT / "out" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


if __name__ == "__main__":
    raise SystemExit(main())
