"""The training loop: from an Ego-IRGBench-shaped folder to a model folder that every engine loads.

Runs in one process, or in as many as ``accelerate launch`` starts; then each has its share of the images, and the
first one writes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch.optim import Optimizer
from torch.utils.data import DataLoader
from transformers import get_cosine_schedule_with_warmup

from annexe_ros.core import LEFT_HAND_LABEL, RIGHT_HAND_LABEL
from annexe_ros.core.errors import CheckpointError, ParameterError
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.model import (
    AnnexeConfig,
    AnnexeForEgoIRG,
    AnnexeImageProcessor,
    AnnexeProcessor,
    EfficientNetLiteBackbone,
    train_tokenizer,
)
from annexe_ros.model.convert_annexe_checkpoint import read_checkpoint
from annexe_ros.model.efficientnet_lite import IMAGE_MEAN, IMAGE_STD, load_published
from annexe_ros.training.batches import Batch, Collator
from annexe_ros.training.checkpoint import (
    latest_checkpoint,
    load_checkpoint,
    load_model,
    other_settings,
    save_checkpoint,
    save_model,
)
from annexe_ros.training.curves import Curves
from annexe_ros.training.losses import losses, weighted
from annexe_ros.training.parts import add_lora, freeze, learning_mode, make_optimizer, parts_table
from annexe_ros.training.samples import Samples, colour_names, vocabulary
from annexe_ros.training.settings import PRECISIONS, TrainingSettings, as_text, goes_on_otherwise
from annexe_ros.training.steps import StepBatches, checked


def train(settings: TrainingSettings, resume: bool = False, console: Console | None = None) -> Path:
    """Train and return the model folder (float16 weights); ``resume`` continues the run in ``settings.out``.

    Raises ``DatasetFormatError`` for malformed data, ``ModelNotFoundError`` for a missing checkpoint,
    ``CheckpointError`` for other backbone weights and ``ParameterError`` for a precision that can't be had.
    """
    return _Run(settings, resume, console or Console(stderr=True)).loop()


def new_model(dataset: EgoIrgBench, settings: TrainingSettings) -> tuple[AnnexeForEgoIRG, AnnexeProcessor]:
    """Return an untrained small model whose vocabulary and tokenizer fit the dataset."""
    ids = dataset.ids[:: max(1, len(dataset) // settings.tokenizer_images)]
    records = [record for image_id in ids for record in dataset.records(image_id)]
    replies = [text for record in records for text in (record.caption, record.answer_text)]
    questions = [question.lower() for record in records for question in record.questions]
    tokenizer = train_tokenizer([*replies, *questions])
    truths = [truth for truth in map(dataset.truth, ids) if truth is not None]
    config = AnnexeConfig(labels=vocabulary(records), contact_map=bool(truths), colours=colour_names(truths))
    config.text_config.vocab_size = len(tokenizer)
    images = AnnexeImageProcessor(settings.pixel_budget, config.input_multiple, IMAGE_MEAN, IMAGE_STD)
    processor = AnnexeProcessor(images, tokenizer)
    config.label_token_ids = processor.label_token_ids(config.labels)
    config.colour_token_ids = processor.label_token_ids(config.colours)
    hands = [label for label in (LEFT_HAND_LABEL, RIGHT_HAND_LABEL) if label in config.labels]
    config.hand_labels = [config.labels.index(label) for label in hands] if len(hands) == 2 else []
    config.mirrored = bool(config.hand_labels)
    model = AnnexeForEgoIRG(config)
    if settings.backbone_weights is not None:
        _load_backbone(model, settings.backbone_weights)
    return model, processor


def _load_backbone(model: AnnexeForEgoIRG, file: Path) -> None:
    try:
        load_published(cast(EfficientNetLiteBackbone, model.backbone), read_checkpoint(file))
    except (OSError, ValueError) as error:
        raise CheckpointError(file, str(error)) from error


def _accelerator(settings: TrainingSettings) -> Accelerator:
    """Return accelerate's view of devices and processes; raises ``ParameterError`` for a precision they don't have."""
    wanted = settings.mixed_precision
    if wanted not in PRECISIONS:
        raise ParameterError(f"unknown mixed precision '{wanted}'; use {', '.join(PRECISIONS)}")
    # A vision-only stage leaves the language model without gradients, which DDP has to be told.
    unused = DistributedDataParallelKwargs(find_unused_parameters=settings.vision_only)
    try:
        accelerator = Accelerator(mixed_precision=wanted, kwargs_handlers=[unused])
    except ValueError as error:
        raise ParameterError(f"mixed precision '{wanted}' can't be had: {error}") from error
    if wanted == "fp16" and accelerator.device.type == "cpu":  # accelerate would silently compute in float32
        raise ParameterError("mixed precision 'fp16' needs a GPU; use bf16 or no")
    return accelerator


class _Run:
    """State of one run; ``loop`` does the work."""

    def __init__(self, settings: TrainingSettings, resume: bool, console: Console) -> None:
        self.settings, self.console = settings, console
        torch.manual_seed(settings.seed)
        self.accelerator = _accelerator(settings)
        dataset = EgoIrgBench(settings.data, "train")
        checkpoint = latest_checkpoint(settings.out) if resume else None
        start_from = checkpoint or settings.start_from
        model, self.processor = new_model(dataset, settings) if start_from is None else load_model(start_from)
        if settings.analysis_guided and not model.config.analysis_guided:
            model.add_synthesizer()
        if settings.lora_rank:
            add_lora(model, settings.lora_rank)
        if settings.renamed and model.config.ground_config is not None:
            raise ParameterError("things can't be renamed for a model of the paper's layout: it has no label maps")
        freeze(model, settings.frozen)
        if settings.gradient_checkpointing:
            model.activation_checkpointing_enable()
        # Flash attention of PyTorch on CPU is slower than plain matrix products at these sizes.
        model.language_model.set_attn_implementation("eager")
        self.batches = self._step_batches(dataset, model.config)
        optimizer = make_optimizer(model, settings.learning_rate, settings.encoder_rate, settings.weight_decay)
        self.schedule = get_cosine_schedule_with_warmup(optimizer, settings.warmup_steps, settings.steps)
        self.step: int = 0
        self.sums: dict[str, float] = {}
        if checkpoint:
            self._resume(checkpoint, optimizer)
        model.to(memory_format=torch.channels_last)  # type: ignore[call-arg]  # transformers hides nn.Module's signature
        if self.accelerator.is_main_process:
            console.print(parts_table(model))
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)

    def _resume(self, checkpoint: Path, optimizer: Optimizer) -> None:
        """Go back to where the run was, and tell where it is set otherwise now."""
        others = other_settings(checkpoint, as_text(self.settings))
        self.step, self.sums = load_checkpoint(checkpoint, optimizer, self.schedule, self.accelerator.scaler)
        if others and self.accelerator.is_main_process:
            self.console.print(goes_on_otherwise(others), markup=False, emoji=False)

    def _step_batches(self, dataset: EgoIrgBench, config: AnnexeConfig) -> StepBatches:
        settings, accelerator = self.settings, self.accelerator
        queries = 0 if settings.vision_only else settings.queries_per_image
        samples = Samples(
            dataset,
            config.labels,
            queries,
            settings.seed,
            cache_bytes=settings.cache_gb * 1e9,
            mirror=settings.mirror,
            colours=config.colours,
            renamed=settings.renamed,
        )
        collator = Collator(self.processor, config)
        share = accelerator.process_index, accelerator.num_processes
        return StepBatches(samples, collator, settings.batch_size, settings.seed, *share)

    def loop(self) -> Path:
        """Run the remaining steps, save and return the model folder."""
        settings, main = self.settings, self.accelerator.is_main_process
        learning_mode(self.accelerator.unwrap_model(self.model))
        curves = Curves(settings.out, self.step, settings.tensorboard) if main else None
        began = time.monotonic()
        with _progress(self.console, shown=main) as bar:
            task = bar.add_task("training", total=settings.steps, completed=self.step, loss="")
            for micro_batches in self._remaining():
                self._note(self._train_step(micro_batches))
                self.step += 1
                bar.update(task, completed=self.step)
                if self.step % settings.log_every == 0:
                    bar.update(task, loss=f"loss {self.sums['total']:.3f}")
                    if curves:
                        curves.add(self.step, self.schedule.get_last_lr()[-1], self.sums, time.monotonic() - began)
                    self.sums = {}
                if self.step % settings.save_every == 0 and self.step < settings.steps:
                    self._save_checkpoint()
        if curves:
            curves.close()
        self._save_checkpoint()
        if main:
            save_model(settings.out, self.accelerator.unwrap_model(self.model), self.processor, torch.float16)
        self.accelerator.wait_for_everyone()
        return settings.out

    def _remaining(self) -> Iterator[list[Batch]]:
        """Yield the batches of each step that is left."""
        count = self.settings.accumulation
        numbers = range(self.step * count, self.settings.steps * count)
        loader = iter(DataLoader(self.batches, batch_size=None, sampler=numbers, num_workers=self.settings.workers))
        for _ in range(self.step, self.settings.steps):
            yield [checked(next(loader)) for _ in range(count)]

    def _train_step(self, micro_batches: Sequence[Batch]) -> dict[str, float]:
        """Learn from the batches of one step; return the means of the loss terms, over all processes."""
        torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # dropout too depends on the step alone
        sums: dict[str, torch.Tensor] = {}
        for number, batch in enumerate(micro_batches, start=1):
            alone = number < len(micro_batches)
            with self.accelerator.no_sync(self.model) if alone else nullcontext():
                terms = self._losses(batch.to(self.accelerator.device))
                self.accelerator.backward(terms["total"] / len(micro_batches))
            for name, term in terms.items():
                sums[name] = sums.get(name, 0) + term.detach().float() / len(micro_batches)
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.settings.gradient_norm)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        means = self.accelerator.reduce(torch.stack(list(sums.values())), "mean")
        return dict(zip(sums, cast(torch.Tensor, means).tolist(), strict=True))

    def _losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        texts = (batch.prefix_ids, batch.input_ids, batch.attention_mask, batch.query_mask)
        with self.accelerator.autocast():
            shown = () if self.settings.vision_only else texts
            output = self.model(batch.pixel_values, *shown, map_order=batch.map_order)
            terms = losses(output, batch)
            return {"total": weighted(terms, self.settings.weights), **terms}

    def _note(self, terms: dict[str, float]) -> None:
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, 0.0) + value / self.settings.log_every

    def _save_checkpoint(self) -> None:
        if self.accelerator.is_main_process:
            progress: dict[str, Any] = {"step": self.step, "sums": self.sums, "settings": as_text(self.settings)}
            model = self.accelerator.unwrap_model(self.model)
            learned = self.optimizer, self.schedule, self.accelerator.scaler
            save_checkpoint(self.settings.out, model, self.processor, *learned, progress)
        self.accelerator.wait_for_everyone()


def _progress(console: Console, shown: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[loss]}"),
        console=console,
        disable=not shown,
    )
