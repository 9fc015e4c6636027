"""Recognises what a clip shows: of the prompted phrases, the one whose text is nearest to the clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.event import InteractionEvent
from annexe_ros.video.prompts import PromptSet
from annexe_ros.video.window import StampedClip

Vectors = NDArray[np.float32]
ClipEmbedding = Callable[[StampedClip], Vectors]
"""Returns the unit vector (P,) of a clip."""


class Embedder(Protocol):
    """What embeds clips and texts in one space: a ``ClipEncoder``."""

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors (B, P)."""

    def embed_clips(self, clips: Sequence[NDArray[np.uint8]]) -> Vectors:
        """Return unit vectors (B, P) of clips (T, H, W, 3)."""


class Recogniser:
    """Compares clips with prompts, whose texts are embedded once, when this is made.

    Attributes:
        prompts: what is told apart.
    """

    def __init__(
        self, encoder: Embedder, prompts: PromptSet, model: str = "", embed_clip: ClipEmbedding | None = None
    ) -> None:
        """Embed the prompts; a prompt of several wordings is the mean direction of their vectors.

        ``embed_clip`` embeds clips in the encoder's place, e.g. that of ``SeenFrames``.
        """
        self.prompts, self._model = prompts, model
        self._embed_clip = embed_clip or (lambda clip: encoder.embed_clips([clip.frames])[0])
        means = np.stack([encoder.embed_texts(prompt.captions).mean(axis=0) for prompt in prompts.prompts])
        self._vectors = means / np.linalg.norm(means, axis=1, keepdims=True)

    def recognise(self, clip: StampedClip) -> InteractionEvent:
        """Return the phrase that fits best, and by how much it is better than its hard negatives."""
        return self.judged(self._embed_clip(clip), clip)

    def judged(self, vector: Vectors, clip: StampedClip) -> InteractionEvent:
        """Return the event of a clip whose unit vector (P,) is known."""
        scores = self._vectors @ vector
        best = int(scores.argmax())
        rival = max(self.prompts.negatives[best], key=lambda place: scores[place])
        prompt = self.prompts.prompts[best]
        return InteractionEvent(
            verb=prompt.verb,
            noun=prompt.noun,
            phrase=prompt.phrase,
            rival=self.prompts.prompts[rival].phrase,
            score=float(scores[best]),
            margin=float(scores[best] - scores[rival]),
            start_ns=clip.start_ns,
            end_ns=clip.end_ns,
            frame_id=clip.frame_id,
            model=self._model,
        )
