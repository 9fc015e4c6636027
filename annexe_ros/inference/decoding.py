"""Greedy replies to several prompts at once behind cached images: what bookkeeping costs a small model, left out.

``LlamaDecoder`` has each row at its own place, so that analysis and answers, whose prompts and replies differ in
length, are one batch, and reads guesses of the next tokens along with the last one: of what was guessed, what it would
have said itself is kept. ``PlainDecoder`` leaves any other language model to ``AnnexeForEgoIRG.generate_text``, prompt
by prompt. Both know tokens and no text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress, takewhile
from typing import Any, Protocol, cast

import torch
from torch import Tensor
from transformers import DynamicCache, LlamaForCausalLM

from annexe_ros.inference.drafting import DRAFT_LENGTH, Drafts
from annexe_ros.inference.llama import LlamaLayers, LlamaMemory
from annexe_ros.model import AnnexeForEgoIRG, AnnexeGeneration, Opening

OnTokens = Callable[[list[list[int]]], None]
"""Is told the new tokens of each row, none for those that have ended; may raise to stop the work."""


@dataclass(frozen=True, eq=False)
class Prompt:
    """What is asked behind an image.

    Attributes:
        prefix: cache (batch 1) of what ``AnnexeForEgoIRG.read_image`` read; it is left as it is.
        ids: token ids of the prompt.
        descriptor: (1, D) of an analysis that conditions the reply, or None.
        opening: has a say in the reply's first token, or None.
    """

    prefix: DynamicCache
    ids: Sequence[int]
    descriptor: Tensor | None = None
    opening: Opening | None = None


class TextDecoder(Protocol):
    """Replies to prompts."""

    def reply(self, prompts: Sequence[Prompt], limit: int, on_tokens: OnTokens) -> list[AnnexeGeneration]:
        """Return the reply (batch 1) to each prompt, of at most ``limit`` tokens."""


def decoder_for(network: AnnexeForEgoIRG, *, drafting: bool = True) -> TextDecoder:
    """Return the quickest decoder that the language model allows; without ``drafting``, one token at a time."""
    language = cast(Any, network.language_model)
    turning = cast(Any, language.config).rope_parameters if type(language) is LlamaForCausalLM else {}
    fits = turning.get("rope_type") == "default"
    spread = len(set((getattr(network, "hf_device_map", None) or {}).values())) > 1
    return LlamaDecoder(network, drafting=drafting) if fits and not spread else PlainDecoder(network)


class PlainDecoder:
    """Any language model, one prompt after the other."""

    def __init__(self, network: AnnexeForEgoIRG) -> None:
        self._network = network

    def reply(self, prompts: Sequence[Prompt], limit: int, on_tokens: OnTokens) -> list[AnnexeGeneration]:
        """See ``TextDecoder``."""
        replies = []
        for row, prompt in enumerate(prompts):

            def tell(token: Tensor, row: int = row) -> None:
                on_tokens([[int(token[0])] if other == row else [] for other in range(len(prompts))])

            ids = torch.tensor([list(prompt.ids)], device=self._network.device)
            fork = _fork(prompt.prefix)
            replies.append(self._network.generate_text(fork, ids, limit, tell, prompt.descriptor, prompt.opening))
        return replies


def _fork(prefix: DynamicCache) -> DynamicCache:
    """Return a cache that goes on from another, whose tensors it shares: growing makes new ones."""
    return DynamicCache(ddp_cache_data=[(layer.keys, layer.values) for layer in cast(Any, prefix).layers])


class LlamaDecoder:
    """A Llama, all prompts as one batch."""

    def __init__(self, network: AnnexeForEgoIRG, *, drafting: bool = True) -> None:
        """Take the language model of a network; without ``drafting`` nothing is guessed."""
        self._network, self._language = network, cast(Any, network.language_model)
        self._layers = LlamaLayers(self._language)
        self._end = self._language.config.eos_token_id
        self._drafts = Drafts(self._end) if drafting else None

    @torch.inference_mode()
    def reply(self, prompts: Sequence[Prompt], limit: int, on_tokens: OnTokens) -> list[AnnexeGeneration]:
        """See ``TextDecoder``."""
        rows = unfinished = [_Row(prompt, self._end, limit) for prompt in prompts]
        longest = max(row.read for row in rows) + max(len(row.feed) for row in rows)
        memory = LlamaMemory([prompt.prefix for prompt in prompts], longest + limit + DRAFT_LENGTH)
        while unfinished:
            said = dict(zip(unfinished, self._step(unfinished, memory), strict=True))
            on_tokens([said.get(row, []) for row in rows])
            going_on = [not row.is_complete for row in unfinished]
            memory.keep(going_on)
            unfinished = list(compress(unfinished, going_on))
        for row in rows:
            self._learn(row)
        return [self._generation(row) for row in rows]

    def _step(self, rows: Sequence[_Row], memory: LlamaMemory) -> list[list[int]]:
        """Read what each row is fed and a guess of what follows; return each row's new tokens."""
        drafts = [self._guess(row) for row in rows]
        length = max(len(row.feed) + len(draft) for row, draft in zip(rows, drafts, strict=True))
        begins = torch.tensor([[row.read] for row in rows], device=self._network.device)
        places = begins + torch.arange(length, device=begins.device)
        used = max(row.read for row in rows) + length
        states = self._layers.states(self._embedded(rows, drafts, length), places, memory, used)
        tokens, probabilities = self._say(rows, states, 1 + max(map(len, drafts)))
        return [
            row.take(draft, *read)
            for row, draft, *read in zip(rows, drafts, states, tokens, probabilities, strict=True)
        ]

    def _embedded(self, rows: Sequence[_Row], drafts: Sequence[list[int]], length: int) -> Tensor:
        """Return embeddings (rows, T, D); what stands behind a shorter row is read again before it is looked at."""
        fed = [[*row.feed, *draft] for row, draft in zip(rows, drafts, strict=True)]
        x = self._layers.embed([ids + [self._end] * (length - len(ids)) for ids in fed], self._network.device)
        for mine, row in zip(x, rows, strict=True):
            if row.prompt.descriptor is not None and not row.tokens:
                mine[: len(row.feed)] += row.prompt.descriptor.to(mine)
        return x

    def _say(self, rows: Sequence[_Row], states: Tensor, width: int) -> tuple[list[list[int]], list[list[float]]]:
        """Return the likeliest tokens (rows, width) from the last token fed on, and their probabilities."""
        lasts = [[min(len(row.feed) - 1 + k, states.shape[1] - 1) for k in range(width)] for row in rows]
        index = torch.tensor(lasts, device=states.device).unsqueeze(-1).expand(-1, -1, states.shape[-1])
        logits = self._language.lm_head(states.gather(1, index).flatten(0, 1)).float().unflatten(0, (len(rows), width))
        for row, mine, next_token in zip(rows, states, logits, strict=True):
            if row.prompt.opening is not None and not row.tokens:
                next_token[:1] = row.prompt.opening(mine[None, : len(row.feed)], next_token[:1])
        chosen = logits.softmax(-1).max(-1)
        return chosen.indices.tolist(), chosen.values.tolist()

    def _guess(self, row: _Row) -> list[int]:
        room = min(row.room - 1, DRAFT_LENGTH)
        return [] if self._drafts is None else self._drafts.guess([*row.prompt.ids, *row.tokens], room)

    def _learn(self, row: _Row) -> None:
        if self._drafts is not None:
            self._drafts.learn(row.prompt.ids, row.tokens)

    def _generation(self, row: _Row) -> AnnexeGeneration:
        device = self._network.device
        sequence, states = torch.tensor([row.tokens], device=device), row.reply_states
        read = sequence[:, : states.shape[1]]
        marks = read == self._network.config.mask_token_id
        return AnnexeGeneration(
            sequences=sequence,
            token_probabilities=torch.tensor([row.probabilities], device=device),
            prompt_states=row.prompt_states,
            slot_states=self._network.slot_states(states, read),
            slot_counts=marks.sum(-1).clamp(max=self._network.config.slots),
            reply_states=states,
        )


class _Row:
    """One prompt and what is replied to it.

    Attributes:
        read: how many places were read, those of the image's prefix first.
        feed: tokens that come next: the prompt, then the last one said.
        is_complete: the end was said, or the last token that there is room for was read.
    """

    def __init__(self, prompt: Prompt, end: int, limit: int) -> None:
        self.prompt, self._end, self._limit = prompt, end, limit
        self.read, self.feed = prompt.prefix.get_seq_length(), list(prompt.ids)
        self.tokens: list[int] = []
        self.probabilities: list[float] = []
        self.prompt_states: Tensor
        self._states: list[Tensor] = []
        self.is_complete = False

    @property
    def room(self) -> int:
        """How many tokens may still be said."""
        return self._limit - len(self.tokens)

    @property
    def reply_states(self) -> Tensor:
        """States (1, T, D) of the tokens that were said, but for the end."""
        return torch.cat(self._states).unsqueeze(0)

    def take(
        self, draft: Sequence[int], states: Tensor, tokens: Sequence[int], probabilities: Sequence[float]
    ) -> list[int]:
        """Keep and return what is said up to the first wrong guess.

        Args:
            draft: what was guessed.
            states: (T, D) of what was fed, of the draft and of what else was read.
            tokens: what is said after the last token fed and after each guess.
            probabilities: of those tokens.
        """
        new = self._right(draft, tokens)
        read = len(self.feed) + max(len(new) - 1, 0)
        if not self.tokens:
            self.prompt_states = states[None, : len(self.feed)]
        self._states.append(states[0 if self.tokens else len(self.feed) : read])
        self.tokens += new
        self.probabilities += probabilities[: len(new)]
        self.read, self.feed = self.read + read, new[-1:]
        self.is_complete = not new or new[-1] == self._end
        return new

    def _right(self, draft: Sequence[int], tokens: Sequence[int]) -> list[int]:
        """Return what is said as long as the draft guessed it, the first other token, and nothing after the end."""
        right = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(draft, tokens, strict=False)))
        new = list(tokens[: min(right + 1, self.room)])
        return new[: new.index(self._end) + 1] if self._end in new else new
