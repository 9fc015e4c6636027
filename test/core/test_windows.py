from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annexe_ros.core import GroundedObject, Interpretation, Role, bounding_box

MUG, BOWL = GroundedObject("mug", 1, 1.0, Role.OBJECT), GroundedObject("bowl", 2, 1.0, Role.OBJECT)


def reply(labels: np.ndarray) -> Interpretation:
    return Interpretation("", "mug and bowl", True, 1.0, (MUG, BOWL), labels, "test", "test")


@given(arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 2)))
def test_a_window_is_the_tightest_box_around_a_mask(labels: np.ndarray):
    said = reply(labels)
    for target in said.objects:
        x, y, width, height = bounding_box(said.mask(target))
        assert said.window(target) == ((slice(y, y + height), slice(x, x + width)) if width else None)


def test_an_object_without_a_mask_has_no_window():
    said = reply(np.zeros((4, 6), np.uint8))
    assert said.window(replace(MUG, mask_value=0)) is None


def test_replies_made_from_each_other_share_what_was_looked_for():
    said = reply(np.eye(4, dtype=np.uint8))
    said.window(MUG)
    told = replace(said, analysis="The right hand holds a mug.")
    told.label_image[0, 0] = 0  # nobody does this; it shows that nothing is looked for again
    assert told.window(MUG) == said.window(MUG) == (slice(0, 4), slice(0, 4))


def test_another_label_image_is_looked_at_anew():
    said = reply(np.eye(4, dtype=np.uint8))
    said.window(MUG)
    assert replace(said, label_image=2 * said.label_image).window(MUG) is None
