"""``python -m annexe_ros.data.scenes``: generate a data set of synthetic scenes."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from annexe_ros.core.errors import AnnexeError
from annexe_ros.data.scenes.dataset import generate
from annexe_ros.data.scenes.film import write_recording

FILM_SECONDS, FILM_RATE_HZ = 10.0, 5.0


def main() -> int:
    """Parse the command line, generate, and report progress on stderr."""
    parser = argparse.ArgumentParser(prog="python -m annexe_ros.data.scenes", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the data set; continued if it exists")
    parser.add_argument("--count", type=int, default=1, help="number of scenes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", default="train", choices=("train", "val", "test"))
    parser.add_argument("--unseen", action="store_true", help="only (category, hand, surface) never drawn otherwise")
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--height", type=int, default=240)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--film", type=int, metavar="INDEX", help="a 10 s recording of one scene instead of a data set")
    options = vars(parser.parse_args())
    start = time.monotonic()

    def report(done: int, count: int) -> None:
        if done % 20 == 0 or done == count:
            print(f"{done}/{count} scenes, {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)

    film = options.pop("film")
    try:
        if film is None:
            generate(**options, progress=report)
        else:
            size = options["width"], options["height"]
            write_recording(options["out"], options["seed"], film, FILM_SECONDS, FILM_RATE_HZ, *size, progress=report)
    except AnnexeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
