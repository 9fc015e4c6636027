"""Fixtures that several tiers share: a ROS domain, a tiny dataset of rectangles and a tiny untrained ANNEXE."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import hypothesis
import numpy as np
import pytest
from tiny_annexe import TINY_TEXT, TINY_VISION

from annexe_ros.benchmark.processes import isolated_environment
from annexe_ros.core import Hands, PinholeCamera, role_of
from annexe_ros.data.scenes.language import records
from annexe_ros.data.scenes.truth import Instance, SceneTruth

# The same examples on every machine, however slow or busy it is.
hypothesis.settings.register_profile("house", derandomize=True, deadline=None)
hypothesis.settings.load_profile("house")

BOXES = {"right hand": (10, 10, (60, 120, 200)), "mug": (40, 12, (200, 40, 40)), "knife": (20, 50, (40, 200, 40))}
"""Per instance of the rectangle scene: left, top and RGB colour of a square of 18 pixels."""


def pytest_configure() -> None:
    """Have SIGTERM, too, end a run as Ctrl-C does, so that fixtures end their nodes and give shared memory back."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def rectangle_truth(name: str) -> SceneTruth:
    """Return a scene in which the right hand touches the mug and a knife lies about."""
    instances = []
    for index, label in enumerate(BOXES, start=1):
        touched = Hands.RIGHT if label == "mug" else Hands.NONE
        instances.append(
            Instance(
                index=index,
                label=label,
                role=role_of(label),
                colour="" if label.endswith("hand") else "red",
                touched_by=touched,
                touches="mug" if label.endswith("hand") else "",
                lifted=False,
                visible_pixels=324,
                full_pixels=324,
                hidden_by_hand=0.0,
                center=(0.0, 0.0, 1.0),
                rotation=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
                size=(0.1, 0.1, 0.1),
            )
        )
    return SceneTruth(name, 0, PinholeCamera(96, 72, 80, 80, 47.5, 35.5), 45.0, "table", tuple(instances))


@pytest.fixture(scope="session", autouse=True)
def ros_domain() -> Iterator[None]:
    """Keep what the tests start apart from robots, and from every other run on this machine."""
    environment = isolated_environment()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE"):
            patch.setenv(name, environment[name])
        yield


@pytest.fixture
def clock(monkeypatch):
    """Return a clock whose ``now_s`` is what pairs of benchmarks are measured by."""
    clock = SimpleNamespace(now_s=0.0)
    monkeypatch.setattr("annexe_ros.benchmark.pairs.perf_counter", lambda: clock.now_s)
    return clock


@pytest.fixture(scope="session")
def rectangle_dataset(tmp_path_factory) -> Path:
    """Return a folder with six scenes of coloured squares, splits train and test."""
    root = tmp_path_factory.mktemp("rectangles")
    for split in ("train", "test"):
        for number in range(6):
            _write_rectangles(root, split, f"{split}_{number}")
    return root


def _write_rectangles(root: Path, split: str, name: str) -> None:
    rng = np.random.default_rng(len(name))
    truth = rectangle_truth(name)
    image = rng.integers(90, 110, (72, 96, 3)).astype(np.uint8)
    mask = np.zeros((72, 96), dtype=np.uint8)
    for index, (x, y, colour) in enumerate(BOXES.values(), start=1):
        image[y : y + 18, x : x + 18] = colour
        mask[y : y + 18, x : x + 18] = index
    depth = (800 + 3 * np.arange(96, dtype=np.uint16))[None].repeat(72, axis=0)
    for folder in ("RGB", "depth", "mask", "scene", f"dataset_split/{split}"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(root / "RGB" / f"{name}.jpg"), image[..., ::-1])
    cv2.imwrite(str(root / "depth" / f"{name}.png"), depth)
    cv2.imwrite(str(root / "mask" / f"{name}.png"), mask)
    (root / "scene" / f"{name}.json").write_text(json.dumps(truth.to_json()))
    (root / "dataset_split" / split / f"{name}.json").write_text(json.dumps(records(truth, rng)))


@pytest.fixture(scope="session")
def tiny_processor():
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from annexe_ros.model import AnnexeImageProcessor, AnnexeProcessor, train_tokenizer

    texts = ["please segment the left hand and the mug", "There is no suitable target.", "right hand and trash can"]
    return AnnexeProcessor(AnnexeImageProcessor(pixel_budget=64 * 64), train_tokenizer(texts))


@pytest.fixture(scope="session")
def tiny_model(tiny_processor):
    import torch

    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG

    torch.manual_seed(0)
    text = TINY_TEXT | {"vocab_size": len(tiny_processor.tokenizer)}
    labels = ["left hand", "right hand", "mug", "knife"]
    names = {"labels": labels, "colours": ["red", "blue"]}
    config = AnnexeConfig(TINY_VISION, text, pyramid_channels=16, pixel_channels=8, **names)
    return AnnexeForEgoIRG(config).eval()


@pytest.fixture(scope="session")
def tiny_folder(tiny_model, tiny_processor, tmp_path_factory) -> Path:
    """Return a model folder with random weights."""
    folder = tmp_path_factory.mktemp("tiny-annexe")
    tiny_model.save_pretrained(folder)
    tiny_processor.save_pretrained(folder)
    return folder
