"""A tiny clip encoder with random weights, for nodes that load one."""

from __future__ import annotations

from pathlib import Path

import torch

from annexe_ros.video.configuration_egovideo import EgoVideoConfig
from annexe_ros.video.encoder import ClipEncoder
from annexe_ros.video.modeling_egovideo import EgoVideoModel
from annexe_ros.video.processing_egovideo import train_word_tokenizer

VISION = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
          "image_size": 16, "patch_size": 8, "hidden_act": "gelu"}  # fmt: skip
TEXT = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
        "max_position_embeddings": 12, "eos_token_id": 3, "bos_token_id": 1, "pad_token_id": 0}  # fmt: skip
FRAMES = 4


def write_tiny_encoder(folder: Path) -> Path:
    """Write a model folder and return it: frames of 16 pixels, four to a clip."""
    torch.manual_seed(0)
    tokenizer = train_word_tokenizer(["#C C picks up puts down opens closes the mug bowl"])
    text = TEXT | {"vocab_size": len(tokenizer)}
    config = EgoVideoConfig(VISION, text, frame_size=16, num_frames=FRAMES, slow_frames=2, projection_dim=16)
    ClipEncoder(EgoVideoModel(config), tokenizer).save(folder)
    return folder
