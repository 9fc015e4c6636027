from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import Frame, GroundedObject, Hands, Interpretation, Role
from annexe_ros.core.contact import touching_hands, with_contacts

SHAPE = (240, 320)


def rectangle(left: int, right: int, top: int = 80, bottom: int = 160) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[top:bottom, left:right] = True
    return mask


MUG = rectangle(100, 160)
BESIDE, APART = rectangle(160, 220), rectangle(175, 220)


def depth_with(hand: np.ndarray, hand_z: float, object_z: float = 0.5) -> np.ndarray:
    return np.where(hand, hand_z, object_z).astype(np.float32)


def test_masks_that_meet_touch():
    assert touching_hands(MUG, {Hands.RIGHT: BESIDE, Hands.LEFT: APART}) == Hands.RIGHT


def test_both_hands_may_touch():
    hands = {Hands.LEFT: rectangle(60, 100), Hands.RIGHT: BESIDE}
    assert touching_hands(MUG, hands) == Hands.LEFT | Hands.RIGHT


def test_masks_that_meet_at_a_corner_only_do_not_touch():
    assert touching_hands(MUG, {Hands.RIGHT: rectangle(160, 220, 159, 220)}) == Hands.NONE


@given(gap=st.floats(-0.3, 0.3))
def test_depth_tells_a_hand_that_passes_before_or_behind(gap: float):
    touching = touching_hands(MUG, {Hands.RIGHT: BESIDE}, depth_with(BESIDE, 0.5 + gap))
    if abs(gap) < 0.085:
        assert touching == Hands.RIGHT
    elif abs(gap) > 0.095:
        assert touching == Hands.NONE


def test_a_fingertip_suffices():
    """An arm that comes from the camera's side touches with its tip alone."""
    slope = np.broadcast_to(np.linspace(0.2, 0.5, SHAPE[0])[:, None], SHAPE)
    depth = np.where(BESIDE, np.where(slope > 0.39, 0.5, slope), 0.5).astype(np.float32)
    assert touching_hands(MUG, {Hands.RIGHT: BESIDE}, depth) == Hands.RIGHT


@pytest.mark.parametrize("unknown", [np.nan, 0.0])
def test_unknown_depth_leaves_it_to_the_masks(unknown: float):
    depth = np.full(SHAPE, unknown, np.float32)
    assert touching_hands(MUG, {Hands.RIGHT: BESIDE}, depth) == Hands.RIGHT


def reply_with(*items: tuple[str, Role, np.ndarray]) -> Interpretation:
    image = np.zeros(SHAPE, np.uint8)
    for value, (_, _, mask) in enumerate(items, start=1):
        image[mask] = value
    objects = tuple(GroundedObject(label, i, 1.0, role) for i, (label, role, _) in enumerate(items, start=1))
    return Interpretation("", "", True, 1.0, objects, image, "test", "test")


FRAME = Frame(np.zeros((*SHAPE, 3), np.uint8))


def test_an_interpretation_learns_who_touches_what():
    reply = reply_with(
        ("right hand", Role.RIGHT_HAND, BESIDE),
        ("mug", Role.OBJECT, MUG),
        ("bowl", Role.OBJECT, rectangle(10, 40)),
    )
    hand, mug, bowl = with_contacts(reply, FRAME).objects
    assert (hand.touched_by, mug.touched_by, bowl.touched_by) == (Hands.NONE, Hands.RIGHT, Hands.NONE)
    assert (mug.active, bowl.active) == (True, False)


def test_what_the_engine_said_is_kept():
    reply = reply_with(("right hand", Role.RIGHT_HAND, BESIDE), ("mug", Role.OBJECT, MUG))
    hand, mug = reply.objects
    said = replace(reply, objects=(hand, replace(mug, touched_by=Hands.LEFT)))
    assert with_contacts(said, FRAME).objects[1].touched_by == Hands.LEFT
