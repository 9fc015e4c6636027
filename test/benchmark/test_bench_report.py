"""From a client's calls to figures, and from figures to JSON, shortcomings and the page."""

import json

import pytest

from annexe_ros.benchmark import machine, performance_page
from annexe_ros.benchmark.node_calls import node_figures
from annexe_ros.benchmark.performance_page import page
from annexe_ros.benchmark.report import GPU_NOTE, BenchReport, report_table
from annexe_ros.core.errors import MissingDependencyError

KEYS = {
    "first_query_speedup", "follow_up_speedup", "outputs_equal", "node_overhead_ms", "node_overhead_share",
    "concurrency_gain_8", "stages_ms", "machine",
}  # fmt: skip


def call(latency_ms, **stages_ms):
    return {"latency_ms": latency_ms, "stages_ms": stages_ms}


TOLD = {
    "newest": [call(104.0, encode=60.0, answer=40.0), call(110.0, encode=65.0, answer=40.0)],
    "follow_up": [call(30.0, answer=25.0)],
    "own_image": [call(120.0, encode=100.0)],
    "located": [call(150.0, encode=100.0, locate=44.0)],
    "refused": [call(3.0), call(5.0)],
    "message_ms": 1.5,
    "memory_mb": 700.0,
}


def report(**changes):
    values = {
        "model": "annexe-scenes",
        "device": "cpu",
        "dtype": "float32",
        "first_query_speedup": 3.0,
        "follow_up_speedup": 8.0,
        "outputs_equal": True,
        "differences": [],
        "first_query_ms": 50.0,
        "follow_up_ms": 20.0,
        "concurrency_gain_8": 1.0,
        "stages_ms": {"encode": 30.0, "first_token": None},
        "tokens_per_s": 500.0,
        "memory_mb": 900.0,
        "node": node_figures(TOLD),
        "limits": {"token_limit_ms": 0.5},
        "growth": {"queries_by_callers_per_s": {"1": 10.0, "2": 11.0}},
        "machine": "2 cores",
        "notes": [GPU_NOTE],
        "paper": {"size": "tiny", "tokens_per_s": 900.0},
    }
    return BenchReport(**(values | changes))


def test_a_nodes_overhead_is_what_the_engine_does_not_take():
    figures = node_figures(TOLD)
    assert figures.overhead_ms == pytest.approx(4.5)
    assert figures.overhead_share == pytest.approx((4 / 104 + 5 / 110) / 2)
    assert figures.locate_ms == 44.0
    assert (figures.stamp_to_response_ms, figures.round_trip_ms) == (120.0, 4.0)


def test_the_json_object_has_every_key_and_no_nan():
    figures = json.loads(json.dumps(report().to_json(), allow_nan=False))
    assert figures.keys() >= KEYS
    assert figures["node_overhead_ms"] == 4.5
    assert figures["paper"]["size"] == "tiny"


def test_without_a_node_its_figures_are_null():
    figures = report(node=None).to_json()
    assert figures["node_overhead_ms"] is figures["node_overhead_share"] is figures["node"] is None
    assert report(node=None).shortcomings() == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"first_query_speedup": 2.0}, "first_query_speedup"),
        ({"follow_up_speedup": 5.0}, "follow_up_speedup"),
        ({"concurrency_gain_8": 0.5}, "concurrency_gain_8"),
        ({"differences": ["answer: 'a' became 'b'"]}, "not the same"),
    ],
)
def test_a_missed_target_is_named(changes, name):
    assert report().shortcomings() == []
    (sentence,) = report(**changes).shortcomings()
    assert name in sentence


def test_the_page_shows_figures_plots_and_what_is_not_measured():
    text = page(report().to_json())
    assert "| first_query_speedup | 3 | at least 2.5 |" in text
    assert "images/performance_queries_by_callers_per_s.png" in text
    assert "4 times the limit" in text
    assert GPU_NOTE in text


def test_the_table_for_people_names_what_was_not_measured():
    cells = list(report_table(report()).columns[1].cells)
    assert "not measured" in cells


def test_people_are_told_notes_and_differences_to_the_letter(capsys):
    from annexe_ros.cli.bench import _print_for_people

    _print_for_people(report(notes=["no node: pip install 'annexe-ros[serve]'"], differences=["answer: '[/b]'"]))
    told = capsys.readouterr().out
    assert "pip install 'annexe-ros[serve]'" in told
    assert "answer: '[/b]'" in told


def test_plots_are_drawn_for_everything_that_grows(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from annexe_ros.benchmark.performance_page import draw

    draw(report().to_json(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["performance_queries_by_callers_per_s.png"]


def test_without_matplotlib_it_is_told_before_anything_is_measured(monkeypatch):
    monkeypatch.setattr(performance_page.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="pip install matplotlib"):
        performance_page.check_can_draw()


def test_a_quick_run_makes_no_page(tmp_path):
    from typer.testing import CliRunner

    from annexe_ros.cli.main import app

    result = CliRunner().invoke(app, ["bench", "--quick", "--page", str(tmp_path)])
    assert result.exit_code == 2
    assert "--quick" in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("load", "told"), [(0.4, ""), (7.0, "load average 7")])
def test_other_work_on_the_machine_is_told(monkeypatch, load, told):
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (load, 0.0, 0.0))
    assert told in machine.busy_note()
    assert bool(machine.busy_note()) is bool(told)
