"""The readers: what they make of a well-formed file, what they refuse, and the published files where they are."""

import gzip
import io
import json
import tarfile

import numpy as np
import pytest
from published import FOLDER, needs_published

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.anticipation.lists import anticipation_rows, read_valid_classes
from annexe_ros.procedures.association.questions import Direction, read_association_questions
from annexe_ros.procedures.check import take_stock
from annexe_ros.procedures.narrations import (
    read_association_segments,
    read_class_segments,
    read_fine_segments,
    read_taxonomy,
)
from annexe_ros.procedures.questions.choices import read_choice_questions
from annexe_ros.procedures.segmentation.steps import (
    frame_labels,
    read_coarse_steps,
    read_frame_labels,
    read_split,
    read_step_names,
)
from annexe_ros.procedures.videos import read_videos

CLASS_HEADER = "video_id,annotation_id,start_sec,end_sec,verb,noun,scenario\n"


@pytest.fixture
def file(tmp_path):
    def write(content, name="file"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), newline="")
        return path

    return write


def test_videos(file):
    entry = {"video_uid": "u", "num_frames": 50.0, "fps": 25.0, "width": 320.0, "height": 240.0}
    entry |= {"view": "ego", "scene": "lab", "task": "task8"}
    video = read_videos(file([entry]))["u"]
    assert (video.frames, video.width, video.height, video.view) == (50, 320, 240, "ego")
    for faulty in ([entry, entry], [], [{**entry, "view": "bird"}], [{**entry, "num_frames": 0}], [{"video_uid": 1}]):
        with pytest.raises(DatasetFormatError):
            read_videos(file(faulty))


def test_step_names_begin_with_the_background(file):
    names = read_step_names(file([{"key": f"step {k}", "value": str(k)} for k in range(1, 28)]))
    assert (names[0], names[1], names[27], len(names)) == ("background", "step 1", "step 27", 28)
    with pytest.raises(DatasetFormatError, match=r"steps 1\.\.27"):
        read_step_names(file([{"key": "only", "value": "1"}]))


def test_a_split_keeps_its_last_line_and_either_line_end(file):
    assert read_split(file("a.txt\r\nb.txt\r\nc.txt")) == ("a", "b", "c")
    for faulty in ("a.txt\nb", "a.txt\na.txt", "\n\n"):
        with pytest.raises(DatasetFormatError):
            read_split(file(faulty))


@pytest.mark.parametrize("text", ["3\r\n0\r\n27", "3\r\n0\r\n27\r\n", "3\n0\n27\n"])
def test_frame_labels(text):
    assert frame_labels("f", text).tolist() == [3, 0, 27]


@pytest.mark.parametrize("text", ["3\n\n4\n", "28", "-1", "x", ""])
def test_a_label_that_is_none_is_refused(text):
    with pytest.raises(DatasetFormatError, match="line"):
        frame_labels("f", text)


def archive(path, contents):
    with tarfile.open(path, "w:gz") as tar:
        for name, text in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def test_frame_labels_come_from_an_archive_or_its_folder(tmp_path):
    contents = {"a.txt": "1\r\n2", "b.txt": "not a label"}
    packed = archive(tmp_path / "gts.tar.gz", contents)
    folder = tmp_path / "gts"
    folder.mkdir()
    for name, text in contents.items():
        (folder / name).write_text(text)
    for source in (packed, folder):
        assert read_frame_labels(source, ("a",))["a"].tolist() == [1, 2]
        with pytest.raises(DatasetFormatError, match="lacks the labels of 1 videos, the first being c"):
            read_frame_labels(source, ("a", "c"))
    with pytest.raises(DatasetFormatError, match="neither a folder"):
        read_frame_labels(folder / "a.txt", ("a",))


def test_coarse_steps_tell_which_can_be_used(tmp_path):
    entry = {"start": 3, "end": 23, "attribute": "3", "id": "x", "textAttribute_en": "1. Take it."}
    unusable = [{**entry, "attribute": ""}, {**entry, "end": 3}]
    packed = archive(tmp_path / "c.tar.gz", {"l1/u.json": json.dumps([entry, *unusable])})
    ((uid, steps),) = read_coarse_steps(packed)
    assert (uid, [step.usable for step in steps], steps[0].step) == ("u", [True, False, False], 3)
    for faulty in ({**entry, "attribute": "28"}, {**entry, "start": -1}, {}):
        with pytest.raises(DatasetFormatError, match="entry 0"):
            list(read_coarse_steps(archive(tmp_path / "f.tar.gz", {"u.json": json.dumps([faulty])})))


def test_anticipation_labels_are_places_among_the_valid_classes(file):
    table = file(CLASS_HEADER + 'u,i,10.0,12.5,"[48, 36]","[5]",lab\nu,j,20.0,21.0,[7],[],lab\n')
    segments = read_class_segments(table)
    valid = read_valid_classes(file("36\n7\n48", "valid"))
    verbs = anticipation_rows(segments, valid, "verb")
    assert [str(row) for row in verbs] == ["u|10.0|12.5|[2, 0]", "u|20.0|21.0|[1]"]
    assert verbs[0].context == (7.0, 9.0)
    assert anticipation_rows(segments, valid, "noun") == []
    for faulty in ("1\n1", "x"):
        with pytest.raises(DatasetFormatError):
            read_valid_classes(file(faulty, "valid"))


@pytest.mark.parametrize(
    "content",
    [
        "video_id,start_sec\nu,1\n",
        CLASS_HEADER + "u,i,1.0,2.0,[1],[1]\n",
        CLASS_HEADER + "u,i,2.0,1.0,[1],[1],lab\n",
        CLASS_HEADER + "u,i,1.0,nan,[1],[1],lab\n",
        CLASS_HEADER + "u,i,1.0,2.0,one,[1],lab\n",
        CLASS_HEADER + ",i,1.0,2.0,[1],[1],lab\n",
    ],
)
def test_a_malformed_table_is_refused(file, content):
    with pytest.raises(DatasetFormatError):
        read_class_segments(file(content))


def test_fine_segments_and_association_tables(file):
    fine = file("video_uid,annotation_id,subset,view,scene,start_sec,end_sec\nu,i,test,ego,kitchen,240.6,241.8\n")
    (segment,) = read_fine_segments(fine)
    assert (segment.start, segment.narration, segment.verbs) == (240.6, "", ())
    table = file(
        "annotation_id,start_sec,end_sec,narration_ch,narration_en,verb,noun,scenario,video_uid\n"
        'i,0.0,20.0,x,"Hold it, firmly.","[17, 52]",[296],kitchen,u\n',
        "association",
    )
    (segment,) = read_association_segments(table)
    assert (segment.video, segment.narration, segment.verbs) == ("u", "Hold it, firmly.", (17, 52))


def test_taxonomy(file):
    assert read_taxonomy(file("label,group\nknife_(x),\"['knife', 'spoon']\"\n")) == (
        ("knife_(x)", ("knife", "spoon")),
    )
    with pytest.raises(DatasetFormatError, match="line 2"):
        read_taxonomy(file("label,group\nknife,1\n"))


def test_association_questions(file):
    clip = {"video_uid": "u", "start_sec": 1, "end_sec": 2, "narration_en": "cuts"}
    entry = {"query": clip, "choices": {"0": clip, "1": clip}, "answer": 1, "types": 2}
    (question,) = read_association_questions(file({"0": entry}))
    assert (question.answer, question.direction, len(question.choices)) == (1, Direction.EXO_TO_EGO, 2)
    for faulty in ({**entry, "answer": 2}, {**entry, "types": 3}, {**entry, "choices": []}, {}):
        with pytest.raises(DatasetFormatError, match="question 0"):
            read_association_questions(file({"0": faulty}))


def conversation(answer, *choices, marker="<video>"):
    asked = "\n".join([marker, "What?", *choices, "Answer with the option's letter from the given choices directly."])
    turns = [{"from": "human", "value": asked}, {"from": "gpt", "value": answer}]
    return json.dumps({"id": "u_0", "conversations": turns, "image": {"video": "u.mp4"}})


@pytest.mark.parametrize("answer", ["B", "A spoon"])
def test_choice_questions(file, answer):
    (question,) = read_choice_questions(file(conversation(answer, "(A) A knife", "(B) A spoon")))
    assert (question.video, question.choices, question.letter) == ("u", ("A knife", "A spoon"), "B")


@pytest.mark.parametrize(
    "line",
    [
        conversation("C", "(A) x", "(B) y"),
        conversation("A", "(A) x"),
        conversation("A", "(A) x", "(C) y"),
        conversation("A", "(A) x", "(B) y", marker="Look."),
        conversation("x", "(A) x", "(B) x"),
        "{}",
        "[",
    ],
)
def test_a_malformed_question_is_refused(file, line):
    with pytest.raises(DatasetFormatError):
        read_choice_questions(file(line))


def test_stock_of_a_folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "train_ego_anno_list.txt").write_text("u|1.0|[0, 1, 2, 3, 4, 5, 6, 7]")
    (tmp_path / "skill_val.txt").write_text("nonsense")
    np.save(tmp_path / "deep" / "u.npy", np.zeros((5, 2)))
    stock = take_stock(tmp_path)
    assert stock.found == {"deep/train_ego_anno_list.txt": {"rows": 1, "videos": 1}}
    assert "skill_train.txt" in stock.missing
    assert "skill_val.txt" not in stock.missing
    assert [sentence.split(": ")[1] for sentence in stock.faulty] == [
        "line 1",
        "is the gaze of a video that video_meta_downsampled.json doesn't name",
    ]
    with pytest.raises(DatasetFormatError, match="no such folder"):
        take_stock(tmp_path / "nowhere")


@pytest.mark.parametrize("ending", [b"", b"\xff" * 99_000])  # cut off, or no deflate block where one should begin
def test_a_damaged_archive_is_refused_and_the_rest_is_counted(tmp_path, ending):
    packed = archive(tmp_path / "gts_fps25_trainval.tar.gz", {"a.txt": "27\n" * 99_000})
    stored = gzip.compress(gzip.decompress(packed.read_bytes()), compresslevel=0)
    packed.write_bytes(stored[: len(stored) // 2] + ending)
    (tmp_path / "skill_train.txt").write_text("13_a_0_9 13_b_0_9")
    stock = take_stock(tmp_path)
    assert list(stock.found) == ["skill_train.txt"]
    (told,) = stock.faulty
    assert told.startswith(f"{packed}: is neither a folder nor a readable .tar.gz")


@needs_published
@pytest.mark.parametrize(
    ("table", "target", "rows"),
    [
        ("ego_train", "noun", 31412), ("ego_val", "noun", 6729), ("exo_train", "noun", 5881), ("exo_val", "noun", 1915),
        ("ego_train", "verb", 33496), ("ego_val", "verb", 7542), ("exo_train", "verb", 5944), ("exo_val", "verb", 1960),
    ],
)  # fmt: skip
def test_rebuilt_anticipation_lists_have_the_sound_number_of_rows(table, target, rows):
    segments = read_class_segments(FOLDER / "anticipation" / f"{table}_valid.csv")
    valid = read_valid_classes(FOLDER / "anticipation" / f"valid_{target}s.txt")
    assert len(anticipation_rows(segments, valid, target)) == rows


@needs_published
def test_published_questions():
    questions = read_choice_questions(FOLDER / "video_mcq.jsonl")
    counts = [sum(question.letter == letter for question in questions) for letter in "ABCDE"]
    assert (len(questions), counts) == (6832, [1858, 2314, 2064, 565, 31])
