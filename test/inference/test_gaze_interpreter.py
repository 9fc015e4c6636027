"""Questions about the gaze, answered with the help of engines that know nothing of it."""

from dataclasses import replace

import numpy as np
import pytest

from annexe_ros.core import NO_TARGET_ANSWER, Frame, Hands, Progress, Query, Stage
from annexe_ros.core.gaze import HeldGaze
from annexe_ros.inference import Script, ScriptedEngine, ScriptedReply, ScriptedTarget
from annexe_ros.inference.gaze import IN_INTERACTION, IN_THE_MIDDLE, GazeInterpreter

FRAME = Frame(np.zeros((60, 80, 3), np.uint8), stamp_ns=1_000_000_000)
ON_HAND, ON_MUG, ON_LAMP, ON_NOTHING = (10.0, 30.0), (30.0, 30.0), (62.0, 30.0), (45.0, 5.0)

HAND = ScriptedTarget("right hand", (0.0, 0.25, 0.25, 0.5))
MUG = ScriptedTarget("mug", (0.25, 0.25, 0.25, 0.5), Hands.RIGHT)
LAMP = ScriptedTarget("lamp", (0.7, 0.25, 0.2, 0.5))
SCRIPT = Script(
    {
        IN_INTERACTION: ScriptedReply(targets=(HAND, MUG)),
        "Segment the lamp.": ScriptedReply(targets=(LAMP,)),
        IN_THE_MIDDLE: ScriptedReply(targets=(ScriptedTarget("lamp", (0.4, 0.25, 0.4, 0.5)),)),
    }
)


class Recorded(ScriptedEngine):
    """Remembers what it was asked."""

    def __init__(self, script):
        super().__init__(script)
        self.asked, self.gazes = [], []

    def interpret(self, frame, query, progress=None):
        self.asked.append((query.text, frame.width))
        self.gazes.append(query.gaze)
        return super().interpret(frame, query, progress)


class Surveying(ScriptedEngine):
    """Names everything in view without being asked."""

    def survey(self, frame, progress=None, *, want_analysis=True):
        script = Script(otherwise=ScriptedReply(targets=(HAND, MUG, LAMP)))
        return ScriptedEngine(script).interpret(frame, Query("all", want_analysis=want_analysis), progress)


class FarAway(ScriptedEngine):
    """Answers questions about the gaze itself."""

    def interpret_gaze(self, frame, query, progress=None):
        told = Query(f"{query.text} {query.gaze}")
        return replace(super().interpret(frame, told, progress), answer=f"{query.text} at {query.gaze}")


def ask(engine, text, point=None, held=None, fraction=1.0, **wanted):
    query = Query(text, gaze=point, want_3d=False, **wanted)
    return GazeInterpreter(engine, held or {}, fraction).interpret(FRAME, query)


def test_an_engine_that_answers_about_the_gaze_is_asked_once_and_told_the_point():
    held = HeldGaze(1.0)
    held.put(ON_MUG, FRAME.stamp_ns)
    reply = ask(FarAway(SCRIPT), "What am I looking at?", held={"": held})
    assert (reply.answer, reply.gaze) == (f"What am I looking at? at {ON_MUG}", ON_MUG)
    assert ask(FarAway(SCRIPT), "What am I looking at?").notes
    assert ask(FarAway(SCRIPT), "Segment the lamp.", ON_MUG).answer == "lamp"


@pytest.mark.parametrize("kind", [ScriptedEngine, Surveying])
@pytest.mark.parametrize(("point", "label"), [(ON_HAND, "right hand"), (ON_MUG, "mug"), (ON_LAMP, "lamp")])
def test_what_is_under_the_gaze_is_named_and_grounded(kind, point, label):
    reply = ask(kind(SCRIPT), "What am I looking at?", point)
    assert (reply.answer, reply.has_target, reply.gaze) == (label, True, point)
    (target,) = reply.objects
    assert set(np.unique(reply.label_image)) == {0, target.mask_value}
    assert reply.mask(target)[int(point[1]), int(point[0])]


def test_where_nothing_is_named_there_is_no_target_and_a_note():
    reply = ask(Surveying(SCRIPT), "What am I looking at?", ON_NOTHING)
    assert (reply.answer, reply.has_target, reply.objects) == (NO_TARGET_ANSWER, False, ())
    assert not reply.label_image.any()
    assert reply.notes == ("nothing that the engine names is where the wearer looks",)


@pytest.mark.parametrize(
    ("text", "point", "answer", "notes"),
    [
        ("Is the hand on what I look at?", ON_MUG, "right hand and mug", ()),
        ("Is my right hand on what I look at?", ON_MUG, "right hand and mug", ()),
        (
            "Is my left hand on what I look at?",
            ON_MUG,
            NO_TARGET_ANSWER,
            ("the wearer looks at the mug, and no left hand is on it",),
        ),
        (
            "Am I holding what I look at?",
            ON_LAMP,
            NO_TARGET_ANSWER,
            ("the wearer looks at the lamp, and no hand is on it",),
        ),
        ("Is the hand on what I look at?", ON_HAND, NO_TARGET_ANSWER, ("the wearer looks at the right hand",)),
    ],
)
def test_whether_the_hand_is_on_it(text, point, answer, notes):
    reply = ask(Surveying(SCRIPT), text, point)
    assert (reply.answer, reply.notes) == (answer, notes)
    assert [target.mask_value for target in reply.objects] == list(range(1, len(reply.objects) + 1))
    assert all(reply.mask(target).any() for target in reply.objects)


def test_without_a_usable_gaze_the_full_frame_is_asked_about_and_a_note_says_why():
    held = HeldGaze(0.2)
    held.put(ON_LAMP, FRAME.stamp_ns - 500_000_000)
    engine = Recorded(SCRIPT)
    reply = ask(engine, "What am I looking at?", held={"": held}, fraction=0.5)
    assert engine.asked == [(IN_INTERACTION, FRAME.width)]
    assert (reply.answer, reply.gaze) == ("right hand and mug", None)
    assert reply.notes == ("the gaze is 0.50 s old, the limit is 0.20 s; the full frame was used",)


def test_the_held_gaze_is_that_of_the_frames_camera_and_a_requests_own_comes_first():
    held = HeldGaze(0.2)
    held.put(ON_LAMP, FRAME.stamp_ns)
    assert ask(Surveying(), "What am I looking at?", held={"": held}).answer == "lamp"
    assert ask(Surveying(), "What am I looking at?", ON_MUG, held={"": held}).answer == "mug"
    other = ask(Surveying(), "What am I looking at?", held={"wrist": held})
    assert other.notes == ("no gaze was given; the full frame was used",)


def test_the_held_gaze_is_not_that_of_an_image_that_came_with_the_request():
    held = HeldGaze(0.2)
    held.put(ON_LAMP, FRAME.stamp_ns)
    given = replace(FRAME, is_given=True)
    interpreter = GazeInterpreter(Surveying(), {"": held})
    without = interpreter.interpret(given, Query("What am I looking at?"))
    assert (without.gaze, without.notes[-1]) == (None, "no gaze was given; the full frame was used")
    assert interpreter.interpret(given, Query("What am I looking at?", gaze=ON_MUG)).answer == "mug"


def test_a_question_is_asked_of_the_part_around_the_gaze_and_its_masks_lie_in_the_full_frame():
    engine = Recorded(SCRIPT)
    reply = ask(engine, "What am I looking at?", (40.0, 30.0), fraction=0.5)
    assert engine.asked[0] == (IN_INTERACTION, FRAME.width // 2)
    assert reply.label_image.shape == FRAME.image.shape[:2]
    assert not reply.label_image[:, :20].any()


def test_an_engine_without_a_survey_is_asked_a_second_time_where_the_first_found_nothing_there():
    engine = Recorded(SCRIPT)
    assert ask(engine, "What am I looking at?", ON_MUG).answer == "mug"
    assert [text for text, _ in engine.asked] == [IN_INTERACTION]
    engine.asked.clear()
    reply = ask(engine, "What am I looking at?", ON_LAMP)
    assert engine.asked == [(IN_INTERACTION, 80), (IN_THE_MIDDLE, 40)]
    assert reply.analysis == ScriptedReply().analysis


def test_other_questions_go_through_unchanged_with_the_gaze_beside_the_reply():
    engine = Recorded(SCRIPT)
    reply = ask(engine, "Segment the lamp.", ON_MUG)
    assert engine.asked == [("Segment the lamp.", 80)]
    assert (reply.answer, reply.gaze) == ("lamp", ON_MUG)
    assert ask(engine, "Segment the lamp.").notes == ()


@pytest.mark.parametrize(("point", "told"), [(ON_MUG, ON_MUG), ((-500.0, 9000.0), None), (None, None)])
def test_an_engine_is_told_the_gaze_of_other_questions_only_where_it_lies_in_the_image(point, told):
    engine = Recorded(SCRIPT)
    held = HeldGaze(1.0)
    held.put(ON_LAMP, FRAME.stamp_ns)
    ask(engine, "Segment the lamp.", point, held={"": held})
    assert engine.gazes == [told]


def test_masks_and_analysis_are_left_out_where_they_are_not_wanted():
    reply = ask(Surveying(SCRIPT), "What am I looking at?", ON_MUG, want_mask=False, want_analysis=False)
    assert (reply.answer, reply.analysis, reply.objects[0].mask_value) == ("mug", "", 0)
    assert not reply.label_image.any()


def test_a_listener_hears_the_description_and_the_answer_but_not_answers_to_other_questions():
    told = []
    progress = Progress(lambda stage, text: told.append((stage, text)))
    GazeInterpreter(ScriptedEngine(SCRIPT), {}).interpret(FRAME, Query("What am I looking at?", gaze=ON_MUG), progress)
    assert {stage for stage, _ in told} == {Stage.ANALYSE, Stage.ANSWER}
    assert [text for stage, text in told if stage is Stage.ANSWER] == ["mug"]


def test_it_stands_for_the_engine_behind_it():
    engine = ScriptedEngine(name="trial")
    looking = GazeInterpreter(engine, {})
    looking.warm_up()
    assert (looking.engine, looking.model) == ("scripted", "trial")
    looking.close()
    assert replace(ask(engine, "what?"), latencies=()).answer == "mug"
