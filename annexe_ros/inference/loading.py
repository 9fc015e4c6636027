"""The one door through which a model folder becomes a network and a processor, in the precision that was asked for.

It knows files, dtypes and devices; what the model does it doesn't.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import BitsAndBytesConfig

from annexe_ros.core import Precision
from annexe_ros.core.errors import EngineError, MissingDependencyError, ModelNotFoundError
from annexe_ros.inference.hub import check_whole
from annexe_ros.model import PARTS, AnnexeForEgoIRG, AnnexeProcessor

WEIGHTS, WEIGHTS_INDEX = "model.safetensors", "model.safetensors.index.json"
QUANTISED_PART = "language_model"
"""Only its matrices become integers: it has nearly all of the weights, and masks need the others as they are."""


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
        network, found = AnnexeForEgoIRG.from_pretrained(folder, output_loading_info=True, **options)
        processor = AnnexeProcessor.from_pretrained(folder)
    except ModuleNotFoundError as error:  # peft or accelerate
        raise MissingDependencyError(f"'{error.name}', which this model needs,", f"pip install {error.name}") from error
    except Exception as error:  # the libraries below raise anything for a damaged file; all of it means just that
        raise ModelNotFoundError(folder, f"can't be loaded ({type(error).__name__}: {error})") from error
    check_whole(folder, found)
    if "device_map" not in options:  # with one, the weights are in place already, and accelerate has to be installed
        network.to(device)  # transformers hides nn.Module's signature
    if dtype == Precision.INT8:
        _to_int8(network)
    return network.eval(), processor


def _precision(dtype: str) -> dict[str, Any]:
    """Return what ``from_pretrained`` is told about a precision; raises where its library is missing."""
    if dtype not in tuple(Precision):
        raise EngineError(f"unknown dtype '{dtype}'; use {', '.join(Precision)}")
    if library := _LIBRARIES.get(dtype):
        if importlib.util.find_spec(library) is None:
            raise MissingDependencyError(f"'{library}', which dtype {dtype} needs,", f"pip install {library}")
        quantised = {"quantization_config": _four_bits()} if dtype == Precision.INT4 else {}
        return {"dtype": torch.bfloat16} | quantised
    return {"dtype": getattr(torch, dtype)}


_LIBRARIES: dict[str, str] = {Precision.INT8: "torchao", Precision.INT4: "bitsandbytes"}
"""As tried: torchao 0.18, whose 4 bits want a further library, and bitsandbytes 0.50 for those; both on the CPU too."""


def _four_bits() -> BitsAndBytesConfig:
    kept = [name for name in PARTS if name != QUANTISED_PART]
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=[*kept, "lm_head"],
    )


def _to_int8(network: AnnexeForEgoIRG) -> None:
    """Make integers of the language model's matrices, in place; neither of its adapters nor of its output layer."""
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    def chosen(module: nn.Module, name: str) -> bool:
        return isinstance(module, nn.Linear) and "lora_" not in name

    quantize_(network.language_model.base_model, Int8WeightOnlyConfig(), chosen)


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
