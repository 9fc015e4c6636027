import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.data.scenes import shapes
from annexe_ros.data.scenes.isosurface import round_cone, smooth_union, surface_net


def volume(mesh: shapes.Mesh) -> float:
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


sizes = st.floats(0.01, 2.0)


@given(sizes, sizes, sizes)
def test_a_box_has_its_volume_and_faces_outwards(x, y, z):
    assert volume(shapes.box((x, y, z), (0.3, -0.2, 1.0))) == pytest.approx(x * y * z, rel=1e-6)


@given(sizes, sizes)
def test_a_cylinder_faces_outwards(radius, height):
    assert volume(shapes.cylinder(radius, height, 64)) == pytest.approx(np.pi * radius**2 * height, rel=0.01)


@given(st.floats(0.01, 0.5), st.sampled_from([(0, 0, 1), (1, 0, 0), (0.6, 0.0, 0.8)]))
def test_a_tube_faces_outwards_in_any_direction(radius, direction):
    tube = shapes.tube(np.linspace((0, 0, 0), direction, 6), radius, segments=48)
    assert volume(tube) == pytest.approx(np.pi * radius**2, rel=0.01)


def test_rings_vessels_prisms_and_ellipsoids_face_outwards():
    outline = shapes.rounded_rectangle(1, 0.5, 0.1)
    for mesh in (
        shapes.ring(1.0, 0.1),
        shapes.vessel([(0.5, 0), (0.6, 1)], 0.05),
        shapes.extrude(outline, 0.2),
        shapes.ellipsoid((1, 2, 3)),
    ):
        assert volume(mesh) > 0


def test_a_vessel_is_hollow():
    assert volume(shapes.vessel([(0.5, 0), (0.5, 1)], 0.02)) < 0.2 * np.pi * 0.25


def test_a_mirror_image_faces_outwards():
    mesh = shapes.box((1, 2, 3), (0, 5, 0))
    assert volume(mesh.mirrored()) == pytest.approx(volume(mesh))
    assert mesh.mirrored().vertices[:, 1].max() < 0


def test_merging_keeps_all_faces_and_their_vertices():
    first, second = shapes.box((1, 1, 1)), shapes.ellipsoid((1, 1, 1), (5, 0, 0))
    both = shapes.merged([first, second])
    assert volume(both) == pytest.approx(volume(first) + volume(second))
    assert both.uv is not None
    assert shapes.merged([first, shapes.Mesh(second.vertices, second.faces)]).uv is None


def test_a_surface_net_of_a_round_cone_is_that_cone():
    axes = [np.arange(-0.05, 0.15, 0.005, dtype=np.float32), *[np.arange(-0.05, 0.05, 0.005, dtype=np.float32)] * 2]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    mesh = surface_net(round_cone(points, (0, 0, 0), (0.1, 0, 0), (0.02, 0.02)), (-0.05, -0.05, -0.05), 0.005)
    expected = np.pi * 0.02**2 * 0.1 + 4 / 3 * np.pi * 0.02**3
    assert volume(mesh) == pytest.approx(expected, rel=0.05)


def test_a_smooth_union_holds_both_and_fills_the_seam():
    first, second = np.float32([-1.0, 0.001, 0.5]), np.float32([0.5, 0.001, -1.0])
    union = smooth_union([first, second], 0.01)
    assert union[0] == pytest.approx(-1)
    assert union[2] == pytest.approx(-1)
    assert union[1] < 0
