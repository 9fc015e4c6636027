"""The seam between the engine and whatever speaks: a model in this process, or one behind a server."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from annexe_ros.core import Frame, Progress, Stage

Listener = Callable[[str], None]
"""Is told the whole text so far, again and again, and raises ``CancelledError`` when nobody wants more."""


class Speaker(enum.StrEnum):
    """Who said something; the roles of chat templates."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True)
class Turn:
    """One thing said about the frame; the first of the user's turns comes with the image."""

    speaker: Speaker
    text: str


class LanguageModel(Protocol):
    """What can be asked about an image."""

    @property
    def name(self) -> str:
        """Name of the weights."""

    def warm_up(self, frame: Frame) -> None:
        """Do once what makes the first question as fast as the others."""

    def box_extent(self, frame: Frame) -> tuple[float, float]:
        """Return what (x, y) of a box's right and lower edge are where it covers the whole frame."""

    def say(
        self, frame: Frame, turns: Sequence[Turn], listen: Listener, check: Callable[[], None], form: Any = None
    ) -> str:
        """Return the next turn.

        ``listen`` hears the text grow, ``check`` is called often and raises to stop; ``form`` is a JSON schema that the
        text shall follow, or None: who can't enforce it ignores it. Raises ``EngineError``.
        """

    def release_device(self) -> None:
        """Give the accelerator's memory back."""

    def claim_device(self) -> None:
        """Undo ``release_device``."""

    def close(self) -> None:
        """Free everything."""


def chat(turns: Sequence[Turn], image: Any) -> list[dict[str, Any]]:
    """Return turns as chat templates and servers want them; ``image`` is the part before the first question."""
    messages: list[dict[str, Any]] = []
    parts = [image]
    for turn in turns:
        before, parts = (parts, []) if turn.speaker is Speaker.USER else ([], parts)
        messages.append({"role": str(turn.speaker), "content": [*before, {"type": "text", "text": turn.text}]})
    return messages


class Narration:
    """Passes a growing text on as what is new of it; a text that begins anew is silent until it is longer."""

    def __init__(self, stage: Stage, progress: Progress) -> None:
        """Begin ``stage``."""
        self._stage, self._progress, self._told = stage, progress, ""
        progress.check()
        progress.on_text(stage, "")

    def tell(self, text: str) -> None:
        """Tell what ``text`` has beyond what was told; raises ``CancelledError``."""
        self._progress.check()
        if len(text) > len(self._told) and text.startswith(self._told):
            self._progress.on_text(self._stage, text[len(self._told) :])
            self._told = text
