"""A procedure followed live: a generated film is replayed to the node ``step_tracker``; what it told, beside the truth.

What is missing is made first: films (`annexe procedures`) and a tracker trained on them (`annexe train-tracker`). Every
process is started here and ended here; they talk in a ROS domain of their own, on this machine only.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import rclpy
from demo_procedure_page import page
from rclpy.node import Node

from annexe_ros.benchmark.processes import PROFILE_VARIABLES, isolated_environment, ros_parameters, running
from annexe_ros.core.errors import AnnexeError, DatasetFormatError
from annexe_ros.core.procedure import TimedStep
from annexe_ros.data.timed_steps import STEPS_NAME, read_steps
from annexe_ros.msg import DemonstrationPlace, ProcedureForecast, ProcedureStep
from annexe_ros.nodes.spinning import interruptible
from annexe_ros.ros import qos
from annexe_ros.ros.stamps import NANOSECONDS, nanoseconds

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
READY_S = 300.0
"""Time for the node to load its encoder and to look at the demonstration, or to be shown the film [s].

Whoever plays the film slowly has a slow machine, and gets as much more.
"""
REST_S = 3.0
PATIENCE_S = 0.5
"""Between two looks whether something has happened; the node needs the processor more [s]."""
ENOUGH = 0.8
"""Share of the windows that a machine should keep up with."""
TOPICS = {"step": ProcedureStep, "forecast": ProcedureForecast, "demonstration": DemonstrationPlace}


def main() -> int:
    """Run the demo and return its exit code."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as with Ctrl-C, every block ends its process
    try:
        _prepare(options)
        film, demonstration = _first_film(options.data / "test"), _first_film(options.data / "train")
        heard = _replay_and_listen(options, film, demonstration)
    except (AnnexeError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    result = summary(heard, read_steps(film), read_steps(demonstration), *_pace(options.model))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (options.out / "index.html").write_text(page(result, film, demonstration, options.out), encoding="utf-8")
    print(", ".join(f"{name} {value:.2f}" for name, value in result["figures"].items()))
    print(f"{os.path.relpath(options.out / 'index.html')} shows what was told")
    if result["told"] < ENOUGH * result["due"]:
        print(f"{result['told']} of {result['due']} windows were told in time; --rate {options.rate / 4:g} is slower")
    return 0 if heard["step"] else 1


def summary(
    heard: dict[str, list[dict[str, Any]]],
    steps: Sequence[TimedStep],
    shown: Sequence[TimedStep],
    window_s: float,
    stride_s: float,
) -> dict[str, Any]:
    """Return what was told and what was true, how often they agreed, and how many windows a film has and were told."""
    return {
        "truth": [asdict(step) for step in steps],
        "demonstration": [asdict(step) for step in shown],
        "heard": heard,
        "told": len(heard["step"]),
        "due": int((steps[-1].end_s - window_s) / stride_s) + 1,
        "figures": {
            "step": _share(told["step_id"] == _step_at(steps, told["at_s"]).step_id for told in heard["step"]),
            "next step": _share(_foreseen(steps, told) for told in heard["forecast"] if _coming(steps, told["at_s"])),
            "place": _share(
                shown[told["step_number"] - 1].step_id == _step_at(steps, told["at_s"]).step_id
                for told in heard["demonstration"]
            ),
        },
    }


def _share(right: Any) -> float:
    judged = list(right)
    return sum(judged) / len(judged) if judged else 0.0


def _step_at(steps: Sequence[TimedStep], at_s: float) -> TimedStep:
    return next((step for step in steps if step.start_s < at_s <= step.end_s), steps[-1])


def _coming(steps: Sequence[TimedStep], at_s: float) -> TimedStep | None:
    return next((step for step in steps if step.start_s >= at_s), None)


def _foreseen(steps: Sequence[TimedStep], told: dict[str, Any]) -> bool:
    coming = _coming(steps, told["at_s"])
    return coming is not None and told["step_ids"][:1] == [coming.step_id]


def _pace(model: Path) -> tuple[float, float]:
    """Return how long a tracker's windows are and how far apart [s]."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    return config["window_s"], config["stride_s"]


def _prepare(options: argparse.Namespace) -> None:
    """Make the films and the tracker that aren't there; raises ``CalledProcessError``.

    A tracker that is there doesn't need all of its films; one that is to learn does, and the verb makes those missing.
    """
    is_trained = (options.model / "config.json").is_file()
    for split, count, seed in (("train", options.films, 0), ("test", 2, 1)):
        if not is_trained or not list((options.data / split).glob(f"*/{STEPS_NAME}")):
            _annexe("procedures", "--out", options.data / split, "--count", count, "--seed", seed)
    if not is_trained:
        _annexe(
            "train-tracker", "--data", options.data / "train", "--held-out", options.data / "test",
            "--encoder", options.encoder, "--out", options.model,
        )  # fmt: skip


def _annexe(*arguments: object) -> None:
    words = [str(argument) for argument in arguments]
    print("annexe", *words, flush=True)
    subprocess.run([sys.executable, "-m", "annexe_ros.cli", *words], check=True)


def _first_film(folder: Path) -> Path:
    """Return a film of a folder; those of one folder share clips. Raises ``DatasetFormatError``."""
    films = sorted(path.parent for path in folder.glob(f"*/{STEPS_NAME}"))
    if not films:
        raise DatasetFormatError(folder, "holds no film")
    return films[0]


def _replay_and_listen(options: argparse.Namespace, film: Path, demonstration: Path) -> dict[str, list[dict[str, Any]]]:
    """Start the node, play the film once when it is ready, and return what it told by topic."""
    environment = {PROFILE_VARIABLES[0]: str(ROOT / "config" / "fastdds.xml"), **isolated_environment()}
    options.out.mkdir(parents=True, exist_ok=True)
    logs = {name: options.out / f"{name}.log" for name in ("step_tracker", "camera_replay")}
    for log in logs.values():
        log.unlink(missing_ok=True)
    tracker = ros_parameters(model=options.model, demonstration=demonstration, encoder=options.encoder)
    replay = ros_parameters(recording=film, loop=False, restamp=False, rate=options.rate)
    limit_s = READY_S / min(options.rate, 1.0)
    os.environ.update(environment)
    print(f"playing {os.path.relpath(film)} to the node step_tracker", flush=True)
    with interruptible():
        listener = _Listener()
        with running(SCRIPTS / "step_tracker", tracker, environment, logs["step_tracker"]) as node:
            listener.wait(lambda: node.poll() is not None or listener.hears_of(logs["step_tracker"]), limit_s)
            if node.poll() is not None or not listener.hears_of(logs["step_tracker"]):
                raise DatasetFormatError(logs["step_tracker"], "the node step_tracker did not become ready")
            with running(SCRIPTS / "camera_replay", replay, environment, logs["camera_replay"]) as camera:
                listener.wait(lambda: camera.poll() is not None or node.poll() is not None, limit_s)
                listener.wait(lambda: False, REST_S)
        listener.destroy_node()
    return listener.heard


class _Listener(Node):
    """Remembers what the step tracker tells, as plain values; times are those of the film [s]."""

    def __init__(self) -> None:
        super().__init__("demo_procedure")
        self.heard: dict[str, list[dict[str, Any]]] = {topic: [] for topic in TOPICS}
        for topic, kind in TOPICS.items():
            self.create_subscription(kind, f"/step_tracker/{topic}", self._remember(topic), qos.reliable())

    def hears_of(self, log: Path) -> bool:
        """Tell whether the node with that log follows a procedure, and tells this one of it."""
        is_active = "follows a procedure" in log.read_text(encoding="utf-8")
        return is_active and self.count_publishers("/step_tracker/step") > 0

    def wait(self, condition: Any, limit_s: float) -> bool:
        """Listen until a condition holds; false where it doesn't in time."""
        deadline = time.monotonic() + limit_s
        while not condition():
            if time.monotonic() > deadline:
                return False
            rclpy.spin_once(self, timeout_sec=PATIENCE_S)
        return True

    def _remember(self, topic: str) -> Any:
        plain = [name for name in TOPICS[topic].get_fields_and_field_types() if name not in ("header", "since")]

        def remember(message: Any) -> None:
            values = {name: _plain(getattr(message, name)) for name in plain if not name.startswith("window")}
            begin_ns, end_ns = nanoseconds(message.window_start), nanoseconds(message.window_end)
            self.heard[topic].append({"from_s": begin_ns / NANOSECONDS, "at_s": end_ns / NANOSECONDS, **values})

        return remember


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else list(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Follow a generated procedure live, and show what the node told.")
    parser.add_argument("--data", type=Path, default=Path("data/procedures"), help="folder of films (%(default)s)")
    parser.add_argument("--films", type=int, default=24, help="films to train a missing tracker on (%(default)s)")
    parser.add_argument("--model", type=Path, default=Path("runs/tea-tracker"), help="tracker (%(default)s)")
    parser.add_argument("--encoder", default="egovideo-clips", help="clip encoder (%(default)s)")
    parser.add_argument("--rate", type=_rate, default=1.0, help="how fast the film is played (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("out/procedure"), help="where results go (%(default)s)")
    return parser


def _rate(text: str) -> float:
    """Read what camera_replay takes as its pace; raises ``ArgumentTypeError``."""
    rate = float(text)
    if not 0.01 <= rate <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not in 0.01 to 100")
    return rate


if __name__ == "__main__":
    raise SystemExit(main())
