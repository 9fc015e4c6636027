"""The published zero-shot benchmarks from their files: what is given is run, the figures are one flat row.

Knows how the data sets lay out their videos; nothing is downloaded, a missing video is an error. All lists are read
before the first video is: watching takes hours, which a malformed line must not cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.video.benchmarks import runner
from annexe_ros.video.encoder import ClipEncoder
from annexe_ros.video.epic import EpicSegment, read_egtea_labels, read_egtea_split, read_epic, read_epic_sentences
from annexe_ros.video.footage import Chunked, stretch, whole_film
from annexe_ros.video.records import NarratedClip, read_ego_clip, read_ego_mcq

EGO4D_CHUNK_S = 300.0
"""Ego4D's videos are cut into ``<video>.mp4/<start second>.mp4`` of that length."""
EPIC_RETRIEVAL, EPIC_SENTENCES = "EPIC_100_retrieval_test.csv", "EPIC_100_retrieval_test_sentence.csv"
EPIC_LISTS = ("EPIC_100_train.csv", "EPIC_100_validation.csv")
EGTEA_LABELS, EGTEA_SPLIT = "action_idx.txt", "test_split1.txt"
Figures = dict[str, float]
Run = Callable[[], Figures]


@dataclass(frozen=True)
class Sources:
    """Files and folders of the benchmarks that are to be run; the videos belong to the annotations beside them.

    Attributes:
        ego4d: videos. ego_hoi_bench, ego_mcq: annotations for them.
        epic: videos ``<participant>/videos/<video>.MP4``. epic_annotations: folder with the lists of EPIC-KITCHENS-100.
        egtea: clips ``<person>-<session>-<recipe>/<clip>.mp4``. egtea_annotations: folder with labels and split.
    """

    ego4d: Path | None = None
    ego_hoi_bench: Path | None = None
    ego_mcq: Path | None = None
    epic: Path | None = None
    epic_annotations: Path | None = None
    egtea: Path | None = None
    egtea_annotations: Path | None = None


def zero_shot(encoder: ClipEncoder, sources: Sources, say: Callable[[str], None]) -> Figures:
    """Return the figures of every benchmark whose annotations are given; ``say`` hears what begins.

    Raises ``DatasetFormatError`` for malformed annotations, missing videos, and annotations without their videos.
    """
    runs = list(_prepared(encoder, sources))
    found: Figures = {}
    for name, run in runs:
        say(name)
        found |= run()
    return found


def _prepared(encoder: ClipEncoder, sources: Sources) -> Iterator[tuple[str, Run]]:
    """Yield every benchmark whose annotations are given, by name, with its lists read."""
    for name, lists, videos, prepare in (
        ("EgoHOIBench", sources.ego_hoi_bench, sources.ego4d, _ego_hoi_bench),
        ("EgoMCQ", sources.ego_mcq, sources.ego4d, _ego_mcq),
        ("EPIC-KITCHENS-100", sources.epic_annotations, sources.epic, _epic),
        ("EGTEA", sources.egtea_annotations, sources.egtea, _egtea),
    ):
        if lists is None:
            continue
        if videos is None:
            raise DatasetFormatError(lists, f"the videos of {name} are missing")
        yield name, prepare(encoder, lists, videos)


def _ego4d(encoder: ClipEncoder, videos: Path) -> runner.Look[NarratedClip]:
    chunks, count = Chunked(videos, EGO4D_CHUNK_S), encoder.config.num_frames
    return lambda clip: chunks.frames(clip.video, clip.start_s, clip.end_s, count)


def _ego_hoi_bench(encoder: ClipEncoder, annotations: Path, videos: Path) -> Run:
    clips = list(read_ego_clip(annotations, hard_negatives=True))
    return partial(runner.ego_hoi_bench, encoder, clips, _ego4d(encoder, videos))


def _ego_mcq(encoder: ClipEncoder, annotations: Path, videos: Path) -> Run:
    return partial(runner.ego_mcq, encoder, read_ego_mcq(annotations), _ego4d(encoder, videos))


def _epic(encoder: ClipEncoder, annotations: Path, videos: Path) -> Run:
    segments = read_epic(annotations / EPIC_RETRIEVAL)
    known = [segment for name in EPIC_LISTS for segment in read_epic(annotations / name)]
    texts = _sentences(annotations / EPIC_SENTENCES, segments)
    _check_classes(annotations / EPIC_RETRIEVAL, segments, known)

    def look(segment: EpicSegment) -> runner.Frames:
        film = videos / segment.participant / "videos" / f"{segment.video}.MP4"
        return stretch(film, segment.start_s, segment.end_s, encoder.config.num_frames)

    def run() -> Figures:
        seen = runner.embed_records(encoder, segments, look)
        classes = runner.epic_classes(encoder, segments, known, seen)
        return runner.epic_retrieval(encoder, segments, texts, seen) | classes

    return run


def _sentences(path: Path, segments: Sequence[EpicSegment]) -> list[EpicSegment]:
    by_id = {segment.id: segment for segment in segments}
    names = read_epic_sentences(path)
    if unknown := [name for name in names if name not in by_id]:
        raise DatasetFormatError(path, f"'{unknown[0]}' is no segment of the retrieval list")
    return [by_id[name] for name in names]


def _check_classes(path: Path, segments: Sequence[EpicSegment], known: Sequence[EpicSegment]) -> None:
    actions = {segment.action for segment in known}
    for segment in segments:
        if segment.action not in actions:
            lists = " and ".join(EPIC_LISTS)
            raise DatasetFormatError(path, f"'{segment.id}' is of class {segment.action}, which {lists} lack")


def _egtea(encoder: ClipEncoder, annotations: Path, videos: Path) -> Run:
    def look(name: str) -> runner.Frames:
        return whole_film(videos / "-".join(name.split("-")[:3]) / f"{name}.mp4", encoder.config.num_frames)

    labels = read_egtea_labels(annotations / EGTEA_LABELS)
    clips = read_egtea_split(annotations / EGTEA_SPLIT, len(labels))
    return partial(runner.egtea, encoder, clips, labels, look)
