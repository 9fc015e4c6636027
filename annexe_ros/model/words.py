"""How visual tokens speak in the language model's own words."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

LABEL_GAIN = 4.0
"""How loud the word of a label is beside the rest of a visual token, before both are normalised."""
COLOUR_GAIN = 4.0


def even(words: Tensor) -> Tensor:
    """Return words (K, D), all equally loud."""
    return functional.rms_norm(words, words.shape[-1:])


def told(shares: Tensor, words: Tensor) -> Tensor:
    """Return (B, N, D): the words (K, D), each as loud as its share (B, K, rows, columns) says."""
    return shares.flatten(2).transpose(1, 2).to(words) @ even(words)
