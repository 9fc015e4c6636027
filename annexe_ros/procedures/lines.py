"""Reads small text files strictly: every complaint names file and line. Knows nothing of what the lines mean."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError


def read_text(path: Path | str) -> str:
    """Return a UTF-8 file as it is; raises ``DatasetFormatError``."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DatasetFormatError(path, f"can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DatasetFormatError(path, f"is not UTF-8: {error.reason} at byte {error.start}") from error


def numbered_lines(path: Path | str) -> list[tuple[int, str]]:
    """Return (number from 1, text) of the lines that aren't blank, the last one too; LF or CRLF ends a line."""
    text = read_text(path)
    found = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not found:
        raise DatasetFormatError(path, "holds no line")
    return found


def table_rows(path: Path | str, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, cells by name) of a comma separated table whose header has at least ``columns``."""
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), strict=True)
    lacking = [name for name in columns if name not in (reader.fieldnames or ())]
    if lacking:
        raise DatasetFormatError(path, f"lacks the columns {', '.join(lacking)}")
    try:
        for cells in reader:
            if None in cells or None in cells.values():
                raise bad_line(path, reader.line_num, "has more or fewer cells than the header")
            yield reader.line_num, cells
    except csv.Error as error:
        raise bad_line(path, reader.line_num, str(error)) from error


def bad_line(path: Path | str, number: int, why: str) -> DatasetFormatError:
    """Return the error for one line of a file."""
    return DatasetFormatError(path, f"line {number}: {why}")


def integers(text: str) -> tuple[int, ...]:
    """Read "[10, 1, 10]" (also "[]"); raises ``ValueError`` on anything else."""
    body = text.strip()
    if not (body.startswith("[") and body.endswith("]")):
        raise ValueError(f"'{text}' is not a list of whole numbers")
    inner = body[1:-1].strip()
    return tuple(int(item) for item in inner.split(",")) if inner else ()
