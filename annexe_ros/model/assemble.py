"""Builds a model folder from parts: a language model, a vision tower and a depth model, on disk or on the hub.

What joins the parts is new and has to be trained, but for what a checkpoint of MiniGPT-v2 brings (``convert``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForDepthEstimation,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging

from .annexe_7b import PAPER_GROUNDING, PAPER_INPUT_SIDE, PAPER_LORA
from .bars import bars_on_terminals_only
from .configuration_annexe import AnnexeConfig
from .modeling_annexe import AnnexeForEgoIRG
from .processing_annexe import MASK_TOKEN, AnnexeImageProcessor, AnnexeProcessor


def assemble(
    llm: str, vision: str, depth: str, dtype: torch.dtype = torch.bfloat16, **settings: Any
) -> tuple[AnnexeForEgoIRG, AnnexeProcessor]:
    """Return a model of the paper's layout and its processor.

    Args:
        llm: causal language model with its tokenizer; like the next two a folder or a hub id.
        vision: vision tower, or a model that has one, such as BLIP-2.
        depth: Depth Anything.
        dtype: of all weights.
        settings: further arguments of ``AnnexeConfig``; the paper's are the default.

    Raises ``OSError`` where a part isn't found and ``ValueError`` for one that isn't what it should be.
    """
    tokenizer = AutoTokenizer.from_pretrained(llm)
    tokenizer.add_special_tokens({"additional_special_tokens": [MASK_TOKEN]})
    language_model = _whole(AutoModelForCausalLM, llm, dtype=dtype)
    _fit_vocabulary(language_model, tokenizer)
    vision_tower = load_vision_tower(vision, dtype)
    depth_model = _whole(AutoModelForDepthEstimation, depth, dtype=dtype)
    parts = {
        "vision_config": vision_tower.config,
        "ground_config": depth_model.config,
        "text_config": language_model.config,
        "mask_token_id": tokenizer.convert_tokens_to_ids(MASK_TOKEN),
        "contact_map": False,
        "lora": PAPER_LORA,
    }
    config = AnnexeConfig(**{**parts, **PAPER_GROUNDING, **settings})
    model = AnnexeForEgoIRG(config, vision_tower, depth_model, language_model).to(dtype)  # type: ignore[arg-type]  # transformers hides nn.Module's signature
    image_processor = AnnexeImageProcessor(PAPER_INPUT_SIDE**2, config.input_multiple)
    prefix = (tokenizer.bos_token or "") + "[INST] <Img>"
    return model, AnnexeProcessor(image_processor, tokenizer, prefix)


def load_vision_tower(source: str, dtype: torch.dtype) -> PreTrainedModel:
    """Return the vision tower of a folder or hub id, which may hold a larger model around it."""
    config = AutoConfig.from_pretrained(source)
    part = getattr(config, "vision_config", None)
    if part is None:
        return _whole(AutoModel, source, dtype=dtype)
    inside = {r"^(model\.)?(vision_model|vision_tower)\.": ""}
    return _whole(AutoModel, source, config=part, dtype=dtype, key_mapping=inside)


def _whole(kind: Any, source: str, **options: Any) -> Any:
    """Return a pretrained model; raises ``ValueError`` where the source lacks a weight, which would be drawn anew."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # of a larger model around a part, every other weight would be listed
    try:
        with bars_on_terminals_only():
            model, report = kind.from_pretrained(source, output_loading_info=True, **options)
    finally:
        logging.set_verbosity(verbosity)
    if missing := sorted(report["missing_keys"]):
        raise ValueError(f"'{source}' lacks {len(missing)} weights of {type(model).__name__}, e.g. {missing[0]}")
    return model


def _fit_vocabulary(language_model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Give <MSK> an embedding, and the configuration the tokens that end and pad a reply."""
    if len(tokenizer) > language_model.config.vocab_size:
        language_model.resize_token_embeddings(len(tokenizer))
    config = language_model.config
    config.eos_token_id = tokenizer.eos_token_id
    config.pad_token_id = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id


def save(model: AnnexeForEgoIRG, processor: AnnexeProcessor, out: Path) -> None:
    """Write the folder that every engine loads; large weights go into shards."""
    model.save_pretrained(out, max_shard_size="5GB")
    processor.save_pretrained(out)
