"""The connector makes visual tokens for the language model."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configuration_annexe import AnnexeConfig
from .pyramid import AnnexePlaceEmbedding

_WORD_GAIN = 4.0
"""How loud the word of a label is beside the rest of a visual token, before both are normalised."""
_LEAST_SHARE = 0.05
"""A cell of which less is labelled is shown in a paler colour, since what is there may be nothing."""


class AnnexeConnector(nn.Module):
    """Makes visual tokens: neighbouring coarse features are concatenated and projected (the paper's 4:1 merge).

    Ours adds what the dense maps saw inside the token's square (largest probability), so that an object of a few
    pixels still reaches the language model; with ``config.label_token_ids``, in that model's own words; with
    ``config.colour_channels``, and in what colour.
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
        self.colours = AnnexeColours(config.token_merge, width) if config.colour_channels else None
        self.norm = nn.LayerNorm(width)

    def forward(
        self,
        pixel_values: Tensor,
        coarse: Tensor,
        label_logits: Tensor,
        contact_logits: Tensor,
        words: Tensor | None = None,
    ) -> Tensor:
        """Return visual tokens (B, N, D) of images (B, 3, H, W); ``words`` (labels, D) are the labels' embeddings."""
        likely = label_logits.softmax(1)
        seen = torch.cat([likely[:, 1:], contact_logits.sigmoid()], dim=1)
        pooled = self.pool(self.pool_input(seen, coarse))
        cells = torch.cat([self.merge(coarse), pooled], dim=1)
        tokens = self.projection(cells.flatten(2).transpose(1, 2))
        if words is not None:
            names = pooled[:, : self.label_count].flatten(2).transpose(1, 2).to(words)
            tokens = tokens + _WORD_GAIN * names @ functional.rms_norm(words, words.shape[-1:])
        if self.colours is not None:
            tokens = tokens + self.colours(pixel_values, self.pool_input(1 - likely[:, :1], coarse))
        return self.norm(tokens + self.place(cells.shape[2], cells.shape[3], tokens))

    @staticmethod
    def pool_input(seen: Tensor, coarse: Tensor) -> Tensor:
        """Return ``seen`` at exactly four times the coarse features' size."""
        size = (coarse.shape[-2] * 4, coarse.shape[-1] * 4)
        return seen if seen.shape[-2:] == size else functional.interpolate(seen, size=size)


class AnnexeColours(nn.Module):
    """Says in what colour the labelled pixels of each token's cells are; begins by saying nothing."""

    def __init__(self, token_merge: int, width: int) -> None:
        super().__init__()
        self.merge = nn.PixelUnshuffle(token_merge)
        self.projection = nn.Linear(3 * token_merge**2, width, bias=False)
        nn.init.zeros_(self.projection.weight)

    def forward(self, pixel_values: Tensor, labelled: Tensor) -> Tensor:
        """Return what is added to tokens (B, N, D).

        Args:
            pixel_values: (B, 3, H, W).
            labelled: (B, 1, H/4, W/4), probability that something with a label is there.
        """
        size = labelled.shape[-2], labelled.shape[-1]
        colours = functional.adaptive_avg_pool2d(pixel_values, size) * labelled
        share = functional.avg_pool2d(labelled, 4)
        cells = self.merge(functional.avg_pool2d(colours, 4) / share.clamp(min=_LEAST_SHARE))
        return self.projection(cells.flatten(2).transpose(1, 2))
