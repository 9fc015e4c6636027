"""A vision-language model in this process: Qwen3-VL or Qwen2.5-VL of any size, with or without LoRA weights.

transformers' own processor of these models also prepares videos and therefore wants torchvision, of a build that fits
PyTorch's. A single image needs neither: tokenizer and image processor are put together here. What is said isn't known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer
from transformers.generation.streamers import BaseStreamer

from annexe_ros.core import Frame
from annexe_ros.core.errors import BadImageError, EngineError, MissingDependencyError, ModelNotFoundError
from annexe_ros.inference.hub import downloaded, first_line, network_of, readable
from annexe_ros.inference.placement import Placed
from annexe_ros.inference.vlm_sam.language import Listener, Speaker, Turn, chat
from annexe_ros.inference.vlm_sam.settings import Coordinates, Precision

FAMILIES = ("qwen3_vl", "qwen3_vl_moe", "qwen2_5_vl")
COUNTS_PIXELS = ("qwen2_5_vl",)
"""Families whose boxes are in pixels of the image as the model sees it; the others count in thousandths of it."""

IMAGE_TOKEN = "<|image_pad|>"
IMAGE_PART = {"type": "image"}
SPECIAL_START = "<|"
"""With this the names of tokens begin that nobody may say: who asks could end the conversation or show other images."""

ADAPTER_FILE = "adapter_config.json"
ADAPTER_NAME = "default"
FORMER_NAMES = {r"^visual": "model.visual", r"^model(?!\.(language_model|visual))": "model.language_model"}
"""LoRA weights trained with transformers before 4.52 have names of before the language model had a part of its own."""

TEMPLATE_FILE = "chat_template.json"
"""Where older checkpoints keep the template, which then only transformers' own processor finds."""


class LocalVlm(Placed):
    """A ``LanguageModel`` of transformers."""

    def __init__(
        self,
        vlm: str,
        device: torch.device,
        adapter: str = "",
        dtype: Precision = Precision.AUTO,
        coordinates: Coordinates = Coordinates.AUTO,
        max_new_tokens: int = 512,
    ) -> None:
        """Load the weights; the arguments are ``VlmSamSettings``'s.

        Raises ``ModelNotFoundError`` for what isn't there or can't be loaded, ``EngineError`` for a model of another
        family and ``MissingDependencyError`` where LoRA weights are wanted without peft.
        """
        folder = downloaded(vlm)
        super().__init__(_loaded(vlm, folder, adapter, dtype), device)
        self._family = self._network.config.model_type
        self._tokenizer, self._images = _processors(vlm, folder)
        self._coordinates, self._limit = coordinates, max_new_tokens
        self._name = Path(vlm).name
        self._last: tuple[Frame, dict[str, Tensor]] | None = None

    @property
    def name(self) -> str:
        """Last part of the folder or hub id."""
        return self._name

    def box_extent(self, frame: Frame) -> tuple[float, float]:
        """Return what the model counts up to along (x, y)."""
        in_pixels = self._family in COUNTS_PIXELS
        if self._coordinates is not Coordinates.AUTO:
            in_pixels = self._coordinates is Coordinates.PIXELS
        if not in_pixels:
            return 1000.0, 1000.0
        _, rows, columns = self._seen(frame)["image_grid_thw"][0].tolist()
        return float(columns * self._images.patch_size), float(rows * self._images.patch_size)

    def warm_up(self, frame: Frame) -> None:
        """Say two words about a frame, so that every kernel is loaded."""
        self._say(frame, [Turn(Speaker.USER, "Hello")], _Listener(self._tokenizer, _ignore, _ignore), 2)

    def say(
        self, frame: Frame, turns: Sequence[Turn], listen: Listener, check: Callable[[], None], form: Any = None
    ) -> str:
        """Return the likeliest next turn; ``check`` runs between tokens."""
        check()
        listener = _Listener(self._tokenizer, listen, check)
        self._say(frame, turns, listener, self._limit)
        return listener.text

    @torch.inference_mode()
    def _say(self, frame: Frame, turns: Sequence[Turn], listener: _Listener, limit: int) -> None:
        try:
            self._network.generate(
                **self._inputs(frame, turns), max_new_tokens=limit, do_sample=False, temperature=None, top_p=None,
                top_k=None, streamer=listener,
            )  # fmt: skip
        except RuntimeError as error:  # memory that ran out included
            raise EngineError(f"the language model {self._name} failed ({first_line(error)})") from error

    def _inputs(self, frame: Frame, turns: Sequence[Turn]) -> dict[str, Tensor]:
        seen = self._seen(frame)
        plain = [replace(turn, text=turn.text.replace(SPECIAL_START, "< |")) for turn in turns]
        text = self._tokenizer.apply_chat_template(chat(plain, IMAGE_PART), add_generation_prompt=True, tokenize=False)
        tokens = int(seen["image_grid_thw"][0].prod()) // self._images.merge_size**2
        text = str(text).replace(IMAGE_TOKEN, IMAGE_TOKEN * tokens, 1)
        inputs = dict(self._tokenizer(text, return_tensors="pt", add_special_tokens=False), **seen)
        kinds = inputs["input_ids"] == self._tokenizer.convert_tokens_to_ids(IMAGE_TOKEN)
        inputs["mm_token_type_ids"] = kinds.to(torch.int32)
        return {name: value.to(self._device) for name, value in inputs.items()}

    def _seen(self, frame: Frame) -> dict[str, Tensor]:
        """Return the frame as the network wants it; the last one is remembered, several steps ask for it."""
        if self._last is None or self._last[0] is not frame:
            try:
                self._last = frame, dict(self._images(images=[frame.image], return_tensors="pt"))
            except ValueError as error:
                raise BadImageError(f"{self._name} can't take this image ({first_line(error)})") from error
        return self._last[1]


class _Listener(BaseStreamer):
    """Hears each token as it is chosen: passes the text on, and stops the work by raising what ``check`` raises."""

    def __init__(self, tokenizer: Any, listen: Listener, check: Callable[[], None]) -> None:
        self._tokenizer, self._listen, self._check = tokenizer, listen, check
        self._ids: list[int] | None = None
        self.text = ""

    def put(self, value: Tensor) -> None:
        """Take the prompt, which comes first and is not told, or one more token."""
        self._check()
        if self._ids is None:
            self._ids = []
            return
        self._ids += value.flatten().tolist()
        text = self._tokenizer.decode(self._ids, skip_special_tokens=True)
        self.text = text
        if not text.endswith("\N{REPLACEMENT CHARACTER}"):  # half of a character
            self._listen(text)

    def end(self) -> None:
        """Nothing is held back."""


def _ignore(*_: str) -> None:
    pass


def _loaded(vlm: str, folder: Path, adapter: str, dtype: Precision) -> Any:
    kind = readable(vlm, lambda: AutoConfig.from_pretrained(folder, local_files_only=True)).model_type
    if kind not in FAMILIES:
        raise EngineError(f"{vlm} is a {kind}; this engine speaks with {', '.join(FAMILIES)}")
    wanted = "auto" if dtype is Precision.AUTO else getattr(torch, dtype)
    model = network_of(vlm, folder, AutoModelForImageTextToText, dtype=wanted)
    return _adapted(model, adapter) if adapter else model


def _adapted(model: Any, adapter: str) -> Any:
    """Return the model with LoRA weights added to its own, so that they cost no time."""
    folder = str(downloaded(adapter, ADAPTER_FILE))
    try:
        from peft import PeftConfig, PeftModel
    except ModuleNotFoundError as error:
        raise MissingDependencyError("'peft', which LoRA weights need,", "pip install peft") from error
    adapted = readable(adapter, lambda: PeftModel(model, PeftConfig.from_pretrained(folder), ADAPTER_NAME))
    found = readable(adapter, lambda: adapted.load_adapter(folder, ADAPTER_NAME, key_mapping=FORMER_NAMES))
    if misfits := sorted({*found.missing_keys, *found.unexpected_keys}):  # which peft only warns of
        why = f"isn't for this model ({len(misfits)} of its weights don't fit, the first is {misfits[0]})"
        raise ModelNotFoundError(adapter, why)
    return adapted.merge_and_unload()


def _processors(vlm: str, folder: Path) -> tuple[Any, Any]:
    tokenizer = readable(vlm, lambda: AutoTokenizer.from_pretrained(folder, local_files_only=True))
    images = readable(vlm, lambda: AutoImageProcessor.from_pretrained(folder, local_files_only=True))
    tokenizer.chat_template = tokenizer.chat_template or _template_beside(vlm, folder)
    return tokenizer, images


def _template_beside(vlm: str, folder: Path) -> str:
    try:
        return str(json.loads((folder / TEMPLATE_FILE).read_text(encoding="utf-8"))["chat_template"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelNotFoundError(vlm, "has no chat template; take an instruction-tuned model") from None
