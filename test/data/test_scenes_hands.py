import numpy as np
import pytest

from annexe_ros.data.scenes.hands import _THUMB_BASE, Pose, right_hand


@pytest.mark.parametrize("pose", list(Pose))
def test_a_hand_is_a_closed_body_of_human_size(pose):
    mesh = right_hand(pose, 12, 1).mesh
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    litres = float((a * np.cross(b, c)).sum() / 6) * 1000
    assert 0.3 < litres < 0.6
    edges = np.sort(np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]]), axis=1)
    _, uses = np.unique(edges, axis=0, return_counts=True)
    assert (uses % 2 == 0).all()


def test_a_flat_hand_shows_five_fingers():
    mesh = right_hand(Pose.PRESS, 20, 0).mesh
    across = np.sort(mesh.vertices[np.abs(mesh.vertices[:, 0] - 0.15) < 0.006][:, 1])
    assert (np.diff(across) > 0.003).sum() >= 2  # gaps between index, middle and ring finger
    assert mesh.vertices[:, 1].max() > 0.06  # the thumb stands off


def test_the_thumb_tells_the_side():
    right = right_hand(Pose.PRESS, 20, 0)
    left = right.mirrored()
    assert right.mesh.vertices[:, 1].max() > -right.mesh.vertices[:, 1].min()
    assert left.mesh.vertices[:, 1].max() < -left.mesh.vertices[:, 1].min()
    assert left.anchor[1] == -right.anchor[1]
    assert _THUMB_BASE[1] > 0


@pytest.mark.parametrize("radius_mm", [6, 12, 24, 42])
def test_a_wrapping_hand_leaves_room_for_what_it_holds(radius_mm):
    shape = right_hand(Pose.WRAP, radius_mm, 2)
    around = shape.mesh.vertices - shape.anchor
    inside_palm = np.abs(around[:, 1]) < 0.02
    distance = np.hypot(around[inside_palm, 0], around[inside_palm, 2])
    assert np.percentile(distance, 2) > 0.5 * radius_mm / 1000


@pytest.mark.parametrize("radius_mm", [6, 18, 30])
def test_a_pinching_hand_closes_on_its_anchor(radius_mm):
    shape = right_hand(Pose.PINCH, radius_mm, 0)
    along = (shape.mesh.vertices - shape.anchor) @ shape.axis
    near = np.linalg.norm(shape.mesh.vertices - shape.anchor, axis=1) < 0.05
    assert along[near].min() < 0 < along[near].max()


def test_shapes_are_reproducible_and_kept():
    assert right_hand(Pose.FIST, 12, 0) is right_hand(Pose.FIST, 12, 0)
    assert not np.array_equal(
        right_hand(Pose.RELAXED, 12, 0).mesh.vertices[:50], right_hand(Pose.RELAXED, 12, 1).mesh.vertices[:50]
    )
