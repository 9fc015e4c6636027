"""Everything that decides a training run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from annexe_ros.training.losses import LossWeights

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PRECISIONS = ("bf16", "fp16", "no")
"""Types that a step may compute in beside float32, which weights and optimiser keep."""


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a run.

    Attributes:
        data: folder in Ego-IRGBench's layout. out: the model folder to write.
        start_from: model folder to fine-tune; None trains from scratch.
        backbone_weights: file of EfficientNet-Lite0's published weights, which a model from scratch begins with.
        steps, batch_size, queries_per_image: length and size of the work; ``batch_size`` images per process.
        accumulation: batches whose gradients are added up for one step.
        gradient_checkpointing: compute the layers of transformers' models again in the backward pass instead of keeping
            what they gave; every text then reads the image itself. For models of the paper's size.
        analysis_guided: let the analysis condition answers and grounding (``AnnexeConfig.analysis_guided``), where the
            model doesn't do so yet.
        lora_rank: teach adapters of that rank beside the language model's attention (q_proj, v_proj) in place of the
            language model; 0: none. A model that has adapters keeps them.
        frozen: modules that don't learn, by dotted name (``backbone``, ``backbone.stages.0``, ``language_model`` …).
        learning_rate, weight_decay, warmup_steps, gradient_norm: AdamW with cosine decay; the authors use 1e-5, .05
            and 1000 for a pretrained model, ours are for training from scratch.
        encoder_rate: learning rate of the image encoder, as a share of ``learning_rate``: what a vision-only stage has
            learned is not to be shaken by texts that are still noise.
        vision_only: teach the image encoder alone, through its dense maps (labels, contact, depth): several times the
            images per second, and what limits a model from scratch is that it doesn't recognise small objects.
        mirror: show every other generated scene in a mirror, its texts written anew.
        renamed: share of generated scenes whose things get each other's names, texts and label maps alike, so that the
            language model learns to read from the maps what it can't know otherwise.
        mixed_precision: one of ``PRECISIONS``; "fp16" needs a GPU.
        seed: of weights, order, queries and augmentation.
        cache_gb: decoded images that each process, or each of its workers, keeps in memory [GB].
        workers: processes that read and augment images beside each training process.
        tokenizer_images: how many images' texts the tokenizer is trained on.
        save_every, log_every: in steps.
        tensorboard: write the curves for TensorBoard too.
    """

    data: Path
    out: Path
    start_from: Path | None = None
    backbone_weights: Path | None = None
    steps: int = 6000
    batch_size: int = 16
    queries_per_image: int = 6
    accumulation: int = 1
    gradient_checkpointing: bool = False
    analysis_guided: bool = False
    lora_rank: int = 0
    frozen: tuple[str, ...] = ()
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    encoder_rate: float = 1.0
    warmup_steps: int = 300
    gradient_norm: float = 1.0
    vision_only: bool = False
    mirror: bool = True
    renamed: float = 0.0
    mixed_precision: str = "bf16"
    seed: int = 0
    cache_gb: float = 2.0
    workers: int = 0
    tokenizer_images: int = 1000
    save_every: int = 200
    log_every: int = 50
    tensorboard: bool = False
    pixel_budget: int = 448 * 352
    weights: LossWeights = field(default_factory=LossWeights)


def as_text(settings: DataclassInstance) -> dict[str, str]:
    """Return the settings as a checkpoint keeps them."""
    return {name: str(value) for name, value in asdict(settings).items()}


def changes(before: Mapping[str, str], now: Mapping[str, str], harmless: Collection[str]) -> dict[str, str]:
    """Return a phrase for each setting, as text, that isn't what it was; without ``harmless`` and unknown ones."""
    changed = [name for name in before if name not in harmless and before[name] != now.get(name, before[name])]
    return {name: f"{name} was {before[name]}, is {now[name]}" for name in changed}


def goes_on_otherwise(phrases: Iterable[str]) -> str:
    """Return what a resumed run tells of such ``changes``."""
    return f"the run goes on, but not as if it had never been stopped: {'; '.join(phrases)}"
