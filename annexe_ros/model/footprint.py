"""How much memory a configuration's weights take, part by part, without making one of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .configuration_annexe import AnnexeConfig
from .modeling_annexe import AnnexeForEgoIRG

LANGUAGE_MODEL_BITS = {"float32": 32.0, "bfloat16": 16.0, "float16": 16.0, "int8": 8.0, "int4": 4.5}
"""Bits of a weight in the language model's matrices; int4 with its scales, one of 32 bits for 64 weights."""


@dataclass(frozen=True)
class PartFootprint:
    """Parameters of one part: all of them, those in matrices that become integers, those that train by default."""

    name: str
    parameters: int
    quantised: int
    trainable: int

    def gigabytes(self, dtype: str) -> float:
        """Return the weights' size in GB (1e9 bytes); ``dtype`` is one of ``LANGUAGE_MODEL_BITS``."""
        bits = LANGUAGE_MODEL_BITS[dtype]
        rest = max(bits, 16.0)  # beside integers everything else is bfloat16
        return (self.quantised * bits + (self.parameters - self.quantised) * rest) / 8e9


def footprint(config: AnnexeConfig) -> list[PartFootprint]:
    """Return what each part of a model of this configuration holds."""
    with torch.device("meta"):
        model = AnnexeForEgoIRG(config)
    return [_part(name, child) for name, child in model.named_children()]


def cache_bytes(config: AnnexeConfig, tokens: int, bytes_per_value: int = 2) -> int:
    """Return the size of the key-value cache of one text of so many tokens, visual ones included."""
    text = config.text_config
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return 2 * text.num_hidden_layers * heads * width * tokens * bytes_per_value


def _part(name: str, part: torch.nn.Module) -> PartFootprint:
    parameters = list(part.parameters())
    matrices = [
        module.weight.numel()
        for path, module in part.named_modules()
        if name == "language_model" and isinstance(module, torch.nn.Linear) and _is_inner(path)
    ]
    trainable = [p.numel() for p in parameters if p.requires_grad]
    return PartFootprint(name, sum(p.numel() for p in parameters), sum(matrices), sum(trainable))


def _is_inner(path: str) -> bool:
    """Tell whether a linear layer is one of those that become integers: no adapter and not the output layer."""
    return not path.startswith("lm_head") and "lora_" not in path
