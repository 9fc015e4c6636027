"""The one door through which a model folder becomes a network and a processor, in the precision that was asked for.

It knows files, dtypes and devices; what the model does it doesn't.
"""

from __future__ import annotations

import enum
import importlib.util
import json
from pathlib import Path
from typing import Any

import torch

from annexe_ros.core.errors import EngineError, MissingDependencyError, ModelNotFoundError
from annexe_ros.model import PARTS, AnnexeForEgoIRG, AnnexeProcessor

WEIGHTS, WEIGHTS_INDEX = "model.safetensors", "model.safetensors.index.json"
QUANTISED_PART = "language_model"
"""Only its matrices become integers: it has nearly all weights, and masks suffer where the others are rounded."""


class Precision(enum.StrEnum):
    """How weights are held; int8 and int4 are the language model's, the rest is bfloat16 beside them."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    INT8 = "int8"
    INT4 = "int4"


def load(
    folder: Path, device: torch.device, dtype: str = Precision.FLOAT32, device_map: Any = None
) -> tuple[AnnexeForEgoIRG, AnnexeProcessor]:
    """Return network (in evaluation mode) and processor of a model folder, whose weights may be in shards.

    Args:
        folder: written by ``save_pretrained``.
        device: where the network shall be.
        dtype: one of ``Precision``.
        device_map: accelerate's, e.g. "auto", to spread a network that is too large for one device; then ``device`` is
            not used.

    Raises ``ModelNotFoundError`` for a folder that doesn't hold a whole model, ``EngineError`` for an unknown dtype and
    ``MissingDependencyError`` where integers are asked for and no library for them is installed.
    """
    options = _precision(dtype)
    if device_map is not None or "quantization_config" in options:
        options["device_map"] = {"": device} if device_map is None else device_map
    _check_files(folder)
    try:
        network = AnnexeForEgoIRG.from_pretrained(folder, **options)
        processor = AnnexeProcessor.from_pretrained(folder)
    except Exception as error:  # the libraries below raise anything for a damaged file; all of it means just that
        raise ModelNotFoundError(folder, f"can't be loaded ({type(error).__name__}: {error})") from error
    if "device_map" not in options:  # with one, the weights are in place already, and accelerate has to be installed
        network.to(device)  # type: ignore[arg-type]  # transformers hides nn.Module's signature
    return network.eval(), processor


def _precision(dtype: str) -> dict[str, Any]:
    """Return what ``from_pretrained`` is told about a precision."""
    if dtype not in tuple(Precision):
        raise EngineError(f"unknown dtype '{dtype}'; use {', '.join(Precision)}")
    if dtype in {Precision.INT8, Precision.INT4}:
        return {"dtype": torch.bfloat16, "quantization_config": _quantisation(Precision(dtype))}
    return {"dtype": getattr(torch, dtype)}


def _quantisation(precision: Precision) -> Any:
    """Return transformers' configuration of weight-only quantisation by whichever library is installed."""
    import transformers

    kept = [name for name in PARTS if name != QUANTISED_PART]
    if importlib.util.find_spec("bitsandbytes"):
        bits = {"load_in_8bit": True} if precision is Precision.INT8 else {"load_in_4bit": True}
        return transformers.BitsAndBytesConfig(**bits, llm_int8_skip_modules=[*kept, "lm_head"])
    if importlib.util.find_spec("torchao"):
        from torchao.quantization import Int4WeightOnlyConfig, Int8WeightOnlyConfig

        kind = Int8WeightOnlyConfig() if precision is Precision.INT8 else Int4WeightOnlyConfig()
        return transformers.TorchAoConfig(kind, modules_to_not_convert=[*kept, "lm_head"])
    raise MissingDependencyError(f"dtype {precision} needs torchao or bitsandbytes; neither", "pip install torchao")


def _check_files(folder: Path) -> None:
    for name in ("config.json", "processor_config.json", "tokenizer.json", *_weight_files(folder)):
        if not (folder / name).is_file():
            raise ModelNotFoundError(folder, f"has no {name}")


def _weight_files(folder: Path) -> list[str]:
    """Return the names of the files that the weights lie in."""
    index = folder / WEIGHTS_INDEX
    if (folder / WEIGHTS).is_file() or not index.is_file():
        return [WEIGHTS]
    try:
        return sorted(set(json.loads(index.read_text())["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise ModelNotFoundError(folder, f"{WEIGHTS_INDEX} is damaged ({error})") from error
