"""EgoHOIBench on generated clips: fresh films, ten captions with another verb and ten with another noun for each.

The same clips with their frames in disorder tell how much of the verbs is read from motion and not from single frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annexe_ros.data.clips.annotation import Wording
from annexe_ros.data.clips.dataset import RenderedClip
from annexe_ros.video.benchmarks.metrics import hoi_accuracy
from annexe_ros.video.encoder import ClipEncoder, Vectors

_AT_ONCE = 8


def in_disorder(frames: NDArray, seed: int) -> NDArray:
    """Return frames (T, ...) in a random order."""
    return frames[np.random.default_rng(seed).permutation(len(frames))]


def evaluate_generated(encoder: ClipEncoder, clips: Iterable[RenderedClip], seed: int = 0) -> dict[str, Any]:
    """Return ``{"hoi": {verb, noun, action}, "shuffled": {verb, noun, action}, "n": clips}`` as fractions."""
    ordered, disordered = [], []
    wordings: list[Wording] = []
    for some in _batches(clips):
        seen = encoder.see_clips([clip.frames for clip in some])
        mixed = [in_disorder(one, seed + len(wordings) + k) for k, one in enumerate(seen)]
        ordered.append(encoder.embed_maps(seen))
        disordered.append(encoder.embed_maps(np.stack(mixed)))
        wordings += [clip.annotation.wording for clip in some]
    shown = {"hoi": np.concatenate(ordered), "shuffled": np.concatenate(disordered)}
    return {name: score(encoder, vectors, wordings) for name, vectors in shown.items()} | {"n": len(wordings)}


def score(encoder: ClipEncoder, video: Vectors, wordings: list[Wording]) -> dict[str, float]:
    """Return EgoHOIBench's accuracies of clips' vectors (N, P) against their wordings."""
    captions = encoder.embed_texts([wording.narration for wording in wordings])
    verbs, nouns = (
        np.stack([encoder.embed_texts(getattr(wording, kind)) for wording in wordings])
        for kind in ("verb_negatives", "noun_negatives")
    )
    return hoi_accuracy(video, captions, verbs, nouns)


def _batches(clips: Iterable[RenderedClip]) -> Iterable[list[RenderedClip]]:
    batch: list[RenderedClip] = []
    for clip in clips:
        batch.append(clip)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
