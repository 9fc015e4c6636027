"""LoRA on the language model, through peft, which is imported only where a configuration asks for it."""

from __future__ import annotations

from typing import Any

from torch import nn
from transformers import PreTrainedModel

ADAPTERS = ("lora_", "trainable_tokens_")
"""What peft calls the parameters that it adds."""


def inject_lora(language_model: PreTrainedModel, arguments: dict[str, Any], new_token: int) -> None:
    """Put adapters beside the layers that ``peft.LoraConfig(**arguments)`` names, in place, and freeze all but them.

    ``new_token``, which the pretrained model never saw, gets an embedding and an output row that learn.

    Raises ``ModuleNotFoundError`` without peft, ``ValueError`` where the model has no such layer.
    """
    from peft import LoraConfig, inject_adapter_in_model

    tied = language_model.config.tie_word_embeddings
    layers = _vocabulary_layers(language_model)
    tokens = {name.rpartition(".")[2]: [new_token] for name in layers[: 1 if tied else 2]}  # peft sees to a tied one
    inject_adapter_in_model(LoraConfig(**arguments, trainable_token_indices=tokens), language_model)
    if tied:
        inner, outer = layers
        weights = ("base_layer.weight", "trainable_tokens_delta.default")
        language_model._tied_weights_keys = {
            f"{outer}.token_adapter.{w}": f"{inner}.token_adapter.{w}" for w in weights
        }


def freeze_all_but_adapters(language_model: nn.Module) -> None:
    """Do again what loading weights undoes: only adapters learn."""
    for name, parameter in language_model.named_parameters():
        parameter.requires_grad_(any(adapter in name for adapter in ADAPTERS))


def _vocabulary_layers(language_model: PreTrainedModel) -> list[str]:
    """Return the names of the embedding and of the output layer."""
    layers = language_model.get_input_embeddings(), language_model.get_output_embeddings()
    names = {id(module): name for name, module in language_model.named_modules()}
    return [names[id(layer)] for layer in layers]
