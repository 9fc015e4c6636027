"""Checkpoints of a training run: the model folder that can be used, and beside it what resuming needs. No pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from annexe_ros.core.errors import ModelNotFoundError
from annexe_ros.model import AnnexeForEgoIRG, AnnexeProcessor

STATE_FILE = "training_state.pt"
PROGRESS_FILE = "progress.json"


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
    folder: Path,
    model: AnnexeForEgoIRG,
    processor: AnnexeProcessor,
    optimizer: Optimizer,
    schedule: LRScheduler,
    progress: dict[str, Any],
) -> None:
    """Write the model in float32 with optimiser, schedule and ``progress`` (JSON)."""
    save_model(folder, model, processor, torch.float32)
    state = {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
    partial = folder / (STATE_FILE + ".partial")
    torch.save(state, partial)
    partial.replace(folder / STATE_FILE)
    (folder / PROGRESS_FILE).write_text(json.dumps(progress))


def load_checkpoint(folder: Path, optimizer: Optimizer, schedule: LRScheduler) -> dict[str, Any]:
    """Restore optimiser and schedule and return the progress; the model is loaded by ``from_pretrained``."""
    if not (folder / STATE_FILE).is_file() or not (folder / PROGRESS_FILE).is_file():
        raise ModelNotFoundError(folder, f"has no {STATE_FILE} to resume from")
    state = torch.load(folder / STATE_FILE, weights_only=True)
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    return json.loads((folder / PROGRESS_FILE).read_text())
