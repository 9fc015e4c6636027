"""Texts that are made elsewhere, as messages, files and pictures can hold them."""

from __future__ import annotations


def encodable(text: str) -> str:
    """Return a text with U+FFFD for every half of a character (a lone surrogate).

    Such a half has no UTF-8: messages refuse it, and OpenCV ends the process that is to draw it.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
