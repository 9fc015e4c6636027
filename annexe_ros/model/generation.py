"""Greedy replies of a model of the ``modeling_annexe`` kind, with the states that masks are made from."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from .configuration_annexe import AnnexeConfig
from .outputs import AnnexeGeneration, Opening


class AnnexeGenerationMixin:
    """What a model with a ``language_model`` needs to reply. Shapes are in the letters of ``modeling_annexe``."""

    config: AnnexeConfig
    language_model: PreTrainedModel

    @torch.inference_mode()
    def generate_text(
        self,
        cache: DynamicCache,
        prompt_ids: Tensor,
        max_new_tokens: int = 50,
        on_token: Callable[[Tensor], None] | None = None,
        descriptor: Tensor | None = None,
        opening: Opening | None = None,
    ) -> AnnexeGeneration:
        """Reply greedily to prompts (M, L) of equal length behind a cached prefix of batch M, which is consumed.

        ``on_token`` gets the new ids (M,) of each step and may raise to stop the work; ``descriptor`` (M, D) of the
        analysis conditions the reply; ``opening`` may change the logits of the first token.
        """
        eos, pad = self._end_token, self.config.text_config.pad_token_id
        pad = eos if pad is None else pad
        language, output_layer = self.language_model.base_model, self.language_model.get_output_embeddings()
        prompt = self._text_embeddings(prompt_ids, None if descriptor is None else descriptor.unsqueeze(1))
        states = language(inputs_embeds=prompt, past_key_values=cache, use_cache=True).last_hidden_state
        prompt_states, step_states = states, []
        ended = torch.zeros(len(prompt_ids), dtype=torch.bool, device=prompt_ids.device)
        tokens: list[Tensor] = []
        probabilities: list[Tensor] = []
        for _ in range(max_new_tokens):
            logits = output_layer(states[:, -1]).float()
            if opening is not None and not tokens:
                logits = opening(prompt_states, logits)
            probability, token = logits.softmax(-1).max(-1)
            token = torch.where(ended, pad, token)
            tokens.append(token)
            probabilities.append(torch.where(ended, 1.0, probability))
            if on_token is not None:
                on_token(token)
            ended = ended | (token == eos)
            if bool(ended.all()):
                break
            states = language(input_ids=token.unsqueeze(1), past_key_values=cache, use_cache=True).last_hidden_state
            step_states.append(states)
        return self._generation(tokens, probabilities, prompt_states, step_states)

    def _generation(
        self, tokens: list[Tensor], probabilities: list[Tensor], prompt_states: Tensor, step_states: list[Tensor]
    ) -> AnnexeGeneration:
        sequences = torch.stack(tokens, dim=1)
        read = sequences[:, : len(step_states)]
        states = torch.cat(step_states, dim=1) if step_states else prompt_states[:, :0]
        counts = (read == self.config.mask_token_id).sum(-1).clamp(max=self.config.slots)
        return AnnexeGeneration(
            sequences=sequences,
            token_probabilities=torch.stack(probabilities, dim=1),
            prompt_states=prompt_states,
            slot_states=self.slot_states(states, read),
            slot_counts=counts,
            reply_states=states,
        )

    def slot_states(self, states: Tensor, input_ids: Tensor) -> Tensor:
        """Gather the states (..., S, D) of the <MSK> tokens of texts (..., L) in order; zero where there is none."""
        is_mask = input_ids == self.config.mask_token_id
        rank = is_mask.cumsum(-1) - 1
        chosen = [is_mask & (rank == k) for k in range(self.config.slots)]
        return torch.stack([(c.unsqueeze(-1) * states).sum(-2) for c in chosen], dim=-2)

    def _text_embeddings(self, input_ids: Tensor, guidance: Tensor | None) -> Tensor:
        """Return embeddings (..., L, D) of texts (..., L), moved by ``guidance`` (..., L or 1, D)."""
        embeddings = self.language_model.get_input_embeddings()(input_ids)
        return embeddings if guidance is None else embeddings + guidance.to(embeddings)

    @property
    def _end_token(self) -> int:
        return self.config.text_config.eos_token_id
