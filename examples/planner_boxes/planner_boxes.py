"""A planner-side node: turns every answer of the node ``annexe`` into boxes that a manipulation planner takes.

    python examples/planner_boxes/planner_boxes.py --ros-args -p margin:=0.01

Each object with a pose becomes a ``shape_msgs/SolidPrimitive`` and a ``geometry_msgs/PoseStamped`` stamped as the
image was; transform the pose *at that stamp*, since a head camera moves. Handing both to a planning scene is left to
``PlannerBoxesNode.take``, which only logs them.

What "visible surface" means for grasping: depth sees the camera's side of an object, and the box is around what was
seen. Of a mug on a table seen obliquely that is nearly the whole mug; of a ball it is the cap that faces the camera;
of an object that a hand covers it is what the hand leaves free. So

* the faces on the camera's side are measured: approach from there, and align a gripper with the box's axes;
* the sides away from the camera are only a lower bound of the object: the fingers need room behind them, and a box that
  serves as an obstacle needs a margin (parameter ``margin``) or the planner's own padding;
* the size is never more than was seen: don't take it as the model of an object that is held, weighed or inserted;
* the covariance tells how well the box of the visible surface is known, nothing about what was not visible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import rclpy
from geometry_msgs.msg import PoseStamped
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from shape_msgs.msg import SolidPrimitive
from std_msgs.msg import Header

from annexe_ros.msg import InteractionAnswer, InteractionObject


@dataclass(frozen=True)
class PlannerBox:
    """A box for a planning scene.

    Attributes:
        name: unique within its answer and stable while the object is tracked, e.g. ``mug_2``.
        primitive: a BOX with its sides along x, y and z of the pose [m].
        pose: centre and orientation in the answer's ``pose_frame``, at the image's stamp.
        whole: the sides away from the camera are known too (extent FULL); otherwise see the module's text.
    """

    name: str
    primitive: SolidPrimitive
    pose: PoseStamped
    whole: bool


def planner_boxes(answer: InteractionAnswer, margin: float = 0.0, max_sigma: float = math.inf) -> list[PlannerBox]:
    """Return a box for every object of an answer that has a pose, in the answer's order.

    Args:
        answer: what ``~/answer`` or ``~/query`` gave.
        margin: added on each side of every box [m].
        max_sigma: leave out boxes whose centre is known worse than this standard deviation, in any direction [m].
    """
    header = Header(stamp=answer.header.stamp, frame_id=answer.pose_frame)
    return [
        PlannerBox(
            name=f"{item.label.replace(' ', '_')}_{item.track_id or number}",
            primitive=SolidPrimitive(type=SolidPrimitive.BOX, dimensions=[side + 2 * margin for side in _sides(item)]),
            pose=PoseStamped(header=header, pose=item.pose.pose),
            whole=item.extent == InteractionObject.FULL,
        )
        for number, item in enumerate(answer.objects, start=1)
        if item.has_pose and _sigma(item) <= max_sigma
    ]


def _sides(item: InteractionObject) -> tuple[float, float, float]:
    return item.size.x, item.size.y, item.size.z


def _sigma(item: InteractionObject) -> float:
    """Return the largest standard deviation of the centre along x, y or z [m]."""
    return math.sqrt(max(item.pose.covariance[0], item.pose.covariance[7], item.pose.covariance[14]))


class PlannerBoxesNode(Node):
    """Listens to ``/annexe/answer`` and takes the boxes of each answer, the last one before it started included."""

    def __init__(self) -> None:
        """Subscribe."""
        super().__init__("planner_boxes")
        self._margin = self.declare_parameter("margin", 0.01).get_parameter_value().double_value
        self._max_sigma = self.declare_parameter("max_sigma", 0.02).get_parameter_value().double_value
        latched = QoSProfile(
            depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
        )
        self._subscription = self.create_subscription(InteractionAnswer, "/annexe/answer", self._on_answer, latched)

    def _on_answer(self, answer: InteractionAnswer) -> None:
        boxes = planner_boxes(answer, self._margin, self._max_sigma)
        self.get_logger().info(f"'{answer.query}': {answer.answer} ({len(boxes)} of {len(answer.objects)} with a box)")
        for box in boxes:
            self.take(box)

    def take(self, box: PlannerBox) -> None:
        """Hand a box to the planner: with MoveIt, fill a ``moveit_msgs/CollisionObject`` from these very fields."""
        x, y, z = (f"{side * 100:.1f}" for side in box.primitive.dimensions)
        place = box.pose.pose.position
        self.get_logger().info(
            f"{box.name}: {x} x {y} x {z} cm at ({place.x:.3f}, {place.y:.3f}, {place.z:.3f}) m in "
            f"'{box.pose.header.frame_id}', {'whole' if box.whole else 'visible surface'}"
        )


def main() -> None:
    """Run the node until it is interrupted."""
    rclpy.init()
    try:
        rclpy.spin(PlannerBoxesNode())
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
