"""The main job end to end: replays a recording, runs the node ``annexe`` beside it, asks it through its real service.

Writes overlays, label images, markers and a page that shows them all. Every process is started here and ended here;
they talk in a ROS domain of their own, on this machine only. Exits with 1 if any query fails.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType

from demo_page import page

from annexe_ros.core.errors import AnnexeError

ROOT = Path(__file__).resolve().parents[1]
RECORDING = ROOT / "examples" / "recordings" / "head_camera"
READY_S = 180
"""Time for the node to load its model and see a first frame [s]."""

GRACE_S = 10
"""Time for a process to end by itself once it is asked to [s]."""

POLL_S = 0.1

SAFE_DOMAINS = 100
"""ROS domains 0 to 101 use ports outside the range that Linux hands out by itself."""


def main() -> int:
    """Run the demo and return its exit code."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
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

    Raises ``AnnexeError`` where the model isn't there.
    """
    environment, out = _environment(), options.out
    for old in (*out.glob("[0-9]*_*"), out / "results.json", out / "index.html"):
        old.unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    replay = _parameters(recording=options.recording)
    perception = _parameters(engine=options.engine, model=options.model, device=options.device)
    ask = ["--queries", options.queries or options.recording / "queries.yaml", "--out", out, "--wait", READY_S]
    print(f"replaying {_shown(options.recording)} to the node annexe (engine {options.engine}, model {options.model})")
    with (
        _running(["camera_replay", *replay], environment, out / "camera_replay.log") as camera,
        _running(["perception_node", *perception], environment, out / "perception_node.log") as node,
        _running(["query_client", *ask], environment) as client,
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


def _check_model(model: str) -> None:
    """Fail early; importing this takes a second, in which the nodes come up."""
    from annexe_ros.inference.resolve import resolve_model

    resolve_model(model)


def _parameters(**values: object) -> list[str]:
    return ["--ros-args", *(word for name, value in values.items() for word in ("-p", f"{name}:={value}"))]


@contextmanager
def _running(
    command: Sequence[object], environment: dict[str, str], log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run an executable of the package for as long as the block lasts; its output goes to ``log``."""
    with log.open("wb") if log else nullcontext() as output:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "scripts" / str(command[0])), *map(str, command[1:])],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT if log else None,
            start_new_session=True,  # Ctrl-C in the terminal is for us; we end our processes in order
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for request in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(request)
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                continue


def _environment() -> dict[str, str]:
    """Return an environment that keeps the demo's topics apart from any others, with room for images in Fast DDS."""
    return {
        "FASTRTPS_DEFAULT_PROFILES_FILE": str(ROOT / "config" / "fastdds.xml"),
        **os.environ,
        "ROS_DOMAIN_ID": str(1 + os.getpid() % SAFE_DOMAINS),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _shown(path: Path) -> str:
    """Return a path as a person would type it here."""
    return os.path.relpath(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Replay a head-camera recording and ask the perception node about it.")
    parser.add_argument("--recording", type=Path, default=RECORDING, help="folder of a recording or of scenes")
    parser.add_argument("--queries", type=Path, help="YAML list of queries; default: queries.yaml of the recording")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="where results go (%(default)s)")
    parser.add_argument("--engine", default="annexe", help="annexe or scripted (%(default)s)")
    parser.add_argument("--model", default="annexe-scenes", help="model folder or shipped model (%(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (%(default)s)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
