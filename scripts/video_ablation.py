"""Trains the clip encoder with InfoNCE and EgoNCE++, with and without adapters, and writes a table of the figures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from annexe_ros.benchmark.markdown import between
from annexe_ros.core.errors import AnnexeError
from annexe_ros.data.clips.dataset import ClipFolder
from annexe_ros.video.training.ablation import run_ablation, table
from annexe_ros.video.training.settings import ClipTrainingSettings


def main() -> None:
    """Run what the command line says; a failure that was foreseen is one sentence."""
    parser = _parser()
    arguments = parser.parse_args()
    try:
        _run(arguments)
    except AnnexeError as error:
        parser.error(str(error))


def _run(arguments: argparse.Namespace) -> None:
    """Run what is missing of the ablation; ``--out`` receives a folder per run and ablation.json."""
    ClipFolder(arguments.validation)  # which is looked at after the first training only
    torch.set_num_threads(arguments.threads)
    settings = ClipTrainingSettings(
        data=arguments.data, out=arguments.out, scene_model=arguments.scene_model, steps=arguments.steps,
        batch_size=arguments.batch_size, learning_rate=arguments.learning_rate, bfloat16=arguments.bfloat16,
        warmup_steps=min(100, arguments.steps // 4),
    )  # fmt: skip
    found = run_ablation(settings, arguments.validation, arguments.seeds, print)
    (arguments.out / "ablation.json").write_text(json.dumps(found, indent=1))
    print(table(found))
    if arguments.page:
        page = between(arguments.page.read_text(encoding="utf-8"), "ablation", f"\n{table(found)}")
        arguments.page.write_text(page, encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="clips to learn from")
    parser.add_argument("--validation", type=Path, required=True, help="clips of another seed")
    parser.add_argument("--scene-model", type=Path, required=True, help="folder of the model that is the stem")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--page", type=Path, help="page whose table is to be written anew, e.g. docs/video.md")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--bfloat16", action="store_true", help="quicker on processors that compute in it")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=2)
    return parser


if __name__ == "__main__":
    main()
