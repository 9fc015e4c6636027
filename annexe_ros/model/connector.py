"""The connector makes visual tokens for the language model."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configuration_annexe import AnnexeConfig
from .pyramid import AnnexePlaceEmbedding


class AnnexeConnector(nn.Module):
    """Makes visual tokens: neighbouring coarse features are concatenated and projected (the paper's 4:1 merge).

    Ours adds what the dense maps saw inside the token's square (largest probability), so that an object of a few
    pixels still reaches the language model.
    """

    def __init__(self, config: AnnexeConfig) -> None:
        super().__init__()
        self.merge = nn.PixelUnshuffle(config.token_merge)
        self.pool = nn.MaxPool2d(4 * config.token_merge)
        seen = len(config.labels) + 2
        width = config.text_config.hidden_size
        self.projection = nn.Linear(config.pyramid_channels * config.token_merge**2 + seen, width)
        self.place = AnnexePlaceEmbedding(width)
        self.norm = nn.LayerNorm(width)

    def forward(self, coarse: Tensor, label_logits: Tensor, contact_logits: Tensor) -> Tensor:
        """Return visual tokens (B, N, D)."""
        seen = torch.cat([label_logits.softmax(1)[:, 1:], contact_logits.sigmoid()], dim=1)
        cells = torch.cat([self.merge(coarse), self.pool(self.pool_input(seen, coarse))], dim=1)
        tokens = self.projection(cells.flatten(2).transpose(1, 2))
        return self.norm(tokens + self.place(cells.shape[2], cells.shape[3], tokens))

    @staticmethod
    def pool_input(seen: Tensor, coarse: Tensor) -> Tensor:
        """Return ``seen`` at exactly four times the coarse features' size."""
        size = (coarse.shape[-2] * 4, coarse.shape[-1] * 4)
        return seen if seen.shape[-2:] == size else functional.interpolate(seen, size=size)
