"""What the benchmarks measure, from similarities or embeddings alone. Fractions, never percent. numpy only."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]
ClassSets = Sequence[Collection[int]]


def hoi_accuracy(video: Floats, caption: Floats, verbs: Floats, nouns: Floats) -> dict[str, float]:
    """Return EgoHOIBench's accuracies: how often the caption beats its negatives.

    ``video`` and ``caption`` are unit vectors (N, P), ``verbs`` and ``nouns`` (N, K, P) those of the captions with
    another verb and with another noun. Returns ``verb``, ``noun`` and ``action`` (both at once). A tie is lost: the
    official argmax gives it to the caption, with which a constant model scores 100 %.
    """
    own = (video * caption).sum(axis=-1)
    verb = own > np.einsum("np,nkp->nk", video, verbs).max(axis=1)
    noun = own > np.einsum("np,nkp->nk", video, nouns).max(axis=1)
    return {"verb": float(verb.mean()), "noun": float(noun.mean()), "action": float((verb & noun).mean())}


def choice_accuracy(similarity: Floats, answers: ArrayLike) -> float:
    """Return how often the right one of several choices is strictly the most similar; similarity (N, choices)."""
    rows, answers = np.arange(len(similarity)), np.asarray(answers)
    others = similarity.copy()
    others[rows, answers] = -np.inf
    return float((similarity[rows, answers] > others.max(axis=1)).mean())


def mean_average_precision(similarity: Floats, relevancy: Floats, strict: bool = False) -> float:
    """Return the mAP over the rows (queries) of a ranking by ``similarity``; both (queries, items).

    An item counts as found where its relevancy is 1. The official sum of what was found also adds fractional
    relevancies, so that its "precision" can exceed the binary one; ``strict`` leaves them out. Queries without any item
    of relevancy 1 are left out.
    """
    relevant = _ranked(similarity, relevancy)
    exact = relevant == 1
    gained = np.cumsum(exact if strict else relevant, axis=1) / np.arange(1, relevant.shape[1] + 1)
    found = exact.sum(axis=1)
    asked = found > 0
    return float(((gained * exact).sum(axis=1)[asked] / found[asked]).mean())


def mean_ndcg(similarity: Floats, relevancy: Floats) -> float:
    """Return the nDCG over the rows of a ranking, each down to as many ranks as it has items of any relevancy."""
    discount = 1 / np.log2(np.arange(2, relevancy.shape[1] + 2))
    ideal = -np.sort(-relevancy, axis=1)
    depth = np.arange(relevancy.shape[1]) < (relevancy > 0).sum(axis=1, keepdims=True)
    weights = discount * depth
    best = (ideal * weights).sum(axis=1)
    asked = best > 0
    return float(((_ranked(similarity, relevancy) * weights).sum(axis=1)[asked] / best[asked]).mean())


def _ranked(similarity: Floats, relevancy: Floats) -> Floats:
    order = np.argsort(-similarity, axis=1, kind="stable")
    return np.take_along_axis(relevancy, order, axis=1)


def class_relevancy(
    verbs: ClassSets, nouns: ClassSets, other_verbs: ClassSets, other_nouns: ClassSets
) -> NDArray[np.float64]:
    """Return EK-100's relevancy (N, M) of narrations with sets of classes: the mean IoU of their verbs and nouns."""
    return 0.5 * _iou(verbs, other_verbs) + 0.5 * _iou(nouns, other_nouns)


def _iou(sets: ClassSets, others: ClassSets) -> NDArray[np.float64]:
    width = max(max(some, default=0) for some in (*sets, *others)) + 1
    first, second = _multi_hot(sets, width), _multi_hot(others, width)
    both = first @ second.T
    either = first.sum(axis=1)[:, None] + second.sum(axis=1)[None] - both
    return np.divide(both, either, out=np.zeros_like(both), where=either > 0)


def _multi_hot(sets: ClassSets, width: int) -> NDArray[np.float64]:
    hot = np.zeros((len(sets), width))
    for row, some in enumerate(sets):
        hot[row, list(some)] = 1
    return hot


def retrieval(similarity: Floats, relevancy: Floats) -> dict[str, float]:
    """Return mAP, strict mAP and nDCG of videos (rows) and texts (columns), for each way and as their mean."""
    found: dict[str, float] = {}
    ways = {"v2t": (similarity, relevancy), "t2v": (similarity.T, relevancy.T)}
    for name, (scores, wanted) in ways.items():
        found[f"map_{name}"] = mean_average_precision(scores, wanted)
        found[f"strict_map_{name}"] = mean_average_precision(scores, wanted, strict=True)
        found[f"ndcg_{name}"] = mean_ndcg(scores, wanted)
    for figure in ("map", "strict_map", "ndcg"):
        found[figure] = (found[f"{figure}_v2t"] + found[f"{figure}_t2v"]) / 2
    return found


def top_k(similarity: Floats, classes: ArrayLike, k: int) -> float:
    """Return how often the right class is among the k most similar; a tie is lost. similarity (N, classes)."""
    classes = np.asarray(classes)
    own = similarity[np.arange(len(similarity)), classes]
    better = (similarity >= own[:, None]).sum(axis=1) - 1
    return float((better < k).mean())


def mean_per_class(similarity: Floats, classes: ArrayLike) -> float:
    """Return the mean over the classes that occur of their top-1 accuracy."""
    classes = np.asarray(classes)
    return float(np.mean([top_k(similarity[classes == label], classes[classes == label], 1)
                          for label in np.unique(classes)]))  # fmt: skip


def class_vectors(narrations: Sequence[Floats]) -> Floats:
    """Return unit vectors (classes, P): the mean direction of each class's distinct narrations (n, P)."""
    means = np.stack([vectors.mean(axis=0) for vectors in narrations])
    return means / np.linalg.norm(means, axis=1, keepdims=True)
