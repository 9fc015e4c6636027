"""The documented fine-tuning command at toy size."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(shutil.which("annexe") is None, reason="the command annexe is not installed"),
]


def test_fine_tuning_writes_a_model_that_answers(tmp_path):
    command = ["bash", ROOT / "examples" / "finetune" / "run.sh", tmp_path, "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"model in {tmp_path / 'model'}" in done.stdout.replace("\n", "")
    assert (tmp_path / "answer" / "overlay.png").is_file()
    progress = json.loads((tmp_path / "model" / "checkpoint" / "progress.json").read_text())
    assert progress["step"] == 2
