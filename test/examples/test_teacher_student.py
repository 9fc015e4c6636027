"""The recipe by which a small model learns from what a large engine says of a recording, at toy size."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install annexe-ros[annotate]")
ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(shutil.which("annexe") is None, reason="the command annexe is not installed"),
]
TEACHER = {
    "otherwise": {
        "analysis": "The right hand holds a mug.",
        "targets": [
            {"label": "right hand", "box": [0.5, 0.5, 0.4, 0.4]},
            {"label": "mug", "box": [0.2, 0.2, 0.3, 0.3], "touched_by": ["right"]},
        ],
    },
    "replies": {"What is the left hand holding?": {"analysis": "The right hand holds a mug.", "targets": []}},
}


def test_a_tiny_model_learns_from_a_scripted_teacher(tiny_folder, tmp_path):
    script = tmp_path / "teacher.json"
    script.write_text(json.dumps(TEACHER))
    chosen = {"TEACHER": "scripted", "TEACHER_MODEL": script, "STUDENT": tiny_folder, "EVERY": 25, "BATCH": 2}
    recording, out = ROOT / "examples" / "recordings" / "head_camera", tmp_path / "out"
    command = ["bash", ROOT / "examples" / "teacher_student" / "run.sh", recording, out, "2"]
    environment = os.environ | {name: str(value) for name, value in chosen.items()}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"model in {out / 'student'}" in done.stdout.replace("\n", "")
    assert json.loads((out / "student" / "checkpoint" / "progress.json").read_text())["step"] == 2
    assert len(list((out / "labelled" / "dataset_split" / "train").glob("*.json"))) == 2
    compared = json.loads((out / "agreement.json").read_text())
    assert (compared["done"], compared["evaluation"]["n"]) == (2, 6)
