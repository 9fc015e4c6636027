"""What was answered about a frame, as a table: one row per query. A frame's rows are one file, which appears whole.

Such a file is what tells that a frame is done. The files together make one Parquet table. Needs pyarrow; neither how
questions arise nor what else is written of a frame is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annexe_ros.core import (
    Extent,
    Frame,
    GroundedObject,
    Hands,
    Interpretation,
    OrientedBox,
    PinholeCamera,
    Role,
    StageLatency,
    bounding_box,
)
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.whole import whole

_BOX = pa.struct([
    ("center", pa.list_(pa.float64())), ("rotation", pa.list_(pa.float64())), ("size", pa.list_(pa.float64())),
    ("covariance", pa.list_(pa.float64())), ("extent", pa.int8()),
])  # fmt: skip
_OBJECT = pa.struct([
    ("label", pa.string()), ("mask_value", pa.uint8()), ("score", pa.float32()), ("role", pa.string()),
    ("active", pa.bool_()), ("touched_by", pa.uint8()), ("box", pa.list_(pa.int32())), ("area", pa.int64()),
    ("box3d", _BOX), ("depth_coverage", pa.float32()),
])  # fmt: skip
_CAMERA = pa.struct([
    ("width", pa.int32()), ("height", pa.int32()), ("fx", pa.float64()), ("fy", pa.float64()), ("cx", pa.float64()),
    ("cy", pa.float64()), ("distortion", pa.list_(pa.float64())),
])  # fmt: skip
SCHEMA = pa.schema([
    ("id", pa.string()), ("index", pa.int64()), ("stamp_ns", pa.int64()), ("frame_id", pa.string()),
    ("width", pa.int32()), ("height", pa.int32()), ("camera", _CAMERA),
    ("query", pa.string()), ("analysis", pa.string()), ("answer", pa.string()), ("has_target", pa.bool_()),
    ("target_score", pa.float32()), ("objects", pa.list_(_OBJECT)), ("labels_png", pa.binary()),
    ("engine", pa.string()), ("model", pa.string()), ("notes", pa.list_(pa.string())),
    ("latencies", pa.list_(pa.struct([("stage", pa.string()), ("ms", pa.float32())]))),
])  # fmt: skip
"""Columns of the table. ``box`` is x, y, width, height [pixels], ``box3d`` in the camera's optical frame [m], its
rotation and covariance row by row; ``labels_png`` is the label image, a pixel of it an object's ``mask_value``."""


@dataclass(frozen=True, eq=False)
class Annotated:
    """A frame's replies, in the order of the queries.

    Attributes:
        id, index, stamp_ns: as in ``sources.Entry``.
        frame_id, camera: of the frame.
        queries: what was asked.
        replies: what was answered, one per query.
    """

    id: str
    index: int
    stamp_ns: int
    frame_id: str
    camera: PinholeCamera | None
    queries: tuple[str, ...]
    replies: tuple[Interpretation, ...]


def write_part(path: Path, annotated: Annotated) -> None:
    """Write a frame's rows at once: a kill leaves the whole file or none."""
    with whole(path) as partial:
        pq.write_table(pa.Table.from_pylist(_rows(annotated), SCHEMA), partial)


def read_part(path: Path) -> Annotated:
    """Return what a file holds; raises ``DatasetFormatError``."""
    try:
        rows = pq.read_table(path, schema=SCHEMA).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DatasetFormatError(path, f"holds no annotation of a frame ({error})") from error
    first = rows[0]
    camera = None if first["camera"] is None else PinholeCamera(**first["camera"])
    queries, replies = tuple(row["query"] for row in rows), tuple(map(_reply, rows))
    return Annotated(first["id"], first["index"], first["stamp_ns"], first["frame_id"], camera, queries, replies)


def write_table(path: Path, parts: Iterable[Path]) -> None:
    """Write one Parquet file of many frames' rows."""
    with whole(path) as partial, pq.ParquetWriter(partial, SCHEMA, compression="zstd") as writer:
        for part in parts:
            writer.write_table(pq.read_table(part, schema=SCHEMA))


def annotated(entry: Any, frame: Frame, queries: Sequence[str], replies: Sequence[Interpretation]) -> Annotated:
    """Put together what is known of a frame (``sources.Entry``) and its replies."""
    return Annotated(
        entry.id, entry.index, entry.stamp_ns, frame.frame_id, frame.camera, tuple(queries), tuple(replies)
    )


def _rows(item: Annotated) -> Iterator[dict[str, Any]] | list[dict[str, Any]]:
    return [_row(item, query, reply) for query, reply in zip(item.queries, item.replies, strict=True)]


def _row(item: Annotated, query: str, reply: Interpretation) -> dict[str, Any]:
    height, width = reply.label_image.shape
    return {
        "id": item.id, "index": item.index, "stamp_ns": item.stamp_ns, "frame_id": item.frame_id,
        "width": width, "height": height, "camera": None if item.camera is None else asdict(item.camera),
        "query": query, "analysis": reply.analysis, "answer": reply.answer, "has_target": reply.has_target,
        "target_score": reply.target_score, "objects": [_object_row(reply, target) for target in reply.objects],
        "labels_png": cv2.imencode(".png", reply.label_image)[1].tobytes(),
        "engine": reply.engine, "model": reply.model, "notes": list(reply.notes),
        "latencies": [{"stage": str(item.stage), "ms": item.ms} for item in reply.latencies],
    }  # fmt: skip


def _object_row(reply: Interpretation, target: GroundedObject) -> dict[str, Any]:
    mask = reply.mask(target)
    return {
        "label": target.label, "mask_value": target.mask_value, "score": target.score, "role": target.role.name,
        "active": target.active, "touched_by": int(target.touched_by), "box": list(bounding_box(mask)),
        "area": int(mask.sum()), "box3d": None if target.box3d is None else _box_row(target.box3d),
        "depth_coverage": target.depth_coverage,
    }  # fmt: skip


def _box_row(box: OrientedBox) -> dict[str, Any]:
    arrays = {name: getattr(box, name).ravel().tolist() for name in ("center", "rotation", "size", "covariance")}
    return {**arrays, "extent": int(box.extent)}


def _reply(row: dict[str, Any]) -> Interpretation:
    return Interpretation(
        row["analysis"], row["answer"], row["has_target"], row["target_score"],
        tuple(_object(item) for item in row["objects"]),
        np.asarray(cv2.imdecode(np.frombuffer(row["labels_png"], np.uint8), cv2.IMREAD_UNCHANGED), np.uint8),
        row["engine"], row["model"],
        tuple(StageLatency(item["stage"], item["ms"]) for item in row["latencies"]), tuple(row["notes"]),
    )  # fmt: skip


def _object(item: dict[str, Any]) -> GroundedObject:
    box = item["box3d"]
    return GroundedObject(
        item["label"], item["mask_value"], item["score"], Role[item["role"]], item["active"],
        Hands(item["touched_by"]), 0, None if box is None else _box(box), item["depth_coverage"],
    )  # fmt: skip


def _box(item: dict[str, Any]) -> OrientedBox:
    shapes = {"center": (3,), "rotation": (3, 3), "size": (3,), "covariance": (6, 6)}
    arrays = {name: np.asarray(item[name], np.float64).reshape(shape) for name, shape in shapes.items()}
    return OrientedBox(**arrays, extent=Extent(item["extent"]))
