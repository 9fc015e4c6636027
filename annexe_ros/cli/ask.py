"""``annexe ask``: one question about one image."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from annexe_ros.cli.engine import (
    DEFAULT_DTYPE,
    DEFAULT_ENGINE,
    DeviceOption,
    DtypeOption,
    EngineOption,
    ModelOption,
    open_engine,
)
from annexe_ros.cli.terminal import JsonFlag, open_console, print_json, working, writing_into

if TYPE_CHECKING:
    from annexe_ros.core import Frame, Interpretation


def ask(
    image: Annotated[Path, typer.Option(help="Colour image.")],
    query: Annotated[str, typer.Option(help="The question, e.g. 'What is the right hand holding?'")],
    depth: Annotated[Path | None, typer.Option(help="Aligned depth: one channel of uint16, millimetres.")] = None,
    gaze: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Pixel x y that the wearer looks at, for questions such as 'What am I looking at?'."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for mask.png and overlay.png.")] = None,
    engine: EngineOption = DEFAULT_ENGINE,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    dtype: DtypeOption = DEFAULT_DTYPE,
    analysis: Annotated[bool, typer.Option(help="Describe the interaction too.")] = True,
    as_json: JsonFlag = False,
) -> None:
    """Ask one question about an image: description, answer, and a mask per named target.

    Exits with 0 also when the answer is that there is no such target. In the JSON object touched_by has bit 1 for the
    left hand and bit 2 for the right one, box is x, y, width, height and area the size in pixels.
    """
    with working():
        from annexe_ros.core import Query
        from annexe_ros.inference.gaze import GazeInterpreter

        question = Query(query, want_analysis=analysis, want_3d=False, gaze=gaze)
        frame = _read_frame(image, depth)
        interpreter = GazeInterpreter(open_engine(engine, model, device, dtype))
        interpreter.warm_up()  # so that latency_ms tells what a running node takes
        began = perf_counter()
        reply = interpreter.interpret(frame, question)
        total_ms = (perf_counter() - began) * 1000
        interpreter.interpreter.close()
        if out is not None:
            _write_pictures(out, frame, reply, question.text)
    result = as_dict(reply, total_ms)
    if as_json:
        print_json(result)
    else:
        _print_for_people(result, reply.notes)


def as_dict(reply: Interpretation, total_ms: float) -> dict[str, Any]:
    """Return a reply as the JSON object of ``annexe ask``."""
    return {
        "analysis": reply.analysis,
        "answer": reply.answer,
        "has_target": reply.has_target,
        "target_score": round(reply.target_score, 4),
        "objects": [_target(reply, number) for number in range(len(reply.objects))],
        "latency_ms": {item.stage: round(item.ms, 2) for item in reply.latencies} | {"total": round(total_ms, 2)},
    }


def _target(reply: Interpretation, number: int) -> dict[str, Any]:
    from annexe_ros.core import bounding_box

    target = reply.objects[number]
    mask = reply.mask(target)
    return {
        "mask_value": target.mask_value,
        "role": target.role.name,
        "label": target.label,
        "score": round(target.score, 4),
        "active": target.active,
        "touched_by": int(target.touched_by),
        "box": list(bounding_box(mask)),
        "area": int(mask.sum()),
    }


def _read_frame(image: Path, depth: Path | None) -> Frame:
    from annexe_ros.core import Frame
    from annexe_ros.data.ego_irgbench import read_colour, read_depth

    return Frame(read_colour(image), None if depth is None else read_depth(depth))


def _write_pictures(out: Path, frame: Frame, reply: Interpretation, query: str) -> None:
    import cv2

    from annexe_ros.drawing import draw_overlay

    overlay = cv2.cvtColor(draw_overlay(frame.image, reply, query), cv2.COLOR_RGB2BGR)
    with writing_into(out):
        for name, picture in (("mask.png", reply.label_image), ("overlay.png", overlay)):
            _, data = cv2.imencode(".png", picture)
            (out / name).write_bytes(data.tobytes())


def _print_for_people(result: dict[str, Any], notes: tuple[str, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    console = open_console()
    answer = Text.assemble((result["answer"], "bold"), f"  ({result['target_score']:.2f})")
    for line in (result["analysis"], answer, *notes):
        console.print(line)
    columns = ("mask_value", "label", "role", "score", "active", "box", "area")
    if result["objects"]:
        table = Table(*columns)
        for target in result["objects"]:
            table.add_row(*(str(target[column]) for column in columns))
        console.print(table)
    console.print(", ".join(f"{stage} {ms:.0f} ms" for stage, ms in result["latency_ms"].items()), style="dim")
