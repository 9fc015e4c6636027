"""What the procedure demo makes of a run: its figures, and a page whose pictures lie beside it."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
pytest.importorskip("annexe_ros.srv", reason="the interfaces are not built")

from annexe_ros.core.procedure import TimedStep
from annexe_ros.data.recording import write_index

pytestmark = pytest.mark.ros

FILM = [TimedStep(1, "open <it>", 0.0, 2.0), TimedStep(3, "take the kettle", 2.0, 4.0), TimedStep(2, "pour", 4.0, 6.0)]
DEMONSTRATION = [TimedStep(1, "open <it>", 0.0, 2.0), TimedStep(2, "pour", 2.0, 4.0)]


@pytest.fixture
def demo(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "scripts")
    import demo_procedure

    yield demo_procedure
    for name in ("demo_procedure", "demo_procedure_page"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("made", "missing"),
    [
        ((), ["procedures", "procedures", "train-tracker"]),
        (("train", "test"), ["procedures", "procedures", "train-tracker"]),  # perhaps not all of its films
        (("train", "model"), ["procedures"]),
        (("train", "test", "model"), []),
    ],
)
def test_what_is_missing_is_made(demo, monkeypatch, tmp_path, made, missing):
    for name in made:
        file = tmp_path / ("config.json" if name == "model" else f"{name}/film/steps.json")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    asked = []
    monkeypatch.setattr(demo, "_annexe", lambda verb, *_: asked.append(verb))
    demo._prepare(SimpleNamespace(data=tmp_path, model=tmp_path, films=24, encoder="egovideo-clips"))
    assert asked == missing


def told(at_s, step_id, next_ids, place):
    """Return what was told of one window, topic by topic."""
    window = {"from_s": at_s - 1.0, "at_s": at_s}
    label = {step.step_id: step.label for step in FILM}
    forecast = {"step_ids": next_ids, "labels": [label[k] for k in next_ids], "probabilities": [0.5], "lead_times": [1]}
    where = {"step_number": place, "label": DEMONSTRATION[place - 1].label, "position": 2.0 * place, "score": 0.8}
    return {
        "step": {**window, "step_id": step_id, "label": label[step_id], "score": 0.9},
        "forecast": {**window, **forecast},
        "demonstration": {**window, **where, "text": f"step {place} of 2"},
    }


@pytest.fixture
def heard():
    windows = [told(1.0, 1, [3], 1), told(2.0, 1, [2], 1), told(3.5, 3, [2], 2), told(5.0, 3, [2], 2)]
    return {topic: [window[topic] for window in windows] for topic in windows[0]}


def test_figures_are_shares_of_the_windows(demo, heard):
    result = demo.summary(heard, FILM, DEMONSTRATION, window_s=1.0, stride_s=0.5)
    figures = result["figures"]
    assert (result["told"], result["due"]) == (4, 11)
    assert figures["step"] == 3 / 4
    assert figures["next step"] == 2 / 3  # after the last step nothing comes
    assert figures["place"] == 3 / 4


def test_nothing_told_is_nothing_right(demo):
    result = demo.summary({"step": [], "forecast": [], "demonstration": []}, FILM, DEMONSTRATION, 1.0, 0.5)
    assert set(result["figures"].values()) == {0.0}


class Page(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.images, self.texts, self.wrong = [], [], 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.wrong += ("class", "wrong") in attrs
        if tag == "img":
            self.images.append(dict(attrs)["src"])

    def handle_data(self, data):
        self.texts.append(data)


def write_recording(folder, grey):
    (folder / "RGB").mkdir(parents=True)
    for number in range(6):
        cv2.imwrite(str(folder / "RGB" / f"{number}.jpg"), np.full((8, 8, 3), grey + 10 * number, np.uint8))
    write_index(folder, "head", None, {str(number): number * 10**9 for number in range(6)})
    return folder


def test_the_page_has_view_and_demonstration_of_every_step(demo, heard, tmp_path):
    film, shown = write_recording(tmp_path / "film", 0), write_recording(tmp_path / "shown", 150)
    out = tmp_path / "out"
    written = Page(demo.page(demo.summary(heard, FILM, DEMONSTRATION, 1.0, 0.5), film, shown, out))
    grey = [round(float(cv2.imread(str(out / name)).mean()), -1) for name in written.images]
    assert grey == [10, 160, 30, 180, 40, 180]  # half a second earlier: 1.5 s and 1.5 s, 3 s and 3.5 s, 4.5 s and 3.5 s
    assert "open <it>" in "".join(written.texts)
    assert "step 2 of 2 0.80" in written.texts
    assert "2.5 to 3.5 s" in written.texts
    assert any("4 of 11 windows were told in time" in text for text in written.texts)
    assert written.wrong == 1
