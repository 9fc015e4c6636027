"""Images and texts to the tensors of ``AnnexeForEgoIRG`` and back. The prompt's wording lives here, and only here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from transformers import BatchFeature, PreTrainedTokenizerBase, ProcessorMixin
from transformers.image_processing_utils import BaseImageProcessor

MASK_TOKEN = "<MSK>"
NAME_SEPARATOR = " and "


class AnnexeImageProcessor(BaseImageProcessor):
    """Resizes to a pixel budget at the image's own aspect, so that any size and shape is understood.

    Args:
        pixel_budget: area of the model's input; sides are rounded to ``multiple_of``.
        multiple_of: see ``AnnexeConfig.input_multiple``.
        image_mean, image_std: of RGB in 0..1 (the authors' values for Ego-IRGBench are the default).
    """

    model_input_names = ["pixel_values"]  # noqa: RUF012  (transformers' own form)

    def __init__(
        self,
        pixel_budget: int = 448 * 352,
        multiple_of: int = 32,
        image_mean: Sequence[float] = (0.55, 0.55, 0.53),
        image_std: Sequence[float] = (0.22, 0.23, 0.25),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pixel_budget = pixel_budget
        self.multiple_of = multiple_of
        self.image_mean = list(image_mean)
        self.image_std = list(image_std)

    def input_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the (height, width) at which an image of that size is seen.

        An image of hardly any height or width has at most twice the budget, though its shape suffers.
        """
        ideal = math.sqrt(self.pixel_budget * height / width), math.sqrt(self.pixel_budget * width / height)
        most = max(1, 2 * self.pixel_budget // self.multiple_of**2)
        rows, columns = (min(max(1, round(side / self.multiple_of)), most) * self.multiple_of for side in ideal)
        return rows, columns

    def normalize_pixels(self, images: Tensor) -> Tensor:
        """Return normalised images (B, 3, H, W) of RGB in 0..1."""
        mean, std = (images.new_tensor(v).view(1, 3, 1, 1) for v in (self.image_mean, self.image_std))
        return (images - mean) / std

    def preprocess(self, images: NDArray[np.uint8] | Sequence[NDArray[np.uint8]], **_: Any) -> BatchFeature:
        """Return ``pixel_values`` (B, 3, H, W) of RGB images (h, w, 3) uint8, which must share one input size."""
        several = [images] if isinstance(images, np.ndarray) else images
        pixels = torch.cat([self._resized(image) for image in several])
        return BatchFeature({"pixel_values": self.normalize_pixels(pixels)})

    def _resized(self, image: NDArray[np.uint8]) -> Tensor:
        """Return RGB in 0..1 (1, 3, H, W); scaling bytes takes a tenth of the time of scaling floats."""
        # torch knows no read-only memory and would warn of it: such an image is copied, any other is not.
        whole = torch.from_numpy(np.require(image, requirements=["C", "W"])).permute(2, 0, 1).unsqueeze(0)
        size = self.input_size(*image.shape[:2])
        return functional.interpolate(whole, size, mode="bilinear", align_corners=False, antialias=True).float() / 255


class AnnexeProcessor(ProcessorMixin):
    """Image processor, tokenizer and the prompt template in one.

    Args:
        prefix: text before the image's tokens; shared by all prompts, so that one cache serves them.
        analysis_prompt: what follows the image when the interaction shall be described.
        answer_prompt: what follows the image when ``{query}`` shall be answered.
    """

    def __init__(
        self,
        image_processor: AnnexeImageProcessor,
        tokenizer: PreTrainedTokenizerBase,
        prefix: str = "<s><Img>",
        analysis_prompt: str = "</Img> [caption] [/INST]",
        answer_prompt: str = "</Img> [vqa] {query} [/INST]",
    ) -> None:
        super().__init__(image_processor, tokenizer)
        self.prefix = prefix
        self.analysis_prompt = analysis_prompt
        self.answer_prompt = answer_prompt

    def token_ids(self, text: str) -> list[int]:
        """Return the ids of a text as it stands, nothing added."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def label_token_ids(self, labels: Sequence[str]) -> list[list[int]]:
        """Return the ids of each label as it stands inside a sentence: ``AnnexeConfig.label_token_ids``."""
        return [self.token_ids(f" {label}") for label in labels]

    def prefix_ids(self) -> Tensor:
        """Return the ids (P,) before the image's tokens."""
        return torch.tensor(self.token_ids(self.prefix))

    def analysis_prompt_ids(self) -> list[int]:
        """Return the ids after the image that ask for the description."""
        return self.token_ids(self.analysis_prompt)

    def answer_prompt_ids(self, query: str) -> list[int]:
        """Return the ids after the image that ask a query; its case doesn't matter."""
        return self.token_ids(self.answer_prompt.format(query=query.lower()))

    def reply_ids(self, text: str) -> list[int]:
        """Return the ids of a reply with its end token, as the model learns it."""
        return [*self.token_ids(text), self.tokenizer.eos_token_id]

    @staticmethod
    def marked_answer(names: Sequence[str]) -> str:
        """Return the answer that names these targets, each followed by its <MSK>."""
        return NAME_SEPARATOR.join(name + MASK_TOKEN for name in names)

    def reply_text(self, ids: Tensor | Sequence[int]) -> str:
        """Return the text of generated ids (T,) without special tokens."""
        return " ".join(self.tokenizer.decode(ids, skip_special_tokens=True).split())

    def answer_names(self, ids: Tensor | Sequence[int]) -> list[str]:
        """Return the names that a generated answer (T,) marks with <MSK>, in order."""
        parts = self.tokenizer.decode(ids, skip_special_tokens=False).split(MASK_TOKEN)[:-1]
        return [" ".join(part.split()).removeprefix(NAME_SEPARATOR.lstrip()) for part in parts]
