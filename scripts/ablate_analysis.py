"""Compares a plain model with an analysis-guided one and writes the tables of docs/weights.md.

    python scripts/ablate_analysis.py --off runs/off --on runs/on --data data/test

Both should come from the same image encoder, and from texts trained alike (``annexe train … --analysis-guided`` for the
one). All figures go to ``--out`` as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from annexe_ros.benchmark.ablation import Extent, ablate
from annexe_ros.benchmark.ablation_page import filled_in, tables
from annexe_ros.cli.terminal import progress_bar
from annexe_ros.core.errors import AnnexeError
from annexe_ros.data.ego_irgbench import EgoIrgBench

PAGE = Path(__file__).parents[1] / "docs" / "weights.md"


def main() -> int:
    """Measure, write the figures and the page; 2 where a folder isn't what it should be."""
    arguments = _arguments()
    try:
        page = arguments.page.read_text(encoding="utf-8")
        data = EgoIrgBench(arguments.data, arguments.split).first(arguments.limit)
        extent = Extent(arguments.queries_per_image, arguments.seed, arguments.views)
        with progress_bar("evaluating") as follow:
            figures = ablate(arguments.off, arguments.on, data, extent, arguments.device, follow)
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        arguments.page.write_text(filled_in(page, figures), encoding="utf-8")
    except (AnnexeError, OSError) as error:
        print(f"ablate_analysis: {error}")
        return 2
    print(tables(figures))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--off", type=Path, required=True, help="folder of the plain model")
    parser.add_argument("--on", type=Path, required=True, help="folder of the analysis-guided model")
    parser.add_argument("--data", type=Path, required=True, help="images that neither was trained on")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=_count, default=sys.maxsize, help="no more than the first so many images")
    parser.add_argument("--queries-per-image", type=_count, default=Extent.queries_per_image)
    parser.add_argument("--seed", type=int, default=Extent.seed, help="of the draw of questions")
    parser.add_argument("--views", type=_count, default=Extent.views, help="images for the latency")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, default=Path("out/ablation.json"))
    parser.add_argument("--page", type=Path, default=PAGE)
    return parser.parse_args()


def _count(text: str) -> int:
    """Read a number of things; raises ``ArgumentTypeError`` for none."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return int(text)


if __name__ == "__main__":
    raise SystemExit(main())
