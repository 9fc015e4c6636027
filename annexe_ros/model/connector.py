"""The connector makes visual tokens for the language model."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configuration_annexe import AnnexeConfig
from .pyramid import AnnexePlaceEmbedding

_WORD_GAIN = 4.0
"""How loud the word of a label is beside the rest of a visual token, before both are normalised."""


class AnnexeConnector(nn.Module):
    """Makes visual tokens: neighbouring coarse features are concatenated and projected (the paper's 4:1 merge).

    Ours adds what the dense maps saw inside the token's square (largest probability), so that an object of a few
    pixels still reaches the language model; with ``config.label_token_ids``, in that model's own words.
    """

    def __init__(self, config: AnnexeConfig) -> None:
        super().__init__()
        self.label_count = len(config.labels)
        self.merge = nn.PixelUnshuffle(config.token_merge)
        self.pool = nn.MaxPool2d(4 * config.token_merge)
        seen = len(config.labels) + 2
        width = config.text_config.hidden_size
        self.projection = nn.Linear(config.pyramid_channels * config.token_merge**2 + seen, width)
        self.place = AnnexePlaceEmbedding(width)
        self.norm = nn.LayerNorm(width)

    def forward(
        self, coarse: Tensor, label_logits: Tensor, contact_logits: Tensor, words: Tensor | None = None
    ) -> Tensor:
        """Return visual tokens (B, N, D); ``words`` (labels, D) are the labels' embeddings."""
        seen = torch.cat([label_logits.softmax(1)[:, 1:], contact_logits.sigmoid()], dim=1)
        pooled = self.pool(self.pool_input(seen, coarse))
        cells = torch.cat([self.merge(coarse), pooled], dim=1)
        tokens = self.projection(cells.flatten(2).transpose(1, 2))
        if words is not None:
            names = pooled[:, : self.label_count].flatten(2).transpose(1, 2).to(words)
            tokens = tokens + _WORD_GAIN * names @ functional.rms_norm(words, words.shape[-1:])
        return self.norm(tokens + self.place(cells.shape[2], cells.shape[3], tokens))

    @staticmethod
    def pool_input(seen: Tensor, coarse: Tensor) -> Tensor:
        """Return ``seen`` at exactly four times the coarse features' size."""
        size = (coarse.shape[-2] * 4, coarse.shape[-1] * 4)
        return seen if seen.shape[-2:] == size else functional.interpolate(seen, size=size)
