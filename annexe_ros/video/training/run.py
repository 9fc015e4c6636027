"""The contrastive training loop: from a folder of generated clips to a model folder that ``ClipEncoder`` loads.

A run that was stopped goes on from its checkpoint and ends as if it never had been. The stem doesn't learn.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from transformers import get_cosine_schedule_with_warmup

from annexe_ros.core.errors import CheckpointError
from annexe_ros.data.clips.dataset import ClipFolder
from annexe_ros.data.whole import whole
from annexe_ros.training.curves import Curves
from annexe_ros.training.settings import as_text, changes, goes_on_otherwise
from annexe_ros.video.configuration_egovideo import small_clip_encoder
from annexe_ros.video.encoder import ClipEncoder
from annexe_ros.video.losses import Matches, ego_nce_plus, gather, info_nce
from annexe_ros.video.modeling_egovideo import EgoVideoModel
from annexe_ros.video.processing_egovideo import train_word_tokenizer
from annexe_ros.video.scene_stem import load_scene_stem, stem_config_of
from annexe_ros.video.training.augmentation import Augmentation
from annexe_ros.video.training.batches import ClipBatch, ClipBatches, every_caption
from annexe_ros.video.training.lora import add_video_lora, merge_video_lora
from annexe_ros.video.training.settings import ClipTrainingSettings, Objective
from annexe_ros.video.training.stem_maps import stem_maps

STATE_FILE = "training_state.pt"
HARMLESS = ("out", "save_every", "log_every")
"""Settings that change nothing of what a run learns once it has begun."""
_WORD_SIZE, _WORD_WEIGHT = 0.5, 4.0
Follow = Callable[[int, int], None]
Say = Callable[[str], None]


def train_clip_encoder(
    settings: ClipTrainingSettings, resume: bool = False, follow: Follow | None = None, say: Say | None = None
) -> Path:
    """Train and return the model folder; ``resume`` goes on from the checkpoint in ``settings.out``, if there is one.

    ``follow`` is called with (steps done, steps); ``say`` hears what a resumed run was set to otherwise before. Raises
    ``DatasetFormatError`` for malformed clips, ``ModelNotFoundError`` and ``CheckpointError`` for weights that can't be
    used.
    """
    run = _Run(settings, resume)
    if run.changed and say is not None:
        say(goes_on_otherwise(run.changed))
    return run.loop(follow or (lambda done, steps: None))


def new_encoder(settings: ClipTrainingSettings) -> ClipEncoder:
    """Return an untrained small encoder, over a scene model's stem if there is one.

    Raises ``ModelNotFoundError`` or ``CheckpointError`` where the scene model can't be used.
    """
    tokenizer = train_word_tokenizer(every_caption())
    stem = None if settings.scene_model is None else stem_config_of(settings.scene_model)
    model = EgoVideoModel(small_clip_encoder(stem, len(tokenizer), settings.motion_adapters))
    if settings.scene_model is not None and model.stem is not None:
        load_scene_stem(model.stem, settings.scene_model)
    _spread_words(model)
    return ClipEncoder(model, tokenizer)


@torch.no_grad()
def _spread_words(model: EgoVideoModel) -> None:
    """Let texts differ from the start: from CLIP's small weights all begin alike, and verbs stay so for long."""
    torch.nn.init.normal_(model.text_model.embeddings.token_embedding.weight, std=_WORD_SIZE)
    for block in cast(Any, model.text_model.encoder.layers):
        for layer in (block.self_attn.v_proj, block.self_attn.out_proj, block.mlp.fc1, block.mlp.fc2):
            layer.weight.mul_(_WORD_WEIGHT)


def _augmentation(model: EgoVideoModel) -> Augmentation | None:
    """Return what disturbs the maps of a model's stem; None without a stem."""
    stem = model.config.stem_config
    return None if stem is None else Augmentation(stem["labels"])


class _Run:
    """State of one run; ``loop`` does the work."""

    def __init__(self, settings: ClipTrainingSettings, resume: bool) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.encoder = ClipEncoder.load(settings.start_from) if settings.start_from else new_encoder(settings)
        self.model = self.encoder.model
        if self.model.stem is not None:
            self.model.stem.requires_grad_(False)
        self._augment = _augmentation(self.model) if settings.augment else None
        clips = ClipFolder(settings.data)
        annotations = [clips.annotation(place) for place in range(len(clips))]
        maps = stem_maps(self.encoder, clips)
        self.batches = ClipBatches(
            maps, annotations, settings.batch_size, settings.negatives, settings.backwards, settings.seed
        )
        if settings.lora_rank:
            add_video_lora(self.model, settings.lora_rank)
        self.optimizer = torch.optim.AdamW(self._groups(), weight_decay=settings.weight_decay)
        self.changed: list[str] = []
        self.step = self._restored() if resume else 0
        plan = settings.warmup_steps, settings.steps
        self.schedule = get_cosine_schedule_with_warmup(self.optimizer, *plan, last_epoch=self.step - 1)

    def _groups(self) -> list[dict[str, Any]]:
        """Return what learns, texts more slowly than clips; a schedule that goes on asks for ``initial_lr``."""
        rates = self.settings.learning_rate, self.settings.learning_rate * self.settings.text_rate
        learning = [(name, weight) for name, weight in self.model.named_parameters() if weight.requires_grad]
        parts = ([weight for name, weight in learning if name.startswith("text_") is text] for text in (False, True))
        return [{"params": part, "lr": rate, "initial_lr": rate} for part, rate in zip(parts, rates, strict=True)]

    def loop(self, follow: Follow) -> Path:
        """Run the remaining steps, save and return the model folder."""
        settings, began, total = self.settings, time.monotonic(), 0.0
        curves = Curves(settings.out, self.step, tensorboard=False)
        while self.step < settings.steps:
            total += self._train_step(self.batches[self.step])
            self.step += 1
            follow(self.step, settings.steps)
            if self.step % settings.log_every == 0:
                loss, rate = total / settings.log_every, self.schedule.get_last_lr()[0]
                curves.add(self.step, rate, {"loss": loss}, time.monotonic() - began)
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
        hard = self.settings.objective is Objective.EGO_NCE_PLUS
        captions = [*batch.captions, *(text for some in batch.negatives for text in some if hard)]
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
            video, texts = self.model.embed_video(stem_maps=self._maps(batch)), self._texts(captions)
        video, own, others = video.float(), texts[: len(video)].float(), texts[len(video) :].float()
        if not hard:
            matches = gather(Matches(video, own))
            return info_nce(matches.video, matches.text, self.settings.temperature)
        negatives = others.unflatten(0, (len(video), -1))
        return ego_nce_plus(gather(Matches(video, own, negatives, batch.nouns)), self.settings.temperature)

    def _maps(self, batch: ClipBatch) -> Tensor:
        if self._augment is None:
            return batch.maps
        return self._augment(batch.maps, np.random.default_rng([self.settings.seed, self.step, 2]))

    def _texts(self, texts: list[str] | tuple[str, ...]) -> Tensor:
        """Return vectors (B, P) of texts, each different one computed once."""
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        vectors = self.model.embed_text(**self.encoder.tokens(list(places)))
        return vectors[torch.tensor([places[text] for text in texts])]

    def _save(self) -> None:
        """Write what resuming needs; it takes the last state's place when it is complete."""
        learned = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        with whole(self.settings.out / STATE_FILE) as partial:
            torch.save({"step": self.step, "settings": as_text(self.settings), **learned}, partial)

    def _restored(self) -> int:
        """Go back to where the run was, note where it is set otherwise now, and return the step.

        Rates and weight decay stay those of now. Raises ``CheckpointError`` where the encoder is another one.
        """
        file = self.settings.out / STATE_FILE
        if not file.is_file():
            return 0
        state = torch.load(file, weights_only=True)
        self.changed = list(changes(state.get("settings", {}), as_text(self.settings), HARMLESS).values())
        try:
            self.model.load_state_dict(state["model"])
        except RuntimeError as error:
            why = "; ".join(self.changed) or "its weights don't fit"
            raise CheckpointError(file, f"is of a run with another encoder ({why})") from error
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": state["optimizer"]["state"]})
        return int(state["step"])
