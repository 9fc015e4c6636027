"""Association questions built from class tables, and the baseline that knows only when segments begin and end."""

import numpy as np
import pytest

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.association.built import CHOICES, build_questions
from annexe_ros.procedures.association.evaluate import evaluate_association
from annexe_ros.procedures.association.questions import Direction
from annexe_ros.procedures.association.words import bags, vocabulary, words_of
from annexe_ros.procedures.narrations import Segment

HEADER = "video_id,annotation_id,start_sec,end_sec,verb,noun,scenario\n"


def segment(video, number, scene="lab"):
    return Segment(video, f"{video}{number}", 20.0 * number, 20.0 * number + 5, scene, "", (number,), (number, 99))


def test_the_right_choice_alone_has_the_classes_of_the_query():
    ego, exo = ([segment(view, number) for number in range(25)] for view in ("ego", "exo"))
    questions = build_questions(ego, [*exo, segment("exo", 3, "kitchen")])
    assert len(questions) == 50
    for question in questions:
        same = [choice.verbs == question.query.verbs for choice in question.choices]
        assert (len(same), sum(same), same.index(True)) == (CHOICES, 1, question.answer)
        other = "exo" if question.direction is Direction.EGO_TO_EXO else "ego"
        assert {choice.video for choice in question.choices} == {other}
        assert {choice.scene for choice in question.choices} == {"lab"}
    assert questions == build_questions(ego, [*exo, segment("exo", 3, "kitchen")])
    assert len({question.answer for question in questions}) > 5


def test_without_a_counterpart_or_enough_others_nothing_is_asked():
    ego = [segment("ego", number) for number in range(25)]
    assert build_questions(ego, [segment("exo", number) for number in range(30, 60)]) == []
    assert build_questions(ego[:5], [segment("exo", number) for number in range(5)]) == []
    bare = Segment("exo", "i", 0, 1, "lab", verbs=(1,))
    assert build_questions([bare], [bare] * 30) == []


def test_times_tell_where_views_go_on_alike(tmp_path):
    for view in ("ego", "exo"):
        rows = [f'{view},i{n},{20.0 * n},{20.0 * n + 5},"[{n}]","[{n}]",lab' for n in range(25)]
        (tmp_path / f"{view}_val_valid.csv").write_text(HEADER + "\n".join(rows))
    figures = evaluate_association([tmp_path / "ego_val_valid.csv", tmp_path / "exo_val_valid.csv"])
    assert figures == {"ego_to_exo": 100.0, "exo_to_ego": 100.0, "mean": 100.0, "n": 50}


def test_tables_of_which_no_question_can_be_built_are_refused(tmp_path):
    for view in ("ego", "exo"):
        (tmp_path / f"{view}_val_valid.csv").write_text(f'{HEADER}{view},i,0,5,"[1]","[2]",lab')
    with pytest.raises(DatasetFormatError, match=r"ego_val_valid\.csv: no segment has a counterpart in .*exo_val"):
        evaluate_association([tmp_path / "ego_val_valid.csv", tmp_path / "exo_val_valid.csv"])


def test_a_bag_of_words_or_of_classes():
    told = [Segment("u", "i", 0, 1, "", "Cuts the bread, cuts."), Segment("u", "j", 1, 2, "", "the egg")]
    assert words_of(told[0]) == ("cuts", "the", "bread")
    assert words_of(segment("u", 7)) == ("verb 7", "noun 7", "noun 99")
    assert vocabulary(told) == ("the",)
    rows = bags(told, ("bread", "egg", "the"))
    assert np.allclose(rows, np.array([[1, 0, 1], [0, 1, 1]]) / np.sqrt(2))
