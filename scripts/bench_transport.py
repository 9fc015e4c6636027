"""Images between two processes, with and without the Fast DDS profile: how many arrive and how late.

Writes a JSON list with one run per size, reliability and transport. Each pair of processes talks in a ROS domain of its
own, on this machine only. Exits with 1 when the profile doesn't bring 1280x720 best effort through.
"""

from __future__ import annotations

import argparse
import json
import signal
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from annexe_ros.benchmark.processes import isolated_environment, running, with_profile
from annexe_ros.benchmark.transport import (
    PROFILE,
    RATE_HZ,
    STREAMS,
    ImageStream,
    TransportRun,
    images_arrive,
    transport_run,
    transport_table,
)

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts"
PROFILE_FILE = ROOT / "config" / "fastdds.xml"
START_S = 60
"""Time for both processes to start, find each other and end [s]."""

DRAIN_S = 0.5


def main() -> int:
    """Measure each stream; return the exit code."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as with Ctrl-C, every block ends its process
    console = Console()
    runs = []
    with console.status("measuring") as status:
        for stream in STREAMS:
            status.update(f"{stream.width}x{stream.height}, {stream.reliability}, {stream.transport}")
            runs.append(measure(stream, options.seconds))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps([asdict(run) for run in runs], indent=2) + "\n", encoding="utf-8")
    console.print(transport_table(runs))
    return 0 if images_arrive(runs) else 1


def measure(stream: ImageStream, seconds: float) -> TransportRun:
    """Send one stream for ``seconds`` from a process to another, both in a ROS domain of their own."""
    profile = PROFILE_FILE if stream.transport == PROFILE else None
    environment = with_profile(isolated_environment(), profile)
    with tempfile.TemporaryDirectory() as folder:
        sent, latencies = Path(folder, "sent.json"), Path(folder, "latencies.json")
        send = _words(reliability=stream.reliability, width=stream.width, height=stream.height, rate=RATE_HZ)
        receive = _words(reliability=stream.reliability, out=latencies)
        with ExitStack() as processes:
            processes.enter_context(running(SCRIPTS / "image_receiver.py", receive, environment))
            arguments = [*send, *_words(seconds=seconds, out=sent)]
            sender = processes.enter_context(running(SCRIPTS / "synthetic_camera.py", arguments, environment))
            sender.wait(START_S + seconds)
            time.sleep(DRAIN_S)
        number_sent = json.loads(sent.read_text(encoding="utf-8"))["sent"]
        return transport_run(stream, number_sent, json.loads(latencies.read_text(encoding="utf-8")))


def _words(**options: object) -> list[object]:
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure image transport with and without config/fastdds.xml.")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each run (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("out/transport.json"), help="JSON file (%(default)s)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
