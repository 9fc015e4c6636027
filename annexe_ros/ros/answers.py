"""``Interpretation`` and ``Frame`` to ``InteractionAnswer`` and label image, with frame and stamp of the image used.

Poses are told in the frame that a ``PoseTransform`` names, else in the camera's optical frame. Nothing else is computed
here that the interpretation doesn't hold.
"""

from __future__ import annotations

from sensor_msgs.msg import Image, RegionOfInterest
from std_msgs.msg import Header

from annexe_ros.core import Frame, GroundedObject, Interpretation, Query
from annexe_ros.core.transforms import PoseTransform
from annexe_ros.msg import InteractionAnswer, InteractionObject, StageLatency
from annexe_ros.ros.images import image_message
from annexe_ros.ros.poses import pose_with_covariance_message, size_message
from annexe_ros.ros.stamps import stamp_message


def header_of(frame: Frame) -> Header:
    """Return stamp and optical frame of the image, which everything made from it carries."""
    return Header(stamp=stamp_message(frame.stamp_ns), frame_id=frame.frame_id)


def answer_message(
    reply: Interpretation, frame: Frame, query: Query, pose_transform: PoseTransform | None = None
) -> InteractionAnswer:
    """Return the reply to ``query`` about ``frame``, with poses as ``pose_transform`` says.

    Without one they stay in the camera's optical frame. Its note joins those of the reply.
    """
    poses = pose_transform or PoseTransform.staying_in(frame.frame_id)
    return InteractionAnswer(
        header=header_of(frame),
        camera=frame.camera_name,
        query=query.text,
        analysis=reply.analysis,
        answer=reply.answer,
        engine=reply.engine,
        model=reply.model,
        has_target=reply.has_target,
        target_score=float(reply.target_score),
        objects=[_object_message(target, reply, poses) for target in reply.objects],
        pose_frame=poses.frame,
        image_width=frame.width,
        image_height=frame.height,
        latencies=[StageLatency(stage=latency.stage, ms=float(latency.ms)) for latency in reply.latencies],
        notes=[*reply.notes, *([poses.note] if poses.note else [])],
    )


def label_image_message(reply: Interpretation, frame: Frame) -> Image:
    """Return the label image as mono8: 0 = background, else an object's ``mask_value``."""
    return image_message(reply.label_image, "mono8", header_of(frame))


def _object_message(target: GroundedObject, reply: Interpretation, poses: PoseTransform) -> InteractionObject:
    message = InteractionObject(
        mask_value=target.mask_value,
        track_id=target.track_id,
        role=int(target.role),
        label=target.label,
        score=float(target.score),
        active=target.active,
        touched_by=int(target.touched_by),
        roi=_region(target, reply),
        depth_coverage=float(target.depth_coverage),
    )
    if target.box3d is not None:
        box = poses.transform.box(target.box3d)
        message.has_pose = True
        message.pose = pose_with_covariance_message(box)
        message.size = size_message(box)
        message.extent = int(box.extent)
    return message


def _region(target: GroundedObject, reply: Interpretation) -> RegionOfInterest:
    window = reply.window(target)
    if window is None:
        return RegionOfInterest()
    rows, columns = window
    return RegionOfInterest(
        x_offset=columns.start,
        y_offset=rows.start,
        width=columns.stop - columns.start,
        height=rows.stop - rows.start,
    )
