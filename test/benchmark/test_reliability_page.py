from dataclasses import asdict
from pathlib import Path

from annexe_ros.benchmark.machine import machine
from annexe_ros.benchmark.reliability_page import FIGURES, filled_in
from annexe_ros.benchmark.soak import CallerRecord, LoadFigures, SoakReport, load_figures
from annexe_ros.benchmark.transport import STREAMS, transport_run

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
LOAD = load_figures([CallerRecord({"OK": 7, "BUSY": 4}, 0, [9.0])], [5, 9], [1.0], 0, 10)
SOAK = SoakReport(LOAD, LOAD, {"clock_jumps": True, "cancel_storm": False}, "a machine of 3 cores").to_json()
TRANSPORT = [asdict(transport_run(stream, 150, [4.25] * 149)) for stream in STREAMS]


def test_the_page_has_a_place_for_every_figure():
    page = filled_in(PAGE.read_text(), SOAK, TRANSPORT)
    assert "Measured on a machine of 3 cores." in page
    assert "| answered | 7 | 7 |" in page
    assert "| clock jumps | yes |" in page
    assert "| cancel storm | **no** |" in page
    assert "| 1280x720 | best effort | profile | 149 of 150 | 4.2 | 4.2 |" in page


def test_filling_in_again_replaces():
    once = filled_in(PAGE.read_text(), SOAK, TRANSPORT)
    assert filled_in(once, SOAK, TRANSPORT) == once


def test_what_was_not_measured_is_left_alone():
    page = filled_in(PAGE.read_text(), SOAK, TRANSPORT)
    assert filled_in(page, None, None) == page


def test_every_figure_of_a_load_is_on_the_page():
    assert FIGURES.keys() == LoadFigures.__dataclass_fields__.keys()


def test_the_machine_is_told_in_words():
    assert "cores" in machine()
    assert "\n" not in machine()
