"""What comes next and when, learned from sequences of steps alone.

The next step hangs on the last two, with back-off to the last one and to none (Witten and Bell, IEEE Trans. Inf. Theory
1991); when it comes, on how long such steps took that had lasted as long already.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

DONE = -1
"""What follows the last step."""
ORDER = 2
"""How many of the last steps count."""

TimedSequence = Sequence[tuple[int, float]]
"""Steps in their order, with their durations [s]."""


class StepForecaster:
    """Counts of what followed what, and durations."""

    def __init__(self, sequences: Sequence[TimedSequence]) -> None:
        """Learn from the steps of whole recordings."""
        self._follows: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        self._durations: defaultdict[int, list[float]] = defaultdict(list)
        self._before: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
        for sequence in sequences:
            self._learn(sequence)

    def next_steps(self, history: Sequence[int], elapsed_s: float, count: int) -> list[tuple[int, float, float]]:
        """Return up to ``count`` (step, probability, lead time [s]), the most probable first.

        Args:
            history: steps so far, the one that is being done last; may be empty.
            elapsed_s: how long that one has lasted.
            count: how many to return; the end of the procedure is none.
        """
        shares = self._shares(tuple(history[-ORDER:]))
        last = history[-1] if history else DONE
        ranked = sorted((step for step in shares if step not in (DONE, last)), key=lambda step: -shares[step])
        return [(step, shares[step], self._lead_time(last, step, elapsed_s)) for step in ranked[:count]]

    def _learn(self, sequence: TimedSequence) -> None:
        steps = [step for step, _ in sequence]
        for place, following in enumerate([*steps, DONE]):
            for length in range(min(place, ORDER) + 1):
                self._follows[tuple(steps[place - length : place])][following] += 1
        for step, duration in sequence:
            self._durations[step].append(duration)
        for (step, duration), (following, _) in pairwise(sequence):
            self._before[step, following].append(duration)

    def _shares(self, context: tuple[int, ...]) -> dict[int, float]:
        """Return the probability of each step that was ever seen, after a context."""
        counts = self._follows[()] if not context else self._follows.get(context, Counter[int]())
        total, kinds = sum(counts.values()), len(counts)
        if not context:
            return {step: number / total for step, number in counts.items()} if total else {}
        shorter = self._shares(context[1:])
        if not total:
            return shorter
        return {step: (counts[step] + kinds * share) / (total + kinds) for step, share in shorter.items()}

    def _lead_time(self, step: int, following: int, elapsed_s: float) -> float:
        """Return the mean of what was left of such steps; 0 for one that has lasted longer than all."""
        durations = np.array(self._before.get((step, following)) or self._durations.get(step) or [0.0])
        left = durations[durations > elapsed_s] - elapsed_s
        return float(left.mean()) if left.size else 0.0
