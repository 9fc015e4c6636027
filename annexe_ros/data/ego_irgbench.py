"""Reader of Ego-IRGBench's folder layout and JSON (ANNEXE, CVPR 2025), which generated scenes share.

::

    root/RGB/<id>.jpg  root/depth/<id>.png  root/mask/<id>.png  root/dataset_split/{train,val,test}/<id>.json
    root/scene/<id>.json     only beside generated scenes: what the generator knows

Depth images are uint16 millimetres with 0 for unknown; a mask image is one channel with the pixel = instance value.
The authors' reader lets all records of a file alias its last one; here every record is an object of its own. The
module reads one item at a time and knows nothing of batches, tensors or sampling.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import NO_TARGET_ANSWER
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.picture import decoded
from annexe_ros.data.scenes.truth import SceneTruth

SPLITS = ("train", "val", "test")
SLOTS = (3, 4)
"""Accepted lengths of ``masks_idx``: the authors' decoder has three target slots, ours four."""

Kind = Literal["single", "multi", "none"]


@dataclass(frozen=True)
class Record:
    """One question about one image, in several wordings, with its targets.

    Attributes:
        caption: description of the interaction, the same for all records of an image.
        answer: the answer as the file has it.
        targets: names of the targets; slot k is the k-th name.
        mask_values: pixel value in the mask image per target; 0 where the file has no slot for it.
        has_target: is there any target.
        questions: paraphrases of one question, at least one.
    """

    caption: str
    answer: str
    targets: tuple[str, ...]
    mask_values: tuple[int, ...]
    has_target: bool
    questions: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """How many targets the question has."""
        if not self.has_target:
            return "none"
        return "single" if len(self.targets) == 1 else "multi"

    @property
    def answer_text(self) -> str:
        """What an engine should answer: the names joined with " and ", or ``NO_TARGET_ANSWER``."""
        return " and ".join(self.targets) or NO_TARGET_ANSWER


def check_split(root: Path | str, split: str) -> None:
    """Raise ``DatasetFormatError`` where a data set has no split of that name."""
    if split not in SPLITS:
        raise DatasetFormatError(root, f"unknown split '{split}'; a dataset has: {', '.join(SPLITS)}")


def choose_question(record: Record, rng: np.random.Generator) -> str:
    """Return one of a record's paraphrases, drawn with ``rng``."""
    return record.questions[int(rng.integers(len(record.questions)))]


def instance_names(records: Sequence[Record], truth: SceneTruth | None) -> dict[int, str]:
    """Return mask value -> name of an image's instances: all of a generated scene's, else those that answers name."""
    if truth is not None:
        return {instance.index: instance.label for instance in truth.instances}
    slots = (zip(record.mask_values, record.targets, strict=True) for record in records)
    return {value: name for slot in slots for value, name in slot if value}


class EgoIrgBench:
    """One split of a dataset folder; files are read when asked for, in any order.

    Attributes:
        root: the folder.
        split: "train", "val" or "test".
        ids: names of the split's images, sorted.

    Raises ``DatasetFormatError`` when the split is unknown, missing or empty; so do all methods for a malformed file.
    """

    def __init__(self, root: Path | str, split: str = "train") -> None:
        check_split(root, split)
        self.root, self.split = Path(root), split
        folder = self._split_folder
        if not folder.is_dir():
            raise DatasetFormatError(folder, "no such folder; Ego-IRGBench keeps the JSON files of a split there")
        self.ids: tuple[str, ...] = tuple(sorted(path.stem for path in folder.glob("*.json")))
        if not self.ids:
            raise DatasetFormatError(folder, "has no JSON file")

    def first(self, count: int) -> EgoIrgBench:
        """Return this split with no more than its first so many images."""
        cut = copy(self)
        cut.ids = self.ids[:count]
        return cut

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.ids)

    def image(self, image_id: str) -> NDArray[np.uint8]:
        """Return the colour image (H, W, 3) uint8, RGB."""
        return read_colour(self.root / "RGB" / f"{image_id}.jpg")

    def depth(self, image_id: str) -> NDArray[np.float32]:
        """Return the depth (H, W) float32 [m], NaN where unknown."""
        return read_depth(self.root / "depth" / f"{image_id}.png")

    def mask(self, image_id: str) -> NDArray[np.uint8]:
        """Return the instance mask (H, W) uint8, 0 = background."""
        path = self.root / "mask" / f"{image_id}.png"
        mask = _read_image(path, cv2.IMREAD_UNCHANGED)
        if mask.ndim != 2 or mask.dtype != np.uint8:
            raise DatasetFormatError(path, f"a mask has one channel of uint8, not {mask.shape} {mask.dtype}")
        return mask

    def records(self, image_id: str) -> tuple[Record, ...]:
        """Return the image's records in the order of the file."""
        path = self._split_folder / f"{image_id}.json"
        return checked_records(_read_json(path), path)

    def masked_records(self, image_id: str) -> tuple[tuple[Record, ...], NDArray[np.uint8]]:
        """Return records and mask together, checked that every target has pixels."""
        records, mask = self.records(image_id), self.mask(image_id)
        present = set(np.unique(mask).tolist()) | {0}
        for record in records:
            for name, value in zip(record.targets, record.mask_values, strict=True):
                if value not in present:
                    path = self._split_folder / f"{image_id}.json"
                    raise DatasetFormatError(path, f"'{name}' has mask value {value}, which no pixel of its mask has")
        return records, mask

    def truth(self, image_id: str) -> SceneTruth | None:
        """Return what the generator knows of the scene, or None for images that were not generated."""
        path = self.root / "scene" / f"{image_id}.json"
        if not path.exists():
            return None
        try:
            return SceneTruth.from_json(_read_json(path))
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetFormatError(path, f"is not the truth of a scene ({type(error).__name__}: {error})") from error

    @property
    def _split_folder(self) -> Path:
        return self.root / "dataset_split" / self.split


def checked_records(items: Any, path: Path) -> tuple[Record, ...]:
    """Return the records that a JSON file holds; raises ``DatasetFormatError`` naming ``path`` if it is malformed."""
    if not isinstance(items, list) or not items:
        raise DatasetFormatError(path, "must hold a list with at least one record")
    return tuple(_record(path, number, item) for number, item in enumerate(items))


def read_colour(path: Path | str) -> NDArray[np.uint8]:
    """Read an image file as (H, W, 3) uint8, RGB; raises ``DatasetFormatError``."""
    return np.ascontiguousarray(_read_image(Path(path), cv2.IMREAD_COLOR)[:, :, ::-1])


def read_depth(path: Path | str) -> NDArray[np.float32]:
    """Read a uint16 millimetre image as (H, W) float32 [m], NaN where it is 0; raises ``DatasetFormatError``."""
    depth = _read_image(Path(path), cv2.IMREAD_UNCHANGED)
    if depth.ndim != 2 or depth.dtype != np.uint16:
        raise DatasetFormatError(path, f"a depth image has one channel of uint16 [mm], not {depth.shape} {depth.dtype}")
    metres = depth.astype(np.float32) / np.float32(1000)
    metres[depth == 0] = np.nan
    return metres


def _read_image(path: Path, flags: int) -> NDArray[Any]:
    if not path.is_file():
        raise DatasetFormatError(path, "no such file")
    # Decoding from memory keeps OpenCV from printing warnings of its own about a damaged file's name.
    image = decoded(path.read_bytes(), flags)
    if image is None:
        raise DatasetFormatError(path, "is not a whole image that OpenCV can read")
    return image


def _read_json(path: Path) -> Any:
    if not path.is_file():
        raise DatasetFormatError(path, "no such file")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DatasetFormatError(path, f"is not JSON ({error})") from error


def _record(path: Path, number: int, item: Any) -> Record:
    """Check one item of a file and return it as a record."""

    def fail(why: str) -> DatasetFormatError:
        return DatasetFormatError(path, f"record {number}: {why}")

    if not isinstance(item, Mapping):
        raise fail("is not a JSON object")
    missing = sorted({"caption", "answer", "tokens", "masks_idx", "with_mask", "questions"} - item.keys())
    if missing:
        raise fail(f"lacks {', '.join(missing)}")
    if not isinstance(item["caption"], str) or not isinstance(item["answer"], str):
        raise fail("caption and answer must be text")
    if item["with_mask"] not in (0, 1):
        raise fail(f"with_mask must be 0 or 1, not {item['with_mask']!r}")
    targets, values = _targets(item["tokens"], item["masks_idx"], bool(item["with_mask"]), fail)
    questions = _questions(item["questions"])
    if not questions:
        raise fail("questions must be a list of objects with a non-empty text 'query', at least one")
    return Record(item["caption"], item["answer"], targets, values, bool(item["with_mask"]), questions)


def _targets(
    tokens: Any, values: Any, has_target: bool, fail: Callable[[str], DatasetFormatError]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return names and mask values of the used slots; slot k belongs to the k-th name."""
    if not isinstance(tokens, list) or len(tokens) != 4 or not all(isinstance(token, str) for token in tokens):
        raise fail("tokens must be a list of 4 strings")
    if not isinstance(values, list) or len(values) not in SLOTS or not all(_is_mask_value(value) for value in values):
        raise fail("masks_idx must be a list of 3 or 4 integers, 0 to 255")
    if not has_target:
        return (), ()
    names = tuple(token for token in tokens if token)
    if not names or tuple(tokens[: len(names)]) != names:
        raise fail(f"with_mask is 1, so tokens must begin with a name and have gaps at the end only, not {tokens}")
    used = tuple(values[: len(names)])
    if 0 in used or any(values[len(names) :]):
        raise fail(f"masks_idx {values} doesn't give each of the names {list(names)} a slot")
    return names, used + (0,) * (len(names) - len(used))


def _is_mask_value(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255


def _questions(items: Any) -> tuple[str, ...]:
    """Return the paraphrases, or nothing where any of them is malformed."""
    if not isinstance(items, list):
        return ()
    texts = [item.get("query") if isinstance(item, Mapping) else None for item in items]
    good = tuple(text for text in texts if isinstance(text, str) and text.strip())
    return good if len(good) == len(texts) else ()
