"""Looking twice: what is found only from nearer, what becomes sharper there, and what one look suffices for."""

from dataclasses import replace

import numpy as np
import pytest

from annexe_ros.core import Frame, GroundedObject, Hands, Interpretation, Progress, StageLatency, role_of
from annexe_ros.core.gaze import LOOK_NEARER
from annexe_ros.inference.surveying import surveyed

FRAME = Frame(np.zeros((120, 160, 3), np.uint8))
POINT = (80.0, 60.0)
MIDDLE = np.s_[58:62, 78:82]
"""Of the full frame: 16 pixels, less than a two-hundredth."""


class Planted:
    """Shows one thing in the middle of each view, by the view's width: (name, half its side)."""

    def __init__(self, shown):
        self.shown, self.asked = shown, []

    def survey(self, frame, progress=None, *, want_analysis=True):
        self.asked.append((frame.width, want_analysis))
        labels, objects = np.zeros(frame.image.shape[:2], np.uint8), ()
        if frame.width in self.shown:
            name, half = self.shown[frame.width]
            y, x = frame.height // 2, frame.width // 2
            labels[y - half : y + half, x - half : x + half] = 7
            objects = (GroundedObject(name, 7, 0.5, role_of(name), touched_by=Hands.LEFT),)
        latencies = (StageLatency(f"look at {frame.width}", 1.0),)
        text = "described" if want_analysis else ""
        return Interpretation(text, "", bool(objects), 0.5, objects, labels, "planted", "", latencies)


def look(shown, fraction=1.0, *, want_analysis=False):
    engine = Planted(shown)
    return surveyed(engine, FRAME, POINT, fraction, Progress(), want_analysis=want_analysis), engine.asked


def test_what_is_large_is_looked_at_once():
    reply, asked = look({160: ("mug", 20), 80: ("bowl", 4)})
    assert asked == [(160, False)]
    assert [target.label for target in reply.objects] == ["mug"]


def test_what_is_small_keeps_its_name_and_gets_the_nearer_looks_mask():
    reply, asked = look({160: ("scissors", 4), 80: ("pliers", 2)})
    assert asked == [(160, False), (80, False)]
    (target,) = reply.objects
    assert (target.label, target.touched_by) == ("scissors", Hands.LEFT)
    assert reply.mask(target)[MIDDLE].all()
    assert reply.mask(target).sum() == 16
    assert [latency.stage for latency in reply.latencies] == ["look at 160", LOOK_NEARER]


def test_what_the_first_look_misses_is_what_the_nearer_one_says():
    reply, _ = look({80: ("scissors", 2)})
    (target,) = reply.objects
    assert (target.label, reply.has_target) == ("scissors", True)
    assert reply.mask(target)[MIDDLE].all()


def test_where_all_values_are_taken_the_last_thing_gives_way(monkeypatch):
    crowd = tuple(GroundedObject("mug", value, 0.5, role_of("mug")) for value in range(1, 256))
    survey = Planted.survey

    def crowded(self, frame, progress=None, *, want_analysis=True):
        reply = survey(self, frame, progress, want_analysis=want_analysis)
        return replace(reply, objects=crowd) if frame is FRAME else reply

    monkeypatch.setattr(Planted, "survey", crowded)
    reply, _ = look({80: ("scissors", 2)})
    assert [target.label for target in reply.objects if target.mask_value == 255] == ["scissors"]
    assert len(reply.objects) == 255


@pytest.mark.parametrize("nearer", [{}, {80: ("left hand", 4)}])
def test_a_thing_stays_where_the_nearer_look_finds_none(nearer):
    reply, asked = look({160: ("scissors", 4), **nearer})
    assert len(asked) == 2
    assert [target.label for target in reply.objects] == ["scissors"]
    assert reply.mask(reply.objects[0]).sum() == 64


def test_the_description_is_of_the_full_frame_and_made_once():
    reply, asked = look({80: ("mug", 20)}, 1 / 2, want_analysis=True)
    assert asked == [(80, False), (160, True)]
    assert reply.analysis == "described"
    assert look({}, want_analysis=True)[1] == [(160, True), (80, False)]


def test_the_nearer_look_is_half_of_the_first():
    assert look({}, 1 / 2)[1] == [(80, False), (40, False)]
