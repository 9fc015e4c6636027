"""Takes stock of a folder with EgoExoLearn's files: what is there, what is missing, what can't be read, the counts.

Files are known by name, wherever below the folder they lie; every one that is found is read by its strict reader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.procedures.anticipation.lists import read_valid_classes
from annexe_ros.procedures.association.questions import read_association_questions
from annexe_ros.procedures.gaze_files import read_gaze
from annexe_ros.procedures.lines import files_named, folder_texts
from annexe_ros.procedures.narrations import (
    read_association_segments,
    read_class_segments,
    read_fine_segments,
    read_taxonomy,
)
from annexe_ros.procedures.planning.rows import read_plan_rows
from annexe_ros.procedures.questions.choices import read_choice_questions
from annexe_ros.procedures.segmentation.steps import (
    LABEL_SOURCES,
    frame_labels,
    read_coarse_steps,
    read_split,
    read_step_names,
)
from annexe_ros.procedures.skill.pairs import read_pairs
from annexe_ros.procedures.videos import Video, read_videos

Counts = dict[str, int]
META = "video_meta_downsampled.json"


@dataclass
class Stock:
    """What a folder holds: counts by file, problems as sentences, and the names of expected files that aren't there."""

    found: dict[str, Counts] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    faulty: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Kind:
    """Files of one format: alternatives of a name are separated by "|", the first being the published one."""

    names: tuple[str, ...]
    count: Callable[[Path], Counts]


def take_stock(folder: Path | str) -> Stock:
    """Read every known file below ``folder``; raises ``DatasetFormatError`` if there is no such folder."""
    root = Path(folder)
    if not root.is_dir():
        raise DatasetFormatError(root, "no such folder")
    stock = Stock()
    for kind in KINDS:
        for names in kind.names:
            _look_for(root, names, kind.count, stock)
    _look_for(root, LABEL_SOURCES, partial(_of_labels, faulty=stock.faulty), stock)
    _look_for_features(root, stock)
    return stock


def _look_for(root: Path, names: str, count: Callable[[Path], Counts], stock: Stock) -> None:
    paths = files_named(root, names)
    if not paths:
        stock.missing.append(names.partition("|")[0])
    for path in paths:
        try:
            stock.found[str(path.relative_to(root))] = count(path)
        except DatasetFormatError as error:
            stock.faulty.append(str(error))


def _look_for_features(root: Path, stock: Stock) -> None:
    """Count features and gaze by folder; torch is needed only where there are any."""
    videos = _videos(root)
    for suffix, name in ((".pt", "features (.pt)"), (".npz", "skill features (.npz)"), (".npy", "gaze (.npy)")):
        paths = sorted(root.rglob(f"*{suffix}"))
        if not paths:
            stock.missing.append(name)
        for path in paths:
            try:
                kind = _feature_kind(path, videos)
            except DatasetFormatError as error:
                stock.faulty.append(str(error))
                continue
            counts = stock.found.setdefault(str(path.parent.relative_to(root)), {})
            counts[kind] = counts.get(kind, 0) + 1


def _videos(root: Path) -> dict[str, Video]:
    """Return the videos that the folder tells of; a table that was refused is among the faulty files already."""
    path = next(root.rglob(META), None)
    try:
        return read_videos(path) if path else {}
    except DatasetFormatError:
        return {}


def _feature_kind(path: Path, videos: Mapping[str, Video]) -> str:
    if path.suffix == ".npy":
        video = videos.get(path.stem)
        if video is None:
            raise DatasetFormatError(path, f"is the gaze of a video that {META} doesn't name")
        read_gaze(path, video.frames, video.width, video.height)
        return "gaze"
    from annexe_ros.procedures.features import read_skill_features, read_video_features

    if path.suffix == ".npz":
        return f"skill clips of width {read_skill_features(path).shape[1]}"
    return read_video_features(path)[0]


def _of_videos(items: Iterable, name: str) -> Counts:
    listed = list(items)
    return {name: len(listed), "videos": len({item.video for item in listed})}


def _of_coarse_steps(path: Path) -> Counts:
    steps = [step for _, entries in read_coarse_steps(path) for step in entries]
    videos = sum(1 for _ in folder_texts(path, ".json"))
    return {"steps": len(steps), "unusable": sum(not step.usable for step in steps), "videos": videos}


def _of_labels(path: Path, faulty: list[str]) -> Counts:
    """Count what can be read, and tell of the videos that can't."""
    counts: Counter[str] = Counter()
    for uid, text in folder_texts(path, ".txt"):
        try:
            counts.update(videos=1, frames=len(frame_labels(f"{path}/{uid}.txt", text)))
        except DatasetFormatError as error:
            faulty.append(str(error))
    return dict(counts)


def _of_pairs(path: Path) -> Counts:
    pairs = read_pairs(path)
    return {"pairs": len(pairs), "clips": len({clip for pair in pairs for clip in pair})}


_SPLITS = ("train", "val", "test")
_PLANNING = (
    *(f"{split}_{views}_anno_list.txt" for split in _SPLITS for views in ("ego", "exo", "ego_gaze")),
    "cotrain_ego_exo_anno_list.txt",
    "cotrain_ego_gaze_exo_anno_list.txt",
)
_BUNDLES = tuple(f"{views}_{split}_annotations.bundle" for views in ("ego", "exo", "ego_gaze") for split in _SPLITS)
_CLASS_TABLES = tuple(f"{view}_{split}_valid.csv" for view in ("ego", "exo") for split in _SPLITS)
_FINE = tuple(f"fine_annotation_{part}.csv" for part in ("trainval_en", "trainvaltest_en", "test"))
KINDS = (
    Kind((META,), lambda path: {"videos": len(read_videos(path))}),
    Kind(
        ("narration_noun_taxonomy.csv", "narration_verb_taxonomy.csv"),
        lambda path: {"classes": len(read_taxonomy(path))},
    ),
    Kind(_FINE, lambda path: _of_videos(read_fine_segments(path), "segments")),
    Kind(("coarse_annotations.tar.gz|l1",), _of_coarse_steps),
    Kind(("semantic_en.json",), lambda path: {"classes": len(read_step_names(path))}),
    Kind(_BUNDLES, lambda path: {"videos": len(read_split(path))}),
    Kind(("valid_nouns.txt", "valid_verbs.txt"), lambda path: {"classes": len(read_valid_classes(path))}),
    Kind(_CLASS_TABLES, lambda path: _of_videos(read_class_segments(path), "segments")),
    Kind(_PLANNING, lambda path: _of_videos(read_plan_rows(path), "rows")),
    Kind(("skill_train.txt|train_split_skill.txt", "skill_val.txt|val_split_skill.txt"), _of_pairs),
    Kind(("ego_train.csv", "exo_train.csv"), lambda path: _of_videos(read_association_segments(path), "segments")),
    Kind(
        ("association_val_hard.json", "association_test_hard.json"),
        lambda path: {"questions": len(read_association_questions(path))},
    ),
    Kind(("video_mcq.jsonl|*mcq*.jsonl",), lambda path: _of_videos(read_choice_questions(path), "questions")),
)
"""The annotation files by what they are called where they are published."""
