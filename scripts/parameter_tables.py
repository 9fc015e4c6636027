"""Writes the tables of parameters in docs/interfaces.md anew, from the declarations in the code."""

from __future__ import annotations

import re
from pathlib import Path

from annexe_ros.nodes.camera_replay import ReplayParameters
from annexe_ros.nodes.egoexolearn_replay import EgoExoLearnReplayParameters
from annexe_ros.nodes.perception_parameters import PerceptionParameters
from annexe_ros.nodes.recognizer_parameters import RecognizerParameters
from annexe_ros.nodes.step_tracker_parameters import StepTrackerParameters
from annexe_ros.ros.parameters import table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "interfaces.md"
KINDS = {
    "annexe": PerceptionParameters,
    "interaction_recognizer": RecognizerParameters,
    "step_tracker": StepTrackerParameters,
    "egoexolearn_replay": EgoExoLearnReplayParameters,
    "camera_replay": ReplayParameters,
}
_PLACE = re.compile(r"(<!-- parameters (\w+): .*? -->\n).*?(<!-- end -->)", re.DOTALL)


def with_tables(page: str) -> str:
    """Return the page with its tables as they should be; each place is marked by comments that name the node."""
    return _PLACE.sub(lambda place: f"{place[1]}\n{table(KINDS[place[2]])}\n{place[3]}", page)


def main() -> int:
    """Write the page."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
