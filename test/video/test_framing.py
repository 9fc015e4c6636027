"""The square that the clip encoder sees: the middle, whatever the shape of the picture."""

import cv2
import numpy as np
import pytest

from annexe_ros.video.framing import WIDEST, square

SIDE = 32


def noise(height, width):
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("height", "width", "left"), [(48, 64, 5), (96, 128, 5), (16, 16 * WIDEST, 48)])
def test_the_middle_of_the_resized_picture_is_seen_upright_and_on_its_side(height, width, left):
    picture = noise(height, width)
    size = (round(width * SIDE / height), SIDE)
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if height > SIDE else cv2.INTER_CUBIC)
    assert (square(picture, SIDE) == resized[:, left : left + SIDE]).all()
    assert square(picture.transpose(1, 0, 2), SIDE).shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize("shape", [(1, 2_000_000), (2_000_000, 1)])
def test_a_line_of_pixels_takes_no_large_memory(shape):
    assert square(np.full((*shape, 3), 90, np.uint8), SIDE).tolist() == np.full((SIDE, SIDE, 3), 90).tolist()


def test_of_a_long_picture_the_ends_are_not_looked_at():
    picture = noise(40, 3 * WIDEST * 40)
    assert (square(picture, SIDE) == square(picture[:, WIDEST * 40 : 2 * WIDEST * 40], SIDE)).all()
