"""Published figures on Ego-IRGBench, to stand beside ours: other data, other sizes of models.

From the papers of ANNEXE (CVPR 2025, arXiv 2504.01472) and EARL (ICML 2026, arXiv 2605.14742), test split. ciou in
percent, as published; None where it is not.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A system's METEOR and CIDEr of analysis and answer, its cIoU [%], and its cIoU on EgoHOS, out of distribution."""

    system: str
    analysis_meteor: float
    analysis_cider: float
    answer_meteor: float
    answer_cider: float
    ciou: float
    egohos_ciou: float | None


PUBLISHED = (
    Published("EARL (Qwen2.5-VL-3B and 7B, SAM 2, GRPO)", 0.542, 1.522, 0.939, 6.682, 65.48, 38.21),
    Published("Seg-Zero", 0.309, 0.049, 0.742, 2.380, 57.11, 25.55),
    Published("Seg-R1-7B", 0.292, 0.289, 0.774, 2.483, 46.10, 34.95),
    Published("ANNEXE", 0.563, 1.494, 0.365, 2.590, 36.02, 21.38),
    Published("Sa2VA-8B", 0.188, 0.115, 0.754, 2.656, 32.69, 37.63),
    Published("InternVL2.5-7B", 0.177, 0.044, 0.681, 1.533, 27.21, None),
    Published("Qwen2.5-VL-7B", 0.206, 0.119, 0.729, 2.477, 23.71, 12.56),
    Published("Qwen3-VL-8B", 0.136, 0.044, 0.882, 5.000, 23.31, 23.95),
)
