"""Samples to the tensors that the model and the losses take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from annexe_ros.model import AnnexeConfig, AnnexeProcessor
from annexe_ros.training.augment import crop, nearest, photometric, resize
from annexe_ros.training.samples import Sample, Text

IGNORED = -100
"""Target value that the losses skip (PyTorch's own)."""
FINE_STRIDE = 4
ASPECTS, ASPECT_SHARES = (1.0, 4 / 3, 16 / 9), (0.15, 0.55, 0.3)
"""Shapes that training batches take (width / height): few, since CPU kernels are compiled for each."""
LENGTH_MULTIPLE = 8
"""Texts are padded to a multiple of this, for the same reason."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Tensors of B images with Q texts each, the description first; h, w = H/4, W/4.

    Attributes:
        pixel_values: (B, 3, H, W). prefix_ids: (P,).
        input_ids, attention_mask, query_mask: (B, Q, L), as ``AnnexeForEgoIRG.forward`` takes them.
        labels: (B, Q, L) next-token targets at the position that predicts them, ``IGNORED`` elsewhere.
        has_target: (B, Q) float; NaN for the description, which has no indicator.
        slot_occupancy: (B, Q, S, h, w) float, share of each fine cell that the target covers.
        slot_valid: (B, Q, S) bool.
        depth: (B, h, w) min-max depth of the image in 0..1, NaN unknown.
        label_map, colour_map: (B, h, w) int64 or ``IGNORED``. contact_map: (B, 2, h, w) float, NaN unknown.
        map_order: (B, 1 + labels) int64, as ``AnnexeForEgoIRG.forward`` takes it.
    """

    pixel_values: Tensor
    prefix_ids: Tensor
    input_ids: Tensor
    attention_mask: Tensor
    query_mask: Tensor
    labels: Tensor
    has_target: Tensor
    slot_occupancy: Tensor
    slot_valid: Tensor
    depth: Tensor
    label_map: Tensor
    contact_map: Tensor
    colour_map: Tensor
    map_order: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


@dataclass(frozen=True)
class TokenisedText:
    """Prompt and reply of one text."""

    prompt: list[int]
    reply: list[int]

    @property
    def ids(self) -> Tensor:
        """(L,) the whole text."""
        return torch.tensor(self.prompt + self.reply)

    @property
    def next_token(self) -> Tensor:
        """(L,) what each position has to predict: the reply, nothing of the prompt."""
        silent = [IGNORED] * (len(self.prompt) - 1)
        return torch.tensor([*silent, *self.reply, IGNORED])


class Collator:
    """Makes a ``Batch``.

    Args:
        processor: tokenizer, prompts and image normalisation.
        config: slots and strides.
    """

    def __init__(self, processor: AnnexeProcessor, config: AnnexeConfig) -> None:
        self.processor, self.config = processor, config

    def __call__(self, samples: Sequence[Sample], rng: np.random.Generator | None = None) -> Batch:
        """Return one batch, all images of one shape; ``rng`` draws crop, shape and photometry, None leaves them be."""
        height, width = self._input_size(samples[0], rng)
        if rng is not None:
            samples = [crop(sample, width / height, rng) for sample in samples]
        maps = self._maps(samples, height // FINE_STRIDE, width // FINE_STRIDE)
        samples = [resize(sample, height, width) for sample in samples]
        if rng is not None:
            samples = [replace(sample, image=photometric(sample.image, rng)) for sample in samples]
        maps["map_order"] = torch.from_numpy(np.stack([sample.map_of for sample in samples]))
        return Batch(**maps, pixel_values=self._pixels(samples), **self._texts(samples), **self._slots(samples))

    def _input_size(self, first: Sample, rng: np.random.Generator | None) -> tuple[int, int]:
        if rng is None:
            return self.processor.image_processor.input_size(*first.mask.shape)
        aspect = rng.choice(ASPECTS, p=ASPECT_SHARES)
        return self.processor.image_processor.input_size(1000, round(1000 * aspect))

    def _pixels(self, samples: Sequence[Sample]) -> Tensor:
        images = torch.from_numpy(np.stack([sample.image for sample in samples])).permute(0, 3, 1, 2).float() / 255
        return self.processor.image_processor.normalize_pixels(images).contiguous(memory_format=torch.channels_last)

    def _maps(self, samples: Sequence[Sample], height: int, width: int) -> dict[str, Tensor]:
        """Return what the dense heads are taught; a cell takes the sample's pixel at its centre."""
        masks = [nearest(sample.mask, height, width) for sample in samples]
        depths = [min_max(nearest(sample.depth, height, width)) for sample in samples]
        labels = np.stack([s.label_of[mask] for s, mask in zip(samples, masks, strict=True)])
        colours = np.stack([s.colour_of[mask] for s, mask in zip(samples, masks, strict=True)])
        contacts = np.stack([s.contact_of[mask] for s, mask in zip(samples, masks, strict=True)])
        return {
            "depth": torch.from_numpy(np.stack(depths)),
            "label_map": torch.from_numpy(np.where(labels < 0, IGNORED, labels)),
            "colour_map": torch.from_numpy(np.where(colours < 0, IGNORED, colours)),
            "contact_map": torch.from_numpy(contacts).permute(0, 3, 1, 2),
        }

    def _texts(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        texts = [text for sample in samples for text in sample.texts]
        tokens = [self.tokenised(text) for text in texts]
        shape = (len(samples), len(samples[0].texts), -1)
        longest = max(len(t.ids) for t in tokens)
        length = -(-longest // LENGTH_MULTIPLE) * LENGTH_MULTIPLE
        prompts = [torch.tensor([True] * len(t.prompt) + [False] * len(t.reply)) for t in tokens]
        targets = [np.nan if text.query is None else float(bool(text.names)) for text in texts]
        return {
            "prefix_ids": self.processor.prefix_ids(),
            "input_ids": _padded([t.ids for t in tokens], length, 0).view(shape),
            "attention_mask": _padded([torch.ones_like(t.ids) for t in tokens], length, 0).view(shape),
            "query_mask": _padded(prompts, length, 0).view(shape),
            "labels": _padded([t.next_token for t in tokens], length, IGNORED).view(shape),
            "has_target": torch.tensor(targets).view(shape[:2]),
        }

    def tokenised(self, text: Text) -> TokenisedText:
        """Return prompt and reply as token ids."""
        if text.query is None:
            return TokenisedText(self.processor.analysis_prompt_ids(), self.processor.reply_ids(text.reply))
        reply = self.processor.marked_answer(text.names) if text.names else text.reply
        return TokenisedText(self.processor.answer_prompt_ids(text.query), self.processor.reply_ids(reply))

    def _slots(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        """Occupancy of the fine cells by each target of each text; none where things have each other's names.

        Grounding looks for things in the features, which know them by their own names.
        """
        slots = self.config.slots
        values = torch.zeros(len(samples), len(samples[0].texts), slots, dtype=torch.uint8)
        for i, sample in enumerate(samples):
            if sample.is_renamed:
                continue
            for j, text in enumerate(sample.texts):
                values[i, j, : len(text.mask_values)] = torch.tensor(text.mask_values[:slots], dtype=torch.uint8)
        masks = torch.from_numpy(np.stack([sample.mask for sample in samples]))
        occupancy = [_occupancy(mask, value) for mask, value in zip(masks, values, strict=True)]
        return {"slot_occupancy": torch.stack(occupancy), "slot_valid": values > 0}


def _padded(sequences: list[Tensor], length: int, value: int) -> Tensor:
    """Return (M, length) of sequences (L,), right-padded."""
    return torch.stack([functional.pad(sequence, (0, length - len(sequence)), value=value) for sequence in sequences])


def _occupancy(mask: Tensor, values: Tensor) -> Tensor:
    """Return (Q, S, h, w): the share of each fine cell of a mask (H, W) that has each value (Q, S); 0 is nothing."""
    unique, inverse = torch.unique(values, return_inverse=True)
    planes = (mask.unsqueeze(0) == unique.view(-1, 1, 1)) & (unique > 0).view(-1, 1, 1)
    shares = functional.avg_pool2d(planes.float(), FINE_STRIDE)
    return shares[inverse]


def min_max(depth: np.ndarray) -> np.ndarray:
    """Return depth (h, w) scaled to 0..1 over the known pixels of this image; NaN stays NaN."""
    known = depth[np.isfinite(depth)]
    if not known.size:
        return depth
    low, high = known.min(), known.max()
    return (depth - low) / max(float(high - low), 1e-6)
