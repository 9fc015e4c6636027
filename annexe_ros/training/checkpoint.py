"""Checkpoints of a training run: the model folder that can be used, and beside it what resuming needs. No pickle."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.amp import GradScaler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from annexe_ros.core.errors import CheckpointError, ModelNotFoundError
from annexe_ros.model import AnnexeForEgoIRG, AnnexeProcessor

CHECKPOINT_FOLDER = "checkpoint"
STATE_FILE = "training_state.pt"
PROGRESS_FILE = "progress.json"
HARMLESS = ("out", "workers", "cache_gb", "save_every", "log_every", "tensorboard", "start_from")
"""Settings that change nothing of what a run learns once it has begun."""


def save_model(folder: Path, model: AnnexeForEgoIRG, processor: AnnexeProcessor, dtype: torch.dtype) -> None:
    """Write weights in ``dtype``, configuration, tokenizer and image processor."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: v.to(dtype) if v.is_floating_point() else v for name, v in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=weights)
    processor.save_pretrained(folder)


def load_model(folder: Path) -> tuple[AnnexeForEgoIRG, AnnexeProcessor]:
    """Return model (float32) and processor of a folder; raises ``ModelNotFoundError`` where there is none."""
    if not (folder / "config.json").is_file():
        raise ModelNotFoundError(folder, "there is no model to start from")
    return AnnexeForEgoIRG.from_pretrained(folder, dtype=torch.float32), AnnexeProcessor.from_pretrained(folder)


def save_checkpoint(
    out: Path,
    model: AnnexeForEgoIRG,
    processor: AnnexeProcessor,
    optimizer: Optimizer,
    schedule: LRScheduler,
    scaler: GradScaler | None,
    progress: dict[str, Any],
) -> None:
    """Write the model in float32 with optimiser, schedule and ``progress`` (JSON: step, sums and more) below ``out``.

    ``scaler`` is that of float16's gradients, where there is one. The checkpoint takes the last one's place when it is
    complete: a run that is killed meanwhile loses nothing.
    """
    partial, folder, previous = (out / (CHECKPOINT_FOLDER + ending) for ending in (".partial", "", ".previous"))
    shutil.rmtree(partial, ignore_errors=True)
    save_model(partial, model, processor, torch.float32)
    state = {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
    torch.save(state | ({"scaler": scaler.state_dict()} if scaler else {}), partial / STATE_FILE)
    (partial / PROGRESS_FILE).write_text(json.dumps(progress))
    shutil.rmtree(previous, ignore_errors=True)
    if folder.exists():
        folder.rename(previous)
    partial.rename(folder)
    shutil.rmtree(previous, ignore_errors=True)


def latest_checkpoint(out: Path) -> Path:
    """Return the folder of a run's last complete checkpoint; raises ``ModelNotFoundError`` where there is none."""
    for ending in ("", ".previous"):
        folder = out / (CHECKPOINT_FOLDER + ending)
        if all((folder / name).is_file() for name in ("config.json", STATE_FILE, PROGRESS_FILE)):
            return folder
    raise ModelNotFoundError(out, f"has no {CHECKPOINT_FOLDER} to resume from")


def load_checkpoint(
    folder: Path, optimizer: Optimizer, schedule: LRScheduler, scaler: GradScaler | None = None
) -> tuple[int, dict[str, float]]:
    """Restore optimiser, schedule and scaler; return step and running sums. ``load_model`` loads the model.

    Raises ``CheckpointError`` where other parts learned, or these in other groups.
    """
    state = torch.load(folder / STATE_FILE, weights_only=True)
    try:
        optimizer.load_state_dict(state["optimizer"])
    except ValueError as error:
        raise CheckpointError(folder, f"is of a run in which other parts learned ({error})") from error
    schedule.load_state_dict(state["schedule"])
    if scaler and "scaler" in state:
        scaler.load_state_dict(state["scaler"])
    progress = json.loads((folder / PROGRESS_FILE).read_text())
    return progress["step"], progress.get("sums", {})


def other_settings(folder: Path, settings: Mapping[str, str]) -> list[str]:
    """Return a phrase for everything that the run of a checkpoint was set to otherwise and that changes its course."""
    before = json.loads((folder / PROGRESS_FILE).read_text()).get("settings", {})
    changed = [name for name in before if name not in HARMLESS and before[name] != settings.get(name, before[name])]
    return [f"{name} was {before[name]}, is {settings[name]}" for name in changed]
