"""Training samples: an image of an Ego-IRGBench folder with a drawn set of texts about it. No tensor yet.

Supervision that only generated scenes have (a label for every instance, who touches what) is taken from their truth
file; where a folder has none, labels come from the names that the answers give, and contact is not supervised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core import LEFT_HAND_LABEL, NO_TARGET_ANSWER, RIGHT_HAND_LABEL, Hands
from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.ego_irgbench import EgoIrgBench, Record, checked_records, instance_names
from annexe_ros.data.sampling import draw_queries
from annexe_ros.data.scenes import language
from annexe_ros.data.scenes.truth import CATEGORIES, SceneTruth

UNKNOWN = -1


@dataclass(frozen=True)
class Text:
    """One prompt with its reply; ``query`` None asks for the description.

    ``names`` and ``mask_values`` are the targets in order; ``reply`` is used where there is none.
    """

    query: str | None
    reply: str
    names: tuple[str, ...] = ()
    mask_values: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Sample:
    """One image with its texts.

    Attributes:
        image: (H, W, 3) uint8 RGB. depth: (H, W) float32 [m], NaN unknown. mask: (H, W) uint8 instances.
        texts: the description first, then the drawn queries.
        label_of: (256,) int64, mask value -> index in the vocabulary + 1; 0 background, -1 not known.
        contact_of: (256, 2) float32, mask value -> takes part in an interaction of the left, the right hand;
            NaN not known.
        colour_of: (256,) int64, mask value -> index of its colour + 1; 0 background and hands, -1 not known.
        map_of: (1 + labels,) int64, by which of its label maps the model is to see each label: k for label k, but where
            things have each other's names.
    """

    image: NDArray[np.uint8]
    depth: NDArray[np.float32]
    mask: NDArray[np.uint8]
    texts: tuple[Text, ...]
    label_of: NDArray[np.int64]
    contact_of: NDArray[np.float32]
    colour_of: NDArray[np.int64]
    map_of: NDArray[np.int64]

    @property
    def is_renamed(self) -> bool:
        """Tell whether things have each other's names."""
        return bool((self.map_of != np.arange(len(self.map_of))).any())


def vocabulary(records: Iterable[Record]) -> list[str]:
    """Return the names that answers use, hands first."""
    names = {name for record in records for name in record.targets}
    return sorted(names, key=lambda name: (name not in (LEFT_HAND_LABEL, RIGHT_HAND_LABEL), name))


def colour_names(truths: Iterable[SceneTruth]) -> list[str]:
    """Return the names of colours that things of generated scenes have."""
    return sorted({instance.colour for truth in truths for instance in truth.instances if instance.colour})


def text_of(record: Record, question: str) -> Text:
    """Return one question of a record with its reply."""
    reply = "" if record.has_target else NO_TARGET_ANSWER
    return Text(question, reply, record.targets, record.mask_values)


def instance_labels(records: Sequence[Record], truth: SceneTruth | None, labels: Sequence[str]) -> NDArray[np.int64]:
    """Return ``Sample.label_of``."""
    table = np.full(256, UNKNOWN, dtype=np.int64)
    table[0] = 0
    for value, name in instance_names(records, truth).items():
        table[value] = labels.index(name) + 1 if name in labels else UNKNOWN
    return table


def instance_contacts(truth: SceneTruth | None) -> NDArray[np.float32]:
    """Return ``Sample.contact_of``: an object by who touches it, a hand by whether it touches anything."""
    table = np.full((256, 2), np.nan if truth is None else 0, dtype=np.float32)
    if truth is None:
        return table
    for instance in truth.instances:
        own = Hands.LEFT if instance.label == LEFT_HAND_LABEL else Hands.RIGHT
        hands = own if instance.touches else instance.touched_by
        table[instance.index] = bool(hands & Hands.LEFT), bool(hands & Hands.RIGHT)
    return table


def instance_colours(truth: SceneTruth | None, colours: Sequence[str]) -> NDArray[np.int64]:
    """Return ``Sample.colour_of``."""
    table = np.full(256, UNKNOWN if truth is None else 0, dtype=np.int64)
    for instance in () if truth is None else truth.instances:
        if instance.colour:
            table[instance.index] = colours.index(instance.colour) + 1 if instance.colour in colours else UNKNOWN
    return table


@dataclass(frozen=True, eq=False)
class _Scene:
    """What the files of one image hold; depth as float16 to save memory, ``truth`` None where it wasn't generated.

    ``mirrored_records`` are the records of the mirror image, empty where there is to be none.
    """

    image: NDArray[np.uint8]
    depth: NDArray[np.float16]
    mask: NDArray[np.uint8]
    records: tuple[Record, ...]
    truth: SceneTruth | None
    mirrored_records: tuple[Record, ...]

    @property
    def pixel_bytes(self) -> int:
        """What image, depth and mask take in memory."""
        return self.image.nbytes + self.depth.nbytes + self.mask.nbytes

    def mirrored(self) -> _Scene:
        """Return the mirror image, or the scene itself where there is to be none."""
        if self.truth is None or not self.mirrored_records:
            return self
        return _Scene(
            np.ascontiguousarray(self.image[:, ::-1]),
            np.ascontiguousarray(self.depth[:, ::-1]),
            np.ascontiguousarray(self.mask[:, ::-1]),
            self.mirrored_records,
            self.truth.mirrored(),
            self.records,
        )

    def renamed(self, names: Mapping[str, str], rng: np.random.Generator) -> _Scene:
        """Return the scene with other names for its things, its texts written anew, or itself where there are none."""
        if self.truth is None or not names:
            return self
        truth = self.truth.renamed(names)
        return replace(self, truth=truth, records=_written(truth, rng), mirrored_records=())


class Samples:
    """Samples of a dataset split; which queries are drawn depends on (seed, epoch, index) alone.

    Args:
        dataset: the split to read.
        labels, colours: the model's vocabulary.
        queries_per_image: queries per sample besides the description; may be 0.
        seed: of all drawing.
        cache_bytes: keep decoded images in memory until their pixels take this much.
        mirror: show every other generated scene in a mirror. Images of other origin can't be: their texts tell left
            from right.
        renamed: share of generated scenes whose things get each other's names, the label maps with them. What a text
            says must then be read from the maps: the features know the things by their own names.
    """

    def __init__(
        self,
        dataset: EgoIrgBench,
        labels: Sequence[str],
        queries_per_image: int,
        seed: int,
        cache_bytes: float = 0,
        mirror: bool = False,
        colours: Sequence[str] = (),
        renamed: float = 0.0,
    ) -> None:
        self.dataset, self.labels, self.colours = dataset, list(labels), list(colours)
        self.queries_per_image, self.seed = queries_per_image, seed
        self.mirror, self.renamed = mirror, renamed
        self._cache: dict[int, _Scene] = {}
        self._bytes_left = cache_bytes

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.dataset)

    def draw(self, index: int, epoch: int = 0) -> Sample:
        """Return one image with freshly drawn queries; raises ``DatasetFormatError`` for a malformed file."""
        rng = np.random.default_rng((self.seed, epoch, index))
        scene = self._read(index)
        if self.mirror and rng.random() < 0.5:
            scene = scene.mirrored()
        names = self._other_names(scene, rng)
        scene = scene.renamed(names, rng)
        drawn = draw_queries(scene.records, self.queries_per_image, rng, self._answered_in_part)
        # An image with fewer records than that has some of them twice: a batch holds as many texts of every image.
        queries = [text_of(*query) for query in islice(cycle(drawn), self.queries_per_image)]
        texts = (Text(None, scene.records[0].caption), *queries)
        labels = instance_labels(scene.records, scene.truth, self.labels)
        contacts, colours = instance_contacts(scene.truth), instance_colours(scene.truth, self.colours)
        depth, maps = scene.depth.astype(np.float32), self._maps_under(names)
        return Sample(scene.image, depth, scene.mask, texts, labels, contacts, colours, maps)

    def _other_names(self, scene: _Scene, rng: np.random.Generator) -> dict[str, str]:
        """Return a name for each thing of generated scenes that the model knows: another's or, seldom, its own.

        None where the scene is told as it is. A run that renames nothing draws nothing for it.
        """
        if scene.truth is None or not self.renamed or rng.random() >= self.renamed:
            return {}
        known = [label for label in self.labels if label in CATEGORIES]
        return dict(zip(known, rng.permutation(known).tolist(), strict=True))

    def _maps_under(self, names: Mapping[str, str]) -> NDArray[np.int64]:
        """Return ``Sample.map_of`` where things have these names."""
        maps = np.arange(1 + len(self.labels))
        for old, new in names.items():
            maps[1 + self.labels.index(new)] = 1 + self.labels.index(old)
        return maps

    def _answered_in_part(self, record: Record) -> bool:
        """Tell whether a question names something that its answer leaves out ("knife and mug", but there is no mug).

        Such questions are rare, and a model that sees few of them repeats every name that it is asked for.
        """
        question = record.questions[0].lower()
        named = {label for label in self.labels if label in question}
        return not named.isdisjoint(record.targets) and not named.issubset(record.targets)

    def _read(self, index: int) -> _Scene:
        if index not in self._cache:
            scene = self._decode(self.dataset.ids[index])
            if scene.pixel_bytes > self._bytes_left:
                return scene
            self._bytes_left -= scene.pixel_bytes
            self._cache[index] = scene
        return self._cache[index]

    def _decode(self, image_id: str) -> _Scene:
        records, mask = self.dataset.masked_records(image_id)
        image, depth = self.dataset.image(image_id), self.dataset.depth(image_id).astype(np.float16)
        if not image.shape[:2] == depth.shape == mask.shape:
            why = f"image {image.shape[:2]}, depth {depth.shape} and mask {mask.shape} of '{image_id}' differ in size"
            raise DatasetFormatError(self.dataset.root, why)
        truth = self.dataset.truth(image_id)
        mirrored = _mirrored_records(truth) if self.mirror and truth is not None else ()
        return _Scene(image, depth, mask, records, truth, mirrored)


def _mirrored_records(truth: SceneTruth) -> tuple[Record, ...]:
    """Return records of the mirror image, written anew: in a mirror a left hand is a right one."""
    return _written(truth.mirrored(), np.random.default_rng(list(truth.id.encode())))


def _written(truth: SceneTruth, rng: np.random.Generator) -> tuple[Record, ...]:
    return checked_records(language.records(truth, rng), Path(truth.id))
