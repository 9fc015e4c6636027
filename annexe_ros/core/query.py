"""What a caller asks about a frame."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from annexe_ros.core.errors import InvalidQueryError
from annexe_ros.core.texts import encodable

MAX_QUERY_CHARACTERS = 512


@dataclass(frozen=True)
class Query:
    """A question about one frame.

    Attributes:
        text: the question; white space is folded, and the text ``encodable``.
        want_analysis: describe the interaction too.
        want_mask: ground the targets.
        want_3d: locate the grounded targets where the frame has depth and intrinsics.
        gaze: pixel (x, y) of the image that the wearer looks at.

    Raises ``InvalidQueryError`` for an empty or over-long text, and for a gaze that isn't finite.
    """

    text: str
    want_analysis: bool = True
    want_mask: bool = True
    want_3d: bool = True
    gaze: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        text = encodable(" ".join(self.text.split()))
        if not text:
            raise InvalidQueryError("the query is empty")
        if len(text) > MAX_QUERY_CHARACTERS:
            raise InvalidQueryError(f"the query has {len(text)} characters, the limit is {MAX_QUERY_CHARACTERS}")
        if self.gaze is not None and not all(map(isfinite, self.gaze)):
            raise InvalidQueryError(f"the gaze {self.gaze} is not a pixel of an image")
        object.__setattr__(self, "text", text)
