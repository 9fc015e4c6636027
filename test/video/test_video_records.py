"""The readers of published files: what they hold, and how malformed cells are refused."""

import json

import pytest

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.video.epic import action_classes, read_egtea_labels, read_egtea_split, read_epic, seconds
from annexe_ros.video.records import read_ego_clip, read_ego_mcq, read_hod

EGO_CLIP = "clip_idx\tvideo_uid\tclip_start\tclip_end\tclip_text\ttag_verb\ttag_noun"
ROW = "0\tabc\t2.967651\t3.721266\t#C C picks a bag of clothes from the floor\t[93]\t[192, 115, 12]"
EPIC = "narration_id,participant_id,video_id,start_timestamp,stop_timestamp,narration,verb_class,noun_class"


def written(path, *lines):
    path.write_text("\n".join(lines) + "\n")
    return path


def test_ego_clip(tmp_path):
    (clip,) = read_ego_clip(written(tmp_path / "clips.csv", EGO_CLIP, ROW))
    assert (clip.video, clip.start_s, clip.end_s) == ("abc", 2.967651, 3.721266)
    assert clip.text == "#C C picks a bag of clothes from the floor"
    assert (clip.verbs, clip.nouns) == ((93,), (192, 115, 12))


@pytest.mark.parametrize("cell", ["#C C puts a bag, #C C takes a bag", '["#C C puts a bag", "#C C takes a bag"]'])
def test_hard_negatives_come_joined_by_commas_or_as_json(tmp_path, cell):
    file = written(tmp_path / "hoi.csv", f"{EGO_CLIP}\tverb_neg\tnoun_neg", f"{ROW}\t{cell}\t{cell}")
    (clip,) = read_ego_clip(file, hard_negatives=True)
    assert clip.verb_negatives == clip.noun_negatives == ("#C C puts a bag", "#C C takes a bag")


def test_captions_of_ours_may_hold_commas(tmp_path):
    file = written(tmp_path / "hoi.csv", f"{EGO_CLIP}\tverb_neg\tnoun_neg", f'{ROW}\t["a, b", "c"]\t["d"]')
    (clip,) = read_ego_clip(file, hard_negatives=True)
    assert clip.verb_negatives == ("a, b", "c")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[93]", "__import__('os')", "'tag_verb' is no list"),
        ("[93]", "['a']", "'tag_verb' is no list of ids"),
        ("2.967651", "soon", "'clip_start' is no number"),
        ("2.967651", "9", "runs from 9.0 s to"),
        ("3.721266", "inf", "runs from 2.967651 s to inf s"),
        ("abc", "", "'video_uid' is empty"),
    ],
)
def test_a_malformed_cell_is_refused_with_its_line(tmp_path, old, new, why):
    file = written(tmp_path / "clips.csv", EGO_CLIP, ROW.replace(old, new))
    with pytest.raises(DatasetFormatError, match="line 2") as caught:
        list(read_ego_clip(file))
    assert why in str(caught.value)


@pytest.mark.parametrize("cell", [",", " , ", "[]", '[" "]'])
def test_a_clip_has_negatives(tmp_path, cell):
    file = written(tmp_path / "hoi.csv", f"{EGO_CLIP}\tverb_neg\tnoun_neg", f"{ROW}\t{cell}\t#C C takes a bag")
    with pytest.raises(DatasetFormatError, match="line 2: 'verb_neg' holds no caption"):
        list(read_ego_clip(file, hard_negatives=True))


def test_files_that_hold_nothing_are_refused(tmp_path):
    for read, name, header in ((read_epic, "epic.csv", EPIC), (lambda file: list(read_ego_clip(file)), "c", EGO_CLIP)):
        with pytest.raises(DatasetFormatError, match="has no row"):
            read(written(tmp_path / name, header, ""))
    with pytest.raises(DatasetFormatError, match="holds no line"):
        read_egtea_labels(written(tmp_path / "a.txt", ""))
    with pytest.raises(DatasetFormatError, match="no JSON object with questions"):
        read_ego_mcq(written(tmp_path / "mcq.json", "{}"))


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(DatasetFormatError, match="no column 'clip_end'"):
        list(read_ego_clip(written(tmp_path / "clips.csv", EGO_CLIP.replace("clip_end", "end"), ROW)))


def test_hod_has_one_text_or_several(tmp_path):
    file = written(
        tmp_path / "hod.csv",
        "video_id,start_second,end_second,text,dataset",
        "v1,1,4,\"['C takes\\n the scissors', 'left hand moves up']\",ego4d",
        "v2,2,3,C cuts,howto",
    )
    first, second = read_hod(file)
    assert first.texts == ("C takes the scissors", "left hand moves up")
    assert (second.texts, second.dataset) == (("C cuts",), "howto")


def mcq(videos, answer=1):
    clips = {str(k): {"video_uid": v, "clip_start": 0, "clip_end": 1, "clip_text": "x"} for k, v in enumerate(videos)}
    return {"0": {"answer": answer, "types": 1, "query": {"clip_text": "q"}, "choices": clips}}


@pytest.mark.parametrize(("videos", "intra"), [("aaaaa", True), ("abcde", False)])
def test_intra_is_told_from_the_videos(tmp_path, videos, intra):
    (tmp_path / "mcq.json").write_text(json.dumps(mcq(videos)))
    (question,) = read_ego_mcq(tmp_path / "mcq.json")
    assert (question.query, question.answer, question.intra) == ("q", 1, intra)


def test_an_answer_outside_the_choices_is_refused(tmp_path):
    (tmp_path / "mcq.json").write_text(json.dumps(mcq("abcde", answer=5)))
    with pytest.raises(DatasetFormatError, match="question '0'"):
        read_ego_mcq(tmp_path / "mcq.json")


def test_choices_are_as_many_everywhere_and_their_times_follow(tmp_path):
    (tmp_path / "mcq.json").write_text(json.dumps(mcq("abcde") | {"1": mcq("abcd")["0"]}))
    with pytest.raises(DatasetFormatError, match="question '1' has 4 choices, the first has 5"):
        read_ego_mcq(tmp_path / "mcq.json")
    backwards = mcq("abcde")
    backwards["0"]["choices"]["3"]["clip_start"] = 2
    (tmp_path / "mcq.json").write_text(json.dumps(backwards))
    with pytest.raises(DatasetFormatError, match=r"question '0': .*from 2\.0 s to 1\.0 s"):
        read_ego_mcq(tmp_path / "mcq.json")


def test_epic_segments_and_their_classes(tmp_path):
    lines = ["a,P01,P01_1,00:01:02.50,00:01:03.00,open door,3,8", "b,P01,P01_1,00:00:01.00,00:00:02.00,close tap,10,0",
             "c,P01,P01_1,00:00:01.00,00:00:02.00,open the door,3,8"]  # fmt: skip
    segments = read_epic(written(tmp_path / "epic.csv", EPIC, *lines))
    assert (segments[0].start_s, segments[0].noun_classes) == (62.5, (8,))
    assert action_classes(segments) == {"10:0": ["close tap"], "3:8": ["open door", "open the door"]}


def test_epic_reads_all_nouns_where_they_are(tmp_path):
    file = written(tmp_path / "e.csv", f"{EPIC},all_noun_classes", 'a,P,V,00:00:01.0,00:00:02.0,x,3,8,"[8, 2]"')
    assert read_epic(file)[0].noun_classes == (8, 2)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ("00:00:03.0,00:00:02.0,x,3,8,", r"from 3\.0 s to 2\.0 s"),
        ("00:00:01.0,00:00:nan,x,3,8,", "to nan s"),
        ("00:00:01.0,00:00:02.0,x,3,-8,", "below 0"),
        ("00:00:01.0,00:00:02.0,x,3,8,nine", "'all_noun_classes' is no list"),
        ("00:00:01.0,00:00:02.0,x", "'verb_class' is empty"),
    ],
)
def test_a_malformed_segment_is_refused_with_its_line(tmp_path, cells, why):
    with pytest.raises(DatasetFormatError, match=f"line 2: .*{why}"):
        read_epic(written(tmp_path / "epic.csv", f"{EPIC},all_noun_classes", f"a,P01,P01_1,{cells}"))


@pytest.mark.parametrize("time", ["1:2", "a:b:c", ""])
def test_a_time_that_is_none_is_refused(time):
    with pytest.raises(ValueError, match=r"time|invalid|could not"):
        seconds(time)


def test_egtea(tmp_path):
    assert read_egtea_labels(written(tmp_path / "a.txt", "Take_Cup 2", "Open Fridge 1")) == ["open fridge", "take cup"]
    assert read_egtea_split(written(tmp_path / "s.txt", "P01-clip 2 5 6", ""), 106) == [("P01-clip", 1)]
    with pytest.raises(DatasetFormatError, match="line 1"):
        read_egtea_split(written(tmp_path / "s.txt", "P01-clip 107"), 106)
    with pytest.raises(DatasetFormatError, match="numbered 1, 2, 3"):
        read_egtea_labels(written(tmp_path / "a.txt", "Take_Cup 1", "Open Fridge 1"))
