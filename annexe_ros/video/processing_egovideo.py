"""From frames and narrations to the tensors that ``EgoVideoModel`` takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from annexe_ros.core.errors import BadImageError
from annexe_ros.video.configuration_egovideo import EgoVideoConfig
from annexe_ros.video.framing import square

SPECIAL_TOKENS = ("<pad>", "<s>", "<unk>", "</s>")
"""In the order of their ids."""


def train_word_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Return a tokenizer with one token for each word of ``texts``; every text ends with the end-of-text token."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(texts, trainers.WordLevelTrainer(special_tokens=list(SPECIAL_TOKENS)))
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 3)])
    names = {"pad_token": "<pad>", "bos_token": "<s>", "unk_token": "<unk>", "eos_token": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def pixel_values(clips: Sequence[NDArray[np.uint8]], config: EgoVideoConfig) -> Tensor:
    """Return clips, each (T, H, W, 3) RGB, as (B, T, 3, S, S): short side resized to S, middle cut out, normalised.

    Raises ``BadImageError`` for what isn't such a clip.
    """
    mean, std = np.asarray(config.image_mean, np.float32), np.asarray(config.image_std, np.float32)
    frames = [[square(frame, config.frame_size) for frame in _checked(clip)] for clip in clips]
    values = (np.asarray(frames, np.float32) / 255 - mean) / std
    return torch.from_numpy(values.astype(np.float32)).permute(0, 1, 4, 2, 3)


def _checked(clip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if clip.ndim != 4 or clip.shape[-1] != 3 or clip.dtype != np.uint8 or not clip.size:
        raise BadImageError(f"a clip is (frames, height, width, 3) of uint8, this is {clip.shape} of {clip.dtype}")
    return clip


def middles(frames: int, wanted: int) -> list[int]:
    """Return the places of ``wanted`` frames in the middles of equal parts of a clip of ``frames``."""
    return [(2 * k + 1) * frames // (2 * wanted) for k in range(wanted)]
