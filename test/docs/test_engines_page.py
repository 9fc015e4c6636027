"""docs/engines.md tells every setting of the engines with its default, and every engine that there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from annexe_ros.core import EngineKind
from annexe_ros.inference.vlm_sam.settings import DialogueSettings, OpenAISettings, VlmSamSettings

PAGE = (Path(__file__).parents[2] / "docs" / "engines.md").read_text()
SHARED = {item.name for item in fields(DialogueSettings)}
REQUIRED = {"vlm", "base_url", "model"}


def rows_of(engine):
    """Return setting -> default of an engine's table."""
    table = re.search(rf"<!-- settings {engine} -->(.*?)<!-- end -->", PAGE, re.DOTALL)[1]
    return dict(re.findall(r"^\| `(\w+)` \| `?(.+?)`? \|", table, re.MULTILINE))


def written(item):
    match item.default:
        case _ if item.name in REQUIRED:
            return "required"
        case bool():
            return str(item.default).lower()
        case ():
            return "[]"
        case default:
            return str(default) or '""'


@pytest.mark.parametrize(
    ("engine", "known"),
    [
        ("vlm_sam", fields(VlmSamSettings)),
        ("openai", [item for item in fields(OpenAISettings) if item.name not in SHARED]),
    ],
)
def test_every_setting_is_told_with_its_default(engine, known):
    assert rows_of(engine) == {item.name: written(item) for item in known}


def test_every_engine_is_told():
    assert set(re.findall(r"^\| `(\w+)` \| .* \| .* \| .* \|$", PAGE.split("```")[0], re.MULTILINE)) == set(EngineKind)
