"""The quick start of docs/weights.md runs as it stands there, with the shipped model and a shipped image."""

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model
ROOT = Path(__file__).parents[2]


def test_the_quick_start_answers(monkeypatch, capsys):
    page = (ROOT / "docs" / "weights.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page.partition("## from_pretrained")[2], re.DOTALL)[1]
    monkeypatch.chdir(ROOT)
    exec(compile(code, "weights.md", "exec"), {})
    assert "hand" in capsys.readouterr().out
