"""Contrastive losses between clips and narrations: InfoNCE, and EgoNCE++ with hard negatives and noun positives.

Embeddings have unit length: clips V (N, P), narrations T (N, P), hard negatives G (N, K, P); nouns (N, M) multi-hot.
Sums of exponentials are taken as logsumexp, so that no temperature underflows. The functions see one batch; ``gather``
makes it the batch of all processes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.nn.functional import all_gather


@dataclass(frozen=True)
class Matches:
    """What a loss compares: clips V, narrations T, hard negatives G (or None) and nouns (or None)."""

    video: Tensor
    text: Tensor
    negatives: Tensor | None = None
    nouns: Tensor | None = None


def info_nce(video: Tensor, text: Tensor, temperature: float) -> Tensor:
    """Return the mean of both directions' cross entropies over the batch, a scalar."""
    similarity = video @ text.T / temperature
    own = torch.arange(len(video), device=video.device)
    cross_entropy = torch.nn.functional.cross_entropy
    return (cross_entropy(similarity, own) + cross_entropy(similarity.T, own)) / 2


def shares_noun(nouns: Tensor) -> Tensor:
    """Return which pairs (N, N) of samples share a noun; each is its own pair, tagged or not."""
    overlap = nouns.float() @ nouns.float().T > 0
    return overlap | torch.eye(len(nouns), dtype=torch.bool, device=nouns.device)


def text_to_video(video: Tensor, text: Tensor, positives: Tensor, temperature: float) -> Tensor:
    """Return the loss of finding, for each narration, any clip among its ``positives`` (N, N): the sum in the log."""
    similarity = text @ video.T / temperature
    wanted = similarity.masked_fill(~positives, -torch.inf)
    return (similarity.logsumexp(dim=1) - wanted.logsumexp(dim=1)).mean()


def video_to_text(video: Tensor, text: Tensor, negatives: Tensor | None, temperature: float) -> Tensor:
    """Return the loss of finding each clip's narration among the batch's and its own hard negatives, no one else's."""
    similarity = video @ text.T / temperature
    own = similarity.diagonal()
    if negatives is not None:
        hard = torch.einsum("nkp,np->nk", negatives, video) / temperature
        similarity = torch.cat([similarity, hard], dim=1)
    return (similarity.logsumexp(dim=1) - own).mean()


def ego_nce_plus(matches: Matches, temperature: float = 0.05) -> Tensor:
    """Return EgoNCE++, the plain sum of both directions; without nouns a narration's only positive is its clip."""
    video, text = matches.video, matches.text
    if matches.nouns is None:
        positives = torch.eye(len(video), dtype=torch.bool, device=video.device)
    else:
        positives = shares_noun(matches.nouns)
    backward = text_to_video(video, text, positives, temperature)
    return backward + video_to_text(video, text, matches.negatives, temperature)


def gather(matches: Matches) -> Matches:
    """Return the matches of all processes, in the order of their ranks; gradients find their way back, summed.

    Every process computes the loss of the whole batch. Data parallelism averages gradients over processes, and the
    backward pass of the gathering sums them, so that the loss is neither to be scaled up nor down.
    """
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return matches
    return Matches(*(None if part is None else _gathered(part) for part in _parts(matches)))  # type: ignore[arg-type]


def _parts(matches: Matches) -> tuple[Tensor | None, ...]:
    return matches.video, matches.text, matches.negatives, matches.nouns


def _gathered(part: Tensor) -> Tensor:
    return torch.cat(all_gather(part.contiguous()), dim=0)
