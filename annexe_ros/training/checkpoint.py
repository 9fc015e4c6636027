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
from torch.optim.lr_scheduler import LambdaLR

from annexe_ros.core.errors import CheckpointError, MissingDependencyError, ModelNotFoundError
from annexe_ros.model import AnnexeForEgoIRG, AnnexeProcessor
from annexe_ros.training.settings import changes

CHECKPOINT_FOLDER = "checkpoint"
STATE_FILE = "training_state.pt"
PROGRESS_FILE = "progress.json"
HARMLESS = ("out", "workers", "cache_gb", "save_every", "log_every", "tensorboard", "start_from", "backbone_weights")
"""Settings that change nothing of what a run learns once it has begun."""
BUILT_BY = ("lora_rank", "analysis_guided")
"""Settings that a run's model is built by, so that they last as long as the run."""


def save_model(folder: Path, model: AnnexeForEgoIRG, processor: AnnexeProcessor, dtype: torch.dtype) -> None:
    """Write weights in ``dtype``, configuration, tokenizer and image processor."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: v.to(dtype) if v.is_floating_point() else v for name, v in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=weights)
    processor.save_pretrained(folder)


def load_model(folder: Path, dtype: torch.dtype | str = torch.float32) -> tuple[AnnexeForEgoIRG, AnnexeProcessor]:
    """Return model, its weights of ``dtype`` ("auto": as they were saved), and processor of a folder.

    Raises ``ModelNotFoundError`` where there is no whole model and ``MissingDependencyError`` where it has adapters and
    peft isn't installed.
    """
    for name in ("config.json", "processor_config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise ModelNotFoundError(folder, f"has no {name}")
    try:
        model, found = AnnexeForEgoIRG.from_pretrained(folder, dtype=dtype, output_loading_info=True)
        processor = AnnexeProcessor.from_pretrained(folder)
    except ModuleNotFoundError as error:
        raise MissingDependencyError(f"'{error.name}', which this model needs,", f"pip install {error.name}") from error
    except Exception as error:  # the libraries below raise anything for a damaged file; all of it means just that
        why = str(error).strip().partition("\n")[0]
        raise ModelNotFoundError(folder, f"can't be loaded ({type(error).__name__}: {why})") from error
    if missing := sorted(found["missing_keys"]):  # transformers would draw them at random and only warn
        raise ModelNotFoundError(folder, f"{len(missing)} of its weights are missing, the first is {missing[0]}")
    return model, processor


def save_checkpoint(
    out: Path,
    model: AnnexeForEgoIRG,
    processor: AnnexeProcessor,
    optimizer: Optimizer,
    schedule: LambdaLR,
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
    folder: Path, optimizer: Optimizer, schedule: LambdaLR, scaler: GradScaler | None = None
) -> tuple[int, dict[str, float]]:
    """Restore optimiser, schedule and scaler; return step and running sums. ``load_model`` loads the model.

    Learning rates and weight decay stay those that the optimiser was made with.

    Raises ``CheckpointError`` where other parts learned, or these in other groups, and for damaged files.
    """
    state, progress = _state(folder), _progress(folder)
    set_now = [{name: group[name] for name in ("initial_lr", "weight_decay")} for group in optimizer.param_groups]
    try:
        optimizer.load_state_dict(state["optimizer"])
    except ValueError as error:
        raise CheckpointError(folder, f"is of a run in which other parts learned ({error})") from error
    schedule.load_state_dict(state["schedule"] | {"base_lrs": schedule.base_lrs})
    for group, options, factor in zip(optimizer.param_groups, set_now, schedule.lr_lambdas, strict=True):
        group.update(options, lr=options["initial_lr"] * factor(schedule.last_epoch))
    if scaler and "scaler" in state:
        scaler.load_state_dict(state["scaler"])
    return progress["step"], progress.get("sums", {})


def other_settings(folder: Path, settings: Mapping[str, str]) -> list[str]:
    """Return a phrase for everything that the run of a checkpoint was set to otherwise and that changes its course.

    Raises ``CheckpointError`` where its model would have to be another one.
    """
    phrases = changes(_progress(folder).get("settings", {}), settings, HARMLESS)
    if built := [phrases[name] for name in BUILT_BY if name in phrases]:
        raise CheckpointError(folder, f"is of a run with another model ({'; '.join(built)})")
    return list(phrases.values())


def _state(folder: Path) -> dict[str, Any]:
    try:
        return torch.load(folder / STATE_FILE, map_location="cpu", weights_only=True)
    except Exception as error:  # bytes that are no pickle let the unpickler raise anything
        raise CheckpointError(folder, f"its {STATE_FILE} is damaged ({type(error).__name__})") from error


def _progress(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / PROGRESS_FILE).read_text())
    except ValueError as error:
        raise CheckpointError(folder, f"its {PROGRESS_FILE} is damaged ({error})") from error
