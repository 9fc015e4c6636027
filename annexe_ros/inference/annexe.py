"""The ANNEXE engine: a model folder becomes an ``Interpreter``. Strings, arrays and timing; the model has the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from annexe_ros.core import (
    NO_TARGET_ANSWER,
    Frame,
    GroundedObject,
    Interpretation,
    Precision,
    Progress,
    Query,
    Stage,
    role_of,
)
from annexe_ros.core.contact import with_contacts
from annexe_ros.core.errors import AnnexeError
from annexe_ros.core.interpretation import Windows
from annexe_ros.inference.batching import BatchItem, reply_or_error
from annexe_ros.inference.decoding import Prompt, decoder_for
from annexe_ros.inference.fusion import fuse_convolutions
from annexe_ros.inference.grounding import ground, named_in, names_under, without_echoes
from annexe_ros.inference.loading import load
from annexe_ros.inference.opening import TARGET_THRESHOLD, IndicatedOpening, refusal_token
from annexe_ros.inference.placement import device_named
from annexe_ros.inference.seeing import Analysis, Seeing, SeenFrame
from annexe_ros.inference.stopwatch import Stopwatch
from annexe_ros.inference.telling import Teller
from annexe_ros.model import NAME_SEPARATOR, AnnexeGeneration

ENGINE_NAME = "annexe"
MAX_NEW_TOKENS = 64
POSTPROCESS = "postprocess"
"""Stage in which maps become masks and objects."""


class AnnexeEngine:
    """``Interpreter`` over ``AnnexeForEgoIRG``; also a ``DepthEstimator``, ``InstanceNamer`` and ``Surveyor``.

    Args:
        model_dir: folder written by ``save_pretrained``.
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``.
        dtype: one of ``Precision``.
        device_map: accelerate's, e.g. "auto", in place of ``device`` for a network that one device can't hold.

    Raises what ``loading.load`` raises, and ``EngineError`` for an unknown device.
    """

    def __init__(
        self, model_dir: Path, device: str = "auto", dtype: str = Precision.FLOAT32, device_map: str | None = None
    ) -> None:
        self._network, self._processor = load(Path(model_dir), device_named(device), dtype, device_map)
        self._device = self._network.device
        if self._device.type == "cpu" and dtype == Precision.FLOAT32:
            fuse_convolutions(self._network)
        self._decoder = decoder_for(self._network)
        self._refusal = refusal_token(self._processor)
        self._movable = device_map is None and dtype != Precision.INT4
        self._seeing = Seeing(self._network, self._processor)
        self._name = Path(model_dir).name

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._device

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
        self._seeing.forget()

    def release_device(self) -> None:
        """Move the weights to the CPU's memory, but for those that accelerate or a quantiser has placed."""
        self._seeing.forget()
        if self._device.type == "cuda" and self._movable:
            self._network.to("cpu")  # type: ignore[arg-type]
            torch.cuda.empty_cache()

    def claim_device(self) -> None:
        """Move the weights back to the device."""
        if self._movable:
            self._network.to(self._device)  # type: ignore[arg-type]

    def close(self) -> None:
        """Free the weights."""
        self._seeing.forget()
        self._network.to("meta")  # type: ignore[arg-type]

    @torch.inference_mode()
    def interpret(self, frame: Frame, query: Query, progress: Progress = Progress()) -> Interpretation:  # noqa: B008
        """Analyse, answer and ground one query; raises ``CancelledError`` between tokens and stages."""
        watch = Stopwatch()
        progress.check()
        return self._interpretation(self._seeing.see(frame, watch), query, progress, watch)

    @torch.inference_mode()
    def survey(self, frame: Frame, progress: Progress = Progress(), *, want_analysis: bool = True) -> Interpretation:  # noqa: B008
        """Name all that the label map shows, one object per thing; no answer is generated."""
        watch = Stopwatch()
        progress.check()
        seen = self._seeing.see(frame, watch)
        if want_analysis and seen.analysis is None:
            self._describe(seen, progress, watch)
        with watch.stage(Stage.GROUND):
            logits = seen.encoding.label_logits[0].float()
            objects, windows = named_in(logits, self._network.config.labels, self._contact(seen), frame.image.shape[:2])
        reply = Interpretation(
            analysis=seen.analysis.text if want_analysis and seen.analysis else "",
            answer=NAME_SEPARATOR.join(target.label for target in objects) or NO_TARGET_ANSWER,
            has_target=bool(objects),
            target_score=max((target.score for target in objects), default=0.0),
            objects=objects,
            label_image=windows.labels,
            engine=ENGINE_NAME,
            model=self._name,
            latencies=tuple(watch.latencies),
            windows=windows,
        )
        return reply if self._network.config.contact_map else with_contacts(reply, frame)

    @torch.inference_mode()
    def interpret_batch(self, items: Sequence[BatchItem]) -> list[Interpretation | AnnexeError]:
        """Answer several queries: frames that become equally large are encoded together, texts follow in turn."""
        seen = self._seeing.see_together([item.frame for item in items])
        return [
            reply_or_error(partial(self._interpretation, each, item.query, item.progress, Stopwatch()))
            for each, item in zip(seen, items, strict=True)
        ]

    @torch.inference_mode()
    def estimate_depth(self, frame: Frame) -> NDArray[np.float32]:
        """Return relative depth (H, W) float32, 0 = nearest, 1 = farthest; it has no metric scale."""
        depth = self._seeing.see(frame, Stopwatch()).encoding.depth[None]
        return _resized(depth, frame)[0, 0].float().cpu().numpy()

    @torch.inference_mode()
    def name_instances(self, frame: Frame, instances: NDArray[np.uint8]) -> dict[int, str]:
        """Return value -> what the label map calls those pixels of ``instances`` (H, W), 0 = background."""
        logits = self._seeing.see(frame, Stopwatch()).encoding.label_logits[0].float()
        return names_under(instances, logits, self._network.config.labels)

    def _interpretation(self, seen: SeenFrame, query: Query, progress: Progress, watch: Stopwatch) -> Interpretation:
        """Answer a query about a frame that was encoded."""
        generation, names = self._reply(seen, query, progress, watch)
        analysis = seen.analysis or Analysis("", None)
        with watch.stage(Stage.GROUND):
            pooled, probability = self._network.indicate(generation.prompt_states, analysis.descriptor)
            score = float(probability)
            names = names if score >= TARGET_THRESHOLD else []
            if names:
                progress.check()
                progress.on_text(Stage.GROUND, "")
            wanted = bool(names) and query.want_mask
            logits = self._mask_logits(seen, generation, pooled, len(names)) if wanted else None
        with watch.stage(POSTPROCESS):
            objects, windows = self._objects(seen, names, score, logits)
        notes = [f"no pixel of '{o.label}' was found" for o in objects if query.want_mask and not o.mask_value]
        reply = Interpretation(
            analysis=analysis.text if query.want_analysis else "",
            answer=NAME_SEPARATOR.join(target.label for target in objects) or NO_TARGET_ANSWER,
            has_target=bool(objects),
            target_score=score,
            objects=objects,
            label_image=windows.labels,
            engine=ENGINE_NAME,
            model=self._name,
            latencies=tuple(watch.latencies),
            notes=tuple(notes),
            windows=windows,
        )
        return reply if self._network.config.contact_map else with_contacts(reply, seen.frame)

    def _reply(
        self, seen: SeenFrame, query: Query, progress: Progress, watch: Stopwatch
    ) -> tuple[AnnexeGeneration, list[str]]:
        """Return the generated answer and its names; afterwards ``seen`` has the analysis where one is needed."""
        guided = self._network.config.analysis_guided
        missing = seen.analysis is None and (guided or query.want_analysis)
        if missing and guided:
            self._describe(seen, progress, watch)
        prompts = {Stage.ANSWER: self._processor.answer_prompt_ids(query.text)}
        if missing and not guided:
            prompts = {Stage.ANALYSE: self._processor.analysis_prompt_ids()} | prompts
        *analyses, answer = self._generate(seen, prompts, progress, watch)
        if analyses:
            seen.analysis = self._read_analysis(analyses[0])
        names = self._processor.answer_names(answer.sequences[0])
        return answer, names[: int(answer.slot_counts[0])]

    def _describe(self, seen: SeenFrame, progress: Progress, watch: Stopwatch) -> None:
        (analysis,) = self._generate(seen, {Stage.ANALYSE: self._processor.analysis_prompt_ids()}, progress, watch)
        seen.analysis = self._read_analysis(analysis)

    def _read_analysis(self, generation: AnnexeGeneration) -> Analysis:
        text = self._processor.reply_text(generation.sequences[0])
        return Analysis(text, self._network.analysis_descriptor(generation))

    def _generate(
        self, seen: SeenFrame, prompts: Mapping[Stage, list[int]], progress: Progress, watch: Stopwatch
    ) -> list[AnnexeGeneration]:
        """Reply to the prompts as one batch; each stage is told and timed until its text is complete."""
        progress.check()
        teller = Teller(tuple(prompts), progress, self._processor.reply_text)
        descriptor = None if seen.analysis is None else seen.analysis.descriptor
        openings = {Stage.ANSWER: IndicatedOpening(self._network, self._refusal, descriptor)}
        rows = [Prompt(seen.prefix, ids, descriptor, openings.get(stage)) for stage, ids in prompts.items()]
        replies = self._decoder.reply(rows, MAX_NEW_TOKENS, teller.tell)
        for stage, ended_s in teller.finish():
            watch.note(stage, ended_s)
        return replies

    def _objects(
        self, seen: SeenFrame, names: Sequence[str], score: float, logits: Tensor | None
    ) -> tuple[tuple[GroundedObject, ...], Windows]:
        """Return what is named, with masks where there are logits of them, and where these lie."""
        size = seen.frame.height, seen.frame.width
        objects = tuple(GroundedObject(name, 0, score, role_of(name)) for name in names)
        if logits is None:
            return without_echoes(objects), Windows(np.zeros(size, dtype=np.uint8))
        objects, windows = ground(objects, logits, self._contact(seen), size)
        return without_echoes(objects), windows

    def _contact(self, seen: SeenFrame) -> Tensor | None:
        """Return the probability (2, h, w) of touching the left, the right hand, where the model has learned it."""
        return seen.encoding.contact_logits[0].float().sigmoid() if self._network.config.contact_map else None

    def _mask_logits(self, seen: SeenFrame, generation: AnnexeGeneration, pooled: Tensor, count: int) -> Tensor:
        """Return the mask logits (count, h, w) of an answer's first targets."""
        states = generation.slot_states[:, None, :count]
        return self._network.grounding(states, pooled, seen.encoding)[0][0].float()


def _resized(maps: Tensor, frame: Frame) -> Tensor:
    return functional.interpolate(maps, frame.image.shape[:2], mode="bilinear", align_corners=False)
