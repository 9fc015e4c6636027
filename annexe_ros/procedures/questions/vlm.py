"""Multiple choice by a vision-language model: it is shown moments of the video as one picture.

The models that speak for the node's engines see a picture at a time, so that a video becomes a sheet of its moments in
order. What a reply names is read by ``letter_of``.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import Frame
from annexe_ros.inference.vlm_sam.language import LanguageModel, Speaker, Turn
from annexe_ros.inference.vlm_sam.settings import OpenAISettings, VlmSamSettings, read_settings
from annexe_ros.procedures.questions.baseline import letter_of
from annexe_ros.procedures.questions.choices import LETTERS, ChoiceQuestion
from annexe_ros.video.footage import whole_film

COLUMNS, ROWS = 4, 2
TILE = 320
"""Longer side of a moment [pixels]; the kitchen's videos are published at that size."""


class Speaking(enum.StrEnum):
    """Where a language model is: behind a server, or in this process."""

    OPENAI = "openai"
    VLM_SAM = "vlm_sam"


class VideoChooser:
    """Answers questions about videos (``<uid>.mp4`` in a folder)."""

    def __init__(self, model: LanguageModel, videos: Path) -> None:
        self._model, self._videos = model, videos

    def choose(
        self, questions: Sequence[ChoiceQuestion], progress: Callable[[int, int], None] | None = None
    ) -> list[int | None]:
        """Return a choice for each question, None for a reply that names none.

        ``progress`` is called with (done, questions). Raises ``EngineError``, and ``DatasetFormatError`` for a video
        that is missing.
        """
        answers: list[int | None] = []
        sheet, shown = None, ""
        for question in questions:
            if sheet is None or question.video != shown:
                sheet, shown = Frame(contact_sheet(self._videos / f"{question.video}.mp4")), question.video
            reply = self._model.say(sheet, [Turn(Speaker.USER, asked(question))], _unheard, _unchecked)
            answers.append(letter_of(reply, question))
            if progress is not None:
                progress(len(answers), len(questions))
        return answers


def open_language_model(kind: Speaking, settings: Path, device: str = "auto") -> LanguageModel:
    """Return the language model that an engine's settings file names, without what else the engine has.

    Raises ``ParameterError``, ``EngineError`` or ``ModelNotFoundError``.
    """
    if kind is Speaking.OPENAI:
        from annexe_ros.inference.openai_server import OpenAILanguageModel

        return OpenAILanguageModel(read_settings(settings, OpenAISettings))
    from annexe_ros.inference.placement import device_named
    from annexe_ros.inference.vlm_sam.vlm import LocalVlm

    read = read_settings(settings, VlmSamSettings)
    return LocalVlm(read.vlm, device_named(device), read.adapter, read.dtype, read.coordinates, read.max_new_tokens)


def contact_sheet(video: Path) -> NDArray[np.uint8]:
    """Return eight moments of a video file as one picture (H, W, 3) RGB, row by row; raises ``DatasetFormatError``."""
    moments = [_small(frame) for frame in whole_film(video, COLUMNS * ROWS)]
    return np.vstack([np.hstack(moments[row * COLUMNS : (row + 1) * COLUMNS]) for row in range(ROWS)])


def asked(question: ChoiceQuestion) -> str:
    """Return a question as the model is asked it; its last line is the benchmark's."""
    choices = [f"({letter}) {choice}" for letter, choice in zip(LETTERS, question.choices, strict=False)]
    told = f"The picture shows {COLUMNS * ROWS} moments of one video in order, row by row from the upper left."
    last = "Answer with the option's letter from the given choices directly."
    return "\n".join([told, question.question, *choices, last])


def _small(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = frame.shape[:2]
    scale = TILE / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _unheard(_: str) -> None:
    pass


def _unchecked() -> None:
    pass
