"""Whether a description gives things their right colours. Knows texts and the truth of a generated scene, no image."""

from __future__ import annotations

import re

from annexe_ros.data.scenes.truth import SceneTruth


def colours_told(analysis: str, reference: str, truth: SceneTruth | None) -> tuple[bool, ...]:
    """Return whether the colour is right, for each thing whose colour the reference tells and that ``analysis`` names.

    Empty where nobody knows the colours. Which of two things of one name is meant can't be told: either's will do.
    """
    if truth is None:
        return ()
    coloured = [(item.colour, item.label) for item in truth.instances if item.colour]
    labels = dict.fromkeys(label for colour, label in coloured if _says(reference, f"{colour} {label}"))
    return tuple(
        any(_says(analysis, f"{colour} {label}") for colour, of in coloured if of == label)
        for label in labels
        if _says(analysis, label)
    )


def _says(text: str, words: str) -> bool:
    """Tell whether a text has these words; "dark green" doesn't say "green"."""
    return re.search(rf"(?<!\bdark )(?<!\blight )\b{re.escape(words)}\b", text.lower()) is not None
