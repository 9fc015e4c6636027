"""Off and on of analysis-guided answering: gains from rows made by hand, a whole run on two tiny models."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from annexe_ros.core import NO_TARGET_ANSWER, Interpretation
from annexe_ros.core.errors import ParameterError
from annexe_ros.evaluation.grounding import Overlap
from annexe_ros.evaluation.interaction import Findings
from annexe_ros.evaluation.report import EvaluationReport, QueryRow

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model
PAGE = Path(__file__).parents[2] / "docs" / "weights.md"


def report(answers, intersections):
    """Return an evaluation of one question about each image, whose target is a mug of 100 pixels."""
    nothing = Findings(0, 0, 0, 0, 0)
    fits = [Overlap(hit, 100, (hit / 100,), 1.0) for hit in intersections]
    rows = [
        QueryRow(str(k), "the mug", "single", ("mug",), "mug", answer, True, 0.9, fit, nothing, 1.0)
        for k, (answer, fit) in enumerate(zip(answers, fits, strict=True))
    ]
    return EvaluationReport(tuple(rows), ())


def test_a_gain_is_on_minus_off_with_its_own_interval():
    from annexe_ros.benchmark.ablation import gains

    off, on = report(["mug", "bowl"] * 10, [50, 20] * 10), report(["mug"] * 20, [60, 30] * 10)
    found = gains(off, on)
    assert found["answer exact"]["gain"] == pytest.approx(0.5)
    assert 0.2 < found["answer exact"]["gain_interval"][0] < 0.5 < found["answer exact"]["gain_interval"][1] < 0.8
    ciou = found["grounding ciou"]
    assert (ciou["off"], ciou["on"]) == (pytest.approx(0.35), pytest.approx(0.45))
    assert ciou["gain_interval"] == pytest.approx((0.1, 0.1))
    assert found["depth mae"]["gain"] is None


class Slow:
    """Takes a while for a new frame, longer where it has to be described, wanted or not."""

    def __init__(self, clock, always_describes):
        self.clock, self.always_describes, self.frame = clock, always_describes, None

    def interpret(self, frame, query):
        described = self.always_describes or query.want_analysis
        self.clock.now_s += 0.001 if frame is self.frame else 0.012 if described else 0.004
        self.frame = frame
        blank = np.zeros(frame.image.shape[:2], np.uint8)
        return Interpretation("", NO_TARGET_ANSWER, False, 0.0, (), blank, "slow", "slow")


def test_what_cannot_be_skipped_costs_where_it_is_not_wanted(clock):
    from annexe_ros.benchmark.ablation import latencies

    found = latencies(Slow(clock, False), Slow(clock, True), [np.zeros((6, 8, 3), np.uint8)] * 5)
    assert found["first_query"]["ratio"] == pytest.approx(1)
    assert found["first_query_without_analysis"]["ratio"] == pytest.approx(3)
    assert found["follow_up"]["on_ms"] == pytest.approx(1)


@pytest.fixture(scope="module")
def guided_folder(tiny_model, tiny_processor, tmp_path_factory):
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG

    model = AnnexeForEgoIRG(AnnexeConfig(**tiny_model.config.to_diff_dict()))
    model.load_state_dict(tiny_model.state_dict())
    model.add_synthesizer()
    folder = tmp_path_factory.mktemp("guided")
    model.save_pretrained(folder)
    tiny_processor.save_pretrained(folder)
    return folder


def test_the_script_fills_in_the_page(tiny_folder, guided_folder, rectangle_dataset, tmp_path, monkeypatch, capsys):
    import ablate_analysis

    page, out = tmp_path / "weights.md", tmp_path / "ablation.json"
    page.write_text(PAGE.read_text())
    options = ["--off", tiny_folder, "--on", guided_folder, "--data", rectangle_dataset, "--queries-per-image", 2]
    options += ["--limit", 5, "--views", 2, "--device", "cpu", "--out", out, "--page", page]
    monkeypatch.setattr(sys, "argv", ["ablate_analysis", *map(str, options)])
    assert ablate_analysis.main() == 0
    figures = json.loads(out.read_text())
    assert figures["same_image_encoder"]
    assert figures["parameters"]["on"] > figures["parameters"]["off"]
    assert (figures["n"], figures["images"]) == (10, 5)
    written = page.read_text()
    assert "| answer exact | " in written
    assert "| the same, analysis not wanted | " in written
    assert capsys.readouterr().out.strip() in written


def test_models_that_are_not_what_they_are_called_are_refused(tiny_folder, guided_folder, rectangle_dataset):
    from annexe_ros.benchmark.ablation import ablate
    from annexe_ros.data.ego_irgbench import EgoIrgBench

    with pytest.raises(ParameterError, match="is not analysis-guided"):
        ablate(tiny_folder, tiny_folder, EgoIrgBench(rectangle_dataset, "test"))
    with pytest.raises(ParameterError, match="' is analysis-guided"):
        ablate(guided_folder, guided_folder, EgoIrgBench(rectangle_dataset, "test"))


def test_models_that_see_images_in_different_sizes_are_said_to_differ(
    tiny_folder, guided_folder, tiny_processor, rectangle_dataset, tmp_path
):
    from annexe_ros.benchmark.ablation import Extent, ablate
    from annexe_ros.data.ego_irgbench import EgoIrgBench
    from annexe_ros.model import AnnexeImageProcessor, AnnexeProcessor

    larger = tmp_path / "larger"
    shutil.copytree(guided_folder, larger)
    AnnexeProcessor(AnnexeImageProcessor(pixel_budget=96 * 96), tiny_processor.tokenizer).save_pretrained(larger)
    data = EgoIrgBench(rectangle_dataset, "test").first(1)
    assert not ablate(tiny_folder, larger, data, Extent(1, views=1), "cpu")["same_image_encoder"]


def test_models_whose_colours_differ_are_said_to_differ(tiny_folder, guided_folder, rectangle_dataset, tmp_path):
    from annexe_ros.benchmark.ablation import Extent, ablate
    from annexe_ros.data.ego_irgbench import EgoIrgBench
    from annexe_ros.model import AnnexeForEgoIRG

    other = shutil.copytree(guided_folder, tmp_path / "other")
    model = AnnexeForEgoIRG.from_pretrained(guided_folder)
    next(model.colour_head.parameters()).data += 1
    model.save_pretrained(other)
    data = EgoIrgBench(rectangle_dataset, "test").first(1)
    assert not ablate(tiny_folder, other, data, Extent(1, views=1), "cpu")["same_image_encoder"]


def test_a_text_takes_the_place_of_the_one_before():
    from annexe_ros.benchmark.markdown import between

    page = "a\n<!-- speed -->\nold\n<!-- /speed -->\nz\n"
    assert between(page, "speed", "new") == "a\n<!-- speed -->\nnew\n<!-- /speed -->\nz\n"


def test_a_page_without_a_place_is_refused():
    from annexe_ros.benchmark.markdown import between

    with pytest.raises(ParameterError, match="no place '<!-- speed -->'"):
        between("# A page", "speed", "fast")
