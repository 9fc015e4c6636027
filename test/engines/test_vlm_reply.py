"""Structured replies are read strictly: what isn't as agreed is refused with what the model must change."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_replies import MUG, reply

from annexe_ros.core import Hands
from annexe_ros.inference.vlm_sam.reply import Agreement, NamedBox, ReplyError, answer_so_far, plain_label, read_reply

pytestmark = pytest.mark.engines
AGREED = Agreement((1000.0, 1000.0), (320, 240))
STRICT = Agreement((1000.0, 1000.0), (320, 240), ("mug", "trash can"), 2)
BOX = [250, 250, 500, 750]


def test_targets_hands_and_boxes_in_pixels_of_the_frame():
    read = read_reply(MUG, AGREED)
    assert read.answer == "the mug"
    assert read.targets == (NamedBox("mug", (80.0, 60.0, 160.0, 180.0)),)
    assert [(hand.side, hand.box) for hand in read.hands] == [(Hands.RIGHT, (160.0, 120.0, 320.0, 240.0))]


@pytest.mark.parametrize("text", ["```json\n{}\n```", "```\n{}```", "Here it is:\n```json\n{}\n```", "  {}  "])
def test_a_fence_is_taken_off(text):
    assert read_reply(text.replace("{}", MUG), AGREED) == read_reply(MUG, AGREED)


def test_what_is_said_twice_counts_once():
    assert len(read_reply(reply(("mug", BOX), ("the mug", BOX)), AGREED).targets) == 1


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("The Left Hand", "left hand"),
        ("right_hand", "right hand"),
        ("hand (left)", "left hand"),
        ("right arm", "right hand"),
        ("the left hand of the wearer", "left hand"),
        ("  a  trash   can. ", "trash can"),
        ("an egg", "egg"),
        ("anvil", "anvil"),
    ],
)
def test_names_become_those_of_the_vocabulary(said, name):
    assert plain_label(said) == name


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("the mug", "it is not JSON"),
        (MUG + MUG, "it is not JSON"),
        pytest.param("[" * 100_000, "it is not JSON", id="brackets without end"),
        (f"[{MUG}]", "it must be one JSON object"),
        (json.dumps({"answer": "", "targets": []}), "the object must have exactly the keys answer, targets, hands"),
        (json.dumps({"answer": 1, "targets": [], "hands": []}), '"answer" must be text'),
        (json.dumps({"answer": "", "targets": {}, "hands": []}), '"targets" must be a list'),
        (json.dumps({"answer": "", "targets": ["mug"], "hands": []}), r"targets\[0\] must have exactly the keys"),
        (reply(("mug", BOX)).replace('"mug", "box"', '3, "box"'), r"label of targets\[0\] must be text"),
        (reply((" ", BOX)), r"label of targets\[0\] must have 1 to 48 printable characters"),
        (reply(("mug\ud83d", BOX)), "printable"),
        (reply(("hand", BOX)), r"must say which hand: .left hand. or .right hand."),
        (reply(("kettle", BOX)), "label of targets.0. is 'kettle'; use one of: left hand, mug, right hand, trash can"),
        (reply(("mug", BOX), ("trash can", BOX), ("left hand", BOX)), "has 3 entries, at most 2 are allowed"),
        (reply(hands=(("both", BOX),)), r"side of hands\[0\] must be .left. or .right."),
        (reply(("mug", [1, 2, 3])), r"box of targets\[0\] must be four numbers"),
        (reply(("mug", [1, 2, 3, True])), "must be four numbers"),
        (reply(("mug", [0, 0, float("nan"), 9])), "must be four numbers"),
        (reply(("mug", [500, 0, 400, 9])), r"box of targets\[0\] is \[500, 0, 400, 9\]; it must keep to 0 <= x1 < x2"),
        (reply(("mug", [0, 0, 1001, 9])), "x2 <= 1000"),
        pytest.param(reply(("mug", [0, 0, 10**400, 9])), "x2 <= 1000", id="digits without end"),
    ],
)
def test_what_is_not_as_agreed_is_refused_with_the_reason(text, why):
    with pytest.raises(ReplyError, match=why) as caught:
        read_reply(text, STRICT)
    assert "\n" not in str(caught.value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-9, 2000) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["label", "side", "box"]), inner),
    max_leaves=12,
)


@given(targets=VALUES, hands=VALUES, answer=VALUES)
def test_any_json_is_read_or_refused_and_boxes_lie_in_the_frame(targets, hands, answer):
    text = json.dumps({"answer": answer, "targets": targets, "hands": hands})
    try:
        read = read_reply(text, AGREED)
    except ReplyError:
        return
    for left, top, right, bottom in (item.box for item in (*read.targets, *read.hands)):
        assert 0 <= left < right <= 320
        assert 0 <= top < bottom <= 240


@given(answer=st.text(), ascii_only=st.booleans())
def test_the_answer_grows_with_its_json_and_is_always_text(answer, ascii_only):
    text = json.dumps({"answer": answer, "targets": [], "hands": []}, ensure_ascii=ascii_only)
    longest = ""
    for end in range(len(text) + 1):
        said = answer_so_far(text[:end])
        said.encode()
        longest = said if len(said) > len(longest) and said.startswith(longest) else longest
    assert longest == answer_so_far(text) == answer
