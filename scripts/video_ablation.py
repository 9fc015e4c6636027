"""Trains the clip encoder with InfoNCE and EgoNCE++, with and without adapters, and writes a table of the figures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from annexe_ros.video.training.ablation import VARIANTS, run_ablation, table
from annexe_ros.video.training.settings import ClipTrainingSettings


def main() -> None:
    """Run what is missing of the ablation; ``--out`` receives a folder per run, ablation.json and ablation.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="clips to learn from")
    parser.add_argument("--validation", type=Path, required=True, help="clips of another seed")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--backbone-weights", type=Path, help="EfficientNet-Lite0's published weights")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    settings = ClipTrainingSettings(
        data=arguments.data, out=arguments.out, backbone_weights=arguments.backbone_weights,
        steps=arguments.steps, batch_size=arguments.batch_size,
    )  # fmt: skip
    found = run_ablation(settings, arguments.validation, arguments.seeds, print, VARIANTS)
    (arguments.out / "ablation.json").write_text(json.dumps(found, indent=1))
    (arguments.out / "ablation.md").write_text(table(found))
    print(table(found))


if __name__ == "__main__":
    main()
