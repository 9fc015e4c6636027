"""What the server looks at before it reads a query, and how it says no. Knows HTTP's headers and numbers, not Ray."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from annexe_ros.core.errors import AnnexeError, BusyError, Status, WireFormatError

BEARER = "Bearer "

HTTP_STATUS: dict[Status, int] = {
    Status.INVALID_QUERY: 400,
    Status.BAD_IMAGE: 400,
    Status.BUSY: 429,
    Status.CANCELLED: 499,
    Status.TIMEOUT: 504,
}
"""By how a query ended; the rest is 500."""


@dataclass(frozen=True)
class Limits:
    """What the server takes.

    Attributes:
        max_request_bytes: of a whole message.
        max_pixels: of an image.
        capacity: queries that may wait.
        per_robot: queries of one robot that may wait.
    """

    max_request_bytes: int = 32 << 20
    max_pixels: int = 16_000_000
    capacity: int = 256
    per_robot: int = 32


@dataclass(frozen=True)
class Refusal:
    """An answer of the server that is no interpretation: HTTP's status, and what went wrong as JSON."""

    http_status: int
    body: bytes

    @classmethod
    def of(cls, error: AnnexeError) -> Refusal:
        """Tell an expected failure."""
        http_status = 400 if isinstance(error, WireFormatError) else HTTP_STATUS.get(error.status, 500)
        facts = {"waiting": error.waiting} if isinstance(error, BusyError) else {}
        return cls.saying(http_status, str(error), status=int(error.status), **facts)

    @classmethod
    def saying(cls, http_status: int, message: str, **facts: int) -> Refusal:
        """Tell a sentence and facts."""
        return cls(http_status, json.dumps({"error": {"message": message, **facts}}).encode())


class Gate:
    """Who may ask. It holds the token's digest, so that the token itself is in no configuration of the cluster."""

    def __init__(self, token_digest: bytes, max_request_bytes: int) -> None:
        """Let in who knows the token of this ``digest``; an empty one lets everybody in."""
        self._digest, self._max_request_bytes = token_digest, max_request_bytes

    def refusal(self, headers: Mapping[str, str]) -> Refusal | None:
        """Return why a request with these headers (keys in lower case) is not read; None: it is."""
        given = headers.get("authorization", "")
        if self._digest and not hmac.compare_digest(digest(given.removeprefix(BEARER)), self._digest):
            return Refusal.saying(401, "the token is missing or wrong")
        length = headers.get("content-length", "0")
        if not length.isdigit():
            return Refusal.saying(400, f"content-length '{length}' is no number")
        return self.too_large(int(length))

    def too_large(self, size: int) -> Refusal | None:
        """Return the refusal of a request of ``size`` bytes; None where that isn't too many."""
        if size <= self._max_request_bytes:
            return None
        return Refusal.saying(413, f"the request has {size} bytes, the limit is {self._max_request_bytes}")


def digest(token: str) -> bytes:
    """Return the digest of a token; of all tokens it is equally long, so that comparing tells nothing of the length."""
    return hashlib.sha256(token.encode()).digest() if token else b""
