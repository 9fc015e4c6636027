"""Visual tokens of the labels: what the dense maps saw of each, gathered from the whole image."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .words import COLOUR_GAIN, LABEL_GAIN, even

_LEAST_CELLS = 4.0
"""Fine cells with a colour below which a token tells colours more quietly."""
_DOUBT = 0.02
"""How surely, squared, a hand must touch something for its token to say so with half its voice."""
_NOTHING = 1e-6
"""Instead of zero under a root, which has no slope there."""


class AnnexeLabelTokens(nn.Module):
    """Says in a token for each label what the dense maps saw of it, in the language model's words.

    A thing's token has its own name, as loudly as the map is sure of it anywhere, its colours and the hands that touch
    it; a hand's token has its own name, what it touches and the colours of that. In the image all this is spread over
    many cells: a small language model would have to find those that a hand touches, and of these the ones of its
    object, before it can read a name or a colour there; to say that something is nowhere, it would have to look
    everywhere.

    Args:
        labels: how many there are.
        hand_labels: indices of the left and of the right hand among them.
        width: of the tokens.
    """

    def __init__(self, labels: int, hand_labels: Sequence[int], width: int) -> None:
        super().__init__()
        self.hand_labels = list(hand_labels)
        self.order = [*(index for index in range(labels) if index not in self.hand_labels), *self.hand_labels]
        # As loud as a quarter of a sure word: with nothing beside it, a norm would make a doubtful word a sure one.
        self.label = nn.Parameter(torch.randn(labels, width))

    def forward(
        self,
        likely: Tensor,
        touched: Tensor,
        label_words: Tensor,
        colours: Tensor | None = None,
        colour_words: Tensor | None = None,
    ) -> Tensor:
        """Return tokens (B, labels, D), those of the hands last.

        Probabilities are (B, labels, h, w), (B, 2, h, w) of a hand's touch and (B, colours, h, w); words (labels, D)
        and (colours, D) are the embeddings of the names.
        """
        tokens = LABEL_GAIN * self._names(likely, touched).to(label_words) @ even(label_words)
        if colours is not None and colour_words is not None:
            shares = self._colours(likely, touched, colours).to(colour_words)
            tokens = tokens + COLOUR_GAIN * shares @ even(colour_words)
        return (tokens + self.label)[:, self.order]

    def _names(self, likely: Tensor, touched: Tensor) -> Tensor:
        """Return (B, labels, labels): how sure it is that a label is there, and that a hand and a thing touch.

        Four neighbouring fine cells must agree that it is there; a single one may be anything.
        """
        there = functional.avg_pool2d(likely, 2).amax((2, 3))
        hands = functional.one_hot(torch.tensor(self.hand_labels, device=there.device), likely.shape[1]).to(there)
        pairs = torch.einsum("bks,sj->bkj", self._touches(likely, touched, there, hands), hands)
        return there.diag_embed() + pairs + pairs.transpose(1, 2)

    def _touches(self, likely: Tensor, touched: Tensor, there: Tensor, hands: Tensor) -> Tensor:
        """Return (B, labels, 2): how sure it is that a thing is touched by each hand.

        A thing is touched as a whole, and by a hand whose own cells say that it touches something; of what it seems to
        touch, a hand touches one thing. Given ``there`` (B, labels) and ``hands`` (2, labels), one-hot.
        """
        certain = likely.square()
        cells = certain.sum((2, 3)).clamp(min=1).unsqueeze(-1)
        share = torch.einsum("bkhw,bshw->bks", certain, touched.to(certain)) / cells
        active = torch.einsum("bks,sk->bs", share, hands)
        strength = (share * (1 - hands.sum(0))[:, None]).square() * there.unsqueeze(-1)
        alone = (1 + _DOUBT) * strength / (strength.sum(1, keepdim=True) + _DOUBT)
        return alone * active.clamp(min=_NOTHING).sqrt().unsqueeze(1)

    def _colours(self, likely: Tensor, touched: Tensor, colours: Tensor) -> Tensor:
        """Return (B, labels, colours): the colours' shares of a thing, or of what a hand touches."""
        where = likely.index_copy(1, torch.tensor(self.hand_labels, device=likely.device), touched.to(likely))
        cells = torch.einsum("bkhw,blhw->blk", colours, where)
        return cells / cells.sum(-1, keepdim=True).clamp(min=_LEAST_CELLS)
