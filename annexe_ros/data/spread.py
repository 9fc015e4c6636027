"""Work on many independent pieces, in this process or spread over several. Knows nothing of what the work is."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Job = TypeVar("Job")


def spread(
    work: Callable[[Job], None],
    jobs: Sequence[Job],
    workers: int,
    count: int,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Do ``work`` for every job, in any order; ``work`` is a function of a module, which new processes can import.

    ``progress`` is called with (done, count) after each; of ``count`` pieces those that are no jobs are done already.
    """
    for done, _ in enumerate(_results(work, jobs, workers), start=count - len(jobs) + 1):
        if progress is not None:
            progress(done, count)


def _results(work: Callable[[Job], None], jobs: Sequence[Job], workers: int) -> Iterator[None]:
    if workers <= 1 or len(jobs) <= 1:
        yield from map(work, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(work, jobs, chunksize=1)
