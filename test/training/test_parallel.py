"""Data-parallel training: two processes over gloo share the images, agree on the weights, and one of them writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model

WORKER = """
import hashlib, json, sys
from pathlib import Path
from annexe_ros.training.run import _Run, Console
from annexe_ros.training.settings import TrainingSettings

data, out, start_from = map(Path, sys.argv[1:])
settings = TrainingSettings(
    data, out, start_from, steps=3, batch_size=1, queries_per_image=2, accumulation=2, log_every=1, save_every=2,
    warmup_steps=1, pixel_budget=64 * 64, mixed_precision="no", cache_gb=0.0,
)
run = _Run(settings, resume=False, console=Console(stderr=True))
run.loop()
model = run.accelerator.unwrap_model(run.model)
weights = b"".join(p.detach().numpy().tobytes() for p in model.parameters())
seen = [pair for number in range(6) for pair in run.batches.drawn(number)]
rank = run.accelerator.process_index
found = {"weights": hashlib.sha256(weights).hexdigest(), "seen": seen, "processes": run.accelerator.num_processes}
(out / f"process_{rank}.json").write_text(json.dumps(found))
"""


def test_two_processes_train_one_model(rectangle_dataset, tiny_folder, tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    out = tmp_path / "run"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true", "GLOO_SOCKET_IFNAME": "lo"}
    command = [*launch, script, rectangle_dataset, out, tiny_folder]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    first, second = (json.loads((out / f"process_{rank}.json").read_text()) for rank in (0, 1))
    assert (first["processes"], second["processes"]) == (2, 2)
    assert first["weights"] == second["weights"]
    assert not {*map(tuple, first["seen"])} & {*map(tuple, second["seen"])}
    rows = [json.loads(row) for row in (out / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3]
    assert (out / "model.safetensors").is_file()
