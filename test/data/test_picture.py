"""Image files in memory: whole ones, and what is none."""

import cv2
import numpy as np
import pytest

from annexe_ros.data.picture import decoded

PIXELS = np.random.default_rng(0).integers(0, 255, (64, 48, 3), np.uint8)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_whole_file_is_decoded_and_a_part_of_it_is_none(suffix):
    data = cv2.imencode(suffix, PIXELS)[1].tobytes()
    assert decoded(data, cv2.IMREAD_COLOR).shape == PIXELS.shape
    assert decoded(data + bytes(5), cv2.IMREAD_COLOR) is not None  # some cameras fill up
    assert decoded(data + b"\xff\xda film", cv2.IMREAD_COLOR) is not None  # some phones append a film
    assert decoded(data[: len(data) // 2], cv2.IMREAD_COLOR) is None


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"no image"])
def test_what_is_no_image_is_none(data):
    assert decoded(data, cv2.IMREAD_COLOR) is None
