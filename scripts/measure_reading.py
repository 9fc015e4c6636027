"""Measures how many answers are wrong because of what the model sees, and how many because of how it reads that.

    python scripts/measure_reading.py --data data/test --split test

Asks the questions of ``annexe evaluate`` twice: with the model's own maps of labels and contact, and with the true ones
in their place, which only generated scenes have. Prints JSON: the share of exact answers of each.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor, nn

from annexe_ros.core.errors import AnnexeError, DatasetFormatError
from annexe_ros.data.ego_irgbench import EgoIrgBench
from annexe_ros.evaluation.runner import evaluate_image
from annexe_ros.inference.annexe import AnnexeEngine
from annexe_ros.inference.resolve import resolve_model
from annexe_ros.training.augment import nearest
from annexe_ros.training.samples import instance_contacts, instance_labels

QUESTIONS_PER_IMAGE, SEED = 6, 0
"""Those of ``annexe evaluate``."""
SURE = 12.0
"""Logit of what is true."""


class TrueMaps(nn.Module):
    """Stands in for the dense heads of a network: true maps of labels and contact, the network's own depth."""

    def __init__(self, heads: nn.Module, dataset: EgoIrgBench, labels: list[str]) -> None:
        super().__init__()
        self.heads, self.dataset, self.labels = heads, dataset, labels
        self.image_id = ""

    def forward(self, fine: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what ``AnnexeDenseHeads`` returns, of ``image_id``."""
        depth, labels, contact = self.heads(fine)
        records, mask = self.dataset.masked_records(self.image_id)
        truth = self.dataset.truth(self.image_id)
        cells = nearest(mask, fine.shape[-2], fine.shape[-1])
        known = torch.from_numpy(instance_labels(records, truth, self.labels)[cells]).clamp(min=0)
        sure = nn.functional.one_hot(known, labels.shape[1]).permute(2, 0, 1).to(labels)
        touched = torch.from_numpy(instance_contacts(truth)[cells]).permute(2, 0, 1).to(contact)
        return depth, SURE * sure.unsqueeze(0), SURE * (touched.unsqueeze(0) - 0.5)


def exact_answers(model: Path, dataset: EgoIrgBench, with_true_maps: bool) -> float:
    """Return the share of questions that are answered word for word."""
    engine = AnnexeEngine(model, "cpu")
    network = engine._network
    maps = TrueMaps(network.dense_heads, dataset, network.config.labels)
    if with_true_maps:
        network.config.mirrored = False  # the truth looks once
        network.add_module("dense_heads", maps)
    right: list[bool] = []
    for maps.image_id in dataset.ids:
        rows, _ = evaluate_image(engine, dataset, maps.image_id, QUESTIONS_PER_IMAGE, SEED, None)
        right += [row.exact for row in rows]
    return round(sum(right) / len(right), 4)


def measure(data: Path, split: str, model: str) -> dict[str, float]:
    """Return all figures; raises ``DatasetFormatError`` where an image's truth isn't known."""
    dataset, folder = EgoIrgBench(data, split), resolve_model(model)
    if any(dataset.truth(image_id) is None for image_id in dataset.ids):
        raise DatasetFormatError(data, "has no true maps for all of its images; 'annexe scenes' makes some that have")
    found = {"images": float(len(dataset)), "exact": exact_answers(folder, dataset, with_true_maps=False)}
    return found | {"exact_with_true_maps": exact_answers(folder, dataset, with_true_maps=True)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of 'annexe scenes'")
    parser.add_argument("--split", default="test", help="(%(default)s)")
    parser.add_argument("--model", default="annexe-scenes", help="folder or name (%(default)s)")
    arguments = parser.parse_args()
    try:
        print(json.dumps(measure(arguments.data, arguments.split, arguments.model)))
    except AnnexeError as error:
        parser.error(str(error))
