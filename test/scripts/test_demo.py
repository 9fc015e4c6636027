"""The demo from end to end, with the scripted engine: real processes, real topics, the shipped recording."""

import json
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import cv2
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from annexe_ros.data.bag import Bag

pytestmark = pytest.mark.ros

ROOT = Path(__file__).parents[2]
LIMIT_S = 240


def demo(out, *options):
    command = [sys.executable, ROOT / "scripts" / "demo.py", "--engine", "scripted", "--out", out, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)


class Pictures(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.names = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.names.append(dict(attrs)["src"])


def test_every_query_gets_its_pictures_and_a_place_on_the_page(tmp_path):
    (tmp_path / "99_overlay.png").touch()  # of an earlier demo
    script = tmp_path / "unhurried.json"  # else a quick machine has all answers before there are as many frames
    script.write_text(json.dumps({"stage_delay_s": 0.2}))
    run = demo(tmp_path, "--model", script, *(["--record", tmp_path / "demo.mcap"] if find_spec("mcap") else []))
    assert run.returncode == 0, run.stdout + run.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    assert len(results) >= 6
    assert all(item["success"] for item in results)
    for item in results:
        assert json.loads((tmp_path / item["markers"]).read_text())["markers"]
        assert cv2.imread(str(tmp_path / item["overlay"])) is not None
        assert cv2.imread(str(tmp_path / item["mask"]), cv2.IMREAD_UNCHANGED).shape == (480, 640)
        assert item["answer"]["objects"][0]["has_pose"]
    page = (tmp_path / "index.html").read_text()
    assert Pictures(page).names == [item["overlay"] for item in results]
    assert not (tmp_path / "99_overlay.png").exists()
    assert all(item["query"] in page for item in results)
    if find_spec("mcap"):
        check_recording(tmp_path / "demo.mcap", [item["query"] for item in results])


def test_only_results_of_an_earlier_demo_are_removed(tmp_path):
    from demo import clear

    kept = {"2024_holiday.jpg", "1_overlay.png", "notes.log", "12_overlay.png.bak"}
    for name in (*kept, "07_overlay.png", "100_mask.png", "01_markers.json", "results.json", "camera_replay.log"):
        (tmp_path / name).touch()
    clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_what_cannot_be_removed_is_told(tmp_path):
    (tmp_path / "99_overlay.png").mkdir()
    run = demo(tmp_path)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"error: {tmp_path}/99_overlay.png: is in the way of the results (Is a directory)\n"


def check_recording(path, queries):
    """The recording can be played, and holds the answers with what is drawn of them."""
    from mcap.reader import make_reader
    from rclpy.serialization import deserialize_message

    from annexe_ros.msg import InteractionAnswer

    bag = Bag(path, {"image": "/image", "depth": "/depth", "camera_info": "/camera_info"})
    assert set(bag.types) == {"image", "depth", "camera_info"}
    assert len(bag.moments) > len(queries)
    with path.open("rb") as file:
        messages = [(channel.topic, message.data) for _, channel, message in make_reader(file).iter_messages()]
    answers = [deserialize_message(data, InteractionAnswer) for topic, data in messages if topic == "/annexe/answer"]
    asked = [answer.query for answer in answers]
    assert asked[-len(queries) :] == queries
    assert set(asked[: -len(queries)]) <= {queries[0]}  # again, where its first answer's pictures went unheard
    drawn = {f"/annexe/{topic}" for topic in ("mask", "overlay", "markers", "objects_cloud")}
    assert drawn <= {topic for topic, _ in messages}


def test_a_query_that_fails_fails_the_demo(tmp_path):
    queries = tmp_path / "queries.yaml"
    queries.write_text(f"- What is there?\n- {'x' * 600}\n")
    run = demo(tmp_path / "out", "--queries", queries)
    assert run.returncode == 1
    good, bad = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (good["success"], bad["success"]) == (True, False)
    assert "has 600 characters" in (tmp_path / "out" / "index.html").read_text()


def test_a_missing_recording_is_told(tmp_path):
    run = demo(
        tmp_path / "out", "--recording", tmp_path, "--queries", ROOT / "examples/recordings/head_camera/queries.yaml"
    )
    assert run.returncode == 1
    assert "camera_replay ended" in run.stdout
    assert "neither a recording nor a folder of scenes" in (tmp_path / "out" / "camera_replay.log").read_text()
