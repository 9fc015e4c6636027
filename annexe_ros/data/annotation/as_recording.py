"""Makes the annotated frames a recording of ours, too, which can be played and annotated again with time and camera."""

from __future__ import annotations

import itertools
from pathlib import Path

import pyarrow.parquet as pq

from annexe_ros.core import PinholeCamera
from annexe_ros.data.recording import DEFAULT_FRAME_ID, write_index

COLUMNS = ["id", "stamp_ns", "frame_id", "camera"]


def write_recording_index(root: Path, table: Path) -> None:
    """Write ``recording.json`` of the frames in a table, where one camera saw them all at rising times."""
    frames = {row["id"]: row for row in pq.read_table(table, columns=COLUMNS).to_pylist()}
    stamps = {id_: row["stamp_ns"] for id_, row in frames.items()}
    cameras = [(row["camera"], row["frame_id"]) for row in frames.values()]
    rising = all(earlier < later for earlier, later in itertools.pairwise(stamps.values()))
    if not rising or not cameras or any(camera != cameras[0] for camera in cameras) or cameras[0][0] is None:
        return
    camera, frame_id = cameras[0]
    write_index(root, frame_id or DEFAULT_FRAME_ID, PinholeCamera(**camera), stamps)
