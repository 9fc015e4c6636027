"""Whether descriptions give things their right colours."""

from __future__ import annotations

import dataclasses

import pytest

from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.evaluation.colours import colours_told
from annexe_ros.evaluation.report import EvaluationReport, ImageRow

REFERENCE = "The left hand touches a green mug on the table and the right hand holds a red knife above the table."


@pytest.fixture
def truth(rectangle_dataset):
    """A scene with a green mug and a red knife."""
    dataset = EgoIrgBench(rectangle_dataset)
    whole = dataset.truth(dataset.ids[0])
    painted = [dataclasses.replace(i, colour="green") if i.label == "mug" else i for i in whole.instances]
    return dataclasses.replace(whole, instances=tuple(painted))


@pytest.mark.parametrize(
    ("analysis", "right"),
    [
        (REFERENCE, (True, True)),
        ("A green mug, and a red thing.", (True,)),
        ("A dark green mug and a green knife.", (False, False)),
        ("Somebody moves the green mugs.", ()),
        ("", ()),
    ],
)
def test_a_colour_counts_where_the_thing_is_named(truth, analysis, right):
    assert colours_told(analysis, REFERENCE, truth) == right


def test_what_the_reference_does_not_tell_is_not_asked_for(truth):
    assert colours_told("A blue mug and a red knife.", "The right hand holds a red knife above the table.", truth) == (
        True,
    )
    assert colours_told(REFERENCE, REFERENCE, None) == ()


def test_the_figure_is_the_share_of_all_things():
    rows = (ImageRow("a", "", "", None, (), (True, True, False)), ImageRow("b", "", "", None, (), (False,)))
    assert EvaluationReport((), rows).ratios([])["analysis"]["colours"].value == 0.5
    assert EvaluationReport((), (ImageRow("a", "", "", None),)).ratios([])["analysis"]["colours"] is None


def test_a_gain_is_of_the_same_images_though_one_engine_names_less():
    def ratio(*colours):
        rows = tuple(ImageRow(str(k), "", "", None, (), told) for k, told in enumerate(colours))
        return EvaluationReport((), rows).ratios([])["analysis"]["colours"]

    hard, easy = (False,), (True,)
    silent, talkative = ratio(*[(), easy, hard] * 10), ratio(*[hard, easy, hard] * 10)
    assert len(silent.numerators) == len(talkative.numerators) == 30
    assert talkative.gain(silent)[1] < 0
