"""The multiple-choice questions, one JSON object per line in the form of a conversation.

Two published answers are the text of a choice instead of its letter; they are read as the letter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annexe_ros.procedures.lines import bad_line, numbered_lines, parse_json

LETTERS = "ABCDEF"
_CHOICE = re.compile(r"\(([A-F])\) (.*)")


@dataclass(frozen=True)
class ChoiceQuestion:
    """A question about a video, two to six choices, and the index of the right one."""

    id: str
    video: str
    question: str
    choices: tuple[str, ...]
    answer: int

    @property
    def letter(self) -> str:
        """The right choice's letter."""
        return LETTERS[self.answer]


def read_choice_questions(path: Path | str) -> list[ChoiceQuestion]:
    """Read a jsonl of questions; raises ``DatasetFormatError`` on the first line that isn't one."""
    return [_question(path, number, parse_json(path, line)) for number, line in numbered_lines(path)]


def _question(path: Path | str, number: int, entry: Any) -> ChoiceQuestion:
    try:
        human, reply = (turn["value"] for turn in entry["conversations"])
        video = entry["image"]["video"].removesuffix(".mp4")
        marker, question, *choices, _ = human.split("\n")
        answer = _answer(reply, texts := _choices(choices))
        found = ChoiceQuestion(entry["id"], video, question, texts, answer)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise bad_line(path, number, f"is not a question with choices: {error}") from error
    if marker != "<video>":
        raise bad_line(path, number, "does not begin with <video>")
    return found


def _choices(lines: list[str]) -> tuple[str, ...]:
    matches = [_CHOICE.fullmatch(line) for line in lines]
    texts = tuple(match[2] for match, letter in zip(matches, LETTERS, strict=False) if match and match[1] == letter)
    if len(texts) != len(lines) or len(texts) < 2:
        raise ValueError("choices must be two or more, lettered (A), (B) and so on")
    return texts


def _answer(reply: str, choices: tuple[str, ...]) -> int:
    if len(reply) == 1 and reply in LETTERS[: len(choices)]:
        return LETTERS.index(reply)
    if choices.count(reply) == 1:
        return choices.index(reply)
    raise ValueError(f"the answer '{reply}' is none of the choices")
