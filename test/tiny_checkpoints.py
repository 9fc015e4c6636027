"""Makes folders like those of the hub, with random weights and a few thousand parameters: nothing is downloaded.

What a language model says is noise, unless replies are planted in its weights: its layers then pass on what they get,
and its last one knows which piece of text follows which.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from torch.nn import functional
from transformers import PreTrainedTokenizerFast

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
           "<|video_pad|>")  # fmt: skip
CHAT_TEMPLATE = (
    "{%- for message in messages -%}<|im_start|>{{ message.role }}\n"
    "{%- if message.content is string -%}{{ message.content }}{%- else -%}{%- for part in message.content -%}"
    "{%- if part.type == 'image' or 'image' in part or 'image_url' in part -%}"
    "<|vision_start|><|image_pad|><|vision_end|>"
    "{%- elif 'text' in part -%}{{ part.text }}{%- endif -%}{%- endfor -%}{%- endif -%}<|im_end|>\n{%- endfor -%}"
    "{%- if add_generation_prompt -%}<|im_start|>assistant"
    "{{ ['\\n', '\\r', '\\t'][messages|length // 2 - 1] }}{%- endif -%}"
)
"""As Qwen's, but for the letter that the model's turn begins after: it tells the first answer from the second."""

TURN_ENDINGS = ("\n", "\r", "\t")
PIECE = 9
"""Letters of planted text that are one token."""

ROPE = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}
TEXT = {
    "hidden_size": 64, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 8,
    "num_key_value_heads": 2, "max_position_embeddings": 4096, "rope_parameters": ROPE,
}  # fmt: skip


def byte_tokenizer(special: tuple[str, ...] = SPECIAL, pieces: Sequence[str] = ()) -> PreTrainedTokenizerFast:
    """Return a tokenizer with a token per byte, then the special ones, then the pieces."""
    vocabulary = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(special))
    tokenizer.add_tokens([AddedToken(piece, normalized=False) for piece in pieces])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=special[2], pad_token=special[0], model_max_length=4096
    )


def save_vlm(folder: Path, kind: str = "qwen3_vl", replies: Sequence[str] = ()) -> Path:
    """Write a vision-language model ``qwen3_vl`` or ``qwen2_5_vl`` with its tokenizer and image processor.

    ``replies`` are said in their order in one conversation; without them what it says is noise.
    """
    torch.manual_seed(0)
    tokenizer = byte_tokenizer(pieces=[piece for reply in replies for piece in pieces_of(reply)])
    ids = {f"{name}_token_id": tokenizer.convert_tokens_to_ids(token) for name, token in (
        ("image", "<|image_pad|>"), ("video", "<|video_pad|>"), ("vision_start", "<|vision_start|>"),
        ("vision_end", "<|vision_end|>"))}  # fmt: skip
    model = (_qwen3 if kind == "qwen3_vl" else _qwen2_5)(len(tokenizer), ids)
    plant(model, tokenizer, replies)
    tokenizer.chat_template = CHAT_TEMPLATE
    _save(folder, model, tokenizer)
    patch, name = (16, "Qwen2VLImageProcessorFast") if kind == "qwen3_vl" else (14, "Qwen2VLImageProcessor")
    _write(folder / "preprocessor_config.json", {
        "image_processor_type": name, "patch_size": patch, "temporal_patch_size": 2,
        "merge_size": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
        "size": {"shortest_edge": (2 * patch) ** 2, "longest_edge": (4 * patch) ** 2},
    })  # fmt: skip
    return folder


def save_llava(folder: Path, replies: Sequence[str] = ()) -> Path:
    """Write a LLaVA, whose processor needs no torchvision, as ``save_vlm`` does."""
    torch.manual_seed(0)
    special = (*SPECIAL[:5], "<image>")
    tokenizer = byte_tokenizer(special, [piece for reply in replies for piece in pieces_of(reply)])
    tower = {
        "model_type": "clip_vision_model", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
        "num_attention_heads": 2, "image_size": 28, "patch_size": 14, "projection_dim": 16,
    }  # fmt: skip
    text = {k: v for k, v in TEXT.items() if k != "rope_parameters"} | {"vocab_size": len(tokenizer)}
    config = transformers.LlavaConfig(
        vision_config=tower,
        text_config=text | {"model_type": "llama"},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    model = transformers.LlavaForConditionalGeneration(config)
    plant(model, tokenizer, replies)
    _save(folder, model, tokenizer)
    template = CHAT_TEMPLATE.replace("<|vision_start|><|image_pad|><|vision_end|>", "<image>")
    images = transformers.CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    transformers.LlavaProcessor(
        images, tokenizer, patch_size=14, vision_feature_select_strategy="default", chat_template=template,
        image_token="<image>", num_additional_image_tokens=1,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def save_chat_model(folder: Path, reply: str) -> Path:
    """Write a language model that replies with ``reply`` to a conversation's first message."""
    torch.manual_seed(0)
    tokenizer = byte_tokenizer(pieces=pieces_of(reply))
    tokenizer.chat_template = CHAT_TEMPLATE
    text = {k: v for k, v in TEXT.items() if k != "rope_parameters"} | {"vocab_size": len(tokenizer)}
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**text))
    plant(model, tokenizer, ["", "", reply])  # the template ends a conversation of one message as it does one of six
    _save(folder, model, tokenizer)
    return folder


def pieces_of(reply: str) -> list[str]:
    """Cut a text into tokens, each of which occurs once in it."""
    pieces: list[str] = []
    while reply:
        size = next(n for n in range(min(PIECE, len(reply)), len(reply) + 1) if reply[:n] not in pieces)
        pieces.append(reply[:size])
        reply = reply[size:]
    return pieces


def plant(model: Any, tokenizer: PreTrainedTokenizerFast, replies: Sequence[str]) -> None:
    """Let the layers pass on what they get, and the last one know the next piece of a reply."""
    if not replies:
        return
    text = getattr(model.model, "language_model", model.model)
    head = torch.zeros_like(model.lm_head.weight)
    for start, reply in zip(TURN_ENDINGS, replies, strict=False):
        chain = [
            tokenizer.encode(start)[-1],
            *tokenizer.convert_tokens_to_ids(pieces_of(reply)),
            tokenizer.eos_token_id,
        ]
        for token, following in itertools.pairwise(chain):
            head[following] += functional.normalize(text.embed_tokens.weight[token], dim=0)
    with torch.no_grad():
        for layer in text.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.lm_head.weight.copy_(head)


def _save(folder: Path, model: Any, tokenizer: PreTrainedTokenizerFast) -> None:
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _qwen3(vocabulary: int, ids: dict[str, int]) -> Any:
    config = transformers.Qwen3VLConfig(
        text_config=TEXT | {"vocab_size": vocabulary, "head_dim": 8},
        vision_config={
            "depth": 2, "hidden_size": 16, "intermediate_size": 24, "num_heads": 2, "patch_size": 16,
            "out_hidden_size": 64, "num_position_embeddings": 16, "deepstack_visual_indexes": [0],
        },
        **ids,
    )  # fmt: skip
    return transformers.Qwen3VLForConditionalGeneration(config)


def _qwen2_5(vocabulary: int, ids: dict[str, int]) -> Any:
    config = transformers.Qwen2_5_VLConfig(
        text_config=TEXT | {"vocab_size": vocabulary},
        vision_config={
            "depth": 2, "hidden_size": 16, "intermediate_size": 24, "num_heads": 2, "patch_size": 14,
            "out_hidden_size": 64, "window_size": 56, "fullatt_block_indexes": [1],
        },
        **ids,
    )  # fmt: skip
    return transformers.Qwen2_5_VLForConditionalGeneration(config)


def save_sam2(folder: Path) -> Path:
    """Write a SAM 2.1 that sees 128x128 pixels."""
    torch.manual_seed(0)
    config = transformers.Sam2Config(
        vision_config={
            "backbone_config": {
                "model_type": "sam2_hiera_det_model", "hidden_size": 8, "image_size": [128, 128],
                "blocks_per_stage": [1, 1, 2, 1], "embed_dim_per_stage": [8, 16, 32, 64],
                "num_attention_heads_per_stage": [1, 1, 2, 2], "window_size_per_stage": [8, 4, 4, 4],
                "global_attention_blocks": [3], "window_positional_embedding_background_size": [4, 4],
            },
            "backbone_channel_list": [64, 32, 16, 8], "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
            "fpn_hidden_size": 32,
        },
        prompt_encoder_config={"hidden_size": 32, "image_size": 128},
        mask_decoder_config={"hidden_size": 32, "mlp_dim": 32, "num_attention_heads": 2, "iou_head_hidden_dim": 16},
    )  # fmt: skip
    transformers.Sam2Model(config).eval().save_pretrained(folder)
    _write(folder / "processor_config.json", {"image_processor": {
        "image_processor_type": "Sam2ImageProcessor", "size": {"height": 128, "width": 128},
        "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "rescale_factor": 1 / 255,
    }, "processor_class": "Sam2Processor"})  # fmt: skip
    return folder


def save_sam3(folder: Path) -> Path:
    """Write a SAM 3 that sees 112x112 pixels."""
    torch.manual_seed(0)
    tokenizer = byte_tokenizer(("<|endoftext|>", "<|startoftext|>", "<|end|>"))
    small = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 32}
    config = transformers.Sam3Config(
        vision_config={
            "backbone_config": {
                "model_type": "sam3_vit_model", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
                "num_attention_heads": 2, "image_size": 112, "patch_size": 14, "window_size": 4,
                "global_attn_indexes": [1], "pretrain_image_size": 56,
            },
            "fpn_hidden_size": 32, "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        },
        text_config={
            "model_type": "clip_text_model", "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 48,
            "projection_dim": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 32,
            "eos_token_id": tokenizer.eos_token_id,
        },
        geometry_encoder_config=small | {"num_layers": 1, "roi_size": 7},
        detr_encoder_config=small | {"num_layers": 1},
        detr_decoder_config=small | {"num_layers": 1, "num_queries": 6},
        mask_decoder_config={"hidden_size": 32, "num_upsampling_stages": 3, "num_attention_heads": 2},
    )  # fmt: skip
    transformers.Sam3Model(config).eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _write(folder / "processor_config.json", {"image_processor": {
        "image_processor_type": "Sam3ImageProcessor", "size": {"height": 112, "width": 112},
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "rescale_factor": 1 / 255,
    }, "processor_class": "Sam3Processor"})  # fmt: skip
    return folder


def turn_into_video(folder: Path) -> Path:
    """Give a SAM's folder the layout of those on the hub, which hold the model for videos around that for images."""
    config, weights = json.loads((folder / "config.json").read_text()), load_file(folder / "model.safetensors")
    if config["model_type"] == "sam3":
        config = {"detector_config": config}
        weights = {f"detector_model.{name}": value for name, value in weights.items()}
        weights["tracker_model.memory_temporal_positional_encoding"] = torch.zeros(1)
        kind = "sam3_video"
    else:
        weights["memory_temporal_positional_encoding"] = torch.zeros(1)
        kind = "sam2_video"
    _write(folder / "config.json", config | {"model_type": kind})
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content))
