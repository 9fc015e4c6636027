"""An annotated recording as MCAP, which Foxglove opens and ``ros2 bag play`` plays for rviz.

Beside the camera's own topics there are, per query, the overlay, the label image, the answer as text and boxes as
markers, and a transform that has the camera look ahead. Messages are written by rosbags, without any ROS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from annexe_ros.core import Interpretation, OrientedBox, PinholeCamera
from annexe_ros.core.errors import MissingDependencyError
from annexe_ros.core.palette import Colour, target_colours
from annexe_ros.data.annotation.bag_frames import typestore
from annexe_ros.data.annotation.parts import Annotated, read_part
from annexe_ros.data.annotation.rviz import rviz_config
from annexe_ros.data.bag_writer import BagWriter
from annexe_ros.data.ego_irgbench import read_colour
from annexe_ros.data.recording import DEFAULT_FRAME_ID
from annexe_ros.data.whole import whole
from annexe_ros.drawing import draw_overlay

ROOT_FRAME_ID = "recording"
"""What the camera's frame hangs on: x ahead, y left, z up, as viewers like it (REP-103)."""

DISPLAYED = ("/overlay/compressed", "/markers")
AHEAD = Rotation.from_matrix([[0, 0, 1], [-1, 0, 0], [0, -1, 0]])
"""An optical frame (z ahead, x right) in ``ROOT_FRAME_ID``."""

CUBE, ADD, DELETE_ALL = 1, 0, 3
BOX_ALPHA = 0.35
OVERLAY_QUALITY = 85
_NOWHERE = OrientedBox(np.zeros(3), np.eye(3), np.zeros(3), np.zeros((6, 6)))


def check_view_can_be_written() -> None:
    """Raise ``MissingDependencyError`` where a library isn't installed: before a night's work, not after it."""
    typestore()
    if find_spec("mcap") is None:
        raise MissingDependencyError("mcap", "pip install 'annexe-ros[annotate]'")


def write_view(path: Path, root: Path, parts: Iterable[Path]) -> None:
    """Write the file from images below ``root`` and annotations of its frames, and rviz's displays beside it."""
    with whole(path) as partial:
        film = _Film(partial)
        for part in parts:
            film.add(read_part(part), root)
        film.close()
    with whole(path.with_suffix(".rviz")) as partial:
        partial.write_text(rviz_config(film.frame_id, film.displays), encoding="utf-8")


class _Film:
    """The file while it is written.

    Attributes:
        frame_id: of the last frame.
        displays: what is worth showing: name and topic.
    """

    def __init__(self, path: Path) -> None:
        self.frame_id = DEFAULT_FRAME_ID
        self.displays: list[tuple[str, str]] = []
        self._make = _Messages()
        self._bag = BagWriter(path)
        self._numbers: dict[str, int] = {}

    def add(self, item: Annotated, root: Path) -> None:
        self.frame_id = item.frame_id or DEFAULT_FRAME_ID
        for topic, message in self._make.frame(item, root):
            self._write(topic, message, item.stamp_ns)
        image = read_colour(root / "RGB" / f"{item.id}.jpg")
        for number, (query, reply) in enumerate(zip(item.queries, item.replies, strict=True), start=1):
            for name, message in self._make.reply(item, image, query, reply):
                self._write(f"/annexe/query_{number}/{name}", message, item.stamp_ns)

    def close(self) -> None:
        self._bag.close()

    def _write(self, topic: str, message: Any, stamp_ns: int) -> None:
        kind, types = message.__msgtype__, self._make.types
        if topic not in self._numbers:
            definition, _ = types.generate_msgdef(kind, ros_version=2)
            self._numbers[topic] = self._bag.add_topic(topic, kind, definition)
            if topic.endswith(DISPLAYED):
                self.displays.append((topic.removeprefix("/annexe/").removesuffix("/compressed"), topic))
        self._bag.add(self._numbers[topic], bytes(types.serialize_cdr(message, kind)), stamp_ns)


class _Messages:
    """Makes messages of Jazzy's types."""

    def __init__(self) -> None:
        self.types = typestore()

    def new(self, kind: str, **values: Any) -> Any:
        return self.types.types[kind](**values)

    def header(self, item: Annotated) -> Any:
        seconds, nanoseconds = divmod(item.stamp_ns, 1_000_000_000)
        stamp = self.new("builtin_interfaces/msg/Time", sec=seconds, nanosec=nanoseconds)
        return self.new("std_msgs/msg/Header", stamp=stamp, frame_id=item.frame_id or DEFAULT_FRAME_ID)

    def frame(self, item: Annotated, root: Path) -> Iterator[tuple[str, Any]]:
        """Yield topics and messages of what the camera saw; the files' bytes go in as they are."""
        yield "/tf", self._transform(item)
        yield "/image/compressed", self._compressed(item, (root / "RGB" / f"{item.id}.jpg").read_bytes())
        depth = cv2.imread(str(root / "depth" / f"{item.id}.png"), cv2.IMREAD_UNCHANGED)
        if depth is not None and depth.any():
            yield "/depth", self._image(item, np.asarray(depth), "16UC1")
        if item.camera is not None:
            yield "/camera_info", self._camera_info(item, item.camera)

    def reply(self, item: Annotated, image: Any, query: str, reply: Interpretation) -> Iterator[tuple[str, Any]]:
        """Yield names and messages of an answer."""
        overlay = cv2.cvtColor(draw_overlay(image, reply, query), cv2.COLOR_RGB2BGR)
        _, jpeg = cv2.imencode(".jpg", overlay, [cv2.IMWRITE_JPEG_QUALITY, OVERLAY_QUALITY])
        yield "overlay/compressed", self._compressed(item, jpeg.tobytes())
        yield "mask", self._image(item, reply.label_image, "mono8")
        text = "\n".join(filter(None, (query, reply.answer, reply.analysis)))
        yield "answer", self.new("std_msgs/msg/String", data=text)
        yield "markers", self._markers(item, reply)

    def _transform(self, item: Annotated) -> Any:
        ahead = self.new("geometry_msgs/msg/Quaternion", **_named("xyzw", AHEAD.as_quat()))
        here = self.new("geometry_msgs/msg/Vector3", x=0.0, y=0.0, z=0.0)
        header = self.header(item)
        child, header.frame_id = header.frame_id, ROOT_FRAME_ID
        transform = self.new("geometry_msgs/msg/Transform", translation=here, rotation=ahead)
        kind = "geometry_msgs/msg/TransformStamped"
        stamped = self.new(kind, header=header, child_frame_id=child, transform=transform)
        return self.new("tf2_msgs/msg/TFMessage", transforms=[stamped])

    def _compressed(self, item: Annotated, jpeg: bytes) -> Any:
        data = np.frombuffer(jpeg, np.uint8)
        return self.new("sensor_msgs/msg/CompressedImage", header=self.header(item), format="jpeg", data=data)

    def _image(self, item: Annotated, pixels: Any, encoding: str) -> Any:
        pixels = np.ascontiguousarray(pixels)
        return self.new(
            "sensor_msgs/msg/Image", header=self.header(item), height=pixels.shape[0], width=pixels.shape[1],
            encoding=encoding, is_bigendian=0, step=pixels.strides[0], data=pixels.view(np.uint8).ravel(),
        )  # fmt: skip

    def _camera_info(self, item: Annotated, camera: PinholeCamera) -> Any:
        k = [camera.fx, 0, camera.cx, 0, camera.fy, camera.cy, 0, 0, 1]
        p = [camera.fx, 0, camera.cx, 0, 0, camera.fy, camera.cy, 0, 0, 0, 1, 0]
        region = self.new(
            "sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
        )
        return self.new(
            "sensor_msgs/msg/CameraInfo", header=self.header(item), height=camera.height, width=camera.width,
            distortion_model="rational_polynomial" if len(camera.distortion) > 5 else "plumb_bob",
            d=np.array(camera.distortion or [0.0] * 5), k=np.array(k, float), r=np.eye(3).ravel(),
            p=np.array(p, float), binning_x=0, binning_y=0, roi=region,
        )  # fmt: skip

    def _markers(self, item: Annotated, reply: Interpretation) -> Any:
        """Return a box per located object; the array begins by deleting those of the frame before."""
        markers = [self._marker(item, 0, "", DELETE_ALL, _NOWHERE, (0, 0, 0))]
        for number, (target, colour) in enumerate(zip(reply.objects, target_colours(reply.objects), strict=True)):
            if target.box3d is not None:
                markers.append(self._marker(item, number, target.label, ADD, target.box3d, colour))
        return self.new("visualization_msgs/msg/MarkerArray", markers=markers)

    def _marker(self, item: Annotated, number: int, label: str, action: int, box: OrientedBox, colour: Colour) -> Any:
        make = self.new
        red, green, blue = (channel / 255 for channel in colour)
        nothing = make("builtin_interfaces/msg/Duration", sec=0, nanosec=0)
        position = make("geometry_msgs/msg/Point", **_named("xyz", box.center))
        orientation = make(
            "geometry_msgs/msg/Quaternion", **_named("xyzw", Rotation.from_matrix(box.rotation).as_quat())
        )
        return make(
            "visualization_msgs/msg/Marker", header=self.header(item), ns=label, id=number, type=CUBE, action=action,
            pose=make("geometry_msgs/msg/Pose", position=position, orientation=orientation),
            scale=make("geometry_msgs/msg/Vector3", **_named("xyz", box.size)),
            color=make("std_msgs/msg/ColorRGBA", r=red, g=green, b=blue, a=BOX_ALPHA), lifetime=nothing,
            frame_locked=False, points=[], colors=[], texture_resource="",
            texture=make(
                "sensor_msgs/msg/CompressedImage", header=self.header(item), format="", data=np.zeros(0, np.uint8)
            ),
            uv_coordinates=[], text=label, mesh_resource="",
            mesh_file=make("visualization_msgs/msg/MeshFile", filename="", data=np.zeros(0, np.uint8)),
            mesh_use_embedded_materials=False,
        )  # fmt: skip


def _named(names: str, values: NDArray[np.float64]) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}
