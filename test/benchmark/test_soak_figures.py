from dataclasses import replace

import pytest

from annexe_ros.benchmark.soak import CallerRecord, SoakReport, gaps, growth, load_figures, load_table

MS = 1_000_000
ARRIVALS = [50 * MS + 33 * MS * i for i in range(60)]
RECORDS = [
    CallerRecord({"OK": 3, "BUSY": 2}, 0, [100.0, 200.0, 300.0]),
    CallerRecord({"OK": 1, "BUSY": 4}, 0, [400.0]),
]
FIGURES = load_figures(RECORDS, ARRIVALS, [100.0] * 10, 50 * MS, 2000 * MS)


def test_figures_add_up():
    assert (FIGURES.calls, FIGURES.answered, FIGURES.busy, FIGURES.lost, FIGURES.other) == (10, 4, 6, 0, {})
    assert (FIGURES.clients, FIGURES.clients_answered, FIGURES.answer_median_ms) == (2, 2, 250.0)
    assert FIGURES.duration_s == pytest.approx(1.95)
    assert FIGURES.image_gap_max_ms == pytest.approx(33.0)
    assert FIGURES.shortcomings() == []


def test_lost_calls_and_other_endings_are_not_hidden():
    records = [*RECORDS, CallerRecord({"STALE_FRAME": 1, "BUSY": 1}, 3)]
    figures = load_figures(records, ARRIVALS, [100.0] * 10, 50 * MS, 2000 * MS)
    assert (figures.calls, figures.lost, figures.other, figures.clients_answered) == (15, 3, {"STALE_FRAME": 1}, 2)
    told = figures.shortcomings()
    assert told == ["4 answered and 7 told BUSY of 15 calls", "only 2 of 3 callers were answered at all"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"calls": 50, "busy": 46}, "only 4 of 50 calls were answered"),
        ({"image_gap_p99_ms": 70.0}, "the limit is 70 ms"),
        ({"image_gap_p99_ms": float("nan")}, "the limit is 70 ms"),
        ({"rss_growth_mb": 30.0}, "memory grew by 30.0 MB"),
    ],
)
def test_every_limit_is_looked_at(changed, sentence):
    (told,) = replace(FIGURES, **changed).shortcomings()
    assert sentence in told


def test_a_stream_that_stops_is_a_gap():
    assert gaps([10 * MS, 40 * MS, 2000 * MS], 0, 1000 * MS) == [10.0, 30.0, 960.0]
    assert gaps([], 0, 1000 * MS) == [1000.0]


def test_memory_that_is_taken_once_is_not_growth():
    assert growth([50.0, 90.0, *[100.0] * 8]) == pytest.approx(0, abs=5)
    assert growth([100.0 + i for i in range(100)]) == pytest.approx(60)
    assert growth([100.0]) == growth([]) == 0


def test_the_report_has_the_keys_that_readers_expect():
    report = SoakReport(FIGURES, replace(FIGURES, calls=5), {"clock_jumps": True, "cancel_storm": False}, "2 cores")
    written = report.to_json()
    assert {
        "calls", "answered", "busy", "lost", "clients_answered", "clients", "image_gap_p99_ms", "image_gap_max_ms",
        "rss_growth_mb", "faults",
    } <= written.keys()  # fmt: skip
    assert written["faults"] == {"clock_jumps": True, "cancel_storm": False}
    assert written["real_model"]["calls"] == 5
    assert report.shortcomings() == [
        "real model: 4 answered and 6 told BUSY of 5 calls", "fault 'cancel_storm' was not taken well",
    ]  # fmt: skip
    assert "real_model" not in SoakReport(FIGURES, None, {}, "").to_json()


def test_the_table_has_a_column_per_load():
    assert len(load_table({"a": FIGURES, "b": FIGURES}).columns) == 3
