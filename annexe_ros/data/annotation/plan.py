"""What is annotated and how, and where the results lie. Nothing is read or written yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from annexe_ros.data.annotation.sources import DEFAULT_TOPICS, Entry
from annexe_ros.data.annotation.training_set import Wordings
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.data.sampling import draw_queries, image_rng

PARTS, JOB, SKIPPED = "parts", "job.json", "skipped.json"
TABLE, VIEW = "annotations.parquet", "annotations.mcap"


@dataclass(frozen=True)
class Labels:
    """A set in Ego-IRGBench's layout whose questions are asked of the frames of the same names."""

    root: Path
    split: str = "test"
    queries_per_image: int = 6
    seed: int = 0

    def questions(self, id_: str) -> tuple[Wordings, ...]:
        """Return the questions that evaluation draws for an image."""
        records = EgoIrgBench(self.root, self.split).records(id_)
        drawn = draw_queries(records, self.queries_per_image, image_rng(self.seed, id_))
        return tuple((question,) for _, question in drawn)


@dataclass(frozen=True)
class AnnotationPlan:
    """What is annotated, and how.

    Attributes:
        recording: a folder of images, a recording of ours, a bag of rosbag2 or a video.
        out: the folder to write.
        queries: what is asked of every frame, each in its wordings; not used with ``labels``.
        labels: where the questions come from instead.
        engine: who answers, for the record.
        split: the split of the set that is written.
        every: take every n-th frame.
        min_score: targets below it keep their reply out of the training set.
        workers: engines side by side. gpus: what Ray sets aside for each.
        topics: where a bag has image, depth and camera_info.
    """

    recording: Path
    out: Path
    queries: tuple[Wordings, ...]
    labels: Labels | None = None
    engine: str = ""
    split: str = "train"
    every: int = 1
    min_score: float = 0.0
    workers: int = 1
    gpus: float = 0.0
    topics: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_TOPICS))

    def part(self, entry: Entry) -> Path:
        """Return the file that tells that a frame is done."""
        return self.out / PARTS / f"{entry.id}.parquet"

    def facts(self) -> dict[str, Any]:
        """Return what must be the same when a run is continued."""
        labels = None if self.labels is None else {**asdict(self.labels), "root": str(self.labels.root.absolute())}
        return {
            "recording": str(self.recording.absolute()), "queries": [list(ways) for ways in self.queries],
            "labels": labels, "engine": self.engine, "split": self.split, "every": self.every,
            "min_score": self.min_score, "topics": dict(self.topics),
        }  # fmt: skip
