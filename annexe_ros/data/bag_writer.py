"""Writes messages of ROS 2 into an MCAP file that Foxglove, rosbag2 and ``Bag`` open.

Messages come serialised (CDR), definitions as texts; both go into the file, so that it is read where our interfaces are
not installed. Needs the library mcap and no ROS.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annexe_ros import __version__
from annexe_ros.core.errors import DatasetFormatError, MissingDependencyError


class BagWriter:
    """A file that is being written; without ``close`` it lacks its index.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path | str) -> None:
        """Begin a file; its folder is made, an older file goes.

        Raises ``DatasetFormatError`` where it can't be written, as the other methods do, and ``MissingDependencyError``
        without the library.
        """
        try:
            from mcap.writer import CompressionType, Writer
        except ImportError:
            raise MissingDependencyError("mcap", "pip install mcap") from None
        self.path = Path(path)
        with self._refusal_told():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("wb")
        self._writer = Writer(self._stream, compression=CompressionType.LZ4)  # half of Zstandard's time, for images
        self._writer.start(profile="ros2", library=f"annexe_ros {__version__}")

    def add_topic(self, topic: str, type_name: str, definition: str) -> int:
        """Announce a topic, e.g. ("/image", "sensor_msgs/msg/Image", its definition); return its number for ``add``."""
        with self._refusal_told():
            schema = self._writer.register_schema(type_name, "ros2msg", definition.encode())
            return self._writer.register_channel(topic, "cdr", schema)

    def add(self, topic_number: int, data: bytes, stamp_ns: int) -> None:
        """Add a serialised message that arrived at ``stamp_ns``."""
        with self._refusal_told():
            self._writer.add_message(topic_number, log_time=stamp_ns, data=data, publish_time=stamp_ns)

    def close(self) -> None:
        """Write the index and close the file; closing it again does nothing."""
        if not self._stream.closed:
            with self._refusal_told(), self._stream:
                self._writer.finish()

    @contextmanager
    def _refusal_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DatasetFormatError(self.path, f"can't be written ({error.strerror})") from error
