"""LoRA on the language model, through peft, which is imported only where a configuration asks for it."""

from __future__ import annotations

from typing import Any

from torch import nn


def inject_lora(language_model: nn.Module, arguments: dict[str, Any]) -> None:
    """Put adapters beside the layers that ``peft.LoraConfig(**arguments)`` names, in place, and freeze all but them.

    Raises ``ModuleNotFoundError`` without peft, ``ValueError`` where the model has no such layer.
    """
    from peft import LoraConfig, inject_adapter_in_model

    inject_adapter_in_model(LoraConfig(**arguments), language_model)
