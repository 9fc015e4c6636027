"""The published benchmarks from files of their layout: small films of one colour, and an encoder that sees colours."""

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from annexe_ros.cli.main import app
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.video.benchmarks.runner import table
from annexe_ros.video.benchmarks.zero_shot import Sources, zero_shot

COLOURS = {"red": (220, 20, 20), "green": (20, 220, 20), "blue": (20, 20, 220)}
EPIC_COLUMNS = "narration_id,participant_id,video_id,start_timestamp,stop_timestamp,narration,verb_class,noun_class"


class ColourEncoder:
    """A text points where its colour's name says, a clip where its frames do."""

    config = SimpleNamespace(num_frames=4)

    def embed_texts(self, texts):
        colours = [sum((np.array(COLOURS[name]) for name in COLOURS if name in text), np.zeros(3)) for text in texts]
        return np.array([colour / max(np.linalg.norm(colour), 1) for colour in colours])

    def embed_clips(self, clips):
        assert all(len(clip) == self.config.num_frames for clip in clips)
        colours = [clip.mean(axis=(0, 1, 2)) for clip in clips]
        return np.array([colour / np.linalg.norm(colour) for colour in colours])


def film(path, *names, seconds=1):
    """Write a film at 10 Hz that shows colours one after the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, (32, 32))
    for name in names:
        for _ in range(10 * seconds):
            writer.write(np.full((32, 32, 3), COLOURS[name][::-1], np.uint8))
    writer.release()


def run(**sources):
    return zero_shot(ColourEncoder(), Sources(**sources), lambda name: None)


def test_ego_hoi_bench(tmp_path):
    film(tmp_path / "v.mp4" / "0.mp4", "red", "green", seconds=2)
    film(tmp_path / "v.mp4" / "300.mp4", "blue")
    rows = [
        "video_uid\tclip_start\tclip_end\tclip_text\ttag_verb\ttag_noun\tverb_neg\tnoun_neg",
        'v\t0\t2\tred\t[1]\t[2]\t["green, or not"]\tblue, green',
        "v\t300.1\t300.8\tblue\t[1]\t[2]\tblue\tred",
    ]
    (tmp_path / "hoi.csv").write_text("\n".join(rows) + "\n")
    found = run(ego4d=tmp_path, ego_hoi_bench=tmp_path / "hoi.csv")
    assert found == {"hoi_verb": 0.5, "hoi_noun": 1.0, "hoi_action": 0.5}


def test_ego_mcq(tmp_path):
    clips = {str(k): {"video_uid": name, "clip_start": 0, "clip_end": 1, "clip_text": name}
             for k, name in enumerate(COLOURS)}  # fmt: skip
    for name in COLOURS:
        film(tmp_path / f"{name}.mp4" / "0.mp4", name)
    questions = {"0": {"answer": 1, "types": 1, "query": {"clip_text": "green"}, "choices": clips}}
    (tmp_path / "egomcq.json").write_text(json.dumps(questions))
    assert run(ego4d=tmp_path, ego_mcq=tmp_path / "egomcq.json") == {"mcq_inter": 1.0}


@pytest.fixture
def epic(tmp_path):
    film(tmp_path / "P01" / "videos" / "P01_01.MP4", *COLOURS)
    rows = [f"s{k},P01,P01_01,00:00:0{k}.1,00:00:0{k}.8,{name},{k},{k}" for k, name in enumerate(COLOURS)]
    lists = {"retrieval_test": rows, "train": rows[:2], "validation": rows[2:], "retrieval_test_sentence": rows[:2]}
    for name, part in lists.items():
        (tmp_path / f"EPIC_100_{name}.csv").write_text("\n".join([EPIC_COLUMNS, *part]) + "\n")
    return tmp_path


def test_epic_retrieval_and_classes_look_at_a_stretch_of_a_film(epic):
    found = run(epic=epic, epic_annotations=epic)
    assert found["cls_top1"] == found["mir_map"] == found["mir_ndcg_t2v"] == 1


def test_an_unknown_sentence_is_named(epic):
    (epic / "EPIC_100_retrieval_test_sentence.csv").write_text("narration_id,sentence\ns9,pink\n")
    with pytest.raises(DatasetFormatError, match="'s9'"):
        run(epic=epic, epic_annotations=epic)


def test_egtea(tmp_path):
    for name in ("green", "blue"):
        film(tmp_path / "OP01-R01-Salad" / f"OP01-R01-Salad-{name}.mp4", name)
    (tmp_path / "action_idx.txt").write_text("Take_red 1\nTake_green 2\nTake_blue 3\n")
    (tmp_path / "test_split1.txt").write_text("OP01-R01-Salad-green 2 1\nOP01-R01-Salad-blue 1 1\n")
    assert run(egtea=tmp_path, egtea_annotations=tmp_path) == {"egtea_top1": 0.5, "egtea_mean": 0.5}


@pytest.fixture
def watched(monkeypatch):
    """Which clips were watched, in place of watching them."""
    clips = []
    monkeypatch.setattr(ColourEncoder, "embed_clips", lambda self, some: clips.extend(some) or np.ones((len(some), 3)))
    return clips


def test_a_class_that_the_lists_lack_is_told_before_any_video_is_watched(epic, watched):
    (epic / "EPIC_100_train.csv").write_text(f"{EPIC_COLUMNS}\ns9,P01,P01_01,00:00:01,00:00:02,red,0,0\n")
    with pytest.raises(DatasetFormatError, match="'s1' is of class 1:1, which EPIC_100_train"):
        run(epic=epic, epic_annotations=epic)
    assert not watched


def test_all_lists_are_read_before_any_video_is_watched(epic, watched):
    (epic / "action_idx.txt").write_text("Take_red 1\n")
    (epic / "test_split1.txt").write_text("OP01-R01-Salad-green 2 1\n")
    with pytest.raises(DatasetFormatError, match=r"line 1: no clip and action 1\.\.1"):
        run(epic=epic, epic_annotations=epic, egtea=epic, egtea_annotations=epic)
    assert not watched


def test_a_missing_video_ends_the_run(epic):
    (epic / "P01" / "videos" / "P01_01.MP4").unlink()
    with pytest.raises(DatasetFormatError, match="no video"):
        run(epic=epic, epic_annotations=epic)


def test_annotations_without_videos_are_refused(tmp_path):
    with pytest.raises(DatasetFormatError, match="the videos of EGTEA are missing"):
        run(egtea_annotations=tmp_path)


def test_the_command_asks_for_a_benchmark():
    result = CliRunner().invoke(app, ["video-zero-shot"])
    assert result.exit_code == 2
    assert "name the annotations" in result.stderr


def test_the_table_has_ours_in_percent_and_theirs_as_published():
    lines = table({"small": {"hoi_verb": 0.5, "mir_map_v2t": 1.0}}).splitlines()
    assert lines[0].startswith("| system | hoi_verb | hoi_noun |")
    assert lines[2].startswith("| small (ours) | 50.00 |  |")
    assert "| LaViLa++ (theirs) | 80.63 | 75.30 | 63.17 |" in "\n".join(lines)
