"""The server on a real Ray that follows the load, and lives on when the door, through which all queries go, dies."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

pytest.importorskip("ray", reason="Ray is not installed: pip install annexe-ros[serve]")
from private_ray import private_ray, processes_of_ray

from annexe_ros.core import Frame, Query
from annexe_ros.core.errors import EngineError, ParameterError
from annexe_ros.inference import create_engine
from annexe_ros.inference.remote.plan import EngineChoice, ServingPlan
from annexe_ros.inference.remote.server import Listening, serving

pytestmark = [pytest.mark.engines, pytest.mark.slow]
FRAME = Frame(np.full((48, 64, 3), 90, np.uint8))
REPLICA, DOOR = "ServeReplica:annexe:EngineReplica", "ServeReplica:annexe:Door"
LIMIT_S = 180.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_an_engine_that_can_not_be_made_is_one_sentence(tmp_path):
    plan = ServingPlan(EngineChoice("annexe", str(tmp_path / "missing")), cpus=0.5)
    listening = Listening(port=free_port(), local_cpus=1, start_limit_s=LIMIT_S)
    with private_ray(), pytest.raises(EngineError) as told, serving(plan, listening):
        pass
    assert str(told.value).startswith("the server did not come up: ")
    assert "missing" in str(told.value)
    assert len(str(told.value)) < 300


def test_more_gpus_than_there_are_are_refused():
    plan = ServingPlan(EngineChoice("scripted", "x"), 2, 2, gpus=64)
    with (
        private_ray(),
        pytest.raises(ParameterError, match="2 replicas with 64 GPU each need 128, Ray has"),
        serving(plan, Listening(local_cpus=2)),
    ):
        pass


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Serve a slow script from one to two replicas and return the engine that asks them."""
    folder = tmp_path_factory.mktemp("scaling")
    (folder / "slow.json").write_text(json.dumps({"stage_delay_s": 0.2}))
    plan = ServingPlan(EngineChoice("scripted", str(folder / "slow.json")), 1, 2, max_batch=1, cpus=0.5)
    listening = Listening(port=free_port(), local_cpus=1, start_limit_s=LIMIT_S)
    (folder / "remote.yaml").write_text(json.dumps({"url": listening.url, "timeout_s": LIMIT_S, "retries": 50}))
    with private_ray(), serving(plan, listening):
        yield create_engine("remote", folder / "remote.yaml")


def test_a_second_replica_comes_with_the_load(engine):
    assert len(processes_of_ray(REPLICA)) == 1
    enough, end = Event(), time.monotonic() + LIMIT_S

    def keep_asking():
        answers = []
        while not enough.is_set() and time.monotonic() < end:
            answers.append(engine.interpret(FRAME, Query("What?")).answer)
        return answers

    with ThreadPoolExecutor(4) as pool:
        robots = [pool.submit(keep_asking) for _ in range(4)]
        while len(processes_of_ray(REPLICA)) < 2 and time.monotonic() < end:
            time.sleep(0.2)
        came = len(processes_of_ray(REPLICA))
        enough.set()
        assert {answer for robot in robots for answer in robot.result()} == {"mug"}
    assert came == 2


def test_a_door_that_is_killed_under_load_costs_no_query(engine):
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(engine.interpret, FRAME, Query("What?")) for _ in range(8)]
        time.sleep(0.5)
        (door,) = processes_of_ray(DOOR)
        door.kill()
        assert [future.result().answer for future in asked] == ["mug"] * 8
