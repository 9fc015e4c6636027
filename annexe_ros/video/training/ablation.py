"""Which part helps: InfoNCE against EgoNCE++, motion adapters on and off, on one budget and with several seeds.

Runs that are finished are kept, one that was stopped goes on.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annexe_ros.data.clips.annotation import ClipAnnotation
from annexe_ros.data.clips.dataset import ClipFolder
from annexe_ros.video.benchmarks.generated import in_disorder, score
from annexe_ros.video.encoder import ClipEncoder
from annexe_ros.video.training.run import Say, train_clip_encoder
from annexe_ros.video.training.settings import ClipTrainingSettings, Objective
from annexe_ros.video.training.stem_maps import stem_maps

Figures = dict[str, dict[str, float]]
FIGURES_FILE = "figures.json"
_AT_ONCE = 32


@dataclass(frozen=True)
class Variant:
    """One way to train."""

    name: str
    objective: Objective
    motion_adapters: bool = True


VARIANTS = (
    Variant("egonce++", Objective.EGO_NCE_PLUS),
    Variant("infonce", Objective.INFO_NCE),
    Variant("egonce++ without adapters", Objective.EGO_NCE_PLUS, motion_adapters=False),
)


def run_ablation(
    settings: ClipTrainingSettings,
    validation: Path,
    seeds: Sequence[int],
    say: Say,
    variants: Sequence[Variant] = VARIANTS,
) -> dict[str, list[Figures]]:
    """Train every variant with every seed below ``settings.out`` and return its figures on the validation clips."""
    found: dict[str, list[Figures]] = {}
    for seed in seeds:
        for variant in variants:
            out = settings.out / f"{variant.name.replace(' ', '_')}_{seed}"
            if not (out / FIGURES_FILE).is_file():
                _one(replace(settings, out=out, seed=seed), variant, validation, say)
            figures = json.loads((out / FIGURES_FILE).read_text())
            found.setdefault(variant.name, []).append(figures)
            say(f"{variant.name}, seed {seed}: {figures}")
    return found


def _one(settings: ClipTrainingSettings, variant: Variant, validation: Path, say: Say) -> None:
    chosen = replace(settings, objective=variant.objective, motion_adapters=variant.motion_adapters)
    train_clip_encoder(chosen, resume=True, say=say)
    figures = evaluate_folder(ClipEncoder.load(settings.out), ClipFolder(validation))
    (settings.out / FIGURES_FILE).write_text(json.dumps(figures))


def evaluate_folder(encoder: ClipEncoder, clips: ClipFolder) -> Figures:
    """Return ``hoi`` and ``shuffled`` accuracies on clips of a folder, as ``annexe video-benchmark`` has them."""
    maps = stem_maps(encoder, clips)
    truths = [clips.annotation(place) for place in range(len(clips))]
    mixed = np.stack([in_disorder(one, place) for place, one in enumerate(maps)])
    return {"hoi": _scored(encoder, maps, truths), "shuffled": _scored(encoder, mixed, truths)}


def _scored(encoder: ClipEncoder, maps: NDArray[np.float16], truths: Sequence[ClipAnnotation]) -> dict[str, float]:
    parts = [maps[k : k + _AT_ONCE] for k in range(0, len(maps), _AT_ONCE)]
    vectors = np.concatenate([encoder.embed_maps(part) for part in parts])
    return score(encoder, vectors, [truth.wording for truth in truths])


def table(found: Mapping[str, Sequence[Figures]]) -> str:
    """Return a Markdown table in percent: mean and standard deviation over seeds."""
    lines = ["| trained with | verb | noun | action | verb, frames shuffled |", "|---|---:|---:|---:|---:|"]
    for name, runs in found.items():
        cells = [_spread([run["hoi"][part] for run in runs]) for part in ("verb", "noun", "action")]
        cells.append(_spread([run["shuffled"]["verb"] for run in runs]))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _spread(values: Sequence[float]) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.mean(values):.1f} ± {100 * spread:.1f}"
