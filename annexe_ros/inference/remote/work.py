"""What a replica of the server does: opens queries, lets the engine answer them singly or in batches, packs replies.

An engine is fed by one thread at a time, as ``Interpreter`` asks of whoever calls. Ray isn't known here.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import TypeVar

import numpy as np

from annexe_ros.core import Frame, Interpretation, Interpreter, Progress
from annexe_ros.core.errors import AnnexeError, CancelledError, EngineError, QueryTimeoutError
from annexe_ros.core.gaze_question import gaze_question
from annexe_ros.inference.batching import BatchInterpreter, BatchItem
from annexe_ros.inference.gaze import GazeInterpreter
from annexe_ros.inference.remote.gate import Refusal
from annexe_ros.inference.remote.wire import decode_query, encode_reply

OK = 200
FRAMES_KEPT = 8
"""Frames that are recognised when they are sent again; what an engine remembers of them is its own business."""

_log = logging.getLogger(__name__)

Outcome = tuple[int, bytes]
"""HTTP's status, and the message or the refusal."""

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, eq=False)
class Job:
    """A query as it came, and whether somebody still waits for its answer.

    Attributes:
        message: as it was sent.
        timeout_s: time that it had when it came here [s].
        deadline: when an answer is worth nothing any more, in the clock of ``time.monotonic``.
        abandoned: set once nobody waits.
    """

    message: bytes
    timeout_s: float
    deadline: float
    abandoned: Event = field(default_factory=Event)

    @classmethod
    def starting(cls, message: bytes, timeout_s: float) -> Job:
        """Make a job whose time begins now."""
        return cls(message, timeout_s, time.monotonic() + timeout_s)

    @property
    def over(self) -> bool:
        """Whether its answer is worth nothing any more."""
        return self.abandoned.is_set() or time.monotonic() >= self.deadline

    def told(self, error: AnnexeError) -> AnnexeError:
        """Return what the asking side is told: a query that is stopped because its time is over was not cancelled."""
        late = isinstance(error, CancelledError) and not self.abandoned.is_set()
        return QueryTimeoutError(self.timeout_s) if late else error


class _KnownFrames:
    """The frames that came last. Engines know a frame again by the object, which the wire makes anew each time."""

    def __init__(self) -> None:
        self._frames: dict[bytes, Frame] = {}

    def same(self, frame: Frame) -> Frame:
        """Return the frame that came before with the same pixels, depth, camera and stamp, or else this one."""
        seen = hashlib.blake2b(repr((frame.image.shape, frame.camera, frame.stamp_ns, frame.frame_id)).encode())
        seen.update(np.ascontiguousarray(frame.image).data)
        if frame.depth is not None:
            seen.update(np.ascontiguousarray(frame.depth).data)
        key = seen.digest()
        self._frames[key] = frame = self._frames.pop(key, frame)
        if len(self._frames) > FRAMES_KEPT:
            del self._frames[next(iter(self._frames))]
        return frame


class Worker:
    """Answers jobs with one engine, in whatever thread calls."""

    def __init__(self, interpreter: Interpreter, max_pixels: int) -> None:
        self.interpreter, self._max_pixels = interpreter, max_pixels
        self._looking = GazeInterpreter(interpreter)
        self._known = _KnownFrames()

    @property
    def takes_batches(self) -> bool:
        """Whether several queries at a time cost less than one after the other."""
        return isinstance(self.interpreter, BatchInterpreter)

    def answer(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Return what came of each job; none of them keeps the others from being answered."""
        opened = [_attempt("reading the query", partial(self._opened, job)) for job in jobs]
        replies = iter(self._replies([item for item in opened if isinstance(item, BatchItem)]))
        ended = [next(replies) if isinstance(item, BatchItem) else item for item in opened]
        return [_packed(job, reply) for job, reply in zip(jobs, ended, strict=True)]

    def _opened(self, job: Job) -> BatchItem:
        if job.over:
            raise CancelledError
        work = decode_query(job.message, self._max_pixels)
        return BatchItem(self._known.same(work.frame), work.query, Progress(cancelled=lambda: job.over))

    def _replies(self, items: Sequence[BatchItem]) -> Sequence[Interpretation | AnnexeError]:
        """Answer in order: together what can be, and singly the rest and what failed together."""
        together = _attempt("the engine", partial(self._together, items))
        batch = {} if isinstance(together, AnnexeError) else together
        return [batch.get(item) or self._reply(item) for item in items]

    def _together(self, items: Sequence[BatchItem]) -> dict[BatchItem, Interpretation | AnnexeError]:
        """Answer in one batch, without questions about the gaze: each of those is about a part of its frame."""
        plain = [item for item in items if gaze_question(item.query.text) is None]
        if not isinstance(self.interpreter, BatchInterpreter) or len(plain) < 2:
            return {}
        return dict(zip(plain, self.interpreter.interpret_batch(plain), strict=True))

    def _reply(self, item: BatchItem) -> Interpretation | AnnexeError:
        return _attempt("the engine", partial(self._looking.interpret, item.frame, item.query, item.progress))


def _attempt(what: str, work: Callable[[], ResultT]) -> ResultT | AnnexeError:
    """Return what some work gives, or why it failed: the replica lives on, and who asked is told."""
    try:
        return work()
    except AnnexeError as error:
        return error
    except Exception as error:  # a library's own
        _log.exception("%s failed", what)
        return EngineError(f"{what} failed ({type(error).__name__}: {error})")


def _packed(job: Job, reply: Interpretation | AnnexeError) -> Outcome:
    packed = reply if isinstance(reply, AnnexeError) else _attempt("packing the reply", partial(encode_reply, reply))
    if isinstance(packed, bytes):
        return OK, packed
    refusal = Refusal.of(job.told(packed))
    return refusal.http_status, refusal.body
