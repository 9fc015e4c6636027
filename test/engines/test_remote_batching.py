"""ANNEXE itself behind a real Ray: queries that come together are answered in batches, as if each came alone."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("ray", reason="Ray is not installed: pip install annexe-ros[serve]")
from private_ray import private_ray

from annexe_ros.core import Frame, Query
from annexe_ros.inference import create_engine
from annexe_ros.inference.remote.plan import EngineChoice, ServingPlan
from annexe_ros.inference.remote.server import Listening, serving

pytestmark = [pytest.mark.engines, pytest.mark.model, pytest.mark.slow]
ROBOTS = ("atlas", "spot", "digit", "stretch")


def test_queries_that_come_together_are_answered_as_if_alone(tiny_folder, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    rng = np.random.default_rng(0)
    frames = [Frame(rng.integers(0, 255, (48, 64, 3)).astype(np.uint8)) for _ in ROBOTS]
    plan = ServingPlan(EngineChoice("annexe", str(tiny_folder), "cpu"), max_batch=4, batch_wait_s=0.5, cpus=0.5)
    listening = Listening(port=port, local_cpus=1, start_limit_s=300.0)

    def ask(robot, frame):
        settings = tmp_path / f"{robot}.yaml"
        told = {"url": listening.url, "robot": robot, "image_encoding": "png", "timeout_s": 120}
        settings.write_text(json.dumps(told))
        return create_engine("remote", settings).interpret(frame, Query("What is held?"))

    with private_ray(), serving(plan, listening):
        described = json.loads(urlopen(f"{listening.url}/describe", timeout=60).read())
        with ThreadPoolExecutor(len(ROBOTS)) as pool:
            replies = list(pool.map(ask, ROBOTS, frames))
    assert described == {"engine": "annexe", "model": tiny_folder.name, "batches": True}
    alone = create_engine("annexe", tiny_folder, "cpu")
    for frame, reply in zip(frames, replies, strict=True):
        expected = alone.interpret(frame, Query("What is held?"))
        assert (reply.analysis, reply.answer) == (expected.analysis, expected.answer)
        assert (reply.label_image != expected.label_image).mean() < 0.01
