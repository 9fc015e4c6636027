"""Batches of clips and captions: which clips a step sees, forwards or backwards, and how they are worded this time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from annexe_ros.data.clips.annotation import ClipAnnotation, word
from annexe_ros.data.clips.vocabulary import NOUNS, VERBS, backwards, narrate, noun_wordings


@dataclass(frozen=True, eq=False)
class ClipBatch:
    """A step's material.

    Attributes:
        maps: what the tower sees, (N, T, C, h, w) float32.
        captions: N narrations. negatives: for each, captions with another verb and then with another noun.
        nouns: (N, M) multi-hot.
    """

    maps: Tensor
    captions: tuple[str, ...]
    negatives: tuple[tuple[str, ...], ...]
    nouns: Tensor


class ClipBatches:
    """The batch of any step, decided by seed and step alone; each pass over the clips has an order of its own."""

    def __init__(
        self,
        maps: NDArray[np.float16],
        annotations: Sequence[ClipAnnotation],
        batch_size: int,
        negatives: int,
        show_backwards: bool,
        seed: int,
    ) -> None:
        self._maps, self._annotations = maps, annotations
        self._batch_size, self._negatives = min(batch_size, len(annotations)), negatives
        self._turns, self._seed = 2 if show_backwards else 1, seed

    def __getitem__(self, step: int) -> ClipBatch:
        """Return the batch of a step."""
        rng = np.random.default_rng([self._seed, step])
        chosen = [divmod(place, self._turns) for place in self._places(step)]
        shown = [self._maps[clip][:: -1 if turned else 1] for clip, turned in chosen]
        truths = [self._truth(clip, bool(turned)) for clip, turned in chosen]
        wordings = [word(rng, verb, noun, self._negatives) for verb, noun in truths]
        nouns = torch.zeros(len(truths), len(NOUNS))
        nouns[torch.arange(len(truths)), torch.tensor([NOUNS.index(noun) for _, noun in truths])] = 1
        return ClipBatch(
            torch.from_numpy(np.stack(shown).astype(np.float32)),
            tuple(wording.narration for wording in wordings),
            tuple(wording.verb_negatives + wording.noun_negatives for wording in wordings),
            nouns,
        )

    def _places(self, step: int) -> list[int]:
        total = len(self._annotations) * self._turns
        per_pass = total // self._batch_size
        turn, part = divmod(step, per_pass)
        order = np.random.default_rng([self._seed, turn, 1]).permutation(total)
        return order[part * self._batch_size : (part + 1) * self._batch_size].tolist()

    def _truth(self, clip: int, turned: bool) -> tuple[str, str]:
        annotation = self._annotations[clip]
        return backwards(annotation.verb) if turned else annotation.verb, annotation.noun


def every_caption() -> list[str]:
    """Return all narrations that generated clips can have: the small text tower's vocabulary."""
    return [narrate(v, n) for verb in VERBS for v in verb.wordings for noun in NOUNS for n in noun_wordings(noun)]
