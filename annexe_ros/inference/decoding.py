"""Greedy replies to several prompts at once behind cached images: what bookkeeping costs a small model, left out.

``LlamaDecoder`` runs a Llama's own layers on a memory of fixed size, each row at its own position, so that analysis and
answers, whose prompts and replies differ in length, are one batch. ``PlainDecoder`` leaves any other language model to
``AnnexeForEgoIRG.generate_text``, prompt by prompt. Both know tokens and no text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import DynamicCache, LlamaForCausalLM

from annexe_ros.model import AnnexeForEgoIRG, AnnexeGeneration

JOINED_WEIGHTS = 4_000_000
"""Up to here calling a product costs more than its multiplications, and a copy of the weights is nothing."""

OnTokens = Callable[[list[int | None]], None]
"""Is told the new token of each row, None for those that have ended; may raise to stop the work."""


@dataclass(frozen=True, eq=False)
class Prompt:
    """What is asked behind an image.

    Attributes:
        prefix: cache (batch 1) of what ``AnnexeForEgoIRG.read_image`` read; it is left as it is.
        ids: token ids of the prompt.
        descriptor: (1, D) of an analysis that conditions the reply, or None.
    """

    prefix: DynamicCache
    ids: Sequence[int]
    descriptor: Tensor | None = None


class TextDecoder(Protocol):
    """Replies to prompts."""

    def reply(self, prompts: Sequence[Prompt], limit: int, on_tokens: OnTokens) -> list[AnnexeGeneration]:
        """Return the reply (batch 1) to each prompt, of at most ``limit`` tokens."""


def decoder_for(network: AnnexeForEgoIRG) -> TextDecoder:
    """Return the quickest decoder that the language model allows."""
    language = cast(Any, network.language_model)
    turning = cast(Any, language.config).rope_parameters if type(language) is LlamaForCausalLM else {}
    fits = turning.get("rope_type") == "default"
    spread = len(set((getattr(network, "hf_device_map", None) or {}).values())) > 1
    return LlamaDecoder(network) if fits and not spread else PlainDecoder(network)


class PlainDecoder:
    """Any language model, one prompt after the other."""

    def __init__(self, network: AnnexeForEgoIRG) -> None:
        self._network = network

    def reply(self, prompts: Sequence[Prompt], limit: int, on_tokens: OnTokens) -> list[AnnexeGeneration]:
        """See ``TextDecoder``."""
        replies = []
        for row, prompt in enumerate(prompts):

            def tell(token: Tensor, row: int = row) -> None:
                on_tokens([int(token[0]) if other == row else None for other in range(len(prompts))])

            ids = torch.tensor([list(prompt.ids)], device=self._network.device)
            fork = _fork(prompt.prefix)
            replies.append(self._network.generate_text(fork, ids, limit, tell, prompt.descriptor))
        return replies


def _fork(prefix: DynamicCache) -> DynamicCache:
    """Return a cache that goes on from another, whose tensors it shares: growing makes new ones."""
    return DynamicCache(ddp_cache_data=[(layer.keys, layer.values) for layer in cast(Any, prefix).layers])


class _Memory:
    """Keys and values (rows, heads, places, width of a head) of each layer, with room for the replies."""

    def __init__(self, prefixes: Sequence[DynamicCache], places: int) -> None:
        stored = [[(layer.keys, layer.values) for layer in cast(Any, prefix).layers] for prefix in prefixes]
        self.layers = [
            tuple(_with_room([layers[index][part] for layers in stored], places) for part in range(2))
            for index in range(len(stored[0]))
        ]
        device = self.layers[0][0].device
        self.rows = torch.arange(len(prefixes), device=device).unsqueeze(1)
        self.places = torch.arange(places, device=device)


def _with_room(rows: Sequence[Tensor], places: int) -> Tensor:
    """Return tensors (1, heads, P, width) of different P as one (rows, heads, places, width)."""
    _, heads, _, width = rows[0].shape
    room = rows[0].new_zeros(len(rows), heads, places, width)
    for row, stored in zip(room, rows, strict=True):
        row[:, : stored.shape[2]] = stored[0]
    return room


class LlamaDecoder:
    """A Llama's layers without transformers' caches, masks and hooks; adapters and integers of its matrices work."""

    def __init__(self, network: AnnexeForEgoIRG) -> None:
        self._network, self._language = network, cast(Any, network.language_model)
        self._body = self._language.base_model
        config = self._language.config
        self._layers = [
            _Layer(layer, config.num_attention_heads, config.num_key_value_heads) for layer in self._body.layers
        ]
        self._end = config.eos_token_id

    @torch.inference_mode()
    def reply(self, prompts: Sequence[Prompt], limit: int, on_tokens: OnTokens) -> list[AnnexeGeneration]:
        """See ``TextDecoder``; all prompts are one batch."""
        device = self._network.device
        starts = torch.tensor([prompt.prefix.get_seq_length() for prompt in prompts], device=device)
        lengths = [len(prompt.ids) for prompt in prompts]
        longest = max(lengths)
        used = int(starts.max()) + longest
        memory = _Memory([prompt.prefix for prompt in prompts], used + limit)
        places = starts.unsqueeze(1) + torch.arange(longest, device=device)
        prompt_states = self._states(self._prompt_embeddings(prompts, longest), places, memory, used)
        rows = torch.arange(len(prompts), device=device)
        ends = torch.tensor(lengths, device=device)
        states, place = prompt_states[rows, ends - 1], starts + ends
        found = _Replies(self._end, len(prompts))
        for step in range(limit):
            chosen = self._language.lm_head(states).float().softmax(-1).max(-1)
            on_tokens(found.add_tokens(chosen.indices.tolist(), chosen.values.tolist()))
            if found.all_ended:
                break
            embedded = self._body.embed_tokens(chosen.indices).unsqueeze(1)
            states = self._states(embedded, place.unsqueeze(1), memory, used + step + 1)[:, 0]
            found.add_states(states)
            place = place + 1
        return [
            self._generation(found, row, prompt_states[row : row + 1, :length]) for row, length in enumerate(lengths)
        ]

    def _prompt_embeddings(self, prompts: Sequence[Prompt], longest: int) -> Tensor:
        """Return embeddings (rows, longest, D); what stands behind a shorter prompt is never looked at."""
        ids = [[*prompt.ids, *[self._end] * (longest - len(prompt.ids))] for prompt in prompts]
        embeddings = self._body.embed_tokens(torch.tensor(ids, device=self._network.device))
        if all(prompt.descriptor is None for prompt in prompts):
            return embeddings
        nothing = embeddings.new_zeros(1, embeddings.shape[-1])
        guidance = [nothing if prompt.descriptor is None else prompt.descriptor for prompt in prompts]
        return embeddings + torch.cat(guidance).to(embeddings).unsqueeze(1)

    def _states(self, x: Tensor, places: Tensor, memory: _Memory, used: int) -> Tensor:
        """Return hidden states (rows, T, D) of embeddings ``x`` at ``places`` (rows, T) and remember them.

        ``used`` is how much of the memory is looked at.
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

    def _generation(self, found: _Replies, row: int, prompt_states: Tensor) -> AnnexeGeneration:
        device = prompt_states.device
        sequence = torch.tensor([found.tokens[row]], device=device)
        read = len(found.tokens[row]) - (found.tokens[row][-1] == self._end)
        states = torch.stack(found.states[:read], 1)[row : row + 1] if read else prompt_states[:, :0]
        marks = sequence[:, :read] == self._network.config.mask_token_id
        return AnnexeGeneration(
            sequences=sequence,
            token_probabilities=torch.tensor([found.probabilities[row]], device=device),
            prompt_states=prompt_states,
            slot_states=self._network.slot_states(states, sequence[:, :read]),
            slot_counts=marks.sum(-1).clamp(max=self._network.config.slots),
            reply_states=states,
        )


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


class _Replies:
    """Tokens, their probabilities and the states (rows, D) of each step, as they come."""

    def __init__(self, end: int, rows: int) -> None:
        self._end = end
        self.tokens: list[list[int]] = [[] for _ in range(rows)]
        self.probabilities: list[list[float]] = [[] for _ in range(rows)]
        self.states: list[Tensor] = []

    @property
    def all_ended(self) -> bool:
        return all(self._has_ended(row) for row in range(len(self.tokens)))

    def add_tokens(self, tokens: Sequence[int], probabilities: Sequence[float]) -> list[int | None]:
        """Take each row's token; return those of the rows that hadn't ended, None for the others."""
        new: list[int | None] = [None if self._has_ended(row) else token for row, token in enumerate(tokens)]
        for row, token in enumerate(new):
            if token is not None:
                self.tokens[row].append(token)
                self.probabilities[row].append(probabilities[row])
        return new

    def add_states(self, states: Tensor) -> None:
        self.states.append(states)

    def _has_ended(self, row: int) -> bool:
        return bool(self.tokens[row]) and self.tokens[row][-1] == self._end


def _normed(x: Tensor, norm: Any) -> Tensor:
    """Return what a LlamaRMSNorm returns."""
    return functional.rms_norm(x, x.shape[-1:], norm.weight, norm.variance_epsilon)


def _turned(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Return heads (rows, heads, T, width) turned by their places' angles (rows, 1, T, width), halves as pairs."""
    first, second = x.chunk(2, -1)
    return torch.addcmul(x * cosine, torch.cat((-second, first), -1), sine)
