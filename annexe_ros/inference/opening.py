"""How an answer begins: with the refusal just where the mask indicator sees no target.

The paper's indicator and the text can contradict each other. The indicator is the better judge of whether there is a
target at all, since a text that doubts between three names finds each of them less likely than the refusal.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from annexe_ros.core import NO_TARGET_ANSWER
from annexe_ros.model import AnnexeForEgoIRG, AnnexeProcessor

TARGET_THRESHOLD = 0.5
"""Of the indicator: from here on there is a target."""


@dataclass(frozen=True, eq=False)
class IndicatedOpening:
    """An ``Opening`` of answers.

    Attributes:
        network: whose indicator judges.
        refusal: token id with which ``NO_TARGET_ANSWER`` begins.
        descriptor: (1, D) of the analysis, as in ``AnnexeForEgoIRG.indicate``.
    """

    network: AnnexeForEgoIRG
    refusal: int
    descriptor: Tensor | None = None

    def __call__(self, prompt_states: Tensor, logits: Tensor) -> Tensor:
        """Return logits (M, V) that leave either only the refusal or everything else."""
        _, probability = self.network.indicate(prompt_states, self.descriptor)
        has_target = (probability >= TARGET_THRESHOLD).unsqueeze(-1)
        is_refusal = torch.arange(logits.shape[-1], device=logits.device) == self.refusal
        return logits.masked_fill(is_refusal == has_target, -torch.inf)


def refusal_token(processor: AnnexeProcessor) -> int:
    """Return the token id with which the answer begins that there is no target."""
    return processor.reply_ids(NO_TARGET_ANSWER)[0]
