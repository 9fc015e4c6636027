"""What an engine offers besides where several queries at a time cost less than one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from annexe_ros.core import Frame, Interpretation, Progress, Query
from annexe_ros.core.errors import AnnexeError


@dataclass(frozen=True, eq=False)
class BatchItem:
    """One query of a batch; its progress may cancel it without the others."""

    frame: Frame
    query: Query
    progress: Progress = field(default_factory=Progress)


@runtime_checkable
class BatchInterpreter(Protocol):
    """An ``Interpreter`` that takes several queries at a time."""

    def interpret_batch(self, items: Sequence[BatchItem]) -> list[Interpretation | AnnexeError]:
        """Return the reply, or why there is none, of each item in their order."""


def reply_or_error(answer: Callable[[], Interpretation]) -> Interpretation | AnnexeError:
    """Answer one query of a batch, whose failure must not take the others along."""
    try:
        return answer()
    except AnnexeError as error:
        return error
