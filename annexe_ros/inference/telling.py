"""Tells a caller the texts of stages that are generated side by side: one after the other, and when each ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

from annexe_ros.core import Progress, Stage

MISSING_BYTES = "\N{REPLACEMENT CHARACTER}"
"""What stands for bytes that are no character, as those of one are that goes on in the next token."""


class Teller:
    """Hears the tokens of each stage's row and passes new text on, the later stages' when the earlier are complete."""

    def __init__(self, stages: Sequence[Stage], progress: Progress, text_of: Callable[[Sequence[int]], str]) -> None:
        """Begin; ``text_of`` returns the text of token ids."""
        self._stages, self._progress, self._text_of = stages, progress, text_of
        self._ids: list[list[int]] = [[] for _ in stages]
        self._shown = ["" for _ in stages]
        self._current = 0
        self._last = [perf_counter()] * len(stages)
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
            self._show(self._current, unfinished=True)

    def finish(self) -> Iterator[tuple[Stage, float]]:
        """Tell what is left; yield the stages in the order they ended, each with that time by ``perf_counter`` [s]."""
        self._show(self._current)
        for row in range(self._current + 1, len(self._stages)):
            self._progress.on_text(self._stages[row], "")
            self._show(row)
        yield from sorted(zip(self._stages, self._last, strict=True), key=lambda told: told[1])

    def _show(self, row: int, *, unfinished: bool = False) -> None:
        """Pass on what is new; of an ``unfinished`` text, no character that misses bytes yet."""
        if not self._progress.is_heard:
            return
        text, shown = self._text_of(self._ids[row]), self._shown[row]
        text = text.rstrip(MISSING_BYTES) if unfinished else text
        if text.startswith(shown) and text != shown:
            self._progress.on_text(self._stages[row], text[len(shown) :])
            self._shown[row] = text
