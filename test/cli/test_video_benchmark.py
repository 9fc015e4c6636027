"""``annexe video-benchmark``: the shipped encoder, its size and words, and the figures' shape."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from annexe_ros.cli.main import app
from annexe_ros.data.clips.annotation import ClipAnnotation, word
from annexe_ros.data.clips.dataset import RenderedClip, write_clip

pytestmark = pytest.mark.model
SHIPPED = Path(__file__).parents[2] / "models" / "egovideo-clips"


def run(*arguments):
    return CliRunner().invoke(app, ["video-benchmark", *map(str, arguments)])


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Return a folder of two clips of noise."""
    root, rng = tmp_path_factory.mktemp("clips"), np.random.default_rng(0)
    for folder in ("frames", "annotations"):
        (root / folder).mkdir()
    for number, verb in enumerate(("push", "lower")):
        frames = rng.integers(0, 255, (16, 32, 32, 3)).astype(np.uint8)
        boxes, wording = ((0.0, 0.0, 1.0, 1.0),) * 16, word(rng, verb, "mug")
        annotation = ClipAnnotation(f"C{number}", verb, "mug", "left", wording, 8.0, boxes, boxes, (True,) * 16)
        write_clip(root, RenderedClip(frames, annotation))
    return root


def test_figures_are_fractions_in_order_and_in_disorder(clips):
    result = run("--data", clips, "--count", 5, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["n"] == 2
    assert set(found["hoi"]) == {"verb", "noun", "action"}
    assert all(0 <= value <= 1 for name in ("hoi", "shuffled") for value in found[name].values())


def test_a_folder_without_clips_is_one_sentence(tmp_path):
    result = run("--data", tmp_path)
    assert result.exit_code == 2
    assert "holds no clips" in result.stderr


def test_the_shipped_encoder_is_small_and_knows_every_word_of_generated_clips():
    from annexe_ros.video.encoder import ClipEncoder
    from annexe_ros.video.training.batches import every_caption

    encoder = ClipEncoder.load(SHIPPED)
    ids = encoder.tokens(every_caption())["input_ids"]
    assert encoder.tokenizer.unk_token_id not in ids
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 24e6


@pytest.mark.gl
@pytest.mark.slow
def test_the_shipped_encoder_reads_verbs_from_motion():
    found = json.loads(run("--count", 60, "--seed", 9, "--json").stdout)
    assert found["hoi"]["verb"] > found["shuffled"]["verb"] + 0.15
    assert found["hoi"]["noun"] > 0.6
