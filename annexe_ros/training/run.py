"""The training loop: from an Ego-IRGBench-shaped folder to a model folder that every engine loads."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import Accelerator
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch.optim import Optimizer
from torch.utils.data import DataLoader
from transformers import get_cosine_schedule_with_warmup

from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG, AnnexeImageProcessor, AnnexeProcessor, train_tokenizer
from annexe_ros.training.batches import Batch, Collator
from annexe_ros.training.checkpoint import load_checkpoint, load_model, save_checkpoint, save_model
from annexe_ros.training.losses import LossWeights, losses, weighted
from annexe_ros.training.samples import Samples, vocabulary

IMAGE_ENCODER = ("backbone.", "coordinates.", "pyramid.", "dense_heads.")
"""Where the names of the image encoder's parameters begin."""
CHECKPOINT_FOLDER = "checkpoint"
LOG_FILE = "log.jsonl"


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a run.

    Attributes:
        data: folder in Ego-IRGBench's layout. out: the model folder to write.
        start_from: model folder to fine-tune; None trains from scratch.
        steps, batch_size, queries_per_image: length and size of the work.
        learning_rate, weight_decay, warmup_steps, gradient_norm: AdamW with cosine decay; the authors use 1e-5, .05
            and 1000 for a pretrained model, ours are for training from scratch.
        encoder_rate: learning rate of the image encoder, as a share of ``learning_rate``: what a vision-only stage has
            learned is not to be shaken by texts that are still noise.
        vision_only: teach the image encoder alone, through its dense maps (labels, contact, depth): several times the
            images per second, and what limits a model from scratch is that it doesn't recognise small objects.
        mirror: show every other generated scene in a mirror, its texts written anew.
        mixed_precision: "bf16" or "no".
        seed: of weights, order, queries and augmentation.
        cached_images: decoded images kept in memory.
        tokenizer_images: how many images' texts the tokenizer is trained on.
        save_every, log_every: in steps.
    """

    data: Path
    out: Path
    start_from: Path | None = None
    steps: int = 6000
    batch_size: int = 16
    queries_per_image: int = 6
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    encoder_rate: float = 1.0
    warmup_steps: int = 300
    gradient_norm: float = 1.0
    vision_only: bool = False
    mirror: bool = True
    mixed_precision: str = "bf16"
    seed: int = 0
    cached_images: int = 12_000
    tokenizer_images: int = 1000
    save_every: int = 500
    log_every: int = 50
    pixel_budget: int = 320 * 256
    weights: LossWeights = field(default_factory=LossWeights)


def train(settings: TrainingSettings, resume: bool = False, console: Console | None = None) -> Path:
    """Train and return the model folder (float16 weights); ``resume`` continues the run in ``settings.out``.

    Raises ``DatasetFormatError`` for malformed data and ``ModelNotFoundError`` for a missing checkpoint.
    """
    return _Run(settings, resume, console or Console(stderr=True)).loop()


def new_model(dataset: EgoIrgBench, settings: TrainingSettings) -> tuple[AnnexeForEgoIRG, AnnexeProcessor]:
    """Return an untrained small model whose vocabulary and tokenizer fit the dataset."""
    ids = dataset.ids[:: max(1, len(dataset) // settings.tokenizer_images)]
    records = [record for image_id in ids for record in dataset.records(image_id)]
    replies = [text for record in records for text in (record.caption, record.answer_text)]
    questions = [question.lower() for record in records for question in record.questions]
    tokenizer = train_tokenizer([*replies, *questions])
    config = AnnexeConfig(labels=vocabulary(records), contact_map=dataset.truth(dataset.ids[0]) is not None)
    config.text_config.vocab_size = len(tokenizer)
    image_processor = AnnexeImageProcessor(settings.pixel_budget, config.input_multiple)
    return AnnexeForEgoIRG(config), AnnexeProcessor(image_processor, tokenizer)


class _Run:
    """State of one run; ``loop`` does the work."""

    def __init__(self, settings: TrainingSettings, resume: bool, console: Console) -> None:
        self.settings, self.console = settings, console
        torch.manual_seed(settings.seed)
        self.accelerator = Accelerator(mixed_precision=settings.mixed_precision)
        dataset = EgoIrgBench(settings.data, "train")
        checkpoint = settings.out / CHECKPOINT_FOLDER
        start_from = checkpoint if resume else settings.start_from
        if start_from is None:
            model, self.processor = new_model(dataset, settings)
        else:
            model, self.processor = load_model(start_from)
        # Flash attention of PyTorch on CPU is slower than plain matrix products at these sizes.
        model.language_model.set_attn_implementation("eager")
        labels = model.config.labels
        queries = 0 if settings.vision_only else settings.queries_per_image
        self.samples = Samples(dataset, labels, queries, settings.seed, settings.cached_images, settings.mirror)
        self.collator = Collator(self.processor, cast(AnnexeConfig, model.config), settings.seed, augment=True)
        optimizer = _optimizer(model, settings)
        self.schedule = get_cosine_schedule_with_warmup(optimizer, settings.warmup_steps, settings.steps)
        self.step = load_checkpoint(checkpoint, optimizer, self.schedule)["step"] if resume else 0
        model.to(memory_format=torch.channels_last)  # type: ignore[call-arg]  # transformers hides nn.Module's signature
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)

    def loop(self) -> Path:
        """Run the remaining steps, save and return the model folder."""
        self.model.train()
        self.settings.out.mkdir(parents=True, exist_ok=True)
        sums: dict[str, float] = {}
        began = time.monotonic()
        with _progress(self.console) as bar:
            task = bar.add_task("training", total=self.settings.steps, completed=self.step, loss="")
            for batch in itertools.islice(self._batches(), self.settings.steps - self.step):
                for name, value in self._train_step(batch).items():
                    sums[name] = sums.get(name, 0.0) + value / self.settings.log_every
                self.step += 1
                bar.update(task, completed=self.step)
                if self.step % self.settings.log_every == 0:
                    self._log(sums, time.monotonic() - began)
                    bar.update(task, loss=f"loss {sums['total']:.3f}")
                    sums = {}
                if self.step % self.settings.save_every == 0:
                    self._save_checkpoint()
        self._save_checkpoint()
        save_model(self.settings.out, self.accelerator.unwrap_model(self.model), self.processor, torch.float16)
        return self.settings.out

    def _batches(self) -> Iterator[Batch]:
        """Batches without end, each epoch in an order of its own."""
        epoch = self.step * self.settings.batch_size // len(self.samples)
        for number in itertools.count(epoch):
            self.samples.epoch = number
            order = torch.Generator().manual_seed(self.settings.seed + number)
            yield from DataLoader(
                self.samples,
                self.settings.batch_size,
                shuffle=True,
                generator=order,
                collate_fn=self.collator,
                drop_last=len(self.samples) >= self.settings.batch_size,
            )

    def _train_step(self, batch: Batch) -> dict[str, float]:
        batch = batch.to(self.accelerator.device)
        with self.accelerator.autocast():
            texts = (batch.prefix_ids, batch.input_ids, batch.attention_mask, batch.query_mask)
            output = self.model(batch.pixel_values, *(() if self.settings.vision_only else texts))
            terms = losses(output, batch)
            total = weighted(terms, self.settings.weights)
        self.accelerator.backward(total)
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.settings.gradient_norm)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        return {"total": float(total.detach()), **{name: float(term.detach()) for name, term in terms.items()}}

    def _log(self, means: dict[str, float], seconds: float) -> None:
        row: dict[str, Any] = {"step": self.step, "seconds": round(seconds, 1), "lr": self.schedule.get_last_lr()[0]}
        row |= {name: round(value, 5) for name, value in means.items()}
        with (self.settings.out / LOG_FILE).open("a") as log:
            log.write(json.dumps(row) + "\n")

    def _save_checkpoint(self) -> None:
        settings = {key: str(value) for key, value in asdict(self.settings).items()}
        save_checkpoint(
            self.settings.out / CHECKPOINT_FOLDER,
            self.accelerator.unwrap_model(self.model),
            self.processor,
            self.optimizer,
            self.schedule,
            {"step": self.step, "settings": settings},
        )


def _optimizer(model: AnnexeForEgoIRG, settings: TrainingSettings) -> Optimizer:
    """AdamW; vectors (norms, biases) are not decayed, and the image encoder has a learning rate of its own."""
    groups: dict[tuple[bool, bool], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            encoder, decayed = name.startswith(IMAGE_ENCODER), parameter.ndim > 1
            options = {
                "lr": settings.learning_rate * (settings.encoder_rate if encoder else 1.0),
                "weight_decay": settings.weight_decay if decayed else 0.0,
            }
            groups.setdefault((encoder, decayed), {"params": [], **options})["params"].append(parameter)
    return torch.optim.AdamW(list(groups.values()))


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[loss]}"),
        console=console,
    )
