"""Turns between robots, gate and settings: what the server and its callers decide without any network."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from annexe_ros.core.errors import BadImageError, BusyError, ParameterError, WireFormatError
from annexe_ros.inference.remote.fair_queue import FairQueue
from annexe_ros.inference.remote.gate import Gate, Refusal, digest
from annexe_ros.inference.remote.plan import EngineChoice, ServingPlan
from annexe_ros.inference.remote.server import Listening, check
from annexe_ros.inference.remote.settings import RemoteSettings, settings_table

pytestmark = pytest.mark.engines
ROOT = Path(__file__).parents[2]


async def order_of(queue, robots):
    """Return in which order queries work that all ask at once."""
    served = []

    async def ask(robot):
        async with queue.turn(robot):
            served.append(robot)
            await asyncio.sleep(0)

    await asyncio.gather(*map(ask, robots))
    return served


def test_robots_take_turns_however_much_one_of_them_asks():
    served = asyncio.run(order_of(FairQueue(1, 99, 99), ["a"] * 5 + ["b", "c", "b"]))
    assert served == ["a", "a", "b", "c", "a", "b", "a", "a"]


def test_as_many_work_at_a_time_as_there_are_slots():
    async def most(slots):
        queue, working, seen = FairQueue(slots, 99, 99), 0, 0

        async def ask():
            nonlocal working, seen
            async with queue.turn("a"):
                working += 1
                seen = max(seen, working)
                await asyncio.sleep(0)
                working -= 1

        await asyncio.gather(*(ask() for _ in range(9)))
        return seen

    assert [asyncio.run(most(slots)) for slots in (1, 3)] == [1, 3]


@pytest.mark.parametrize(("capacity", "per_robot", "told"), [(3, 99, 3), (99, 2, 2)])
def test_a_full_queue_is_told(capacity, per_robot, told):
    async def overflow():
        queue = FairQueue(1, capacity, per_robot)
        async with queue.turn("a"):
            waiting = [asyncio.create_task(order_of(queue, ["a"])) for _ in range(told)]
            await asyncio.sleep(0.01)
            with pytest.raises(BusyError, match=f"{told} queries are waiting"):
                await order_of(queue, ["a"])
        await asyncio.gather(*waiting)

    asyncio.run(overflow())


def test_who_leaves_the_queue_holds_nobody_up():
    async def leave():
        queue = FairQueue(1, 9, 9)
        async with queue.turn("a"):
            gone, stays = (asyncio.create_task(order_of(queue, [robot])) for robot in ("b", "c"))
            await asyncio.sleep(0.01)
            gone.cancel()
            await asyncio.sleep(0.01)
            assert queue.waiting == 1
        return await stays

    assert asyncio.run(leave()) == ["c"]


def test_who_leaves_just_as_the_turn_comes_gives_it_on():
    async def leave():
        queue = FairQueue(1, 9, 9)
        async with queue.turn("a"):
            gone, stays = (asyncio.create_task(order_of(queue, [robot])) for robot in ("b", "c"))
            await asyncio.sleep(0.01)
        gone.cancel()  # the slot is handed out, the task hasn't run yet
        return await asyncio.wait_for(stays, 1)

    assert asyncio.run(leave()) == ["c"]


def test_the_gate_lets_in_who_knows_the_token():
    gate = Gate(digest("secret"), 100)
    assert gate.refusal({"authorization": "Bearer secret", "content-length": "100"}) is None
    for headers in ({}, {"authorization": "Bearer secre"}, {"authorization": "Bearer "}):
        assert gate.refusal(headers).http_status == 401
    assert gate.refusal({"authorization": "Bearer secret", "content-length": "101"}).http_status == 413
    assert gate.refusal({"authorization": "Bearer secret", "content-length": "lots"}).http_status == 400
    assert Gate(b"", 100).refusal({}) is None


@pytest.mark.parametrize(
    ("error", "status"), [(BusyError(3), 429), (BadImageError("dark"), 400), (WireFormatError("short"), 400)]
)
def test_refusals_have_https_numbers(error, status):
    refusal = Refusal.of(error)
    assert refusal.http_status == status
    assert str(error).encode() in refusal.body


def test_a_server_for_everybody_is_refused():
    plan = ServingPlan(EngineChoice("scripted", "x"))
    check(plan, Listening("127.0.0.1"))
    with pytest.raises(ParameterError, match=r"on 0\.0\.0\.0 needs a token"):
        check(plan, Listening("0.0.0.0"))
    with pytest.raises(ParameterError, match="not 3 to 2"):
        check(ServingPlan(EngineChoice("scripted", "x"), 3, 2), Listening())
    with pytest.raises(ParameterError, match="both a certificate and its key"):
        check(plan, Listening(tls_certificate="a.pem"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("robot: atlas", "must name the server's url"),
        ("url: http://a:1\nretry: 3", "unknown retry; there are: url,"),
        ("url: ftp://a", "must be like http://host:8000"),
        ("url: http://a:1\ntimeout_s: 0", "setting 'timeout_s' must be 0.1 to 3600, not 0"),
        ("url: http://a:1\nretries: 1.5", "setting 'retries' must be of type int"),
        ("url: http://a:1\nsend_depth: 1", "setting 'send_depth' must be of type bool"),
        ("url: http://a:1\nimage_encoding: bmp", "must be one of jpeg, png, raw"),
        ("- url", "must be a YAML mapping"),
        ("url: [", "can't be read"),
        ("url: http://a:99999", "must be like http"),
    ],
)
def test_settings_that_can_not_be_used_are_named(tmp_path, text, sentence):
    path = tmp_path / "remote.yaml"
    path.write_text(text)
    with pytest.raises(ParameterError, match=sentence):
        RemoteSettings.from_file(path)


def test_a_token_comes_from_where_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("ANNEXE_TEST_TOKEN", " abc\n")
    assert RemoteSettings("http://a:1", token_env="ANNEXE_TEST_TOKEN").token() == "abc"
    (tmp_path / "token").write_text("xyz\n")
    assert RemoteSettings("http://a:1", token_file=str(tmp_path / "token")).token() == "xyz"
    assert RemoteSettings("http://a:1").token() == ""
    for settings in ({"token_env": "ANNEXE_NOT_SET"}, {"token_file": str(tmp_path / "no")}):
        with pytest.raises(ParameterError, match=r"must hold a token|can't be read"):
            RemoteSettings("http://a:1", **settings).token()


def test_the_page_has_the_table_of_settings_and_an_example_that_can_be_read(tmp_path):
    page = (ROOT / "docs" / "serving.md").read_text()
    assert settings_table() in page
    example = page.split("```yaml\n")[1].split("```")[0]
    path = tmp_path / "remote.yaml"
    path.write_text(example)
    assert RemoteSettings.from_file(path).url == yaml.safe_load(example)["url"]
    assert RemoteSettings.from_file(ROOT / "config" / "engines" / "remote.yaml").token_env == "ANNEXE_TOKEN"
