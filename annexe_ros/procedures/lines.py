"""Reads text files, folders and archives of them strictly: a complaint names file and line.

It knows nothing of what the lines mean.
"""

from __future__ import annotations

import csv
import io
import json
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from annexe_ros.core.errors import DatasetFormatError


def read_text(path: Path | str) -> str:
    """Return a UTF-8 file as it is; raises ``DatasetFormatError``."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DatasetFormatError(path, f"can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DatasetFormatError(path, f"is not UTF-8: {error.reason} at byte {error.start}") from error


def files_named(folder: Path, names: str) -> list[Path]:
    """Return the files (or folders) below ``folder`` of a name; "|" separates alternatives, patterns are allowed."""
    return list(dict.fromkeys(path for name in names.split("|") for path in sorted(folder.rglob(name))))


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


def json_value(path: Path | str) -> Any:
    """Return what a JSON file holds; raises ``DatasetFormatError``."""
    return parse_json(path, read_text(path))


def parse_json(path: Path | str, text: str) -> Any:
    """Return what a JSON text of that file holds; raises ``DatasetFormatError``."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise DatasetFormatError(path, f"is not JSON: {error}") from error


def folder_texts(path: Path | str, suffix: str) -> Iterator[tuple[str, str]]:
    """Yield (stem, text) of the files with that suffix in a folder, or in a .tar.gz as published, sorted by stem."""
    path = Path(path)
    if path.is_dir():
        for file in sorted(path.glob(f"*{suffix}")):
            yield file.stem, read_text(file)
    else:
        yield from _archived_texts(path, suffix)


def _archived_texts(path: Path, suffix: str) -> Iterator[tuple[str, str]]:
    try:
        with tarfile.open(path) as archive:
            members = [member for member in archive if member.isfile() and member.name.endswith(suffix)]
            for member in sorted(members, key=lambda member: PurePosixPath(member.name).stem):
                content = archive.extractfile(member)
                yield PurePosixPath(member.name).stem, content.read().decode("utf-8") if content else ""
    except (OSError, EOFError, tarfile.TarError, zlib.error, UnicodeDecodeError) as error:
        raise DatasetFormatError(path, f"is neither a folder nor a readable .tar.gz: {error}") from error
