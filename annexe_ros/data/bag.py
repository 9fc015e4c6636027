"""A bag as ``ros2 bag record`` and ``topic_recorder`` write it: the messages of one camera, for playing.

Messages stay as they were serialised (CDR): distortion, encodings and compression are the camera's own. Only the stamp
is read, which every message of a camera begins with. Neither ROS is needed nor are pixels known here.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.bag_files import BagFile, files_of, open_file
from annexe_ros.data.timeline import Timeline

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
        path: the file or folder.
        types: type of the messages of each role that the bag has, e.g. {"image": "sensor_msgs/msg/Image"}.
        moments: what there is, by rising stamp; messages of one stamp are one moment.
        timeline: when the moments were.
    """

    def __init__(self, path: Path | str, topics: Mapping[str, str]) -> None:
        """Open a bag, which is a file or a folder, and list its messages, for which all of it is read once.

        ``topics`` has the topic of each role; all but that of ``image`` may be absent. Raises ``DatasetFormatError``
        and, where the library of its format is missing, ``MissingDependencyError``.
        """
        self.path = Path(path)
        self._topics = dict(topics)
        with ExitStack() as opened:
            self._files = [_opened(file, opened) for file in files_of(self.path)]
            self.types = _checked_types(self.path, self._files, self._topics)
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
        for file in self._files:
            for topic, log_ns, data in file.messages(list(role_by_topic), first_ns, last_ns):
                stamp_ns = self._stamp_ns(data) or log_ns
                yield BagMessage(role_by_topic[topic], stamp_ns, log_ns), data

    def _stamp_ns(self, data: bytes) -> int:
        """Return the stamp of a serialised message that begins with a header; raises ``DatasetFormatError``."""
        if data[:2] not in _ENDIANNESS:
            why = f"a message is serialised in a representation {data[:2].hex()} that is not plain CDR"
            raise DatasetFormatError(self.path, why)
        try:
            sec, nanosec = struct.unpack_from(_ENDIANNESS[data[:2]] + "iI", data, 4)
        except struct.error as error:
            raise DatasetFormatError(self.path, f"is damaged: a message has {len(data)} bytes") from error
        return int(sec) * 1_000_000_000 + int(nanosec)


def _opened(path: Path, stack: ExitStack) -> BagFile:
    """Return an open file that is closed with ``stack``."""
    file = open_file(path)
    stack.callback(file.close)
    return file


def _checked_types(path: Path, files: Sequence[BagFile], topics: Mapping[str, str]) -> dict[str, str]:
    """Return the type of each role's messages; raises ``DatasetFormatError`` for no images and for wrong types."""
    offered = {topic: kind for file in files for topic, kind in file.types().items()}
    found = {role: offered[topic] for role, topic in topics.items() if topic in offered}
    if "image" not in found:
        images = sorted(topic for topic, kind in offered.items() if kind in TYPES["image"])
        known = f"it has images on {', '.join(images)}" if images else "it has no images at all"
        raise DatasetFormatError(path, f"has no topic '{topics['image']}'; {known}")
    for role, kind in found.items():
        if kind not in TYPES[role]:
            raise DatasetFormatError(path, f"topic '{topics[role]}' is of type {kind}, not {' or '.join(TYPES[role])}")
    return found


def _moments(messages: list[BagMessage]) -> Iterator[tuple[BagMessage, ...]]:
    """Yield the messages of each stamp, by rising stamp and in the order of ``TYPES``."""
    order = list(TYPES)
    ordered = sorted(messages, key=lambda message: (message.stamp_ns, order.index(message.role)))
    for _, group in itertools.groupby(ordered, key=lambda message: message.stamp_ns):
        yield tuple(group)
