"""A bag in MCAP as ``ros2 bag record`` and ``topic_recorder`` write it: the messages of one camera, for playing.

Messages stay as they were serialised (CDR): distortion, encodings and compression are the camera's own. Only the stamp
is read, which every message of a camera begins with. Needs the library mcap and no ROS; pixels are not known here.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from annexe_ros.core.errors import DatasetFormatError, MissingDependencyError
from annexe_ros.data.timeline import Timeline

if TYPE_CHECKING:
    from mcap.reader import McapReader

SUFFIX = ".mcap"
IMAGE, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
INFO = "sensor_msgs/msg/CameraInfo"
TYPES = {"camera_info": (INFO,), "depth": (IMAGE, COMPRESSED), "image": (IMAGE, COMPRESSED)}
"""What a camera sends, in the order in which messages of one stamp are played, and the types that each may have."""

_ENDIANNESS = {b"\0\0": ">", b"\0\1": "<"}
"""CDR's first two bytes; other representations are not written by ROS."""


@dataclass(frozen=True)
class BagMessage:
    """Where a message is.

    Attributes:
        role: a key of ``TYPES``.
        stamp_ns: stamp of its header; the time of recording where the stamp was never set.
        log_ns: time of recording.
    """

    role: str
    stamp_ns: int
    log_ns: int


class Bag:
    """An open bag; ``close`` it.

    Attributes:
        path: the file.
        types: type of the messages of each role that the bag has, e.g. {"image": "sensor_msgs/msg/Image"}.
        moments: what there is, by rising stamp; messages of one stamp are one moment.
        timeline: when the moments were.
    """

    def __init__(self, path: Path | str, topics: Mapping[str, str]) -> None:
        """Open a file, or the one file of a bag's folder, and list its messages, for which all of it is read once.

        ``topics`` has the topic of each role; all but that of ``image`` may be absent. Raises ``DatasetFormatError``
        and, where the library is missing, ``MissingDependencyError``.
        """
        self.path = _file(Path(path))
        self._topics = dict(topics)
        with ExitStack() as opened:
            self._reader = _reader(self.path, opened)
            self.types = _checked_types(self.path, self._reader, self._topics)
            self.moments = tuple(_moments(self._scan()))
            self.close = opened.pop_all().close
        self.timeline = Timeline(tuple(moment[0].stamp_ns for moment in self.moments))

    def read(self, moment: Sequence[BagMessage]) -> list[tuple[str, bytes]]:
        """Return role and data, as it was serialised, of messages that lie together; raises ``DatasetFormatError``."""
        times = [message.log_ns for message in moment]
        around = self._messages({message.role for message in moment}, min(times), max(times))
        data = dict(around)
        if not data.keys() >= set(moment):
            raise DatasetFormatError(self.path, "was changed while it was open")
        return [(message.role, data[message]) for message in moment]

    def _scan(self) -> list[BagMessage]:
        """Return where every message is; raises ``DatasetFormatError`` where there is no image."""
        found = [message for message, _ in self._messages(self.types)]
        if all(message.role != "image" for message in found):
            raise DatasetFormatError(self.path, f"has no message on topic '{self._topics['image']}'")
        return found

    def _messages(
        self, roles: Iterable[str], first_ns: int | None = None, last_ns: int | None = None
    ) -> Iterator[tuple[BagMessage, bytes]]:
        """Yield messages of these roles with their data, all or those recorded between two times (both included)."""
        role_by_topic = {self._topics[role]: role for role in roles}
        with _damage_told(self.path):
            for _, channel, message in self._reader.iter_messages(
                list(role_by_topic), starting_at=first_ns, ending_at=last_ns
            ):
                stamp_ns = _stamp_ns(message.data) or message.log_time
                yield BagMessage(role_by_topic[channel.topic], stamp_ns, message.log_time), message.data


def is_bag(path: Path | str) -> bool:
    """Tell whether a path is an MCAP file or a folder that has one."""
    path = Path(path)
    return path.suffix == SUFFIX or any(path.glob(f"*{SUFFIX}"))


def _file(path: Path) -> Path:
    files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    if len(files) != 1:
        raise DatasetFormatError(path, f"has {len(files)} MCAP files; name one of them")
    return files[0]


def _reader(path: Path, opened: ExitStack) -> McapReader:
    """Return a reader whose file is closed with ``opened``."""
    try:
        from mcap.reader import make_reader
    except ImportError:
        raise MissingDependencyError("mcap", "pip install mcap") from None
    try:
        stream = opened.enter_context(path.open("rb"))
    except OSError as error:
        raise DatasetFormatError(path, f"can't be read ({error.strerror})") from error
    with _damage_told(path):
        return make_reader(stream, validate_crcs=True)


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """Turn whatever mcap and the decompressors raise for damaged bytes into one sentence."""
    from mcap.exceptions import McapError
    from zstandard import ZstdError

    kinds = McapError, ZstdError, struct.error, KeyError, ValueError, RuntimeError, OSError, MemoryError
    try:
        yield
    except kinds as error:
        raise DatasetFormatError(path, f"is damaged or no MCAP file ({type(error).__name__}: {error})") from error


def _checked_types(path: Path, reader: McapReader, topics: Mapping[str, str]) -> dict[str, str]:
    """Return the type of each role's messages; raises ``DatasetFormatError`` for no images and for wrong types."""
    offered = _topic_types(path, reader)
    found = {role: offered[topic] for role, topic in topics.items() if topic in offered}
    if "image" not in found:
        images = sorted(topic for topic, kind in offered.items() if kind in TYPES["image"])
        known = f"it has images on {', '.join(images)}" if images else "it has no images at all"
        raise DatasetFormatError(path, f"has no topic '{topics['image']}'; {known}")
    for role, kind in found.items():
        if kind not in TYPES[role]:
            raise DatasetFormatError(path, f"topic '{topics[role]}' is of type {kind}, not {' or '.join(TYPES[role])}")
    return found


def _topic_types(path: Path, reader: McapReader) -> dict[str, str]:
    """Return the type of each topic with messages of ROS 2."""
    with _damage_told(path):
        summary = reader.get_summary()
        if summary is None:
            raise DatasetFormatError(path, "has no index, since its recording was cut short; `mcap recover` makes one")
        channels = [channel for channel in summary.channels.values() if channel.message_encoding == "cdr"]
        return {channel.topic: summary.schemas[channel.schema_id].name for channel in channels}


def _moments(messages: list[BagMessage]) -> Iterator[tuple[BagMessage, ...]]:
    """Yield the messages of each stamp, by rising stamp and in the order of ``TYPES``."""
    order = list(TYPES)
    ordered = sorted(messages, key=lambda message: (message.stamp_ns, order.index(message.role)))
    for _, group in itertools.groupby(ordered, key=lambda message: message.stamp_ns):
        yield tuple(group)


def _stamp_ns(data: bytes) -> int:
    """Return the stamp of a serialised message that begins with a header."""
    if data[:2] not in _ENDIANNESS:
        raise ValueError(f"a message is serialised in a representation {data[:2].hex()} that is not plain CDR")
    sec, nanosec = struct.unpack_from(_ENDIANNESS[data[:2]] + "iI", data, 4)
    return int(sec) * 1_000_000_000 + int(nanosec)
