from dataclasses import asdict

import pytest

from annexe_ros.benchmark.transport import STREAMS, ImageStream, images_arrive, transport_run, transport_table

DECISIVE = ImageStream("profile", "best_effort", 1280, 720)


def test_a_run_is_written_with_the_fields_that_readers_expect():
    run = transport_run(DECISIVE, 4, [1.0, 2.0, 3.0])
    assert asdict(run) == {
        "transport": "profile", "reliability": "best_effort", "width": 1280, "height": 720,
        "sent": 4, "received": 3, "median_ms": 2.0, "p99_ms": pytest.approx(2.98),
    }  # fmt: skip


def test_where_nothing_arrives_there_is_no_latency():
    run = transport_run(DECISIVE, 30, [])
    assert (run.received, run.median_ms, run.p99_ms) == (0, None, None)


def test_every_size_is_sent_in_every_way():
    assert len(set(STREAMS)) == 12
    assert DECISIVE in STREAMS


@pytest.mark.parametrize(("sent", "received", "enough"), [(150, 150, True), (100, 99, True), (150, 148, False)])
def test_nearly_all_images_must_arrive_with_the_profile(sent, received, enough):
    runs = [transport_run(stream, 150, []) for stream in STREAMS if stream != DECISIVE]
    assert images_arrive([*runs, transport_run(DECISIVE, sent, [4.0] * received)]) is enough


def test_what_was_not_measured_is_not_enough():
    assert not images_arrive([transport_run(stream, 150, [4.0] * 150) for stream in STREAMS if stream != DECISIVE])
    assert not images_arrive([transport_run(DECISIVE, 0, [])])


def test_the_table_has_a_row_per_run():
    assert transport_table([transport_run(stream, 3, [1.0]) for stream in STREAMS]).row_count == 12
