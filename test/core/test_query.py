"""What can be asked at all."""

from math import inf, nan

import pytest

from annexe_ros.core import Query
from annexe_ros.core.errors import InvalidQueryError


@pytest.mark.parametrize("gaze", [(nan, 3.0), (3.0, inf), (-inf, nan)])
def test_a_gaze_that_is_not_finite_is_refused(gaze):
    with pytest.raises(InvalidQueryError, match=r"the gaze \(.*(nan|inf).*\) is not a pixel of an image"):
        Query("What am I looking at?", gaze=gaze)


def test_a_gaze_may_lie_outside_of_the_image():
    assert Query("What am I looking at?", gaze=(-500.0, 9000.0)).gaze == (-500.0, 9000.0)


def test_half_of_a_character_is_replaced():
    assert Query("What is \ud800 held?").text == "What is \N{REPLACEMENT CHARACTER} held?"
