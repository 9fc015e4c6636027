import copy

import pytest

from annexe_ros.core import errors

EXAMPLES = (
    errors.InvalidQueryError("the query is empty"),
    errors.StaleFrameError(1.5, 1.0),
    errors.UnknownCameraError("wrist", ["head"]),
    errors.CancelledError(),
    errors.DatasetFormatError("scenes", "has no frame"),
    errors.TransformError("camera", "torso", 12_000_000_034, "it is not connected."),
    errors.SceneError("S0000_000001", 200),
)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_errors_go_between_processes_whole(error):
    arrived = copy.copy(error)  # by __reduce__, as between processes
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)


def test_a_stale_frame_is_old_or_ahead():
    assert str(errors.StaleFrameError(1.5, 1.0)) == "the newest frame is 1.50 s old, the limit is 1.00 s"
    ahead = "the newest stamp is 1.50 s ahead of the node's clock, the limit is 1.00 s"
    assert str(errors.StaleFrameError(-1.5, 1.0)) == ahead


def test_a_missing_transform_names_frames_time_and_reason():
    error = errors.TransformError("camera", "torso", 12_000_000_034, "it is not connected. ")
    assert str(error) == "no transform from 'camera' to 'torso' at 12.000000034 s: it is not connected"
