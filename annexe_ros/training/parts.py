"""The parts of a model as training sees them: which learn, how fast, and a table that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from torch import nn
from torch.optim import AdamW, Optimizer

from annexe_ros.core.errors import MissingDependencyError, ParameterError
from annexe_ros.model import PAPER_LORA, AnnexeForEgoIRG
from annexe_ros.model.lora import ADAPTERS

IMAGE_ENCODER = (
    "backbone", "coordinates", "pyramid", "dense_heads", "colour_head", "vision_tower", "ground_encoder",
)  # fmt: skip
"""The children of ``AnnexeForEgoIRG``, of either layout, that see the image and nothing else."""


def add_lora(model: AnnexeForEgoIRG, rank: int) -> None:
    """Give the language model adapters as the paper's have them, of another rank, unless it has some.

    Raises ``MissingDependencyError`` without peft and ``ParameterError`` for a model without such layers.
    """
    if model.config.lora is not None:
        return
    try:
        model.add_adapters(PAPER_LORA | {"r": rank})
    except ModuleNotFoundError as error:
        raise MissingDependencyError("'peft', which adapters need,", "pip install 'annexe-ros[paper]'") from error
    except ValueError as error:
        raise ParameterError(f"this language model can't have adapters: {error}") from error


def freeze(model: nn.Module, names: Sequence[str]) -> None:
    """Keep modules of the model as they are, by their dotted names (``backbone``, ``backbone.stages.0`` …).

    Raises ``ParameterError`` for a name that there isn't.
    """
    modules = dict(model.named_modules())
    unknown = [name for name in names if not name or name not in modules]
    if unknown:
        parts = ", ".join(name for name, _ in model.named_children())
        raise ParameterError(f"can't freeze {', '.join(unknown)}: the model's parts are {parts} and what is in them")
    for name in names:
        modules[name].requires_grad_(False)


def learning_mode(model: nn.Module) -> None:
    """Put the model into training mode, but for frozen modules: their batch norms keep their statistics too."""
    model.train()
    for module in model.modules():
        parameters = list(module.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            module.eval()


def make_optimizer(model: nn.Module, learning_rate: float, encoder_rate: float, weight_decay: float) -> Optimizer:
    """Return AdamW over what learns; vectors (norms, biases) are not decayed, the image encoder has its own rate."""
    groups: dict[tuple[bool, bool], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            encoder, decayed = name.split(".")[0] in IMAGE_ENCODER, parameter.ndim > 1
            options = {
                "lr": learning_rate * (encoder_rate if encoder else 1.0),
                "weight_decay": weight_decay if decayed else 0.0,
            }
            groups.setdefault((encoder, decayed), {"params": [], **options})["params"].append(parameter)
    return AdamW(list(groups.values()))


def parts_table(model: nn.Module) -> Table:
    """Return a table of the children: parameters, how many of them learn (adapters or all), and their dtype."""
    table = Table("part", "parameters", "trainable", "dtype")
    for name, child in [*model.named_children(), ("all", model)]:
        parameters = list(child.parameters())
        dtypes = sorted({str(parameter.dtype).removeprefix("torch.") for parameter in parameters})
        total = sum(parameter.numel() for parameter in parameters)
        table.add_row(name, f"{total:,}", _learning(child), ", ".join(dtypes))
    return table


def _learning(part: nn.Module) -> str:
    """Say how many parameters of a part learn, and whether these are adapters alone."""
    learning = {name: parameter.numel() for name, parameter in part.named_parameters() if parameter.requires_grad}
    if not learning:
        return "frozen"
    adapters = all(any(kind in name for kind in ADAPTERS) for name in learning)
    return f"{sum(learning.values()):,}" + (" (LoRA)" if adapters else "")
