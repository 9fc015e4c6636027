"""Prepares images as a SAM checkpoint wants them; transformers' own processors of these models want torchvision."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from annexe_ros.core import Frame
from annexe_ros.core.errors import ModelNotFoundError

PROCESSOR_FILES = ("processor_config.json", "preprocessor_config.json")


@dataclass(frozen=True)
class Images:
    """How a checkpoint wants its images: size [pixels], and mean and deviation of the colours in 0..1."""

    width: int
    height: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, folder: Path) -> Images:
        """Read what a checkpoint's folder says; raises ``ModelNotFoundError``."""
        try:
            file = next(folder / name for name in PROCESSOR_FILES if (folder / name).is_file())
            data = json.loads(file.read_text(encoding="utf-8"))
            data = data.get("image_processor", data)
            size = data["size"]
            return cls(int(size["width"]), int(size["height"]), tuple(data["image_mean"]), tuple(data["image_std"]))
        except StopIteration:
            raise ModelNotFoundError(folder, f"has no {PROCESSOR_FILES[0]}") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelNotFoundError(folder, f"{file.name} is damaged ({error})") from error

    def prepared(self, frame: Frame, model: Any) -> Tensor:
        """Return the frame's image (1, 3, height, width) where the model is."""
        pixels = np.require(frame.image, requirements=["C", "W"])  # torch would warn of read-only memory
        image = torch.from_numpy(pixels).to(model.device).permute(2, 0, 1)[None].float()
        image = functional.interpolate(image, (self.height, self.width), mode="bilinear", antialias=True) / 255
        mean, deviation = (torch.tensor(v, device=image.device).view(1, 3, 1, 1) for v in (self.mean, self.deviation))
        return ((image - mean) / deviation).to(model.dtype)
