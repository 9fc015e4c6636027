"""The files of a bag of rosbag2: MCAP, or SQLite as ROS 2 wrote it before Iron. Messages stay as they were serialised.

What a message is about isn't known here. MCAP needs the library mcap, SQLite comes with Python; ROS isn't needed.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from annexe_ros.core.errors import DatasetFormatError, MissingDependencyError

if TYPE_CHECKING:
    from mcap.reader import McapReader

MCAP_SUFFIX, SQLITE_SUFFIX, PACKED_SUFFIX = ".mcap", ".db3", ".zstd"
SUFFIXES = (MCAP_SUFFIX, SQLITE_SUFFIX, PACKED_SUFFIX)
METADATA = "metadata.yaml"
"""What makes the files of a folder one bag."""

StoredMessage = tuple[str, int, bytes]
"""Topic, time of recording [ns], data."""


class BagFile(Protocol):
    """An open file of a bag; everything but ``close`` raises ``DatasetFormatError`` for damage."""

    def types(self) -> dict[str, str]:
        """Return the type of each topic with messages in CDR, as ROS 2 writes them."""

    def messages(self, topics: Sequence[str], first_ns: int | None, last_ns: int | None) -> Iterator[StoredMessage]:
        """Yield the messages on these topics, all or those recorded between two times (both included)."""

    def close(self) -> None:
        """Give the file back."""


def is_bag(path: Path | str) -> bool:
    """Tell whether a path is a file of a bag or a folder that has some."""
    path = Path(path)
    return path.suffix in SUFFIXES or any(next(path.glob(f"*{suffix}"), None) for suffix in SUFFIXES)


def files_of(path: Path) -> list[Path]:
    """Return the files of a bag, which is one of them or the folder of all; raises ``DatasetFormatError``."""
    files = sorted(file for suffix in SUFFIXES for file in path.glob(f"*{suffix}")) if path.is_dir() else [path]
    if len(files) != 1 and not (path / METADATA).is_file():
        raise DatasetFormatError(path, f"has {len(files)} bags and no {METADATA} that makes them one; name one of them")
    return files


def open_file(path: Path) -> BagFile:
    """Open a file of a bag; raises ``DatasetFormatError``, and ``MissingDependencyError`` without the library mcap."""
    match path.suffix:
        case ".mcap":
            return McapFile(path)
        case ".db3":
            return SqliteFile(path)
        case ".zstd":
            raise DatasetFormatError(path, "is compressed as a whole; unpack it with `zstd -d`")
    raise DatasetFormatError(path, f"is no file of a bag; known are {MCAP_SUFFIX} and {SQLITE_SUFFIX}")


class McapFile:
    """A file in MCAP, read by its index."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            from mcap.reader import make_reader
        except ImportError:
            raise MissingDependencyError("mcap", "pip install mcap") from None
        try:
            self._stream = path.open("rb")
        except OSError as error:
            raise DatasetFormatError(path, f"can't be read ({error.strerror})") from error
        try:
            with self._damage_told():
                self._reader: McapReader = make_reader(self._stream, validate_crcs=True)
        except DatasetFormatError:
            self.close()
            raise

    def types(self) -> dict[str, str]:
        """See ``BagFile``."""
        with self._damage_told():
            summary = self._reader.get_summary()
            if summary is None:
                why = "has no index, since its recording was cut short; `mcap recover` makes one"
                raise DatasetFormatError(self._path, why)
            channels = [channel for channel in summary.channels.values() if channel.message_encoding == "cdr"]
            return {channel.topic: summary.schemas[channel.schema_id].name for channel in channels}

    def messages(
        self, topics: Sequence[str], first_ns: int | None = None, last_ns: int | None = None
    ) -> Iterator[StoredMessage]:
        """See ``BagFile``."""
        with self._damage_told():
            for _, channel, message in self._reader.iter_messages(topics, starting_at=first_ns, ending_at=last_ns):
                yield channel.topic, message.log_time, message.data

    def close(self) -> None:
        """See ``BagFile``."""
        self._stream.close()

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        """Turn whatever mcap and the decompressors raise for damaged bytes into one sentence."""
        from mcap.exceptions import McapError
        from zstandard import ZstdError

        kinds = McapError, ZstdError, struct.error, KeyError, ValueError, RuntimeError, OSError, MemoryError
        try:
            yield
        except kinds as error:
            why = f"is damaged or no MCAP file ({type(error).__name__}: {error})"
            raise DatasetFormatError(self._path, why) from error


class SqliteFile:
    """A file in SQLite, with the tables of rosbag2_storage_sqlite3."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise DatasetFormatError(path, "can't be read (No such file or directory)")
        with self._damage_told():
            # Who plays a bag reads it in another thread than the one that opened it, but never in both at once.
            self._base = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False)

    def types(self) -> dict[str, str]:
        """See ``BagFile``."""
        with self._damage_told():
            return dict(self._base.execute("SELECT name, type FROM topics WHERE serialization_format = 'cdr'"))

    def messages(
        self, topics: Sequence[str], first_ns: int | None = None, last_ns: int | None = None
    ) -> Iterator[StoredMessage]:
        """See ``BagFile``."""
        where, values = [f"name IN ({', '.join('?' * len(topics))})"], list[str | int](topics)
        for sign, limit in ((">=", first_ns), ("<=", last_ns)):
            if limit is not None:
                where.append(f"timestamp {sign} ?")
                values.append(limit)
        tables = "messages JOIN topics ON topics.id = messages.topic_id"
        wanted = f"SELECT name, timestamp, data FROM {tables} WHERE {' AND '.join(where)} ORDER BY timestamp"
        with self._damage_told():
            for topic, log_ns, data in self._base.execute(wanted, values):
                if not isinstance(data, bytes) or not isinstance(log_ns, int):  # a column of SQLite holds any type
                    raise sqlite3.DataError(f"a message on '{topic}' is no bytes with a time")
                yield topic, log_ns, data

    def close(self) -> None:
        """See ``BagFile``."""
        self._base.close()

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            why = f"is damaged or no bag in SQLite ({type(error).__name__}: {error})"
            raise DatasetFormatError(self._path, why) from error
