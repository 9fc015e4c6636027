"""The contrastive training loop: from a folder of generated clips to a model folder that ``ClipEncoder`` loads.

A run that was stopped goes on from its checkpoint and ends as if it never had been. The stem doesn't learn.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from transformers import get_cosine_schedule_with_warmup

from annexe_ros.core.errors import CheckpointError
from annexe_ros.data.clips.dataset import ClipFolder
from annexe_ros.model.convert_annexe_checkpoint import read_checkpoint
from annexe_ros.model.efficientnet_lite import load_published
from annexe_ros.video.configuration_egovideo import small_clip_encoder
from annexe_ros.video.encoder import ClipEncoder
from annexe_ros.video.losses import Matches, ego_nce_plus, gather, info_nce
from annexe_ros.video.modeling_egovideo import EgoVideoModel
from annexe_ros.video.processing_egovideo import train_word_tokenizer
from annexe_ros.video.training.batches import ClipBatch, ClipBatches, every_caption
from annexe_ros.video.training.lora import add_video_lora, merge_video_lora
from annexe_ros.video.training.settings import ClipTrainingSettings, Objective
from annexe_ros.video.training.stem_maps import stem_maps

STATE_FILE, LOG_FILE = "training_state.pt", "log.jsonl"
Follow = Callable[[int, int], None]


def train_clip_encoder(settings: ClipTrainingSettings, resume: bool = False, follow: Follow | None = None) -> Path:
    """Train and return the model folder; ``resume`` goes on from the checkpoint in ``settings.out``, if there is one.

    ``follow`` is called with (steps done, steps). Raises ``DatasetFormatError`` for malformed clips,
    ``ModelNotFoundError`` and ``CheckpointError`` for weights that can't be used.
    """
    return _Run(settings, resume).loop(follow or (lambda done, steps: None))


def new_encoder(settings: ClipTrainingSettings) -> ClipEncoder:
    """Return an untrained small encoder, its stem as published."""
    tokenizer = train_word_tokenizer(every_caption())
    model = EgoVideoModel(small_clip_encoder(len(tokenizer), settings.motion_adapters))
    if settings.backbone_weights is not None and model.stem is not None:
        load_stem(model, settings.backbone_weights)
    return ClipEncoder(model, tokenizer)


def load_stem(model: EgoVideoModel, file: Path) -> None:
    """Take the published weights of the stages that the stem has; raises ``CheckpointError`` where they don't fit."""
    if model.stem is None:
        raise CheckpointError(file, "the model has no stem")
    blocks = sum(model.stem.config.depths)
    try:
        state = read_checkpoint(file)
        kept = {name: value for name, value in state.items() if _block(name) < blocks}
        load_published(model.stem, kept)
    except (OSError, ValueError) as error:
        raise CheckpointError(file, str(error)) from error


def _block(name: str) -> int:
    """Return the number of the published block that a weight belongs to; -1 for what isn't in a block."""
    return int(name.split(".")[1]) if name.startswith("_blocks.") else -1


class _Run:
    """State of one run; ``loop`` does the work."""

    def __init__(self, settings: ClipTrainingSettings, resume: bool) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.encoder = ClipEncoder.load(settings.start_from) if settings.start_from else new_encoder(settings)
        self.model = self.encoder.model
        if self.model.stem is not None:
            self.model.stem.requires_grad_(False)
        clips = ClipFolder(settings.data)
        annotations = [clips.annotation(place) for place in range(len(clips))]
        maps = stem_maps(self.model, clips)
        self.batches = ClipBatches(
            maps, annotations, settings.batch_size, settings.negatives, settings.backwards, settings.seed
        )
        if settings.lora_rank:
            add_video_lora(self.model, settings.lora_rank)
        learning = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(learning, settings.learning_rate, weight_decay=settings.weight_decay)
        self.schedule = get_cosine_schedule_with_warmup(self.optimizer, settings.warmup_steps, settings.steps)
        self.step = self._restored() if resume else 0

    def loop(self, follow: Follow) -> Path:
        """Run the remaining steps, save and return the model folder."""
        settings, began, total = self.settings, time.monotonic(), 0.0
        settings.out.mkdir(parents=True, exist_ok=True)
        while self.step < settings.steps:
            total += self._train_step(self.batches[self.step])
            self.step += 1
            follow(self.step, settings.steps)
            if self.step % settings.log_every == 0:
                self._log({"step": self.step, "loss": total / settings.log_every, "s": time.monotonic() - began})
                total = 0.0
            if self.step % settings.save_every == 0:
                self._save()
        self._save()
        merge_video_lora(self.model)
        self.encoder.save(settings.out)
        return settings.out

    def _train_step(self, batch: ClipBatch) -> float:
        self.model.train()
        if self.model.stem is not None:
            self.model.stem.eval()
        loss = self._loss(batch)
        loss.backward()
        learning = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        torch.nn.utils.clip_grad_norm_(learning, self.settings.gradient_norm)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        return float(loss.detach())

    def _loss(self, batch: ClipBatch) -> Tensor:
        video = self.model.embed_video(stem_maps=batch.maps)
        if self.settings.objective is Objective.INFO_NCE:
            matches = gather(Matches(video, self._texts(batch.captions)))
            return info_nce(matches.video, matches.text, self.settings.temperature)
        texts = self._texts([*batch.captions, *(text for some in batch.negatives for text in some)])
        own, hard = texts[: len(video)], texts[len(video) :].unflatten(0, (len(video), -1))
        return ego_nce_plus(gather(Matches(video, own, hard, batch.nouns)), self.settings.temperature)

    def _texts(self, texts: list[str] | tuple[str, ...]) -> Tensor:
        """Return vectors (B, P) of texts, each different one computed once."""
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        vectors = self.model.embed_text(**self.encoder.tokens(list(places)))
        return vectors[torch.tensor([places[text] for text in texts])]

    def _log(self, line: dict[str, float]) -> None:
        with (self.settings.out / LOG_FILE).open("a") as file:
            file.write(json.dumps(line) + "\n")

    def _save(self) -> None:
        """Write what resuming needs; it takes the last state's place when it is complete."""
        file = self.settings.out / STATE_FILE
        partial = file.with_suffix(".partial")
        parts = {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule}
        torch.save({"step": self.step, **{name: part.state_dict() for name, part in parts.items()}}, partial)
        partial.replace(file)

    def _restored(self) -> int:
        file = self.settings.out / STATE_FILE
        if not file.is_file():
            return 0
        state = torch.load(file, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        return int(state["step"])
