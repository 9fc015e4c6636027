"""The answer in the words of vision_msgs, for consumers that know no other. Nothing is computed here.

vision_msgs is optional and imported when a message is made. The class of a detection is the object's label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from std_msgs.msg import Header

from annexe_ros.msg import InteractionAnswer, InteractionObject

if TYPE_CHECKING:
    from vision_msgs.msg import Detection2D, Detection2DArray, Detection3D, Detection3DArray, LabelInfo
    from vision_msgs.msg import ObjectHypothesisWithPose as Hypothesis

BACKGROUND = "background"


def vision_msgs_installed() -> bool:
    """Return whether the messages can be made."""
    try:
        import vision_msgs.msg  # noqa: F401
    except ImportError:
        return False
    return True


def detections_2d_message(answer: InteractionAnswer) -> Detection2DArray:
    """Return the boxes of the objects' masks [pixels]; objects without a mask are left out."""
    from vision_msgs.msg import Detection2DArray

    detections = [_detection_2d(item, answer.header) for item in answer.objects if item.mask_value]
    return Detection2DArray(header=answer.header, detections=detections)


def detections_3d_message(answer: InteractionAnswer) -> Detection3DArray:
    """Return the boxes [m] in the frame of the answer's poses; objects without a place are left out."""
    from vision_msgs.msg import Detection3DArray

    header = Header(stamp=answer.header.stamp, frame_id=answer.pose_frame)
    detections = [_detection_3d(item, header) for item in answer.objects if item.has_pose]
    return Detection3DArray(header=header, detections=detections)


def label_info_message(answer: InteractionAnswer) -> LabelInfo:
    """Return what the values of the answer's label image mean; they are numbered anew in each answer."""
    from vision_msgs.msg import LabelInfo, VisionClass

    names = {0: BACKGROUND} | {item.mask_value: item.label for item in answer.objects if item.mask_value}
    classes = [VisionClass(class_id=value, class_name=name) for value, name in names.items()]
    return LabelInfo(header=answer.header, class_map=classes)


def _detection_2d(item: InteractionObject, header: Header) -> Detection2D:
    from vision_msgs.msg import BoundingBox2D, Detection2D

    width, height = float(item.roi.width), float(item.roi.height)
    box = BoundingBox2D(size_x=width, size_y=height)
    box.center.position.x, box.center.position.y = item.roi.x_offset + width / 2, item.roi.y_offset + height / 2
    return Detection2D(header=header, results=[_hypothesis(item)], bbox=box, id=_identity(item))


def _detection_3d(item: InteractionObject, header: Header) -> Detection3D:
    from vision_msgs.msg import BoundingBox3D, Detection3D

    hypothesis = _hypothesis(item)
    hypothesis.pose = item.pose
    box = BoundingBox3D(center=item.pose.pose, size=item.size)
    return Detection3D(header=header, results=[hypothesis], bbox=box, id=_identity(item))


def _hypothesis(item: InteractionObject) -> Hypothesis:
    from vision_msgs.msg import ObjectHypothesisWithPose

    result = ObjectHypothesisWithPose()
    result.hypothesis.class_id, result.hypothesis.score = item.label, item.score
    return result


def _identity(item: InteractionObject) -> str:
    """Return what stays the same from answer to answer; empty where the object isn't tracked."""
    return str(item.track_id or "")
