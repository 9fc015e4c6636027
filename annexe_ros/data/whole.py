"""Files that appear whole or not at all, however the process or the machine ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield where to write; the file gets its name once all of it is on the disk.

    What a kill leaves of it is overwritten the next time. Raises ``DatasetFormatError`` where it can't be written.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(path)
    except OSError as error:
        raise DatasetFormatError(path, f"can't be written ({error.strerror or error})") from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole; raises ``DatasetFormatError`` where it can't be written."""
    with whole(path) as partial:
        partial.write_bytes(content)
