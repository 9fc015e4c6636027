"""Tells a caller the texts of stages that are generated side by side: one after the other, and how long each took."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

from annexe_ros.core import Progress, Stage


class Teller:
    """Hears the tokens of each stage's row and passes new text on, the later stages' when the earlier are complete."""

    def __init__(self, stages: Sequence[Stage], progress: Progress, text_of: Callable[[Sequence[int]], str]) -> None:
        """Begin; ``text_of`` returns the text of token ids."""
        self._stages, self._progress, self._text_of = stages, progress, text_of
        self._ids: list[list[int]] = [[] for _ in stages]
        self._shown = ["" for _ in stages]
        self._current = 0
        self._began = perf_counter()
        self._last = [self._began for _ in stages]
        progress.on_text(stages[0], "")

    def tell(self, tokens: Sequence[Sequence[int]]) -> None:
        """Take the new tokens of each row; raises ``CancelledError``."""
        self._progress.check()
        now = perf_counter()
        for row, new in enumerate(tokens):
            if new:
                self._ids[row] += new
                self._last[row] = now
        if tokens[self._current]:
            self._show(self._current)

    def finish(self) -> Iterator[tuple[Stage, float]]:
        """Tell what is left; yield the stages in the order they ended, each with its time since the one before [s]."""
        for row in range(self._current + 1, len(self._stages)):
            self._progress.on_text(self._stages[row], "")
            self._show(row)
        before = self._began
        for ended, stage in sorted(zip(self._last, self._stages, strict=True), key=lambda item: item[0]):
            yield stage, ended - before
            before = ended

    def _show(self, row: int) -> None:
        if not self._progress.is_heard:
            return
        text, shown = self._text_of(self._ids[row]), self._shown[row]
        if text.startswith(shown) and text != shown:
            self._progress.on_text(self._stages[row], text[len(shown) :])
            self._shown[row] = text
