"""The server on a real Ray: two replicas of a scripted engine, one of which is killed under load."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Timer

import numpy as np
import pytest

pytest.importorskip("ray", reason="Ray is not installed: pip install annexe-ros[serve]")
from private_ray import private_ray, processes_of_ray

from annexe_ros.core import Frame, Progress, Query
from annexe_ros.core.errors import AccessDeniedError, BusyError, CancelledError, EngineError, QueryTimeoutError
from annexe_ros.inference import create_engine
from annexe_ros.inference.remote.gate import Limits, digest
from annexe_ros.inference.remote.plan import EngineChoice, ServingPlan
from annexe_ros.inference.remote.server import Listening, serving

pytestmark = pytest.mark.engines
REPLICA = "ServeReplica:annexe:EngineReplica"
TOKEN, VARIABLE = "between-us", "ANNEXE_TEST_TOKEN"
FRAME = Frame(np.full((48, 64, 3), 90, np.uint8))
SCRIPT = {
    "stage_delay_s": 0.05,
    "replies": {
        "both": {
            "analysis": "The right hand holds a mug.",
            "targets": [
                {"label": "right hand", "box": [0.5, 0.5, 0.5, 0.5]},
                {"label": "mug", "box": [0.25, 0.25, 0.25, 0.25], "touched_by": ["right"], "score": 0.75},
            ],
        },
        "fails": {"targets": [{"label": "mug"}], "failures": {"answer": "the lens cap is on"}},
        "bug": {"targets": [{"label": "mug"}], "failures": {"answer": {"RuntimeError": "index out of range"}}},
        "slow": {"analysis": " ".join(["word"] * 6000), "targets": []},
    },
    "word_delay_s": 0.01,
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Serve the script from two replicas and return the address."""
    script = tmp_path_factory.mktemp("script") / "served.json"
    script.write_text(json.dumps(SCRIPT))
    plan = ServingPlan(
        EngineChoice("scripted", str(script)),
        min_replicas=2,
        max_replicas=2,
        max_batch=2,
        cpus=0.5,
        token_digest=digest(TOKEN),
        limits=Limits(max_request_bytes=1 << 20, max_pixels=200_000, capacity=64, per_robot=32),
    )
    listening = Listening(port=free_port(), local_cpus=1, start_limit_s=300.0)
    with private_ray(), serving(plan, listening):
        yield listening.url


@pytest.fixture
def connect(server, tmp_path, monkeypatch):
    """Return a function that makes an engine, from a file of settings as a node has it."""
    monkeypatch.setenv(VARIABLE, TOKEN)

    def make(robot="atlas", **settings):
        path = tmp_path / f"{robot}.yaml"
        path.write_text(json.dumps({"url": server, "token_env": VARIABLE, "robot": robot, **settings}))
        return create_engine("remote", path)

    return make


def test_an_answer_arrives_whole(connect):
    engine = connect()
    engine.warm_up()
    assert (engine.engine, engine.model) == ("remote", "scripted served")
    reply = engine.interpret(FRAME, Query("both"))
    assert reply.analysis == "The right hand holds a mug."
    assert [(o.label, o.mask_value, o.score, int(o.touched_by)) for o in reply.objects] == [
        ("right hand", 1, 1.0, 0),
        ("mug", 2, 0.75, 2),
    ]
    assert reply.label_image.shape == (48, 64)
    assert (reply.label_image == 2).sum() == 12 * 16
    assert [item.stage for item in reply.latencies] == ["analyse", "answer", "ground", "round trip"]


def test_a_replica_that_is_killed_under_load_costs_no_query(connect):
    engines = [connect(robot) for robot in ("atlas", "spot")]
    victim, other = processes_of_ray(REPLICA)
    killer = Timer(0.7, victim.kill)
    killer.start()
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(engines[k % 2].interpret, FRAME, Query("both")) for k in range(40)]
        answers = [future.result(timeout=120).answer for future in asked]
    killer.join()
    assert answers == ["right hand and mug"] * 40
    end = time.monotonic() + 120
    while len(set(processes_of_ray(REPLICA)) - {victim}) < 2:
        assert time.monotonic() < end, "no successor came up"
        time.sleep(0.2)
    assert other in processes_of_ray(REPLICA)


def test_what_the_engine_says_goes_wrong_is_told(connect):
    with pytest.raises(EngineError, match="the lens cap is on"):
        connect().interpret(FRAME, Query("fails"))


def test_a_librarys_own_error_is_told_and_the_server_lives(connect):
    with pytest.raises(Exception, match=r"the engine failed \(RuntimeError: index out of range\)"):
        connect().interpret(FRAME, Query("bug"))
    assert connect().interpret(FRAME, Query("both")).has_target


def test_a_wrong_token_is_refused(connect, monkeypatch):
    monkeypatch.setenv(VARIABLE, "guessed")
    stranger = connect()
    with pytest.raises(AccessDeniedError, match="refused the token"):
        stranger.interpret(FRAME, Query("both"))


def test_too_large_is_refused(connect):
    big = Frame(np.random.default_rng(0).integers(0, 255, (600, 700, 3)).astype(np.uint8))
    with pytest.raises(Exception, match=r"the request has 126.* bytes, the limit is 1048576"):
        connect(image_encoding="raw").interpret(big, Query("both"))
    with pytest.raises(Exception, match="the limit is 200000 pixels"):
        connect(image_encoding="jpeg", jpeg_quality=10).interpret(big, Query("both"))


def test_a_query_that_is_cancelled_gives_its_place_back(connect):
    gone = Event()
    Timer(0.3, gone.set).start()
    began = time.monotonic()
    with pytest.raises(CancelledError):
        connect().interpret(FRAME, Query("slow"), Progress(cancelled=gone.is_set))
    assert time.monotonic() - began < 15.0
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(connect(robot).interpret, FRAME, Query("both")) for robot in ("a", "b")]
        assert all(future.result(timeout=30).has_target for future in both)
    assert time.monotonic() - began < 45.0  # the slow one would have taken a minute


def test_a_query_past_its_time_is_told_so(connect):
    with pytest.raises(QueryTimeoutError, match=r"1\.0 s"):
        connect(timeout_s=1.0).interpret(FRAME, Query("slow"))


def test_a_robot_that_floods_is_told_that_the_queue_is_full_and_others_are_answered(connect):
    flood = connect("flood", retries=0, timeout_s=90.0)
    with ThreadPoolExecutor(60) as pool:
        asked = [pool.submit(flood.interpret, FRAME, Query("both")) for _ in range(60)]
        time.sleep(0.3)
        assert connect("calm").interpret(FRAME, Query("both")).has_target
        waiting = [future for future in asked if not future.done()]
        errors = [future.exception() for future in asked]
    assert any(isinstance(error, BusyError) for error in errors)
    assert all(error is None or isinstance(error, BusyError) for error in errors)
    assert len(waiting) > 8


def test_the_server_checks_queries_itself(connect, monkeypatch):
    engine = connect()
    monkeypatch.setattr("annexe_ros.inference.remote.engine.encode_query", lambda *_: b"not ours")
    with pytest.raises(EngineError, match="8 bytes don't begin as a message of annexe does"):
        engine.interpret(FRAME, Query("both"))
