"""Messages between robot and server: what goes in comes out, and nothing else gets through."""

from __future__ import annotations

import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import Frame, GroundedObject, Hands, Interpretation, PinholeCamera, Query, Role, StageLatency
from annexe_ros.core.errors import AnnexeError, BadImageError, InvalidQueryError, WireFormatError
from annexe_ros.inference.remote.pictures import Encoding
from annexe_ros.inference.remote.wire import (
    RemoteQuery,
    decode_query,
    decode_reply,
    encode_query,
    encode_reply,
    pack,
    query_facts,
    unpack,
)

pytestmark = pytest.mark.engines
PIXELS = 10_000


def frame(depth=False):
    rng = np.random.default_rng(3)
    image = rng.integers(0, 255, (24, 32, 3)).astype(np.uint8)
    metres = np.round(rng.uniform(0.2, 3, (24, 32)), 3).astype(np.float32)
    metres[:3] = np.nan
    camera = PinholeCamera(32, 24, 30.0, 31.0, 15.5, 11.5, (0.1, 0.0, 0.0, 0.0, 0.0))
    return Frame(image, metres if depth else None, camera, 12_000_000_034, "head_camera", "head")


def message(encoding=Encoding.PNG, depth=False, query=None):
    work = RemoteQuery(frame(depth), query or Query("What moves?"), "atlas", 5.0)
    return encode_query(work, encoding, 90, with_depth=True)


def altered(data, **changes):
    """Return a message with other facts."""
    facts, blobs = unpack(data)
    for key, value in changes.items():
        place, name = facts, key
        if "__" in key:
            outer, name = key.split("__")
            place = facts[outer]
        place[name] = value
    facts.pop("blobs")
    return pack(facts, blobs)


@pytest.mark.parametrize("encoding", [Encoding.PNG, Encoding.RAW])
@pytest.mark.parametrize("gaze", [None, (3.0, 4.5)])
def test_a_query_arrives_as_it_was_sent(encoding, gaze):
    query = Query("What moves?", want_analysis=False, want_3d=False, gaze=gaze)
    arrived = decode_query(message(encoding, depth=True, query=query), PIXELS)
    sent = frame(depth=True)
    np.testing.assert_array_equal(arrived.frame.image, sent.image)
    np.testing.assert_allclose(arrived.frame.depth, sent.depth, atol=1e-6)
    assert (arrived.frame.camera, arrived.frame.stamp_ns) == (sent.camera, sent.stamp_ns)
    assert (arrived.frame.frame_id, arrived.frame.camera_name) == ("head_camera", "head")
    assert (arrived.query, arrived.robot, arrived.timeout_s) == (query, "atlas", 5.0)


def test_jpeg_loses_little():
    smooth = np.repeat(np.linspace(0, 250, 32, dtype=np.uint8)[None, :, None], 24, axis=0).repeat(3, axis=2)
    data = encode_query(RemoteQuery(Frame(smooth), Query("?"), "a", 1.0), Encoding.JPEG, 95, with_depth=False)
    assert np.abs(decode_query(data, PIXELS).frame.image.astype(int) - smooth).max() < 12


def reply():
    labels = np.zeros((24, 32), np.uint8)
    labels[2:9, 3:8], labels[12:, 20:] = 1, 2
    objects = (
        GroundedObject("right hand", 1, 0.5, Role.RIGHT_HAND, active=True),
        GroundedObject("mug", 2, 0.25, Role.OBJECT, True, Hands.LEFT | Hands.RIGHT),
    )
    latencies = (StageLatency("answer", 12.5),)
    return Interpretation(
        "A hand holds a mug.", "right hand and mug", True, 0.75, objects, labels, "annexe", "tiny", latencies, ("dim",)
    )


def test_a_reply_arrives_as_it_was_sent():
    arrived, sent = decode_reply(encode_reply(reply()), 32, 24), reply()
    np.testing.assert_array_equal(arrived.label_image, sent.label_image)
    assert arrived.objects == sent.objects or [vars(o) for o in arrived.objects] == [vars(o) for o in sent.objects]
    for name in ("analysis", "answer", "has_target", "target_score", "engine", "model", "latencies", "notes"):
        assert getattr(arrived, name) == getattr(sent, name)


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"robot": ""}, WireFormatError, "1 to 64 characters"),
        ({"robot": 7}, WireFormatError, "'robot' must be of type str"),
        ({"timeout_s": -1}, WireFormatError, "must be a time"),
        ({"timeout_s": True}, WireFormatError, "'timeout_s' must be of type float or int"),
        ({"image__width": 33}, BadImageError, "is 32x24, not 33x24"),
        ({"image__width": 100_000}, BadImageError, "the limit is 10000 pixels"),
        ({"image__encoding": "tiff"}, WireFormatError, "unknown encoding 'tiff'"),
        ({"image__encoding": "jpeg"}, BadImageError, "no whole jpeg"),
        ({"query__text": "  "}, InvalidQueryError, "empty"),
        ({"query__want_mask": 1}, WireFormatError, "'want_mask' must be of type bool"),
        ({"query__gaze": [1]}, WireFormatError, "must be a pixel"),
        ({"query__gaze": ["a", 2]}, WireFormatError, "no finite number"),
        ({"query__gaze": [10**400, 2]}, WireFormatError, "1000.*0000 in 'gaze' is no finite number"),
        ({"camera__fx": 10**400}, WireFormatError, "in 'fx' is no finite number"),
        ({"camera__distortion": [10**400]}, WireFormatError, "in 'distortion' is no finite number"),
        ({"timeout_s": 10**400}, WireFormatError, "in 'timeout_s' is no finite number"),
        ({"camera__fx": -5.0}, BadImageError, "don't describe a pinhole camera"),
        ({"camera__distortion": None}, WireFormatError, "'distortion' must be of type list"),
        ({"camera": [1]}, WireFormatError, "'camera' must be of type dict"),
    ],
)
def test_a_query_that_says_nonsense_is_refused(changes, kind, sentence):
    with pytest.raises(kind, match=sentence):
        decode_query(altered(message(), **changes), PIXELS)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"mask_value": 256}, "describe no object"),
        ({"role": 9}, "describe no object"),
        ({"touched_by": 4}, "describe no object"),
        ({"score": "high"}, "'score' must be"),
        ({"score": 10**400}, "in 'score' is no finite number"),
    ],
)
def test_a_reply_that_says_nonsense_is_refused(change, sentence):
    facts, blobs = unpack(encode_reply(reply()))
    facts.pop("blobs")
    facts["objects"][0].update(change)
    with pytest.raises(WireFormatError, match=sentence):
        decode_reply(pack(facts, blobs), 32, 24)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"target_score": 10**400}, "in 'target_score' is no finite number"),
        ({"latencies": [["answer", 10**400]]}, "in 'latencies' is no finite number"),
        ({"latencies": [["answer"]]}, "no stage with its time"),
        ({"notes": [["dim"]]}, r"the note \['dim'\] is no text"),
    ],
)
def test_a_reply_whose_facts_are_nonsense_is_refused(changes, sentence):
    with pytest.raises(WireFormatError, match=sentence):
        decode_reply(altered(encode_reply(reply()), **changes), 32, 24)


def test_halves_of_characters_arrive_as_text():
    asked = decode_query(message().replace(b"moves?", rb"\ud800"), PIXELS)
    told = decode_reply(encode_reply(reply()).replace(b"A hand", rb"\ud83d"), 32, 24)
    assert asked.query.text == "What \N{REPLACEMENT CHARACTER}"
    assert told.analysis == "\N{REPLACEMENT CHARACTER} holds a mug."


def test_a_reply_about_an_image_of_another_size_is_refused():
    with pytest.raises(BadImageError, match="is 32x24, not 64x48"):
        decode_reply(encode_reply(reply()), 64, 48)


def test_a_picture_that_declares_more_than_it_was_said_to_is_not_decoded():
    data = message()
    at = data.index(b"IHDR") + 4
    bomb = data[:at] + struct.pack(">II", 60_000, 60_000) + data[at + 8 :]
    with pytest.raises(BadImageError):
        decode_query(bomb, PIXELS)


@given(st.data())
def test_no_damage_gets_further_than_a_sentence(data):
    whole = message(Encoding.RAW, depth=True)
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    damaged = whole[:at] if cut else whole[:at] + data.draw(st.binary(min_size=1, max_size=4)) + whole[at + 1 :]
    with suppress(AnnexeError):  # and nothing else
        assert decode_query(damaged, PIXELS).frame.image.shape == (24, 32, 3)


@given(st.binary(max_size=200))
def test_strangers_are_refused(data):
    with pytest.raises(WireFormatError):
        unpack(data)


@pytest.mark.parametrize(("text", "why"), [(b"[1, 2]", "not a JSON object"), (b"[" * 100_000, "nested too deeply")])
def test_facts_that_are_no_object_are_refused(text, why):
    with pytest.raises(WireFormatError, match=why):
        unpack(struct.pack("<4sI", b"ANX1", len(text)) + text)


def test_the_door_reads_no_picture():
    assert query_facts(altered(message(), image={"encoding": "tiff"})) == ("atlas", 5.0)
