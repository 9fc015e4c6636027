"""What goes between a robot and the server: facts as JSON, pictures as JPEG, PNG or raw bytes behind them. No pickle.

A message is ``ANX1``, the length of the facts (uint32, little-endian), the facts, and the blobs one after the other;
``facts["blobs"]`` lists their names and lengths. Everything is checked when a message is opened; what a picture file
declares is looked at before it is decoded. HTTP isn't known here.
"""

from __future__ import annotations

import json
import reprlib
import struct
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from annexe_ros.core import (
    Frame,
    GroundedObject,
    Hands,
    Interpretation,
    PinholeCamera,
    Query,
    Role,
    StageLatency,
)
from annexe_ros.core.errors import BadImageError, WireFormatError
from annexe_ros.inference.remote.pictures import (
    Encoding,
    colour_from_bytes,
    colour_to_bytes,
    depth_from_bytes,
    depth_to_bytes,
    labels_from_bytes,
    labels_to_bytes,
)

CONTENT_TYPE = "application/vnd.annexe"
MAGIC = b"ANX1"
MAX_FACTS_BYTES = 1 << 20
MAX_ROBOT_CHARACTERS = 64
MAX_OBJECTS = 255
_HEADER = struct.Struct("<4sI")


@dataclass(frozen=True, eq=False)
class RemoteQuery:
    """One query on its way.

    Attributes:
        frame, query: what is asked, about what.
        robot: who asks; robots take turns.
        timeout_s: time that the server has for it, waiting included [s].
    """

    frame: Frame
    query: Query
    robot: str
    timeout_s: float


def pack(facts: Mapping[str, Any], blobs: Mapping[str, bytes]) -> bytes:
    """Return a message."""
    listed = {**facts, "blobs": [[name, len(blob)] for name, blob in blobs.items()]}
    text = json.dumps(listed, ensure_ascii=False, allow_nan=False).encode()
    return b"".join([_HEADER.pack(MAGIC, len(text)), text, *blobs.values()])


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return facts and blobs of a message; raises ``WireFormatError``."""
    if len(data) < _HEADER.size or not data.startswith(MAGIC):
        raise WireFormatError(f"{len(data)} bytes don't begin as a message of annexe does")
    _, size = _HEADER.unpack_from(data)
    if size > min(MAX_FACTS_BYTES, len(data) - _HEADER.size):
        raise WireFormatError(f"its facts are said to have {size} bytes, the message has {len(data)}")
    facts = _facts(data[_HEADER.size : _HEADER.size + size])
    return facts, _blobs(facts, data, _HEADER.size + size)


def read_json(data: bytes) -> Any:
    """Return what JSON says; raises ``ValueError`` also where it is nested too deeply to be read."""
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def encode_query(work: RemoteQuery, encoding: Encoding, jpeg_quality: int, with_depth: bool) -> bytes:
    """Return the message that asks; depth, where it is wanted and there is any, goes in whole millimetres."""
    frame, query = work.frame, work.query
    blobs = {"image": colour_to_bytes(frame.image, encoding, jpeg_quality)}
    if with_depth and frame.depth is not None:
        blobs["depth"] = depth_to_bytes(frame.depth)
    facts = {
        "robot": work.robot,
        "timeout_s": work.timeout_s,
        "query": {"text": query.text, "want_analysis": query.want_analysis, "want_mask": query.want_mask,
                  "gaze": query.gaze},
        "image": {"encoding": encoding, "width": frame.width, "height": frame.height},
        "camera": None if frame.camera is None else asdict(frame.camera),
        "stamp_ns": frame.stamp_ns,
        "frame_id": frame.frame_id,
        "camera_name": frame.camera_name,
    }  # fmt: skip
    return pack(facts, blobs)


def query_facts(data: bytes) -> tuple[str, float]:
    """Return robot and time limit [s] of a query, which is all that is needed to queue it; raises ``WireFormatError``.

    Pictures are looked at by ``decode_query`` alone, where the engine is.
    """
    facts, _ = unpack(data)
    robot, timeout_s = _take(facts, "robot", str), _take_number(facts, "timeout_s")
    if not 0 < len(robot) <= MAX_ROBOT_CHARACTERS:
        raise WireFormatError(f"the name of a robot has 1 to {MAX_ROBOT_CHARACTERS} characters, not {len(robot)}")
    if timeout_s <= 0:
        raise WireFormatError(f"timeout_s is {timeout_s}; it must be a time")
    return robot, timeout_s


def decode_query(data: bytes, max_pixels: int) -> RemoteQuery:
    """Return what a message asks.

    Raises ``WireFormatError`` for a malformed message, ``BadImageError`` for pictures that aren't what they declare or
    have more than ``max_pixels``, and ``InvalidQueryError`` for a text that can't be asked.
    """
    robot, timeout_s = query_facts(data)
    facts, blobs = unpack(data)
    image, query = _take(facts, "image", dict), _take(facts, "query", dict)
    size = _take(image, "width", int), _take(image, "height", int)
    if min(size) < 1 or size[0] * size[1] > max_pixels:
        raise BadImageError(f"an image of {size[0]}x{size[1]} was declared; the limit is {max_pixels} pixels")
    frame = Frame(
        colour_from_bytes(_blob(blobs, "image"), _encoding(image), size),
        depth_from_bytes(blobs["depth"], size) if "depth" in blobs else None,
        _camera(facts),
        _take(facts, "stamp_ns", int),
        _take(facts, "frame_id", str),
        _take(facts, "camera_name", str),
    )
    return RemoteQuery(frame, _query(query), robot, timeout_s)


def encode_reply(reply: Interpretation) -> bytes:
    """Return the message that answers: the label image as PNG, boxes in 3D are the asking side's business."""
    facts = {
        "analysis": reply.analysis,
        "answer": reply.answer,
        "has_target": bool(reply.has_target),
        "target_score": float(reply.target_score),
        "objects": [_object_facts(target) for target in reply.objects],
        "engine": reply.engine,
        "model": reply.model,
        "latencies": [[str(latency.stage), float(latency.ms)] for latency in reply.latencies],
        "notes": list(reply.notes),
    }
    return pack(facts, {"labels": labels_to_bytes(reply.label_image)})


def decode_reply(data: bytes, width: int, height: int) -> Interpretation:
    """Return an answer about an image of ``width`` x ``height``; raises ``WireFormatError`` or ``BadImageError``."""
    facts, blobs = unpack(data)
    objects = _take(facts, "objects", list)
    if len(objects) > MAX_OBJECTS:
        raise WireFormatError(f"it names {len(objects)} objects, a label image holds {MAX_OBJECTS}")
    return Interpretation(
        analysis=_take(facts, "analysis", str),
        answer=_take(facts, "answer", str),
        has_target=_take(facts, "has_target", bool),
        target_score=_take_number(facts, "target_score"),
        objects=tuple(_object(item) for item in objects),
        label_image=labels_from_bytes(_blob(blobs, "labels"), (width, height)),
        engine=_take(facts, "engine", str),
        model=_take(facts, "model", str),
        latencies=tuple(_latency(item) for item in _take(facts, "latencies", list)),
        notes=tuple(_note(item) for item in _take(facts, "notes", list)),
    )


def _facts(text: bytes) -> dict[str, Any]:
    try:
        facts = read_json(text)
    except ValueError as error:
        raise WireFormatError(f"its facts are not JSON ({error})") from error
    if not isinstance(facts, dict):
        raise WireFormatError("its facts are not a JSON object")
    return facts


def _blobs(facts: Mapping[str, Any], data: bytes, start: int) -> dict[str, bytes]:
    """Cut the blobs out; together they must fill the message."""
    blobs: dict[str, bytes] = {}
    for item in _take(facts, "blobs", list):
        match item:
            case [str(name), int(size)] if size >= 0 and name not in blobs:
                blobs[name] = data[start : start + size]
                start += size
            case _:
                raise WireFormatError(f"{reprlib.repr(item)} doesn't describe a blob")
    if start != len(data):
        raise WireFormatError(f"its blobs end at byte {start}, the message has {len(data)}")
    return blobs


def _blob(blobs: Mapping[str, bytes], name: str) -> bytes:
    if name not in blobs:
        raise WireFormatError(f"it has no blob '{name}'")
    return blobs[name]


def _take(facts: Any, key: str, *kinds: type) -> Any:
    """Return ``facts[key]``, checked to be of one of these kinds; a bool is no number."""
    value = facts.get(key) if isinstance(facts, Mapping) else None
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise WireFormatError(f"'{key}' must be of type {wanted}, not {reprlib.repr(value)}")
    return value


def _take_number(facts: Any, key: str) -> float:
    return _number(_take(facts, key, float, int), key)


def _number(value: Any, key: str) -> float:
    """Return a finite number of ``key``; a bool is none, nor is an integer that no float can hold."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not abs(value) <= sys.float_info.max:
        raise WireFormatError(f"{reprlib.repr(value)} in '{key}' is no finite number")
    return float(value)


def _encoding(image: Mapping[str, Any]) -> Encoding:
    name = _take(image, "encoding", str)
    if name not in tuple(Encoding):
        raise WireFormatError(f"unknown encoding '{name}'; there are: {', '.join(Encoding)}")
    return Encoding(name)


def _camera(facts: Mapping[str, Any]) -> PinholeCamera | None:
    """Return the intrinsics; ``PinholeCamera`` checks what the numbers mean."""
    if facts.get("camera") is None:
        return None
    camera = _take(facts, "camera", dict)
    numbers = {name: _take_number(camera, name) for name in ("fx", "fy", "cx", "cy")}
    distortion = tuple(_number(value, "distortion") for value in _take(camera, "distortion", list))
    return PinholeCamera(_take(camera, "width", int), _take(camera, "height", int), **numbers, distortion=distortion)


def _query(query: Mapping[str, Any]) -> Query:
    flags = {name: _take(query, name, bool) for name in ("want_analysis", "want_mask")}
    match query.get("gaze"):
        case None:
            gaze = None
        case [x, y]:
            gaze = (_number(x, "gaze"), _number(y, "gaze"))
        case other:
            raise WireFormatError(f"'gaze' must be a pixel [x, y], not {reprlib.repr(other)}")
    return Query(_take(query, "text", str), **flags, want_3d=False, gaze=gaze)


def _object_facts(target: GroundedObject) -> dict[str, Any]:
    return {
        "label": target.label,
        "mask_value": int(target.mask_value),
        "score": float(target.score),
        "role": int(target.role),
        "active": bool(target.active),
        "touched_by": int(target.touched_by),
    }


def _object(item: Any) -> GroundedObject:
    value, role = _take(item, "mask_value", int), _take(item, "role", int)
    hands = _take(item, "touched_by", int)
    if not 0 <= value <= MAX_OBJECTS or role not in tuple(Role) or not 0 <= hands <= int(Hands.LEFT | Hands.RIGHT):
        raise WireFormatError(f"mask_value {value}, role {role} and touched_by {hands} describe no object")
    score, active = _take_number(item, "score"), _take(item, "active", bool)
    return GroundedObject(_take(item, "label", str), value, score, Role(role), active, Hands(hands))


def _latency(item: Any) -> StageLatency:
    match item:
        case [str(stage), ms]:
            return StageLatency(stage, _number(ms, "latencies"))
    raise WireFormatError(f"{reprlib.repr(item)} is no stage with its time")


def _note(item: Any) -> str:
    if not isinstance(item, str):
        raise WireFormatError(f"the note {reprlib.repr(item)} is no text")
    return item
