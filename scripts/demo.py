"""The main job end to end: replays a recording, runs the node ``annexe`` beside it, asks it through its real service.

Writes overlays, label images, markers and a page that shows them all. Every process is started here and ended here;
they talk in a ROS domain of their own, on this machine only. Exits with 1 if any query fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo_page import page

from annexe_ros.benchmark.processes import PROFILE_VARIABLES, isolated_environment, ros_parameters, running
from annexe_ros.core.errors import AnnexeError, DatasetFormatError

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
RECORDING = ROOT / "examples" / "recordings" / "head_camera"
READY_S = 180
"""Time for the node to load its model and see a first frame [s]."""

POLL_S = 0.1

OUTPUTS = ("answer", "mask", "overlay", "markers", "objects_cloud")
RESULT = re.compile(
    r"\d{2,}_(overlay\.png|mask\.png|markers\.json)|results\.json|index\.html"
    r"|(topic_recorder|camera_replay|perception_node)\.log"
)
"""Names of what ``query_client``, this script and the nodes' logs leave in the folder."""
RECORDED = ("image", "depth", "camera_info", "tf", "tf_static", *(f"/annexe/{topic}" for topic in OUTPUTS))


def main() -> int:
    """Run the demo and return its exit code."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as with Ctrl-C, every block ends its process
    started = time.monotonic()
    try:
        code = _replay_and_ask(options)
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    except AnnexeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    results = options.out / "results.json"
    if not results.is_file():
        return code or 1
    (options.out / "index.html").write_text(page(json.loads(results.read_text(encoding="utf-8"))), encoding="utf-8")
    print(f"{time.monotonic() - started:.0f} s in all; {_shown(options.out / 'index.html')} shows the answers")
    return code


def _replay_and_ask(options: argparse.Namespace) -> int:
    """Start both nodes, ask, end them; return the exit code of asking.

    Raises ``AnnexeError`` where the model isn't there or results can't be written.
    """
    environment, out = _environment(), options.out
    clear(out)
    replay = ros_parameters(recording=options.recording)
    perception = ros_parameters(engine=options.engine, model=options.model, device=options.device)
    ask = ["--queries", options.queries or options.recording / "queries.yaml", "--out", out, "--wait", READY_S]
    print(f"replaying {_shown(options.recording)} to the node annexe (engine {options.engine}, model {options.model})")
    with (
        _recording(options.record, environment, out / "topic_recorder.log"),
        running(SCRIPTS / "camera_replay", replay, environment, out / "camera_replay.log") as camera,
        running(SCRIPTS / "perception_node", perception, environment, out / "perception_node.log") as node,
        running(SCRIPTS / "query_client", ask, environment) as client,
    ):
        if options.engine == "annexe":
            _check_model(options.model)
        while (code := client.poll()) is None:
            for name, process in (("camera_replay", camera), ("perception_node", node)):
                if process.poll() is not None:
                    print(f"{name} ended with exit code {process.returncode}; see {_shown(out / name)}.log")
                    return 1
            time.sleep(POLL_S)
    return code


def clear(out: Path) -> None:
    """Make the folder of the results and remove those of an earlier demo; raises ``DatasetFormatError``."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for old in filter(lambda path: RESULT.fullmatch(path.name), out.iterdir()):
            old.unlink()
    except OSError as error:
        raise DatasetFormatError(error.filename or out, f"is in the way of the results ({error.strerror})") from error


@contextmanager
def _recording(file: Path | None, environment: dict[str, str], log: Path) -> Iterator[None]:
    """Record the demo's topics into a file as long as the block lasts; None: don't."""
    if file is None:
        yield
        return
    with running(SCRIPTS / "topic_recorder", [*RECORDED, "--out", file], environment, log) as recorder:
        yield
    told = log.read_text(encoding="utf-8").strip().splitlines()[-1]
    print(f"recorded {_shown(file)}: {told}" if recorder.returncode == 0 else f"nothing was recorded: {told}")


def _check_model(model: str) -> None:
    """Fail early; importing this takes a second, in which the nodes come up."""
    from annexe_ros.inference.resolve import resolve_model

    resolve_model(model)


def _environment() -> dict[str, str]:
    """Return an environment that keeps the demo's topics apart from any others, with room for images in Fast DDS."""
    return {PROFILE_VARIABLES[0]: str(ROOT / "config" / "fastdds.xml"), **isolated_environment()}


def _shown(path: Path) -> str:
    """Return a path as a person would type it here."""
    return os.path.relpath(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Replay a head-camera recording and ask the perception node about it.")
    parser.add_argument("--recording", type=Path, default=RECORDING, help="folder of a recording or of scenes")
    parser.add_argument("--queries", type=Path, help="YAML list of queries; default: queries.yaml of the recording")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="where results go (%(default)s)")
    parser.add_argument("--record", type=Path, help="MCAP file for the topics of the demo, e.g. out/demo/demo.mcap")
    parser.add_argument("--engine", default="annexe", help="annexe or scripted (%(default)s)")
    parser.add_argument("--model", default="annexe-scenes", help="model folder or shipped model (%(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (%(default)s)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
