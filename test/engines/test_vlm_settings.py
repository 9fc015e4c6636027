"""Settings of the engines vlm_sam and openai: what is wrong in a file is told in one sentence, with the name."""

from __future__ import annotations

from pathlib import Path

import pytest

from annexe_ros.core.errors import ParameterError
from annexe_ros.data.scenes.truth import CATEGORIES
from annexe_ros.inference.vlm_sam.settings import (
    Coordinates,
    OpenAISettings,
    Precision,
    ResponseFormat,
    VlmSamSettings,
    read_settings,
)

pytestmark = pytest.mark.engines
SHIPPED = Path(__file__).parents[2] / "config" / "engines"
SERVER = "base_url: http://here\nmodel: m\n"


def test_what_is_shipped_can_be_read():
    here = read_settings(SHIPPED / "vlm_sam.yaml", VlmSamSettings)
    assert (here.vlm, here.dtype, here.coordinates) == (
        "Qwen/Qwen3-VL-4B-Instruct",
        Precision.BFLOAT16,
        Coordinates.AUTO,
    )
    elsewhere = read_settings(SHIPPED / "openai.yaml", OpenAISettings)
    assert (elsewhere.timeout_s, elsewhere.response_format) == (20.0, ResponseFormat.JSON_SCHEMA)


def test_the_vocabulary_that_is_shipped_is_that_of_the_shipped_model(tmp_path):
    text = (SHIPPED / "vlm_sam.yaml").read_text()
    (tmp_path / "with.yaml").write_text(text.replace("# vocabulary:", "vocabulary:"))
    assert read_settings(tmp_path / "with.yaml", VlmSamSettings).vocabulary == CATEGORIES


def test_yaml_and_json_say_the_same(tmp_path):
    (tmp_path / "a.yaml").write_text("vlm: x\nvocabulary: [mug, trash can]\nmax_targets: 2\n")
    (tmp_path / "a.json").write_text('{"vlm": "x", "vocabulary": ["mug", "trash can"], "max_targets": 2}')
    yaml, json = (read_settings(tmp_path / name, VlmSamSettings) for name in ("a.yaml", "a.json"))
    assert yaml == json == VlmSamSettings(vlm="x", vocabulary=("mug", "trash can"), max_targets=2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("grounder: sam", "'vlm' is missing"),
        ("- vlm", "settings are names with values, not list"),
        ("vlm: [", "is not YAML"),
        ("vlm: x\nvml: y", "unknown setting 'vml'; there are: grounder, "),
        ("vlm: 3", "'vlm' must be text, not int 3"),
        ("vlm:", "'vlm' must be text, not nothing"),
        ("vlm: x\ndtype: int3", "'dtype' is 'int3'; it must be one of: auto, float32, bfloat16, float16"),
        ("vlm: x\nmask_threshold: 1.5", r"'mask_threshold' is 1.5; it must be from 0.0 to 1.0"),
        ("vlm: x\nmask_threshold: .nan", "'mask_threshold' must be a number"),
        ("vlm: x\nhand_side: 1", "'hand_side' must be true or false, not int 1"),
        ("vlm: x\nvocabulary: mug", "'vocabulary' must be a list of texts, not 'mug'"),
    ],
)
def test_what_is_wrong_is_told_by_name(tmp_path, text, why):
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    with pytest.raises(ParameterError, match=why) as caught:
        read_settings(file, VlmSamSettings)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("model: m", "'base_url' is missing"),
        ("base_url: http://here", "'model' is missing"),
        ("base_url: here:8000\nmodel: m", "'base_url' is 'here:8000'; it must begin with http:// or https://"),
        (SERVER + "timeout_s: 0", "'timeout_s' is 0.0; it must be from 0.05 to 3600.0"),
        (SERVER + "retries: 1.5", "'retries' must be a whole number, not float 1.5"),
    ],
)
def test_what_is_wrong_about_a_server_is_told_by_name(tmp_path, text, why):
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    with pytest.raises(ParameterError, match=why):
        read_settings(file, OpenAISettings)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("annexe-scenes", r"wants a file of settings .*\(.yaml, .yml, .json; see config/engines/vlm_sam.yaml\), not"),
        ("none.yaml", "can't be read"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path, name, why):
    with pytest.raises(ParameterError, match=why):
        read_settings(tmp_path / name, VlmSamSettings)
