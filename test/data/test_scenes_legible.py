"""What a person couldn't tell from a picture isn't in it."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from annexe_ros.core import Hands, PinholeCamera
from annexe_ros.data.scenes.grasp import _entry_pixel
from annexe_ros.data.scenes.layout import arrange
from annexe_ros.data.scenes.legible import faces, touches_can_be_told
from annexe_ros.data.scenes.placement import sample_object
from annexe_ros.data.scenes.plan import sample_plan
from annexe_ros.data.scenes.scene import PlacedObject
from annexe_ros.data.scenes.viewpoint import Viewpoint

HEIGHT, WIDTH = 60, 80
BACKGROUND, MUG, KNIFE, HAND = range(4)
FRONT = {"safe", "storage furniture"}


def looking(elevation_deg):
    """Return a camera on the -y side, 1 m from the origin, that looks down at it by some degrees."""
    down = np.radians(elevation_deg)
    forward = np.array([0.0, np.cos(down), -np.sin(down)])
    rotation = np.stack([[1.0, 0.0, 0.0], np.cross(forward, [1.0, 0.0, 0.0]), forward], axis=1)
    camera = PinholeCamera(WIDTH, HEIGHT, 70.0, 70.0, (WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    return Viewpoint(-forward, rotation, camera, elevation_deg)


def standing(category, turned_deg=0.0):
    """Return a thing at the origin; its front is towards -y unless it is turned."""
    model = sample_object(np.random.default_rng(1), category, on_floor=False)
    return PlacedObject(model, np.zeros(3), Rotation.from_euler("z", turned_deg, degrees=True))


@pytest.mark.parametrize("category", sorted(FRONT))
def test_what_is_told_by_its_front_shows_it(category):
    assert faces(standing(category), looking(30))
    assert faces(standing(category, 50), looking(30))
    assert not faces(standing(category, 120), looking(30))
    assert not faces(standing(category), looking(85))


def test_a_bottle_is_not_seen_along_its_neck():
    assert faces(standing("bottle", 120), looking(30))
    assert not faces(standing("bottle"), looking(85))


def test_what_has_no_front_may_turn_anywhere():
    assert faces(standing("mug", 180), looking(85))


def test_things_of_arranged_scenes_show_what_they_are_told_by():
    dice = [np.random.default_rng([5, k]) for k in range(30)]
    scenes = [arrange(sample_plan(5, k), rng, 320, 240) for k, rng in enumerate(dice)]
    told = [(placed, scene.view) for scene in scenes if scene for placed in scene.objects]
    assert sum(placed.model.category in FRONT for placed, _ in told) > 5
    assert all(faces(placed, view) for placed, view in told)


def test_arms_come_from_below_or_from_their_own_side():
    rng = np.random.default_rng(0)
    for side, own in ((Hands.RIGHT, WIDTH), (Hands.LEFT, 0)):
        entries = np.array([_entry_pixel(rng, side, WIDTH, HEIGHT) for _ in range(2000)])
        below = entries[:, 1] == HEIGHT
        assert (entries[~below, 0] == own).all()
        assert 0.75 < below.mean() < 0.95
        crossing = np.abs(entries[below, 0] - own) > 0.6 * WIDTH
        assert 0 < crossing.mean() < 0.03


@pytest.fixture
def touched():
    """Return whether a touch of a hand in the middle of the picture can be told; it touches the mug, or nothing."""
    view = looking(45)
    # Four corners of a palm of 20 cm, as its mesh has them in the world.
    palm = np.array([[-0.1, -0.1, 0.0], [0.1, -0.1, 0.0], [0.1, 0.1, 0.0], [-0.1, 0.1, 0.0]])
    hand = SimpleNamespace(shape=SimpleNamespace(mesh=SimpleNamespace(vertices=palm)), to_world=lambda points: points)

    def can_be_told(touches, mask, alone=None):
        scene = SimpleNamespace(
            view=view, objects=["mug", "knife"], hands=[SimpleNamespace(hand=hand, touches=touches)]
        )
        return touches_can_be_told(scene, mask, alone or (lambda index: mask == index))

    return can_be_told


def picture(**things):
    """Return a mask with a hand in the middle and things in slices of it."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[24:36, 32:48] = HAND
    for name, place in things.items():
        mask[place] = {"mug": MUG, "knife": KNIFE}[name]
    return mask


BESIDE = np.s_[24:36, 26:36]
CORNER = np.s_[24:30, 44:48]
FAR = np.s_[50:58, 2:12]


def test_a_hand_seems_to_touch_what_it_touches(touched):
    assert touched(0, picture(mug=BESIDE, knife=CORNER))
    assert not touched(1, picture(mug=BESIDE, knife=CORNER))


def test_an_idle_hand_is_before_nothing(touched):
    assert touched(None, picture(mug=FAR, knife=FAR))
    assert not touched(None, picture(mug=BESIDE, knife=FAR))


def test_what_an_idle_hand_hides_counts_too(touched):
    hidden = np.zeros((HEIGHT, WIDTH), bool)
    hidden[26:34, 36:44] = True
    assert not touched(None, picture(knife=FAR), alone=lambda index: hidden if index == MUG else np.zeros_like(hidden))
