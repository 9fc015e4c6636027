"""The ANNEXE engine: a model folder becomes an ``Interpreter``. Strings, arrays and timing; the model has the rest."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from transformers import DynamicCache

from annexe_ros.core import (
    NO_TARGET_ANSWER,
    Frame,
    GroundedObject,
    Hands,
    Interpretation,
    Progress,
    Query,
    Role,
    Stage,
    StageLatency,
    role_of,
)
from annexe_ros.core.contact import with_contacts
from annexe_ros.core.errors import AnnexeError, EngineError
from annexe_ros.inference.batching import BatchItem, reply_or_error
from annexe_ros.inference.loading import Precision, load
from annexe_ros.model import (
    NAME_SEPARATOR,
    AnnexeGeneration,
    AnnexeImageEncoding,
)

ENGINE_NAME = "annexe"
MAX_NEW_TOKENS = 64
THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class _Seen:
    """A frame that was encoded, and what has been said of it: follow-up queries pay no vision."""

    frame: Frame
    encoding: AnnexeImageEncoding
    prefix: DynamicCache


@dataclass(frozen=True, eq=False)
class _Analysis:
    """What was described, and what of it conditions the answers."""

    frame: Frame
    text: str
    descriptor: Tensor | None


class _Stopwatch:
    """Collects the wall time of stages."""

    def __init__(self) -> None:
        self.latencies: list[StageLatency] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.latencies.append(StageLatency(name, (time.perf_counter() - began) * 1000))


class AnnexeEngine:
    """``Interpreter`` over ``AnnexeForEgoIRG``; also a ``DepthEstimator``.

    Args:
        model_dir: folder written by ``save_pretrained``.
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``.
        dtype: one of ``loading.Precision``.
        device_map: accelerate's, e.g. "auto", in place of ``device`` for a network that one device can't hold.

    Raises what ``loading.load`` raises, and ``EngineError`` for an unknown device.
    """

    def __init__(
        self, model_dir: Path, device: str = "auto", dtype: str = Precision.FLOAT32, device_map: str | None = None
    ) -> None:
        self._network, self._processor = load(Path(model_dir), _device(device), dtype, device_map)
        self._device = self._network.device
        self._movable = device_map is None and dtype != Precision.INT4
        self._prefix_ids = self._processor.prefix_ids().to(self._device)
        self._name = Path(model_dir).name
        self._seen: _Seen | None = None
        self._analysis: _Analysis | None = None

    @property
    def engine(self) -> str:
        """Kind of engine."""
        return ENGINE_NAME

    @property
    def model(self) -> str:
        """Name of the model folder."""
        return self._name

    def warm_up(self) -> None:
        """Answer once about a grey image, so that every kernel is loaded."""
        self.interpret(Frame(np.full((240, 320, 3), 128, dtype=np.uint8)), Query("Segment the hands."))
        self._seen = self._analysis = None

    def release_device(self) -> None:
        """Move the weights to the CPU's memory, but for those that accelerate or a quantiser has placed."""
        self._seen = self._analysis = None
        if self._device.type == "cuda" and self._movable:
            self._network.to("cpu")  # type: ignore[arg-type]
            torch.cuda.empty_cache()

    def claim_device(self) -> None:
        """Move the weights back to the device."""
        if self._movable:
            self._network.to(self._device)  # type: ignore[arg-type]

    def close(self) -> None:
        """Free the weights."""
        self._seen = self._analysis = None
        self._network.to("meta")  # type: ignore[arg-type]

    @torch.inference_mode()
    def interpret(self, frame: Frame, query: Query, progress: Progress = Progress()) -> Interpretation:  # noqa: B008
        """Analyse, answer and ground one query; raises ``CancelledError`` between tokens and stages."""
        watch = _Stopwatch()
        seen = self._see(frame, watch)
        analysis, descriptor = "", None
        if query.want_analysis or self._network.config.analysis_guided:
            analysis, descriptor = self._analyse(seen, progress, watch)
        generation, names = self._answer(seen, query, descriptor, progress, watch)
        pooled, score = self._indicate(generation, descriptor)
        has_target = score >= THRESHOLD and bool(names)
        names = names if has_target else []
        label_image = np.zeros(frame.image.shape[:2], dtype=np.uint8)
        objects: tuple[GroundedObject, ...] = ()
        if has_target:
            with watch.stage(Stage.GROUND):
                progress.check()
                progress.on_text(Stage.GROUND, "")
                objects = self._ground(seen, generation, pooled, names, score, label_image, query.want_mask)
                objects = _without_echoes(objects)
        notes = [f"no pixel of '{o.label}' was found" for o in objects if query.want_mask and not o.mask_value]
        reply = Interpretation(
            analysis=analysis if query.want_analysis else "",
            answer=NAME_SEPARATOR.join(target.label for target in objects) or NO_TARGET_ANSWER,
            has_target=has_target,
            target_score=score,
            objects=objects,
            label_image=label_image,
            engine=ENGINE_NAME,
            model=self._name,
            latencies=tuple(watch.latencies),
            notes=tuple(notes),
        )
        return reply if self._network.config.contact_map else with_contacts(reply, frame)

    @torch.inference_mode()
    def interpret_batch(self, items: Sequence[BatchItem]) -> list[Interpretation | AnnexeError]:
        """Answer several queries: frames that become equally large are encoded together, texts follow in turn."""
        pixels = [self._pixels(item.frame) for item in items]
        alike = len({tuple(each.shape) for each in pixels}) == 1
        encodings = self._network.encode_image(torch.cat(pixels)) if alike else None
        replies = []
        for k, item in enumerate(items):
            if encodings is not None:
                encoding = AnnexeImageEncoding(**{name: maps[k : k + 1] for name, maps in encodings.items()})
                self._seen = self._read(item.frame, encoding)
            replies.append(reply_or_error(self, item))
        return replies

    @torch.inference_mode()
    def estimate_depth(self, frame: Frame) -> NDArray[np.float32]:
        """Return relative depth (H, W) float32, 0 = nearest, 1 = farthest; it has no metric scale."""
        depth = self._see(frame, _Stopwatch()).encoding.depth[None]
        return _resized(depth, frame)[0, 0].float().cpu().numpy()

    def _see(self, frame: Frame, watch: _Stopwatch) -> _Seen:
        if self._seen is None or self._seen.frame is not frame:
            with watch.stage("preprocess"):
                pixels = self._pixels(frame)
            with watch.stage("encode"):
                encoding = self._network.encode_image(pixels)
            with watch.stage("prefill"):
                self._seen = self._read(frame, encoding)
        return self._seen

    def _pixels(self, frame: Frame) -> Tensor:
        pixels = self._processor.image_processor(frame.image)["pixel_values"]
        return pixels.to(self._device, self._network.dtype).contiguous(memory_format=torch.channels_last)

    def _read(self, frame: Frame, encoding: AnnexeImageEncoding) -> _Seen:
        return _Seen(frame, encoding, self._network.read_image(encoding, self._prefix_ids))

    def _analyse(self, seen: _Seen, progress: Progress, watch: _Stopwatch) -> tuple[str, Tensor | None]:
        if self._analysis is None or self._analysis.frame is not seen.frame:
            with watch.stage(Stage.ANALYSE):
                generation = self._generate(seen, self._processor.analysis_prompt_ids(), Stage.ANALYSE, progress)
                text = self._processor.reply_text(generation.sequences[0])
                self._analysis = _Analysis(seen.frame, text, self._network.analysis_descriptor(generation))
        return self._analysis.text, self._analysis.descriptor

    def _answer(
        self, seen: _Seen, query: Query, descriptor: Tensor | None, progress: Progress, watch: _Stopwatch
    ) -> tuple[AnnexeGeneration, list[str]]:
        with watch.stage(Stage.ANSWER):
            prompt = self._processor.answer_prompt_ids(query.text)
            generation = self._generate(seen, prompt, Stage.ANSWER, progress, descriptor)
            names = self._processor.answer_names(generation.sequences[0])
        return generation, names[: int(generation.slot_counts[0])]

    def _generate(
        self, seen: _Seen, prompt: list[int], stage: Stage, progress: Progress, descriptor: Tensor | None = None
    ) -> AnnexeGeneration:
        progress.check()
        progress.on_text(stage, "")
        shown = ""
        ids: list[int] = []

        def report(token: Tensor) -> None:
            nonlocal shown
            progress.check()
            ids.append(int(token[0]))
            text = self._processor.reply_text(ids)
            if text.startswith(shown) and text != shown:
                progress.on_text(stage, text[len(shown) :])
                shown = text

        prompt_ids = torch.tensor([prompt], device=self._device)
        return self._network.generate_text(copy.deepcopy(seen.prefix), prompt_ids, MAX_NEW_TOKENS, report, descriptor)

    def _indicate(self, generation: AnnexeGeneration, descriptor: Tensor | None) -> tuple[Tensor, float]:
        """Return the pooled query (1, 1, D) and the probability that there is a target."""
        states = generation.prompt_states.unsqueeze(1)
        everything = torch.ones(states.shape[:3], dtype=torch.bool, device=states.device)
        pooled = self._network.pool_query(states, everything, descriptor)
        return pooled, float(self._network.indicator(pooled).sigmoid())

    def _ground(
        self,
        seen: _Seen,
        generation: AnnexeGeneration,
        pooled: Tensor,
        names: list[str],
        target_score: float,
        label_image: NDArray[np.uint8],
        want_mask: bool,
    ) -> tuple[GroundedObject, ...]:
        """Fill the label image and return the targets in the order of their names."""
        if not want_mask:
            return tuple(GroundedObject(name, 0, target_score, role_of(name)) for name in names)
        states = generation.slot_states[:, None, : len(names)]
        logits = self._network.grounding(states, pooled, seen.encoding)[0]
        scores = functional.pad(_resized(logits, seen.frame)[0], (0, 0, 0, 0, 1, 0))
        best, winner = scores.softmax(0).max(0)
        label_image[:] = winner.to(torch.uint8).cpu().numpy()
        has_map = self._network.config.contact_map
        contact = _resized(seen.encoding.contact_logits, seen.frame)[0].sigmoid() * has_map
        return tuple(
            _grounded(name, k, winner == k, best, contact, target_score) for k, name in enumerate(names, start=1)
        )


def _grounded(
    name: str, value: int, mask: Tensor, probability: Tensor, contact: Tensor, target_score: float
) -> GroundedObject:
    """Describe one target by its pixels (H, W): score, and who touches it according to the contact map (2, H, W)."""
    role = role_of(name)
    if not bool(mask.any()):
        return GroundedObject(name, 0, 0.0, role)
    left, right = (contact[:, mask].mean(1) >= THRESHOLD).tolist()
    hands = (Hands.LEFT if left else Hands.NONE) | (Hands.RIGHT if right else Hands.NONE)
    score = float(probability[mask].mean()) * target_score
    touched_by = hands if role is Role.OBJECT else Hands.NONE
    return GroundedObject(name, value, score, role, active=bool(hands), touched_by=touched_by)


def _without_echoes(objects: tuple[GroundedObject, ...]) -> tuple[GroundedObject, ...]:
    """Leave out names that were said again and have no pixels of their own."""
    said = [target.label for target in objects]
    return tuple(o for k, o in enumerate(objects) if o.mask_value or o.label not in said[:k])


def _resized(maps: Tensor, frame: Frame) -> Tensor:
    return functional.interpolate(maps, frame.image.shape[:2], mode="bilinear", align_corners=False)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise EngineError(f"unknown device '{name}'; use auto, cpu, cuda or cuda:N") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise EngineError(f"device '{name}' was asked for, but PyTorch finds no CUDA device")
    return device
