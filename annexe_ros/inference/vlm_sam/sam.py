"""Finds the pixels of named boxes: by SAM 3 (name and box) or by SAM 2.1 (box).

The images are prepared here and not by transformers' processors, which want torchvision. What the names mean, and which
hand is which, isn't known.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn import functional
from transformers import AutoConfig, AutoTokenizer, Sam2Model, Sam3Model
from transformers.utils import is_torchvision_available

from annexe_ros.core import Frame
from annexe_ros.core.errors import EngineError
from annexe_ros.inference.hub import downloaded, network_of, readable
from annexe_ros.inference.placement import Placed
from annexe_ros.inference.vlm_sam.grounding import Grounded, Grounder, overlap
from annexe_ros.inference.vlm_sam.region_pooling import roi_align
from annexe_ros.inference.vlm_sam.reply import HAND_LABELS, Box, NamedBox
from annexe_ros.inference.vlm_sam.sam_images import Images

SAM2, SAM3 = "sam2", "sam3"
KINDS = (SAM2, f"{SAM2}_video", SAM3, f"{SAM3}_video")
"""Checkpoints on the hub are of the video models, which contain those for images."""

MAX_NAME_TOKENS = 32
SAME_PLACE_IOU = 0.3
"""What SAM 3 finds by name is what was meant where its box overlaps the language model's that much."""

ARM_PROMPT = "arm"
"""What a hand is on, sleeve and all; where it comes into view tells left from right."""

ARM_REACH = 0.02
"""An arm begins that near to its hand, in image heights."""

VISUAL_PROMPT = "visual"
"""The text with which SAM 3 was trained to look at boxes alone."""


class Sam2Grounder(Placed):
    """SAM 2.1, prompted with boxes."""

    exact = True

    def __init__(self, network: Any, device: torch.device, images: Images, mask_threshold: float) -> None:
        """Take over a ``Sam2Model``."""
        super().__init__(network, device)
        self._images, self._threshold = images, mask_threshold

    @torch.inference_mode()
    def ground(self, frame: Frame, targets: Sequence[NamedBox], check: Callable[[], None]) -> list[Grounded]:
        """Return for each box the mask that SAM 2 expects to fit best."""
        check()
        if not targets:
            return []
        pixels = self._images.prepared(frame, self._network)
        scale = torch.tensor([self._images.width / frame.width, self._images.height / frame.height] * 2)
        boxes = (torch.tensor([target.box for target in targets]) * scale)[None].to(pixels)
        found = self._network(pixel_values=pixels, input_boxes=boxes, multimask_output=False)
        check()
        masks = _probabilities(found.pred_masks[0], frame)[:, 0]
        scores = found.iou_scores[0, :, 0].float().clamp(0, 1).tolist()
        return [_grounded(mask, score, self._threshold) for mask, score in zip(masks, scores, strict=True)]


class Sam3Grounder(Placed):
    """SAM 3: looks for the name; where it finds nothing of that name in the box's place, the box prompts it."""

    exact = True

    def __init__(
        self,
        network: Any,
        device: torch.device,
        tokenizer: Any,
        images: Images,
        mask_threshold: float,
        instance_threshold: float,
    ) -> None:
        """Take over a ``Sam3Model`` with its tokenizer."""
        super().__init__(network, device)
        self._tokenizer, self._images = tokenizer, images
        self._mask_threshold, self._instance_threshold = mask_threshold, instance_threshold

    @torch.inference_mode()
    def ground(self, frame: Frame, targets: Sequence[NamedBox], check: Callable[[], None]) -> list[Grounded]:
        """Return for each target the best instance that lies where its box does."""
        check()
        if not targets:
            return []
        seen = self._network.get_vision_features(self._images.prepared(frame, self._network))
        found = [self._one(frame, seen, target, check) for target in targets]
        if not any(target.side for target in targets):
            return found
        check()
        arms = self._all(frame, self._found(frame, seen, ARM_PROMPT, None))
        return [
            replace(item, arm=_arm_of(item.mask, arms)) if target.side else item
            for item, target in zip(found, targets, strict=True)
        ]

    def _one(self, frame: Frame, seen: Any, target: NamedBox, check: Callable[[], None]) -> Grounded:
        check()
        by_name = self._found(frame, seen, _concept(target.label), None)
        chosen = _in_place(by_name, target.box, frame, self._instance_threshold, SAME_PLACE_IOU)
        if chosen is None:
            check()
            by_box = self._found(frame, seen, VISUAL_PROMPT, target.box)
            chosen = _in_place(by_box, target.box, frame)
        if chosen is None:
            return Grounded(np.zeros(frame.image.shape[:2], dtype=bool), 0.0)
        instance, score = chosen
        return _grounded(_probabilities(instance[None, None], frame)[0, 0], score, self._mask_threshold)

    def _all(self, frame: Frame, found: Any) -> NDArray[np.bool_]:
        """Return the masks (N, H, W) of all instances that are sure enough."""
        sure = torch.tensor(_scores(found)) >= self._instance_threshold
        probability = _probabilities(found.pred_masks[0, sure.to(found.pred_masks.device), None], frame)[:, 0]
        return np.asarray((probability > self._mask_threshold).cpu().numpy())

    def _found(self, frame: Frame, seen: Any, text: str, box: Box | None) -> Any:
        """Return SAM 3's raw output for a name, and for a box where there is one."""
        device, dtype = self._network.device, self._network.dtype
        tokens = self._tokenizer(
            text, return_tensors="pt", padding="max_length", max_length=MAX_NAME_TOKENS, truncation=True
        ).to(device)
        prompt = {}
        if box is not None:
            prompt["input_boxes"] = _centred(box, frame)[None, None].to(device, dtype)
            prompt["input_boxes_labels"] = torch.ones(1, 1, dtype=torch.long, device=device)
        return self._network(
            vision_embeds=seen, input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"], **prompt
        )


def load_sam(name: str, device: torch.device, mask_threshold: float, instance_threshold: float) -> Grounder:
    """Return the grounder of a SAM checkpoint, given as a folder or hub id.

    Raises ``ModelNotFoundError`` for what isn't there or can't be loaded, ``EngineError`` for another kind of model.
    """
    folder = downloaded(name)
    kind = readable(name, lambda: AutoConfig.from_pretrained(folder, local_files_only=True)).model_type
    if kind not in KINDS:
        raise EngineError(f"{name} is a {kind}; a grounder is a SAM 2.1 or a SAM 3")
    images, network = Images.of(folder), _network(name, folder, kind)
    if kind.startswith(SAM2):
        return Sam2Grounder(network, device, images, mask_threshold)
    tokenizer = readable(name, lambda: AutoTokenizer.from_pretrained(folder, local_files_only=True))
    return Sam3Grounder(network, device, tokenizer, images, mask_threshold, instance_threshold)


def _network(name: str, folder: Path, kind: str) -> Any:
    """Load the image model; a video checkpoint, as on the hub, contains it."""
    if kind.startswith(SAM2):
        return network_of(name, folder, Sam2Model)
    if not is_torchvision_available():
        modeling = importlib.import_module(Sam3Model.__module__)
        modeling.torchvision = SimpleNamespace(ops=SimpleNamespace(roi_align=roi_align))  # type: ignore[attr-defined]
    return network_of(name, folder, Sam3Model)


def _concept(label: str) -> str:
    """Return what SAM 3 is asked for: it knows hands, but their sides no better than the language model."""
    return "hand" if label in HAND_LABELS.values() else label


def _in_place(
    found: Any, box: Box, frame: Frame, least_score: float = 0.0, least_overlap: float = 0.0
) -> tuple[Tensor, float] | None:
    """Return mask logits (h, w) and score of the surest instance that overlaps the box, if there is one."""
    scores = _scores(found)
    size = torch.tensor([frame.width, frame.height] * 2)
    overlaps = [overlap(tuple(own), box) for own in (found.pred_boxes[0].float().cpu() * size).tolist()]
    fitting = [
        (score * share, score, k)
        for k, (score, share) in enumerate(zip(scores, overlaps, strict=True))
        if score >= least_score and share >= least_overlap
    ]
    if not fitting:
        return None
    _, score, k = max(fitting)
    return found.pred_masks[0, k], score


def _scores(found: Any) -> list[float]:
    presence = found.presence_logits[0].sigmoid() if found.presence_logits is not None else 1.0
    return list((found.pred_logits[0].sigmoid() * presence).float().tolist())


def _arm_of(hand: NDArray[np.bool_], arms: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Return that of the arms (N, H, W) which covers or meets most of a hand (H, W)."""
    reach = ndimage.binary_dilation(hand, iterations=max(1, round(ARM_REACH * hand.shape[0])))
    shared = (arms & reach).sum(axis=(1, 2))
    return arms[shared.argmax()] if shared.any() else None


def _centred(box: Box, frame: Frame) -> Tensor:
    """Return centre and size (4,) of a box as shares of the frame."""
    left, top, right, bottom = box
    x, y = (left + right) / 2 / frame.width, (top + bottom) / 2 / frame.height
    return torch.tensor([x, y, (right - left) / frame.width, (bottom - top) / frame.height])


def _probabilities(logits: Tensor, frame: Frame) -> Tensor:
    """Return logits (N, M, h, w) as probabilities of the frame's size."""
    return functional.interpolate(logits.float(), frame.image.shape[:2], mode="bilinear").sigmoid()


def _grounded(probability: Tensor, score: float, threshold: float) -> Grounded:
    return Grounded((probability > threshold).cpu().numpy(), score)
