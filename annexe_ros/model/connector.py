"""The connector makes visual tokens for the language model."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configuration_annexe import AnnexeConfig
from .label_tokens import AnnexeLabelTokens
from .pyramid import AnnexePlaceEmbedding
from .words import COLOUR_GAIN, LABEL_GAIN, told

_LEAST_SHARE = 0.05
"""Where less of a token's square has a colour, colours are told more quietly, since what is there may be nothing."""


class AnnexeConnector(nn.Module):
    """Makes visual tokens: neighbouring coarse features are concatenated and projected (the paper's 4:1 merge).

    Ours adds what the dense maps saw inside the token's square (largest probability), so that an object of a few
    pixels still reaches the language model; with ``config.label_token_ids`` and ``config.colour_token_ids`` in that
    model's own words.
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
        self.mean = nn.AvgPool2d(4 * config.token_merge)
        hands = config.hand_labels
        self.label_tokens = AnnexeLabelTokens(self.label_count, hands, width) if hands else None
        self.norm = nn.LayerNorm(width)

    def forward(
        self,
        coarse: Tensor,
        label_logits: Tensor,
        contact_logits: Tensor,
        label_words: Tensor | None = None,
        colour_logits: Tensor | None = None,
        colour_words: Tensor | None = None,
    ) -> Tensor:
        """Return visual tokens (B, N, D), those of the labels last.

        Words (labels, D) and (colours, D) are the embeddings of the names.
        """
        likely, touched = label_logits.softmax(1)[:, 1:], contact_logits.sigmoid()
        pooled = self.pool(self.pool_input(torch.cat([likely, touched], dim=1), coarse))
        cells = torch.cat([self.merge(coarse), pooled], dim=1)
        tokens = self.projection(cells.flatten(2).transpose(1, 2))
        if label_words is not None:
            tokens = tokens + LABEL_GAIN * told(pooled[:, : self.label_count], label_words)
        colours = None if colour_logits is None else colour_logits.softmax(1)[:, 1:]
        if colour_words is not None:
            # What names of colours have in common tells none of them.
            colour_words = colour_words - colour_words.mean(0)
        if colours is not None and colour_words is not None:
            tokens = tokens + COLOUR_GAIN * told(self._colours(colours, coarse), colour_words)
        tokens = tokens + self.place(cells.shape[2], cells.shape[3], tokens)
        if self.label_tokens is not None and label_words is not None:
            labels = self.label_tokens(likely, touched, label_words, colours, colour_words)
            tokens = torch.cat([tokens, labels], dim=1)
        return self.norm(tokens)

    def _colours(self, likely: Tensor, coarse: Tensor) -> Tensor:
        """Return the colours' shares (B, colours, rows, columns) of what has a colour in each token's square.

        Together they are as large as the surest cell there is sure that something has a colour.
        """
        likely = self.pool_input(likely, coarse)
        anything = likely.sum(1, keepdim=True)
        return self.mean(likely) / self.mean(anything).clamp(min=_LEAST_SHARE) * self.pool(anything)

    @staticmethod
    def pool_input(seen: Tensor, coarse: Tensor) -> Tensor:
        """Return ``seen`` at exactly four times the coarse features' size."""
        size = (coarse.shape[-2] * 4, coarse.shape[-1] * 4)
        return seen if seen.shape[-2:] == size else functional.interpolate(seen, size=size)
