"""From the hidden states of a text to its masks: pooled query, indicator, pixel grounding decoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .configuration_annexe import AnnexeConfig
from .outputs import AnnexeImageEncoding
from .pyramid import AnnexePlaceEmbedding, conv_block


class AnnexeQueryPooler(nn.Module):
    """Learned, deterministic pooling of a query's hidden states (the authors draw 256 of them at random)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(self, states: Tensor, query_mask: Tensor) -> Tensor:
        """Return (..., D) of states (..., L, D), weighted over the tokens where query_mask (..., L) is true."""
        scores = self.score(states).squeeze(-1).float().masked_fill(~query_mask, torch.finfo(torch.float32).min)
        return (scores.softmax(-1).to(states.dtype).unsqueeze(-1) * states).sum(-2)


class AnnexeMaskIndicator(nn.Module):
    """R_c: is there a target at all? From the pooled query, which has seen the image through the language model."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))

    def forward(self, query: Tensor) -> Tensor:
        """Return logits (...) of queries (..., D)."""
        return self.layers(query).squeeze(-1)


class AnnexeGroundingLayer(nn.Module):
    """Slots look at the image. They don't look at each other: the language model ordered them already."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(channels), nn.MultiheadAttention(channels, heads, batch_first=True)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(channels), nn.Linear(channels, 4 * channels), nn.GELU(), nn.Linear(4 * channels, channels)
        )

    def forward(self, slots: Tensor, memory: Tensor) -> Tensor:
        """Return updated slots (B, M, C) given memory (B, cells, C)."""
        slots = slots + self.attention(self.norm(slots), memory, memory, need_weights=False)[0]
        return slots + self.feed_forward(slots)


class AnnexeGroundingDecoder(nn.Module):
    """Pixel grounding: each <MSK> state, with its query, becomes a filter over the depth-aware features.

    The paper's decoder sees query embeddings alone and fills its channels in a learned order; the <MSK> state makes
    slot k the k-th name of the answer by construction.
    """

    def __init__(self, config: AnnexeConfig) -> None:
        super().__init__()
        width, channels = config.text_config.hidden_size, config.pyramid_channels
        self.slot = nn.Linear(2 * width, channels)
        self.place = AnnexePlaceEmbedding(channels)
        self.memory_norm = nn.LayerNorm(channels)
        self.layers = nn.ModuleList(
            AnnexeGroundingLayer(channels, config.grounding_heads) for _ in range(config.grounding_layers)
        )
        self.filter = nn.Sequential(
            nn.LayerNorm(channels), nn.Linear(channels, channels), nn.GELU(), nn.Linear(channels, config.pixel_channels)
        )
        self.bias = nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, 1))
        self.pixels = nn.Sequential(
            conv_block(config.pixel_channels, config.pixel_channels),
            nn.Conv2d(config.pixel_channels, config.pixel_channels, 1),
        )

    def forward(self, slot_states: Tensor, query: Tensor, encoding: AnnexeImageEncoding) -> Tensor:
        """Return mask logits (B, Q, S, H/4, W/4) of slot states (B, Q, S, D) and pooled queries (B, Q, D)."""
        batch, queries, count, _ = slot_states.shape
        together = torch.cat([slot_states, query.unsqueeze(2).expand_as(slot_states)], dim=-1)
        slots = self.slot(together).flatten(1, 2)
        height, width = encoding.coarse.shape[-2:]
        memory = encoding.coarse.flatten(2).transpose(1, 2)
        memory = self.memory_norm(memory + self.place(height, width, memory))
        for layer in self.layers:
            slots = layer(slots, memory)
        pixels = self.pixels(encoding.fine)
        logits = torch.einsum("bmc,bchw->bmhw", self.filter(slots), pixels) + self.bias(slots).unsqueeze(-1)
        return logits.view(batch, queries, count, *pixels.shape[-2:])
