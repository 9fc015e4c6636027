"""Every error that the package raises on purpose, and the status under which a service call reports it.

An error is built from facts and makes its sentence from them, so that one kind of failure reads the same wherever it
happens. This module knows nothing of ROS: ``Status`` has the numbers of ``srv/EgoQuery`` and a test keeps them equal.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar


class Status(enum.IntEnum):
    """How a query ended; the values of the constants in ``srv/EgoQuery``."""

    OK = 0
    INVALID_QUERY = 1
    NO_FRAME = 2
    STALE_FRAME = 3
    BAD_IMAGE = 4
    BUSY = 5
    CANCELLED = 6
    NOT_ACTIVE = 7
    ENGINE_ERROR = 8
    TIMEOUT = 9
    UNKNOWN_CAMERA = 10


class AnnexeError(Exception):
    """Base of all expected failures; ``str(error)`` is one sentence for the user."""

    status: ClassVar[Status] = Status.ENGINE_ERROR

    def __reduce__(self) -> tuple[Any, ...]:
        """Go between processes by sentence and facts: the default would call ``__init__`` with the sentence."""
        return _restored, (type(self), str(self), self.__dict__)


def _restored(kind: type[AnnexeError], sentence: str, facts: Mapping[str, Any]) -> AnnexeError:
    error = kind.__new__(kind, sentence)
    error.__dict__.update(facts)
    return error


class InvalidQueryError(AnnexeError):
    """The query text or an option of the query can't be used."""

    status = Status.INVALID_QUERY


class NoFrameError(AnnexeError):
    """No image has arrived from the camera yet."""

    status = Status.NO_FRAME

    def __init__(self, camera: str) -> None:
        self.camera = camera
        whence = f"camera '{camera}'" if camera else "the camera"
        super().__init__(f"no frame has arrived from {whence} yet")


class StaleFrameError(AnnexeError):
    """The newest frame is older than the caller accepts, or as far ahead of the clock."""

    status = Status.STALE_FRAME

    def __init__(self, age_s: float, limit_s: float) -> None:
        self.age_s, self.limit_s = age_s, limit_s
        what = f"frame is {age_s:.2f} s old" if age_s >= 0 else f"stamp is {-age_s:.2f} s ahead of the node's clock"
        super().__init__(f"the newest {what}, the limit is {limit_s:.2f} s")


class BadImageError(AnnexeError):
    """An image, depth image or camera_info doesn't hold what it declares."""

    status = Status.BAD_IMAGE


class BusyError(AnnexeError):
    """The queue of waiting queries is full."""

    status = Status.BUSY

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        super().__init__(f"{waiting} queries are waiting already; try again later")


class CancelledError(AnnexeError):
    """The caller took the query back."""

    status = Status.CANCELLED

    def __init__(self) -> None:
        super().__init__("the query was cancelled")


class NotActiveError(AnnexeError):
    """The node is not in the lifecycle state 'active', or was disabled."""

    status = Status.NOT_ACTIVE


class EngineError(AnnexeError):
    """The engine failed while it worked on a frame."""

    status = Status.ENGINE_ERROR


class QueryTimeoutError(AnnexeError):
    """The query did not finish within its time."""

    status = Status.TIMEOUT

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        super().__init__(f"the query did not finish within {limit_s:.1f} s")


class UnknownCameraError(AnnexeError):
    """The request names a camera that the node doesn't have."""

    status = Status.UNKNOWN_CAMERA

    def __init__(self, camera: str, known: Sequence[str]) -> None:
        self.camera, self.known = camera, tuple(known)
        super().__init__(f"unknown camera '{camera}'; this node has: {', '.join(known)}")


class TransformError(AnnexeError):
    """It isn't known where the camera was, in a frame and at a time."""

    def __init__(self, frame: str, target_frame: str, stamp_ns: int, why: str) -> None:
        self.frame, self.target_frame, self.stamp_ns, self.why = frame, target_frame, stamp_ns, why
        seconds = f"{stamp_ns // 10**9}.{stamp_ns % 10**9:09d}"
        super().__init__(f"no transform from '{frame}' to '{target_frame}' at {seconds} s: {why.rstrip('. ')}")


class ModelNotFoundError(AnnexeError):
    """A model folder is missing or incomplete."""

    def __init__(self, path: Path | str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"model '{path}': {why}")


class CheckpointError(AnnexeError):
    """Weights of another model's making can't be used as they are."""

    def __init__(self, path: Path | str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")


class ParameterError(AnnexeError):
    """A parameter of a node is unknown or has a value that is not allowed."""


class MissingDependencyError(AnnexeError):
    """An optional library is needed for what was asked and isn't installed."""

    def __init__(self, what: str, install: str) -> None:
        self.what, self.install = what, install
        super().__init__(f"{what} is not installed; install it with: {install}")


class DatasetFormatError(AnnexeError):
    """A file of a dataset or recording is missing or malformed."""

    def __init__(self, path: Path | str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")


class SceneError(AnnexeError):
    """The generator found no acceptable arrangement for a scene."""

    def __init__(self, scene: str, attempts: int) -> None:
        self.scene, self.attempts = scene, attempts
        super().__init__(f"scene {scene}: no acceptable arrangement in {attempts} attempts")


class WireFormatError(AnnexeError):
    """A message between a robot and the server isn't what it declares."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"a message between robot and server can't be used: {why}")


class ServerUnavailableError(EngineError):
    """The server that an engine talks to can't be reached."""

    def __init__(self, url: str, why: str, tries: int) -> None:
        self.url, self.why, self.tries = url, why, tries
        times = "one try" if tries == 1 else f"{tries} tries"
        super().__init__(f"server {url} did not answer in {times} ({why.rstrip('. ')}); the next query tries again")


class AccessDeniedError(AnnexeError):
    """The server wants a token, or another one."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(f"server {url} refused the token; set token_env or token_file to the one it was started with")
