"""Analysis-guided answering: a descriptor of the analysis reply conditions what is said and grounded afterwards.

EARL's Analysis-guided Feature Synthesizer (arXiv 2605.14742): Linear, LayerNorm, self-attention, Linear; its result is
added to the text's embedding with a small weight.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .configuration_annexe import AnnexeConfig


class AnnexeAnalysisSynthesizer(nn.Module):
    """Hidden states of an analysis become one descriptor, scaled and ready to be added."""

    def __init__(self, config: AnnexeConfig, heads: int = 4) -> None:
        super().__init__()
        width, channels = config.text_config.hidden_size, config.analysis_channels
        self.weight = config.analysis_weight
        self.narrow, self.norm = nn.Linear(width, channels), nn.LayerNorm(channels)
        self.attention = nn.MultiheadAttention(channels, heads, batch_first=True)
        self.widen = nn.Linear(channels, width)

    def forward(self, states: Tensor, reply_mask: Tensor) -> Tensor:
        """Return (M, D) of the states (M, L, D) where reply_mask (M, L) is true; zero where it never is."""
        empty = ~reply_mask.any(-1, keepdim=True)
        features = self.norm(self.narrow(states))
        # An empty reply attends to its padding rather than to nothing, which would be NaN; it is zeroed below.
        hidden = ~reply_mask & ~empty
        features = features + self.attention(features, features, features, hidden, need_weights=False)[0]
        share = reply_mask.to(features.dtype) / reply_mask.sum(-1, keepdim=True).clamp(min=1)
        descriptor = self.widen(torch.einsum("ml,mlc->mc", share, features))
        return self.weight * descriptor.masked_fill(empty, 0)
