"""LoRA on the video tower, through peft, which is imported only here."""

from __future__ import annotations

from typing import Any, cast

from torch import nn

from annexe_ros.video.modeling_egovideo import EgoVideoModel, learning_only

LAYERS = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")
"""The layers of each block that get adapters."""
ALSO_LEARNING = ("lora_", "norm", "class_embedding", "temporal_embedding", "adapters.", "fusion", "readout", "text_")
"""What learns beside them: norms, class embedding, motion adapters, what reads them, and texts (as in LaViLa++)."""


def add_video_lora(model: EgoVideoModel, rank: int) -> dict[str, Any]:
    """Put LoRA of a rank beside the video tower's layers and freeze the rest of it; return the numbers of parameters.

    Raises ``ModuleNotFoundError`` without peft.
    """
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=rank, lora_alpha=rank, lora_dropout=0.0, bias="none", target_modules=list(LAYERS))
    model.vision_model = cast(Any, get_peft_model(model.vision_model, config))
    return learning_only(model, ALSO_LEARNING)


def merge_video_lora(model: EgoVideoModel) -> None:
    """Make the adapters part of the weights; without adapters, do nothing."""
    tower: nn.Module = model.vision_model
    if hasattr(tower, "merge_and_unload"):
        model.vision_model = cast(Any, tower).merge_and_unload()
