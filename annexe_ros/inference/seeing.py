"""Frames become encodings and caches, once each: follow-up queries about a frame pay no vision.

It knows pixels and tensors; what is asked about a frame it doesn't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import DynamicCache

from annexe_ros.core import Frame
from annexe_ros.inference.stopwatch import Stopwatch
from annexe_ros.model import AnnexeForEgoIRG, AnnexeImageEncoding, AnnexeProcessor

FRAMES_KEPT = 4
"""Frames kept for follow-up queries: one each of several cameras."""


@dataclass(frozen=True)
class Analysis:
    """What was described, and what of it (1, D) conditions the answers of an analysis-guided model."""

    text: str = ""
    descriptor: Tensor | None = None


@dataclass(eq=False)
class SeenFrame:
    """A frame that was encoded, the cache (batch 1) behind which texts follow, and what has been said of it."""

    frame: Frame
    encoding: AnnexeImageEncoding
    prefix: DynamicCache
    analysis: Analysis | None = None


class Seeing:
    """Encodes frames, and remembers those that were asked about last."""

    def __init__(self, network: AnnexeForEgoIRG, processor: AnnexeProcessor) -> None:
        self._network, self._processor = network, processor
        self._device = network.device
        self._prefix_ids = processor.prefix_ids().to(self._device)
        self._seen: list[SeenFrame] = []

    def see(self, frame: Frame, watch: Stopwatch) -> SeenFrame:
        """Return a frame's encoding, timed where it isn't known yet."""
        return self._remember(self._known(frame) or self._look(frame, watch))

    def see_together(self, frames: Sequence[Frame]) -> list[SeenFrame]:
        """Return the encodings of several frames; those that become equally large inputs are encoded together."""
        found: dict[Frame, Any] = {frame: self._known(frame) for frame in frames}
        pixels = {frame: self._pixels(frame.image) for frame, known in found.items() if known is None}
        for shape in {each.shape for each in pixels.values()}:
            alike = [frame for frame, each in pixels.items() if each.shape == shape]
            encodings = self._network.encode_image(torch.cat([pixels[frame] for frame in alike]))
            for k, frame in enumerate(alike):
                one = AnnexeImageEncoding(**{name: maps[k : k + 1] for name, maps in encodings.items()})
                found[frame] = self._read(frame, one)
        return [self._remember(found[frame]) for frame in frames]

    def forget(self) -> None:
        """Forget all frames."""
        self._seen.clear()

    def _known(self, frame: Frame) -> SeenFrame | None:
        return next((seen for seen in self._seen if seen.frame is frame), None)

    def _remember(self, seen: SeenFrame) -> SeenFrame:
        """Keep what was asked about last."""
        if seen in self._seen:
            self._seen.remove(seen)
        self._seen.append(seen)
        del self._seen[:-FRAMES_KEPT]
        return seen

    def _look(self, frame: Frame, watch: Stopwatch) -> SeenFrame:
        with watch.stage("preprocess"):
            pixels = self._pixels(frame.image)
        with watch.stage("encode"):
            encoding = self._network.encode_image(pixels)
        with watch.stage("prefill"):
            return self._read(frame, encoding)

    def _read(self, frame: Frame, encoding: AnnexeImageEncoding) -> SeenFrame:
        return SeenFrame(frame, encoding, self._network.read_image(encoding, self._prefix_ids))

    def _pixels(self, image: NDArray[np.uint8]) -> Tensor:
        """Return the model's input (1, 3, H, W)."""
        pixels = self._processor.image_processor(image)["pixel_values"].to(self._device, self._network.dtype)
        return pixels.contiguous(memory_format=torch.channels_last)
