"""Reads training checkpoints of the authors' code and of MiniGPT-v2, which it grew from. It alone knows their keys.

Such a checkpoint holds what was trained and nothing else, so it is placed into a model assembled from the same parts.
Every tensor is placed, known to carry nothing, or named; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import is_zipfile

import torch
from torch import Tensor

from .modeling_annexe import AnnexeForEgoIRG

_GROUND = "ground_encoder.depth_model"
_FUSION = {"1": 3, "2": 2, "3": 1, "4": 0}
"""Depth Anything counts its fusion blocks from fine to coarse, transformers the other way."""
_HEAD = {"output_conv1": "conv1", "output_conv2.0": "conv2", "output_conv2.2": "conv3"}

Rename = str | Callable[[re.Match[str]], str]
RULES: tuple[tuple[str, Rename], ...] = (
    (r"llama_proj\.(weight|bias)", r"connector.projection.\1"),
    (
        # Older versions of peft don't name the adapter.
        r"llama_model\.base_model\.model\.(model\..+\.lora_[AB])(?:\.default)?\.weight",
        r"language_model.\1.default.weight",
    ),
    (r"ln_vision\.(weight|bias)", r"vision_tower.post_layernorm.\1"),
    (
        r"depth_estimation_model\.depth_head\.projects\.(\d)\.(\w+)",
        rf"{_GROUND}.neck.reassemble_stage.layers.\1.projection.\2",
    ),
    (
        r"depth_estimation_model\.depth_head\.resize_layers\.(\d)\.(\w+)",
        rf"{_GROUND}.neck.reassemble_stage.layers.\1.resize.\2",
    ),
    (
        r"depth_estimation_model\.depth_head\.scratch\.layer(\d)_rn\.weight",
        lambda m: f"{_GROUND}.neck.convs.{int(m[1]) - 1}.weight",
    ),
    (
        r"depth_estimation_model\.depth_head\.scratch\.refinenet(\d)\.out_conv\.(\w+)",
        lambda m: f"{_GROUND}.neck.fusion_stage.layers.{_FUSION[m[1]]}.projection.{m[2]}",
    ),
    (
        r"depth_estimation_model\.depth_head\.scratch\.refinenet(\d)\.resConfUnit(\d)\.conv(\d)\.(\w+)",
        lambda m: f"{_GROUND}.neck.fusion_stage.layers.{_FUSION[m[1]]}.residual_layer{m[2]}.convolution{m[3]}.{m[4]}",
    ),
    (
        r"depth_estimation_model\.depth_head\.scratch\.(output_conv1|output_conv2\.[02])\.(\w+)",
        lambda m: f"{_GROUND}.head.{_HEAD[m[1]]}.{m[2]}",
    ),
)
"""Patterns of whole keys, and the names of ours that they become."""

EMPTY = (r".*\.rotary_emb\.inv_freq",)
"""Patterns of buffers that are computed from the configuration."""

REASONS = {
    "mask_decoder": "the authors' decoder fills four channels from 256 tokens drawn at random; ours attends per target",
    "with_mask_classfier": "the authors' indicator reads 256 tokens drawn at random; ours pools all of the query",
    "linear_layer": "it feeds the authors' mask decoder",
    "depth_decoder": "the authors' code makes it and never uses it",
}
"""Why parts of the authors' model have no place in ours, by the first word of their keys."""


class UnplacedKeysError(ValueError):
    """Tensors of a checkpoint that fit nowhere; ``keys`` names them with the reason."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self.keys = dict(keys)
        super().__init__(f"{len(keys)} tensors of the checkpoint have no place in the model")


@dataclass
class Conversion:
    """What became of a checkpoint: our names by theirs, and what was dropped knowingly."""

    placed: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Return the state dict of a file that ``torch.save`` wrote; code in it is never run.

    Raises ``ValueError`` for a file that holds no state dict, ``OSError`` for one that can't be read.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=is_zipfile(path))
    except OSError:
        raise
    except Exception as error:  # bytes that are no pickle let the unpickler raise anything, IndexError for one
        raise ValueError(f"{path} is no checkpoint that can be read without running code in it ({error})") from error
    state = content.get("model", content) if isinstance(content, dict) else content
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path} holds no state dict")
    return state


def place(model: AnnexeForEgoIRG, state: Mapping[str, Tensor], drop: Iterable[str] = ()) -> Conversion:
    """Put a checkpoint's tensors into the model, all or none of them.

    Args:
        model: assembled from the parts that the checkpoint was trained with.
        state: the checkpoint's tensors by their authors' names.
        drop: keys, or the modules they begin with, that may be left out.

    Raises ``UnplacedKeysError`` for every other key that fits nowhere, by name or by shape, and ``ValueError`` for a
    ``drop`` that no key begins with.
    """
    ours, drop = model.state_dict(), list(drop)
    _check_drop(drop, state)
    conversion, unplaced = Conversion(), {}
    for key, value in state.items():
        name = our_name(key)
        if _begins(key, drop) or any(re.fullmatch(pattern, key) for pattern in EMPTY):
            conversion.dropped.append(key)
        elif why := _misfit(key, name, value, ours):
            unplaced[key] = why
        else:
            conversion.placed[key] = str(name)
    if unplaced:
        raise UnplacedKeysError(unplaced)
    with torch.no_grad():
        for key, name in conversion.placed.items():
            ours[name].copy_(state[key])
    if "llama_proj.weight" in conversion.placed:
        _as_projected(model, conversion)
    return conversion


def our_name(key: str) -> str | None:
    """Return the name that a key of theirs has in our model; None where there is no rule for it."""
    for pattern, rename in RULES:
        if match := re.fullmatch(pattern, key):
            return rename(match) if callable(rename) else match.expand(rename)
    return None


def _begins(key: str, modules: Iterable[str]) -> bool:
    return any(key == module or key.startswith(module + ".") for module in modules)


def _check_drop(drop: Iterable[str], state: Mapping[str, Tensor]) -> None:
    if idle := [module for module in drop if not any(_begins(key, [module]) for key in state)]:
        raise ValueError(f"no tensor of the checkpoint begins with {', '.join(idle)}")


def _as_projected(model: AnnexeForEgoIRG, conversion: Conversion) -> None:
    """Set up what the authors' modules around the projection do, which their checkpoints need not hold.

    Their last norm of the vision tower is neither loaded nor trained, so BLIP-2's is not the one that the projection
    was trained behind; and their trained depth head speaks depth, not Depth Anything's inverse depth.
    """
    norm = getattr(model.vision_tower, "post_layernorm", None)
    if norm is not None and "ln_vision.weight" not in conversion.placed:
        torch.nn.init.ones_(norm.weight)
        torch.nn.init.zeros_(norm.bias)
    if any(name.startswith(f"{_GROUND}.head") for name in conversion.placed.values()):
        model.config.inverse_depth = model.ground_encoder.inverse_depth = False


def _misfit(key: str, name: str | None, value: Tensor, ours: Mapping[str, Tensor]) -> str | None:
    """Say why a tensor has no place; None where it has."""
    if name is None:
        return REASONS.get(key.partition(".")[0], "no rule for it")
    if name not in ours:
        return f"the model has no {name}"
    if ours[name].shape != value.shape:
        return f"{name} is {tuple(ours[name].shape)}, this is {tuple(value.shape)}"
    return None
