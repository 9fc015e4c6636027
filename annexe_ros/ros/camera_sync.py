"""Pairs the messages of one RGB-D camera: a colour image with the depth image taken at nearly the same time.

message_filters pairs by stamp. The callback that it runs under its lock only hands the pair on: nothing is converted
until somebody asks for the frame. A camera without depth, or whose depth has stopped, is served with colour alone. Raw
and compressed messages are alike. It knows no node and no topic: whoever owns the subscriptions calls ``colour``,
``depth`` and ``info``, from one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from message_filters import ApproximateTimeSynchronizer, SimpleFilter
from numpy.typing import NDArray
from rclpy.duration import Duration
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from annexe_ros.core import Frame
from annexe_ros.core.calibration import camera_from_message
from annexe_ros.ros.camera_statistics import CameraCounters, CameraStatistics
from annexe_ros.ros.compressed import colour_from_compressed, depth_from_compressed
from annexe_ros.ros.images import MessageDepth, colour_from_message
from annexe_ros.ros.stamps import NANOSECONDS, nanoseconds

PATIENCE_NS = 500_000_000
"""How long colour waits for depth and intrinsics before it goes on without, and the jump back that begins all anew."""

AnyImage: TypeAlias = Image | CompressedImage


@dataclass(frozen=True)
class CameraImages:
    """Messages of one moment, not yet looked into.

    Attributes:
        colour: the colour image; its header is that of everything made from it.
        depth: aligned depth, if there is any.
        info: intrinsics of the colour image, if known.
        camera_name: name of the camera on its robot; empty where there is only one.
        rectified: the image was rectified whatever ``info`` tells of distortion.
        is_given: they came with a request, not from the camera's topics.
    """

    colour: AnyImage
    depth: AnyImage | None = None
    info: CameraInfo | None = None
    camera_name: str = ""
    rectified: bool = False
    is_given: bool = False

    @property
    def stamp_ns(self) -> int:
        """Time of the colour image [ns]."""
        return nanoseconds(self.colour.header.stamp)

    def frame(self) -> Frame:
        """Return the frame that the messages hold, each time the same; raises ``BadImageError`` for damaged ones."""
        return self._frame

    @cached_property
    def _frame(self) -> Frame:
        return Frame(
            _colour(self.colour),
            None if self.depth is None else _depth(self.depth),
            None if self.info is None else camera_from_message(self.info, rectified=self.rectified),
            self.stamp_ns,
            self.colour.header.frame_id,
            self.camera_name,
            self.is_given,
        )


class CameraSync:
    """Hands each pair to ``store``, or colour images alone while no depth comes."""

    def __init__(
        self,
        store: Callable[[CameraImages], None],
        slop_s: float,
        queue_size: int,
        *,
        camera_name: str = "",
        rectified: bool = False,
    ) -> None:
        """Pair images whose stamps are less than ``slop_s`` apart, among the ``queue_size`` newest of each kind.

        Once two images of a kind have come, half their period is the most, whatever ``slop_s`` is.
        """
        self._store, self._slop_s, self._queue_size = store, slop_s, queue_size
        self._camera_name, self._rectified = camera_name, rectified
        self._info: CameraInfo | None = None
        self._counters = CameraCounters()
        self._newest_ns = self._handed_on_ns = self._jumped_from_ns = 0
        self._first_ns: int | None = None
        self._unpaired_since_ns: int | None = None
        self._colour, self._depth, self._pairs = self._pairing()

    @property
    def statistics(self) -> CameraStatistics:
        """What became of the images so far."""
        since_ns = self._unpaired_since_ns
        return self._counters.statistics(0 if since_ns is None else self._newest_ns - since_ns)

    @property
    def lacks_stamps(self) -> bool:
        """Whether colour images come without a time, for which they wait in vain to be handed on without depth."""
        return self._first_ns == self._newest_ns == 0

    def colour(self, message: AnyImage) -> None:
        """Take a colour image; one with a time before 1970 is dropped, message_filters can't order it."""
        stamp = nanoseconds(message.header.stamp)
        if stamp < 0:
            self._counters.refused()
            return
        if stamp < self._newest_ns - PATIENCE_NS:
            # The clock jumped back; the synchroniser would hold on to the images with the later stamps.
            self._first_ns = self._unpaired_since_ns = None
            self._handed_on_ns, self._jumped_from_ns = 0, self._newest_ns
            self._colour, self._depth, self._pairs = self._pairing()
            self._counters.restart()
        self._counters.colour(stamp)
        self._newest_ns = stamp
        self._first_ns = stamp if self._first_ns is None else self._first_ns
        self._unpaired_since_ns = stamp if self._unpaired_since_ns is None else self._unpaired_since_ns
        self._narrow()
        self._colour.signalMessage(message)
        if self._unpaired_since_ns is not None and stamp - self._unpaired_since_ns >= PATIENCE_NS:
            self._hand_on(message, None)

    def depth(self, message: AnyImage) -> None:
        """Take a depth image; see ``colour``."""
        stamp = nanoseconds(message.header.stamp)
        self._counters.depth(stamp)
        if stamp >= 0 and not self._is_of_before_the_jump(stamp):
            self._narrow()
            self._depth.signalMessage(message)

    def info(self, message: CameraInfo) -> None:
        """Take the intrinsics; the newest ones hold for all images."""
        self._info = message

    def _is_of_before_the_jump(self, stamp: int) -> bool:
        """Tell whether depth comes late, from before the clock jumped back: it would keep what is newer out."""
        ahead_ns = stamp - self._newest_ns
        return ahead_ns > PATIENCE_NS and ahead_ns > abs(stamp - self._jumped_from_ns)

    def _narrow(self) -> None:
        """Let the images of a pair be half a period apart at most.

        The synchroniser doesn't wait for a nearer image: after one loss, each would be paired with its neighbour's
        partner, for ever.
        """
        period_ns = self._counters.period_ns
        if period_ns is not None:
            self._pairs.slop = Duration(seconds=min(self._slop_s, period_ns / 2 / NANOSECONDS))

    def _pairing(self) -> tuple[SimpleFilter, SimpleFilter, ApproximateTimeSynchronizer]:
        """Return new inputs for colour and depth, and what gives their pairs to ``store``."""
        colour, depth = SimpleFilter(), SimpleFilter()
        pairs = ApproximateTimeSynchronizer([colour, depth], self._queue_size, self._slop_s)
        pairs.registerCallback(self._on_pair)
        return colour, depth, pairs

    def _on_pair(self, colour: AnyImage, depth: AnyImage) -> None:
        self._unpaired_since_ns = None
        waited_ns = self._newest_ns - (self._first_ns or 0)
        if self._info is not None or waited_ns >= PATIENCE_NS:
            self._hand_on(colour, depth)

    def _hand_on(self, colour: AnyImage, depth: AnyImage | None) -> None:
        images = CameraImages(colour, depth, self._info, self._camera_name, self._rectified)
        if images.stamp_ns < self._handed_on_ns:  # depth that comes after a newer colour image went on alone
            return
        self._handed_on_ns = images.stamp_ns
        self._counters.handed_on(images.stamp_ns, paired=depth is not None)
        self._store(images)


def _colour(message: AnyImage) -> NDArray[np.uint8]:
    return colour_from_compressed(message) if isinstance(message, CompressedImage) else colour_from_message(message)


def _depth(message: AnyImage) -> NDArray[np.float32] | MessageDepth:
    return depth_from_compressed(message) if isinstance(message, CompressedImage) else MessageDepth(message)
