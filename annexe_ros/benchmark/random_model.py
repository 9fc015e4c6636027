"""A model folder with another's configuration and random weights: what speed depends on, without training."""

from __future__ import annotations

from pathlib import Path

import torch

from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG, AnnexeProcessor


def write_random_model(model: Path, folder: Path) -> Path:
    """Write a model like that of a folder, whose own weights needn't exist, and return where it is.

    Args:
        model: folder with configuration, processor and tokenizer.
        folder: in which the new model gets a folder of its own.
    """
    torch.manual_seed(0)
    made = folder / f"{model.name}-random"
    AnnexeForEgoIRG(AnnexeConfig.from_pretrained(model)).save_pretrained(made)
    AnnexeProcessor.from_pretrained(model).save_pretrained(made)
    return made
