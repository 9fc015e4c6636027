"""The plain way to run the same weights, to which speed is compared: the authors' flow, kept simple on purpose.

The image is encoded once for the analysis and again for the answer, two texts are generated one after the other, every
map is brought to the image's size before it is read, all in float32. Nothing is kept from one query to the next. It
knows nothing of how the engine does the same faster.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from annexe_ros.core import (
    NO_TARGET_ANSWER,
    Frame,
    GroundedObject,
    Hands,
    Interpretation,
    Query,
    Role,
    role_of,
)
from annexe_ros.core.contact import with_contacts
from annexe_ros.inference.grounding import TOUCHED, tidied, without_echoes
from annexe_ros.inference.loading import load
from annexe_ros.inference.opening import TARGET_THRESHOLD, IndicatedOpening, refusal_token
from annexe_ros.model import NAME_SEPARATOR, AnnexeGeneration, AnnexeImageEncoding, Opening

MAX_NEW_TOKENS = 64


class AuthorsFlow:
    """Answers one query after the other in the authors' way; takes what ``AnnexeEngine.interpret`` takes."""

    def __init__(self, model_dir: Path, device: str = "cpu") -> None:
        """Load a model folder in float32; raises what ``loading.load`` raises."""
        self._device = torch.device(device)
        self._network, self._processor = load(Path(model_dir), self._device)
        self._prefix_ids = self._processor.prefix_ids().to(self._device)
        self._name = Path(model_dir).name

    @torch.inference_mode()
    def interpret(self, frame: Frame, query: Query) -> Interpretation:
        """Analyse, answer and ground one query, from the pixels on."""
        processor = self._processor
        _, analysis = self._reply(frame, processor.analysis_prompt_ids())
        descriptor = self._network.analysis_descriptor(analysis)
        opening = IndicatedOpening(self._network, refusal_token(processor), descriptor)
        encoding, answer = self._reply(frame, processor.answer_prompt_ids(query.text), descriptor, opening)
        names = processor.answer_names(answer.sequences[0])[: int(answer.slot_counts[0])]
        pooled, probability = self._network.indicate(answer.prompt_states, descriptor)
        score = float(probability)
        objects: tuple[GroundedObject, ...] = ()
        labels = np.zeros(frame.image.shape[:2], dtype=np.uint8)
        if score >= TARGET_THRESHOLD and names:
            maps = self._network.grounding(answer.slot_states[:, None, : len(names)], pooled, encoding)[0]
            objects, labels = self._read(frame, encoding, maps, names, score)
        reply = Interpretation(
            analysis=processor.reply_text(analysis.sequences[0]),
            answer=NAME_SEPARATOR.join(target.label for target in objects) or NO_TARGET_ANSWER,
            has_target=bool(objects),
            target_score=score,
            objects=objects,
            label_image=labels,
            engine="authors' flow",
            model=self._name,
        )
        return reply if self._network.config.contact_map else with_contacts(reply, frame)

    def _reply(
        self, frame: Frame, prompt: list[int], descriptor: Tensor | None = None, opening: Opening | None = None
    ) -> tuple[AnnexeImageEncoding, AnnexeGeneration]:
        """Encode the image and reply to one prompt behind it."""
        pixels = self._processor.image_processor(frame.image)["pixel_values"].to(self._device)
        encoding = self._network.encode_image(pixels)
        prefix = self._network.read_image(encoding, self._prefix_ids)
        prompt_ids = torch.tensor([prompt], device=self._device)
        return encoding, self._network.generate_text(prefix, prompt_ids, MAX_NEW_TOKENS, None, descriptor, opening)

    def _read(
        self, frame: Frame, encoding: AnnexeImageEncoding, maps: Tensor, names: list[str], score: float
    ) -> tuple[tuple[GroundedObject, ...], np.ndarray]:
        """Return the targets and the label image of their mask logits ``maps`` (1, names, h, w), all at full size."""
        logits = functional.pad(_at_full_size(maps, frame)[0], (0, 0, 0, 0, 1, 0))
        probability, strongest = logits.softmax(0).max(0)
        labels = tidied(strongest.to(torch.uint8).cpu().numpy(), names)
        winner = torch.from_numpy(labels).to(logits.device)
        has_map = self._network.config.contact_map
        contact = _at_full_size(encoding.contact_logits, frame)[0].sigmoid() * has_map
        targets = [
            _target(name, value, winner == value, probability, contact, score)
            for value, name in enumerate(names, start=1)
        ]
        return without_echoes(tuple(targets)), labels


def _target(name: str, value: int, mask: Tensor, probability: Tensor, contact: Tensor, score: float) -> GroundedObject:
    """Describe one target from its mask, the winners' probability (both (H, W)) and the contact maps (2, H, W)."""
    role = role_of(name)
    if not bool(mask.any()):
        return GroundedObject(name, 0, 0.0, role)
    left, right = (contact[:, mask].mean(1) >= TOUCHED).tolist()
    hands = (Hands.LEFT if left else Hands.NONE) | (Hands.RIGHT if right else Hands.NONE)
    touched_by = hands if role is Role.OBJECT else Hands.NONE
    return GroundedObject(
        name, value, float(probability[mask].mean()) * score, role, active=bool(hands), touched_by=touched_by
    )


def _at_full_size(maps: Tensor, frame: Frame) -> Tensor:
    return functional.interpolate(maps, frame.image.shape[:2], mode="bilinear", align_corners=False)
