"""The connector makes visual tokens for the language model."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .configuration_annexe import AnnexeConfig
from .pyramid import AnnexePlaceEmbedding

_WORD_GAIN = 4.0
"""How loud the word of a label is beside the rest of a visual token, before both are normalised."""
_COLOUR_GAIN = 4.0
_LEAST_SHARE = 0.05
"""Where less of a token's square has a colour, colours are told more quietly, since what is there may be nothing."""

_LEAST_TOUCHED = 4.0
"""Fine cells with a colour below which a hand's token tells colours more quietly."""


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
        self.hands = AnnexeHandTokens(config.hand_labels, width) if config.hand_labels else None
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
        """Return visual tokens (B, N, D), those of the hands last.

        Words (labels, D) and (colours, D) are the embeddings of the names.
        """
        likely, touched = label_logits.softmax(1)[:, 1:], contact_logits.sigmoid()
        pooled = self.pool(self.pool_input(torch.cat([likely, touched], dim=1), coarse))
        cells = torch.cat([self.merge(coarse), pooled], dim=1)
        tokens = self.projection(cells.flatten(2).transpose(1, 2))
        if label_words is not None:
            tokens = tokens + _WORD_GAIN * _told(pooled[:, : self.label_count], label_words)
        colours = None if colour_logits is None else colour_logits.softmax(1)[:, 1:]
        if colour_words is not None:
            # What names of colours have in common tells none of them.
            colour_words = colour_words - colour_words.mean(0)
        if colours is not None and colour_words is not None:
            tokens = tokens + _COLOUR_GAIN * _told(self._colours(colours, coarse), colour_words)
        tokens = tokens + self.place(cells.shape[2], cells.shape[3], tokens)
        if self.hands is not None and label_words is not None:
            hands = self.hands(likely, touched, label_words, colours, colour_words)
            tokens = torch.cat([tokens, hands], dim=1)
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


class AnnexeHandTokens(nn.Module):
    """Says in a token for each hand what the dense maps saw it touch, in the language model's words.

    Who touches what is spread over the image: a small language model that describes a hand would have to find the
    cells that the hand touches, and of these the ones of its object, before it can read a name or a colour there.
    """

    def __init__(self, hand_labels: Sequence[int], width: int) -> None:
        super().__init__()
        self.hand_labels = list(hand_labels)
        self.side = nn.Parameter(torch.zeros(len(self.hand_labels), width))

    def forward(
        self,
        likely: Tensor,
        touched: Tensor,
        label_words: Tensor,
        colours: Tensor | None = None,
        colour_words: Tensor | None = None,
    ) -> Tensor:
        """Return tokens (B, 2, D) of probabilities (B, labels, h, w), (B, 2, h, w) and (B, colours, h, w)."""
        tokens = _WORD_GAIN * self._names(likely, touched).to(label_words) @ _even(label_words)
        if colours is not None and colour_words is not None:
            shares = self._colours(colours, touched).to(colour_words)
            tokens = tokens + _COLOUR_GAIN * shares @ _even(colour_words)
        return tokens + self.side

    def _names(self, likely: Tensor, touched: Tensor) -> Tensor:
        """Return (B, 2, labels): how sure it is that the hand touches such a thing, and that there is such a hand."""
        spots = functional.avg_pool2d(likely.unsqueeze(1).mul(touched.unsqueeze(2)).flatten(0, 1), 2)
        things = spots.amax((2, 3)).unflatten(0, touched.shape[:2])
        own = functional.one_hot(torch.tensor(self.hand_labels, device=things.device), likely.shape[1]).to(things)
        hands = functional.avg_pool2d(likely[:, self.hand_labels], 2).amax((2, 3))
        return things * (1 - own.sum(0)) + hands.unsqueeze(-1) * own

    @staticmethod
    def _colours(likely: Tensor, touched: Tensor) -> Tensor:
        """Return (B, 2, colours): the colours' shares of what the hand touches."""
        cells = torch.einsum("bkhw,bshw->bsk", likely, touched)
        return cells / cells.sum(-1, keepdim=True).clamp(min=_LEAST_TOUCHED)


def _even(words: Tensor) -> Tensor:
    """Return words (K, D), all equally loud."""
    return functional.rms_norm(words, words.shape[-1:])


def _told(shares: Tensor, words: Tensor) -> Tensor:
    """Return (B, N, D): the words (K, D), each as loud as its share (B, K, rows, columns) says."""
    return shares.flatten(2).transpose(1, 2).to(words) @ _even(words)
