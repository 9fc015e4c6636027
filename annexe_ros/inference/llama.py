"""A Llama's own layers on a memory of fixed size, without transformers' caches, masks and hooks.

Rows of a batch stand at places of their own. Adapters and integers of the matrices work; it knows no token.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import DynamicCache, LlamaForCausalLM

JOINED_WEIGHTS = 4_000_000
"""Up to here calling a product costs more than its multiplications, and a copy of the weights is nothing."""


class LlamaMemory:
    """Keys and values (rows, heads, places, width of a head) of each layer, with room for the replies."""

    def __init__(self, prefixes: Sequence[DynamicCache], places: int) -> None:
        """Copy what was read before into the beginning of so many places."""
        stored = [[(layer.keys, layer.values) for layer in cast(Any, prefix).layers] for prefix in prefixes]
        self.layers = [
            tuple(_with_room([layers[index][part] for layers in stored], places) for part in range(2))
            for index in range(len(stored[0]))
        ]
        device = self.layers[0][0].device
        self.rows = torch.arange(len(prefixes), device=device).unsqueeze(1)
        self.places = torch.arange(places, device=device)

    def keep(self, rows: Sequence[bool]) -> None:
        """Forget the rows that are marked as false."""
        if not all(rows):
            kept = torch.tensor(rows, device=self.rows.device)
            self.layers = [(keys[kept], values[kept]) for keys, values in self.layers]
            self.rows = self.rows[: sum(rows)]


def _with_room(rows: Sequence[Tensor], places: int) -> Tensor:
    """Return tensors (1, heads, P, width) of different P as one (rows, heads, places, width)."""
    _, heads, _, width = rows[0].shape
    room = rows[0].new_zeros(len(rows), heads, places, width)
    for row, stored in zip(room, rows, strict=True):
        row[:, : stored.shape[2]] = stored[0]
    return room


class LlamaLayers:
    """All layers of a language model."""

    def __init__(self, language: LlamaForCausalLM) -> None:
        """Join matrices where that is cheap; the weights stay the model's."""
        self._body = cast(Any, language).base_model
        config = cast(Any, language.config)
        heads = config.num_attention_heads, config.num_key_value_heads
        self._layers = [_Layer(layer, *heads) for layer in self._body.layers]

    def embed(self, ids: Sequence[Sequence[int]], device: torch.device) -> Tensor:
        """Return embeddings (rows, T, D) of token ids, equally many in each row."""
        return self._body.embed_tokens(torch.tensor(ids, device=device))

    def states(self, x: Tensor, places: Tensor, memory: LlamaMemory, used: int) -> Tensor:
        """Return hidden states (rows, T, D) of embeddings ``x`` at ``places`` (rows, T) and remember them.

        ``used`` is how much of the memory is looked at; what was remembered behind a state's own place isn't.
        """
        turn = tuple(table.unsqueeze(1) for table in self._body.rotary_emb(x, places))
        unseen = memory.places[:used] > places.unsqueeze(-1)
        mask = x.new_zeros(unseen.shape).masked_fill_(unseen, -torch.inf).unsqueeze(1)
        for layer, (keys, values) in zip(self._layers, memory.layers, strict=True):
            query, key, value = layer.look(x, *turn)
            keys[memory.rows, :, places] = key.transpose(1, 2)
            values[memory.rows, :, places] = value.transpose(1, 2)
            x = layer.think(x, query, keys[:, :, :used], values[:, :, :used], mask)
        return _normed(x, self._body.norm)


class _Layer:
    """One layer of a Llama, its matrices that read the same input joined where that is cheap."""

    def __init__(self, layer: Any, heads: int, key_heads: int) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self._input_norm, self._middle_norm = layer.input_layernorm, layer.post_attention_layernorm
        self._project = _joined([attention.q_proj, attention.k_proj, attention.v_proj])
        self._widen = _joined([mlp.gate_proj, mlp.up_proj])
        self._mix, self._narrow, self._activation = attention.o_proj, mlp.down_proj, mlp.act_fn
        self._heads, self._grouped = (heads, key_heads, key_heads), heads != key_heads

    def look(self, x: Tensor, cosine: Tensor, sine: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return query, key and value (rows, heads, T, width) of states (rows, T, D)."""
        parts = self._project(_normed(x, self._input_norm))
        query, key, value = (
            part.unflatten(-1, (heads, -1)).transpose(1, 2) for part, heads in zip(parts, self._heads, strict=True)
        )
        return _turned(query, cosine, sine), _turned(key, cosine, sine), value

    def think(self, x: Tensor, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """Return the states (rows, T, D) after attention and feed-forward."""
        mixed = functional.scaled_dot_product_attention(query, keys, values, mask, enable_gqa=self._grouped)
        x = x + self._mix(mixed.transpose(1, 2).flatten(2))
        gate, up = self._widen(_normed(x, self._middle_norm))
        return x + self._narrow(self._activation(gate) * up)


def _joined(matrices: Sequence[nn.Module]) -> Callable[[Tensor], Sequence[Tensor]]:
    """Return what applies linear layers to the same input; small plain ones become one product (a copy of them)."""
    plain = [matrix for matrix in matrices if type(matrix) is nn.Linear and type(matrix.weight) is nn.Parameter]
    small = len(plain) == len(matrices) and sum(matrix.weight.numel() for matrix in plain) <= JOINED_WEIGHTS
    if not small or any(matrix.bias is not None for matrix in plain):
        return lambda x: [matrix(x) for matrix in matrices]
    weight = torch.cat([matrix.weight.detach() for matrix in plain])
    sizes = [matrix.out_features for matrix in plain]
    return lambda x: functional.linear(x, weight).split(sizes, -1)


def _normed(x: Tensor, norm: Any) -> Tensor:
    """Return what a LlamaRMSNorm returns."""
    return functional.rms_norm(x, x.shape[-1:], norm.weight, norm.variance_epsilon)


def _turned(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Return heads (rows, heads, T, width) turned by their places' angles (rows, 1, T, width), halves as pairs."""
    first, second = x.chunk(2, -1)
    return torch.addcmul(x * cosine, torch.cat((-second, first), -1), sine)
