from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import GroundedObject, Role
from annexe_ros.core.palette import LEFT_HAND_COLOUR, OBJECT_COLOURS, UNKNOWN_COLOUR, target_colours


def target(track_id: int = 0, role: Role = Role.OBJECT) -> GroundedObject:
    return GroundedObject("x", 1, 1.0, role, track_id=track_id)


def test_hands_and_unknown_things_have_colours_of_their_own():
    targets = [target(5, Role.LEFT_HAND), target(role=Role.UNKNOWN), target()]
    assert target_colours(targets) == (LEFT_HAND_COLOUR, UNKNOWN_COLOUR, OBJECT_COLOURS[0])


def test_a_track_keeps_its_colour_whoever_comes_and_goes():
    assert target_colours([target(2)]) == target_colours([target(7), target(2)])[1:] == (OBJECT_COLOURS[1],)


def test_of_two_tracks_with_one_colour_the_older_keeps_it():
    younger, older = target_colours([target(1 + len(OBJECT_COLOURS)), target(1)])
    assert (younger, older) == (OBJECT_COLOURS[1], OBJECT_COLOURS[0])


@given(st.lists(st.integers(1, 100), unique=True, max_size=len(OBJECT_COLOURS)))
def test_objects_of_one_answer_can_be_told_apart(track_ids: list[int]):
    assert len(set(target_colours([target(number) for number in track_ids]))) == len(track_ids)


def test_more_objects_than_colours_use_them_again():
    many = target_colours([target() for _ in range(2 * len(OBJECT_COLOURS))])
    assert many == OBJECT_COLOURS * 2
