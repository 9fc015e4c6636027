"""Narrations of generated clips, as the published files have them: EgoHOD's, and EgoHOIBench's with hard negatives.

A language model may merge a narration with what the hand did, and suggest the negatives' words; its words are checked.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from annexe_ros.core.errors import EngineError
from annexe_ros.data.clips.annotation import ClipAnnotation
from annexe_ros.data.clips.taxonomy import CLIP_NOUNS, CLIP_VERBS, Taxonomy
from annexe_ros.data.whole import whole
from annexe_ros.video.hand_object_dynamics import describe, track_of
from annexe_ros.video.language_model import Complete, merged_narration, suggested_negatives
from annexe_ros.video.records import HodClip, NarratedClip

DATASET = "annexe_clips"
"""What the files give as the clips' data set."""


def dynamics_of(clip: ClipAnnotation, complete: Complete | None = None) -> HodClip:
    """Return a clip with what its hand did, told by rules; with a language model, merged with its narration."""
    motion = describe([track_of(clip)])
    text = motion if complete is None else merged_narration(complete, clip.wording.narration, motion)
    return HodClip(clip.id, 0.0, _duration_s(clip), (text,), DATASET)


def narrated(clip: ClipAnnotation, complete: Complete | None = None) -> NarratedClip:
    """Return a clip with narration and hard negatives: the taxonomy's, or as many of a language model.

    Where the model suggests too few usable words, the taxonomy's stay.
    """
    wording = clip.wording
    return NarratedClip(
        clip.id,
        0.0,
        _duration_s(clip),
        wording.narration,
        (CLIP_VERBS.labels.index(clip.verb),),
        (CLIP_NOUNS.labels.index(clip.noun),),
        _negatives(complete, wording.narration, clip.verb, "verb", CLIP_VERBS, wording.verb_negatives),
        _negatives(complete, wording.narration, clip.noun, "noun", CLIP_NOUNS, wording.noun_negatives),
    )


def _negatives(
    complete: Complete | None, narration: str, name: str, kind: str, taxonomy: Taxonomy, known: tuple[str, ...]
) -> tuple[str, ...]:
    if complete is None:
        return known
    words = taxonomy.groups[taxonomy.labels.index(name)]
    said = max((word for word in words if f" {word} " in f" {narration} "), key=len)  # "pushes away", not "pushes"
    try:
        return tuple(suggested_negatives(complete, narration, said, kind, len(known), taxonomy))
    except EngineError:
        return known


def _duration_s(clip: ClipAnnotation) -> float:
    return len(clip.holds) / clip.rate_hz


def write_hod(path: Path, clips: Iterable[HodClip]) -> None:
    """Write what ``read_hod`` reads; raises ``DatasetFormatError`` where that can't be."""
    header = ("video_id", "start_second", "end_second", "text", "dataset")
    rows = ((clip.video, clip.start_s, clip.end_s, repr(list(clip.texts)), clip.dataset) for clip in clips)
    _write(path, ",", header, rows)


def write_ego_clip(path: Path, clips: Iterable[NarratedClip]) -> None:
    """Write what ``read_ego_clip`` reads with hard negatives, these as JSON lists, which may hold commas.

    Raises ``DatasetFormatError`` where it can't be written.
    """
    header = ("video_uid", "clip_start", "clip_end", "clip_text", "tag_verb", "tag_noun", "verb_neg", "noun_neg")
    _write(path, "\t", header, map(_ego_clip_row, clips))


def _ego_clip_row(clip: NarratedClip) -> Sequence[object]:
    ids, captions = (clip.verbs, clip.nouns), (clip.verb_negatives, clip.noun_negatives)
    lists = [json.dumps(list(values), ensure_ascii=False) for values in (*ids, *captions)]
    return (clip.video, clip.start_s, clip.end_s, clip.text, *lists)


def _write(path: Path, separator: str, header: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
    with whole(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(header)
        writer.writerows(rows)
