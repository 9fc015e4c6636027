"""The node with the engine ``remote``: what a robot without a GPU has."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

import yaml
from replica_server import listening, scripted
from test_perception import perception

from annexe_ros.core.errors import Status
from annexe_ros.ros.images import pixels_from_message

pytestmark = [pytest.mark.ros, pytest.mark.engines]


def test_answers_come_from_a_server_that_may_go_and_come_back(context, peer, tmp_path):
    settings = tmp_path / "remote.yaml"
    with listening(scripted) as (port, _):
        told = {"url": f"http://127.0.0.1:{port}", "retries": 1, "backoff_s": 0.01, "image_encoding": "png"}
        settings.write_text(yaml.safe_dump(told))
        with perception(context, engine="remote", model=str(settings)):
            response = peer.ask_about_camera()
    answer, mug = response.answer, response.answer.objects[0]
    assert (answer.engine, answer.model, answer.answer) == ("remote", "scripted default", "mug")
    assert np.count_nonzero(pixels_from_message(response.mask) == mug.mask_value) == mug.roi.width * mug.roi.height
    assert mug.pose.pose.position.z == pytest.approx(0.8, abs=0.01)
    with perception(context, engine="remote", model=str(settings)):
        refused = peer.ask_about_camera()
        assert (refused.success, refused.status) == (False, Status.ENGINE_ERROR)
        assert "did not answer in 2 tries" in refused.message
        with listening(scripted, port):
            assert peer.ask_about_camera().answer.answer == "mug"
