"""ANNEXE at the paper's size, as a configuration: EVA ViT-g/14, Llama-2-7B-chat with LoRA, Depth-Anything-V2-Base."""

from __future__ import annotations

from transformers import AutoConfig, Blip2VisionConfig, DepthAnythingConfig, LlamaConfig

from .configuration_annexe import AnnexeConfig

PAPER_LORA = {"r": 64, "lora_alpha": 16, "lora_dropout": 0.05, "target_modules": ["q_proj", "v_proj"]}
"""The authors' adapters, as arguments of ``peft.LoraConfig``."""
PAPER_GROUNDING = {"pyramid_channels": 256, "pixel_channels": 128, "grounding_heads": 8}
"""Our grounding decoder's width beside a language model of billions of parameters."""
PAPER_INPUT_SIDE = 448


def annexe_7b(**changes: object) -> AnnexeConfig:
    """Return the paper's sizes; ``changes`` are other arguments of ``AnnexeConfig``, e.g. another ``text_config``."""
    # One more token than Llama 2 has: <MSK>, the last.
    text = LlamaConfig(vocab_size=32_001, max_position_embeddings=4096, rms_norm_eps=1e-5)
    parts = {
        "vision_config": Blip2VisionConfig(),
        "ground_config": depth_anything_v2_base(),
        "text_config": text,
        "mask_token_id": 32_000,
        "contact_map": False,
        "lora": PAPER_LORA,
    }
    return AnnexeConfig(**{**parts, **PAPER_GROUNDING, **changes})  # type: ignore[arg-type]


def depth_anything_v2_base() -> DepthAnythingConfig:
    """Return the configuration of Depth-Anything-V2-Base: DINOv2 ViT-B/14 and a DPT neck and head."""
    backbone = AutoConfig.for_model(
        "dinov2",
        hidden_size=768,
        num_attention_heads=12,
        image_size=518,
        out_indices=[3, 6, 9, 12],
        reshape_hidden_states=False,
    )
    return DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=768,
        neck_hidden_sizes=[96, 192, 384, 768],
        fusion_hidden_size=128,
    )
