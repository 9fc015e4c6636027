"""Published figures, in percent as published, to stand beside ours: other data and other sizes of models.

EgoNCE++ (arXiv 2405.17719; EgoHOIBench and the two backbones with it), EgoVideo (EgoHOD, arXiv 2503.00986), LaViLa
(arXiv 2212.04501). What could not be sourced is None.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedRow:
    """A system's zero-shot figures [%]: EgoHOIBench, EK-100 retrieval and classes, EGTEA mean per class, EgoMCQ."""

    system: str
    hoi_verb: float | None = None
    hoi_noun: float | None = None
    hoi_action: float | None = None
    mir_map: float | None = None
    mir_ndcg: float | None = None
    cls_top1: float | None = None
    egtea_mean: float | None = None
    mcq_intra: float | None = None
    mcq_inter: float | None = None


PUBLISHED = (
    PublishedRow("EgoVLP", 40.27, 68.60, 30.16, 22.2, 26.7),
    PublishedRow("EgoVLP++", 56.11, 69.05, 41.63, 22.7, 27.1),
    PublishedRow("EgoVLPv2", 36.10, 63.40, 26.40, 23.4, 27.8),
    PublishedRow("EgoVLPv2++", 44.41, 64.10, 32.40, 23.9, 28.3),
    PublishedRow("LaViLa", 46.61, 74.33, 36.85, 30.8, 32.0, 10.14, 30.9),
    PublishedRow("LaViLa++", 80.63, 75.30, 63.17, 31.7, 32.3, 14.67, 34.0),
    PublishedRow("EgoVideo-L", mir_map=41.8, cls_top1=24.0, egtea_mean=47.1, mcq_intra=65.5, mcq_inter=95.9),
    PublishedRow("EgoVideo-G", mir_map=47.1, cls_top1=28.5, mcq_intra=69.1),
)
