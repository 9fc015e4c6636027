"""Fields of an ``EgoQuery`` request to what the rest of the house understands; bad ones are refused here."""

from __future__ import annotations

from collections.abc import Sequence

from sensor_msgs.msg import Image

from annexe_ros.core import Query
from annexe_ros.core.errors import InvalidQueryError, UnknownCameraError
from annexe_ros.ros.camera_sync import CameraImages
from annexe_ros.srv import EgoQuery

UNNAMED_CAMERA = "one camera without a name"


def query_from_request(request: EgoQuery.Request) -> Query:
    """Return what is asked; raises ``InvalidQueryError``."""
    gaze = (request.gaze.x, request.gaze.y) if request.has_gaze else None
    return Query(request.query, request.want_analysis, request.want_mask, request.want_3d, gaze)


def images_from_request(request: EgoQuery.Request, camera: str = "", *, rectified: bool = False) -> CameraImages | None:
    """Return the images that came with the request, as ``camera``'s, or None when its newest are meant.

    An image that declares anything at all is an image, however damaged: reading it gives the error. Raises
    ``InvalidQueryError`` for depth alone.
    """
    depth = request.depth if _is_given(request.depth) else None
    if _is_given(request.image):
        return CameraImages(request.image, depth, request.camera_info, camera, rectified, is_given=True)
    if depth is not None:
        raise InvalidQueryError("the request has a depth image but no image that it belongs to")
    return None


def camera_from_request(request: EgoQuery.Request, cameras: Sequence[str]) -> str:
    """Return which of the node's cameras is meant, the first for an empty name; raises ``UnknownCameraError``."""
    if not request.camera:
        return cameras[0]
    if request.camera not in cameras:
        raise UnknownCameraError(request.camera, [name or UNNAMED_CAMERA for name in cameras])
    return request.camera


def max_frame_age_from_request(request: EgoQuery.Request, default_s: float) -> float:
    """Return how old a camera frame may be [s]; raises ``InvalidQueryError``."""
    if not request.max_frame_age >= 0:
        raise InvalidQueryError(f"max_frame_age is {request.max_frame_age:g} s; it must be 0 (the default) or more")
    return request.max_frame_age or default_s


def _is_given(image: Image) -> bool:
    return bool(image.width or image.height or image.encoding or len(image.data))
