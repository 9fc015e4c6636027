"""Everything that decides a contrastive training run."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path


class Objective(enum.StrEnum):
    """What is learned: EgoNCE++ with hard negatives and noun positives, or plain InfoNCE."""

    EGO_NCE_PLUS = "egonce++"
    INFO_NCE = "infonce"


@dataclass(frozen=True)
class ClipTrainingSettings:
    """Everything that decides a run.

    Attributes:
        data: folder of generated clips. out: model folder to write, with checkpoint and log.
        objective: the loss.
        motion_adapters: whether the fast path of a new model has adapters.
        start_from: model folder to go on with; None: a new small encoder.
        scene_model: model folder whose image encoder is a new encoder's stem; None: it sees pixels.
        lora_rank: teach adapters of that rank beside the video tower's layers, its LayerNorms and its class embedding
            in place of the video tower, as EgoNCE++ does with pretrained models; 0: none.
        text_rate: share of the learning rate for the text tower.
        steps, batch_size, learning_rate, weight_decay, warmup_steps, gradient_norm: AdamW with cosine decay.
        temperature: of the loss; EgoNCE++ keeps .05.
        negatives: captions with another verb, and as many with another noun, per clip and step.
        backwards: show each film backwards too, with the other verb: twice the clips for one rendering.
        augment: disturb what is seen of a new clip each time (``augmentation``).
        bfloat16: compute in that, where the weights stay float32; the loss never is.
        seed: of weights, order and wordings.
        save_every, log_every: in steps.
    """

    data: Path
    out: Path
    objective: Objective = Objective.EGO_NCE_PLUS
    motion_adapters: bool = True
    start_from: Path | None = None
    scene_model: Path | None = None
    lora_rank: int = 0
    steps: int = 2000
    batch_size: int = 32
    learning_rate: float = 1e-3
    text_rate: float = 0.3
    weight_decay: float = 0.05
    warmup_steps: int = 100
    gradient_norm: float = 1.0
    temperature: float = 0.05
    negatives: int = 10
    backwards: bool = True
    augment: bool = True
    bfloat16: bool = False
    seed: int = 0
    save_every: int = 200
    log_every: int = 20
