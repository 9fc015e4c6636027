"""Depth that a model only estimates has no metres in it: no pose and no size is ever made of it."""

import numpy as np
import pytest

from annexe_ros.core import DepthEstimator, Frame, PinholeCamera, Query
from annexe_ros.core.geometry import NO_DEPTH_NOTE, locate
from annexe_ros.inference.scheduler import Scheduler
from annexe_ros.inference.scripted import ScriptedEngine

WAIT_S = 30.0
COLOUR_ONLY = Frame(np.zeros((48, 64, 3), np.uint8), None, PinholeCamera(64, 48, 60.0, 60.0, 31.5, 23.5))


class EstimatingEngine(ScriptedEngine):
    """An engine whose model sees depth everywhere, as ANNEXE's does."""

    def estimate_depth(self, frame):
        return np.full((frame.height, frame.width), 0.5, np.float32)

    def interpret(self, frame, query, progress=None):
        self.estimate_depth(frame)
        return super().interpret(frame, query, progress)


def assert_found_but_nowhere(reply):
    assert reply.objects
    assert all(target.mask_value and reply.mask(target).any() for target in reply.objects)
    assert all(target.box3d is None and target.depth_coverage == 0 for target in reply.objects)
    assert NO_DEPTH_NOTE in reply.notes


def test_a_colour_image_gets_masks_and_no_pose_whatever_the_engine_estimates():
    engine = EstimatingEngine()
    scheduler = Scheduler(engine)
    assert isinstance(engine, DepthEstimator)
    assert_found_but_nowhere(scheduler.submit(COLOUR_ONLY, Query("mug?")).result(WAIT_S))
    assert COLOUR_ONLY.depth is None
    assert scheduler.close(WAIT_S)


@pytest.mark.model
def test_the_annexe_engine_leaves_the_frame_without_depth(tiny_folder):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from annexe_ros.inference.annexe import AnnexeEngine

    engine = AnnexeEngine(tiny_folder, "cpu")
    estimated = engine.estimate_depth(COLOUR_ONLY)
    reply = locate(engine.interpret(COLOUR_ONLY, Query("the hands")), COLOUR_ONLY)
    assert np.isfinite(estimated).all()
    assert COLOUR_ONLY.depth is None
    assert all(target.box3d is None for target in reply.objects)


@pytest.mark.ros
def test_the_answer_that_is_sent_has_no_pose_and_no_size():
    pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")
    from annexe_ros.ros.answers import answer_message

    reply = locate(EstimatingEngine().interpret(COLOUR_ONLY, Query("mug?")), COLOUR_ONLY)
    message = answer_message(reply, COLOUR_ONLY, Query("mug?"))
    assert not any(item.has_pose or item.size.x or item.size.y or item.size.z for item in message.objects)
    assert NO_DEPTH_NOTE in message.notes
