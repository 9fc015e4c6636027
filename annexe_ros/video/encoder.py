"""A trained clip encoder at work: frames and texts in, unit vectors out, as arrays. No tensor leaves this module."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from annexe_ros.core.errors import BadImageError
from annexe_ros.inference.hub import network_of, readable
from annexe_ros.model.bars import bars_on_terminals_only
from annexe_ros.video.configuration_egovideo import EgoVideoConfig
from annexe_ros.video.modeling_egovideo import EgoVideoModel
from annexe_ros.video.processing_egovideo import middles, pixel_values
from annexe_ros.video.scene_stem import SceneStem, quickened

Vectors = NDArray[np.float32]
_BATCH = 8


class ClipEncoder:
    """Embeds clips and texts in one space; texts are remembered."""

    def __init__(self, model: EgoVideoModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self.model, self.tokenizer = model.eval(), tokenizer
        self.config: EgoVideoConfig = model.config
        self._texts: dict[str, Vectors] = {}
        self._quick_stem: SceneStem | None = None

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> ClipEncoder:
        """Load a model folder; raises ``ModelNotFoundError`` where it holds no whole clip encoder."""
        name = str(folder)
        model = network_of(name, folder, EgoVideoModel, dtype=torch.float32)
        read = partial(AutoTokenizer.from_pretrained, folder, config=model.config, local_files_only=True)
        tokenizer = readable(name, read)
        model.to(device)
        return cls(model, tokenizer)

    def save(self, folder: Path, dtype: torch.dtype = torch.float16) -> None:
        """Write weights in ``dtype``, configuration and tokenizer."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: v.to(dtype) if v.is_floating_point() else v for name, v in self.model.state_dict().items()}
        with bars_on_terminals_only():
            self.model.save_pretrained(folder, state_dict=weights)
        self.tokenizer.save_pretrained(folder)

    def tokens(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """Return ``input_ids`` and ``attention_mask`` (B, L) of texts, cut to what the text tower can read."""
        longest = self.config.text_config.max_position_embeddings
        made = self.tokenizer(list(texts), padding=True, truncation=True, max_length=longest, return_tensors="pt")
        return {name: made[name].to(self.model.device) for name in ("input_ids", "attention_mask")}

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors (B, P) of texts."""
        new = list(dict.fromkeys(text for text in texts if text not in self._texts))
        for start in range(0, len(new), 256):
            part = new[start : start + 256]
            vectors = self.model.embed_text(**self.tokens(part)).cpu().numpy()
            self._texts.update(zip(part, vectors, strict=True))
        return np.stack([self._texts[text] for text in texts])

    def embed_clips(self, clips: Sequence[NDArray[np.uint8]]) -> Vectors:
        """Return unit vectors (B, P) of clips (T, H, W, 3) RGB uint8, of any lengths that have enough frames.

        A longer clip is seen at its middles in time. Raises ``BadImageError`` for too few frames.
        """
        parts = [self.see_clips(clips[k : k + _BATCH]) for k in range(0, len(clips), _BATCH)]
        return np.concatenate([self.embed_maps(part) for part in parts])

    def see_clips(self, clips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return what the tower sees of clips, (B, T, C, h, w): the stem's maps, or normalised pixels without a stem.

        Each frame is seen for itself. Takes and raises what ``embed_clips`` does.
        """
        return np.stack([self.see_frames(self._sampled(clip)) for clip in clips])

    @torch.inference_mode()
    def see_frames(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what the tower sees of frames (N, H, W, 3) RGB uint8, each for itself: (N, C, h, w)."""
        return self._looked_at(pixel_values([frames], self.config)[0]).numpy()

    @torch.inference_mode()
    def embed_maps(self, maps: NDArray[np.floating]) -> Vectors:
        """Return unit vectors (B, P) of what ``see_clips`` returns."""
        seen = torch.from_numpy(np.asarray(maps, np.float32))
        return self.model.embed_video(stem_maps=seen.to(self.model.device)).cpu().numpy()

    def _looked_at(self, frames: torch.Tensor) -> torch.Tensor:
        """Return what the tower sees of frames (T, 3, H, W)."""
        stem = self.model.stem
        if stem is None:
            return frames
        if self.model.device.type != "cpu":
            return stem(frames.to(self.model.device)).cpu()
        if self._quick_stem is None:
            self._quick_stem = quickened(stem)
        return self._quick_stem(frames)

    def _sampled(self, clip: NDArray[np.uint8]) -> NDArray[np.uint8]:
        wanted = self.config.num_frames
        if len(clip) < wanted:
            raise BadImageError(f"a clip of {wanted} frames is needed, this has {len(clip)}")
        return clip[middles(len(clip), wanted)]
