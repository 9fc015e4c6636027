"""The node ``egoexolearn_replay``: plays a video of EgoExoLearn with its gaze file as if its wearer were here.

Publishes ``image``, ``camera_info`` and, with a gaze file, ``gaze``, so that every node that listens to a camera runs
on it. The data set publishes no intrinsics: those of a pinhole with the field of view of the parameters go out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geometry_msgs.msg import Point, PointStamped
from std_msgs.msg import Header

from annexe_ros.core import PinholeCamera
from annexe_ros.core.errors import ParameterError
from annexe_ros.data.bag import IMAGE, INFO
from annexe_ros.data.film_file import FilmFile
from annexe_ros.data.recording import DEFAULT_FRAME_ID
from annexe_ros.data.timeline import Timeline
from annexe_ros.nodes.replay_sources import POINT
from annexe_ros.nodes.replaying import PlayingParameters, ReplayNode
from annexe_ros.nodes.spinning import spin_until_shutdown
from annexe_ros.ros.camera_info import camera_info_message
from annexe_ros.ros.images import image_message
from annexe_ros.ros.parameters import parameter

if TYPE_CHECKING:
    from annexe_ros.procedures.gaze_files import GazeTrack


@dataclass(frozen=True)
class EgoExoLearnReplayParameters(PlayingParameters):
    """Parameters of the node ``egoexolearn_replay``."""

    video: str = parameter("", "Video file, <uid>.mp4.", read_only=True)
    gaze: str = parameter("", "Its gaze file, <uid>.npy; empty: no gaze is published.", read_only=True)
    horizontal_fov: float = parameter(
        80.0, "Horizontal field of view that camera_info tells [degrees]; the data set tells none.",
        minimum=10.0, maximum=170.0, read_only=True,
    )  # fmt: skip


class EgoExoLearnSource:
    """Frames of a video with the gaze of each; a ``ReplaySource``."""

    def __init__(self, film: FilmFile, gaze: GazeTrack | None, horizontal_fov_deg: float) -> None:
        """Play ``film``, which is closed with this."""
        self._film, self._gaze = film, gaze
        self._camera = pinhole(film.width, film.height, horizontal_fov_deg)
        self.timeline = Timeline(tuple(round(number * 1e9 / film.rate_hz) for number in range(film.count)))
        self.topics = {"camera_info": INFO, "image": IMAGE} | ({} if gaze is None else {"gaze": POINT})

    def messages(self, index: int) -> Iterator[tuple[str, Any]]:
        """See ``ReplaySource``; where the gaze is unknown its coordinates are NaN."""
        header = Header(frame_id=DEFAULT_FRAME_ID)
        yield "camera_info", camera_info_message(self._camera, header)
        if self._gaze is not None:
            x, y = self._point(self._gaze, index)
            yield "gaze", PointStamped(header=header, point=Point(x=x, y=y))
        yield "image", image_message(self._film.frame(index), "bgr8", header)

    def close(self) -> None:
        """See ``ReplaySource``."""
        self._film.close()

    @staticmethod
    def _point(gaze: GazeTrack, index: int) -> tuple[float, float]:
        if index >= len(gaze.points) or not gaze.valid[index]:
            return math.nan, math.nan
        x, y = gaze.points[index].tolist()
        return x, y


def pinhole(width: int, height: int, horizontal_fov_deg: float) -> PinholeCamera:
    """Return a camera with square pixels, its principal point in the middle, and that field of view."""
    focal = width / 2 / math.tan(math.radians(horizontal_fov_deg) / 2)
    return PinholeCamera(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)


class EgoExoLearnReplay(ReplayNode[EgoExoLearnReplayParameters]):
    """Publishes a video frame by frame."""

    def __init__(self, **options: Any) -> None:
        """Open video and gaze and begin; raises ``ParameterError`` or ``DatasetFormatError``."""
        super().__init__("egoexolearn_replay", EgoExoLearnReplayParameters, _opened, **options)


def _opened(values: EgoExoLearnReplayParameters) -> EgoExoLearnSource:
    from annexe_ros.procedures.gaze_files import read_gaze

    if not values.video:
        raise ParameterError("parameter 'video' names no file; give it as -p video:=<uid>.mp4")
    film = FilmFile(values.video)
    gaze = read_gaze(values.gaze, film.count, film.width, film.height) if values.gaze else None
    return EgoExoLearnSource(film, gaze, values.horizontal_fov)


def main() -> int:
    """Run the node until the video ends or it is interrupted."""
    return spin_until_shutdown(EgoExoLearnReplay)
