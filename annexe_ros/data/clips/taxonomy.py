"""Groups of words that mean the same, and hard negatives drawn from them: captions with exactly one word exchanged.

Reads taxonomies in the format of EgoExoLearn's ``narration_{verb,noun}_taxonomy.csv`` (``label,group`` with the group
as a Python list). A negative's word comes from another group than the caption's: a synonym would be no negative.
"""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.clips.vocabulary import NOUNS, VERBS, noun_wordings
from annexe_ros.data.scenes.appearance import Generator


@dataclass(frozen=True)
class Taxonomy:
    """Groups of synonyms; ``labels[k]`` names ``groups[k]``."""

    labels: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]

    @classmethod
    def read(cls, path: Path) -> Taxonomy:
        """Read a CSV of ``label,group``; raises ``DatasetFormatError`` where a row is no label and list of words."""
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
        except OSError as error:
            raise DatasetFormatError(path, f"can't be read: {error.strerror}") from error
        groups = tuple(_words(path, number, row.get("group")) for number, row in enumerate(rows, start=2))
        return cls(tuple(str(row.get("label")) for row in rows), groups)

    def others(self, words: Iterable[str]) -> list[int]:
        """Return the indices of the groups that share no word with ``words``."""
        own = set(words)
        return [k for k, group in enumerate(self.groups) if own.isdisjoint(group)]

    def group_of(self, word: str) -> tuple[str, ...]:
        """Return the group that holds a word, or the word alone."""
        return next((group for group in self.groups if word in group), (word,))


def _words(path: Path, row: int, cell: str | None) -> tuple[str, ...]:
    try:
        words = ast.literal_eval(cell or "")
    except (SyntaxError, ValueError) as error:
        raise DatasetFormatError(path, f"row {row}: the group is no list of words") from error
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise DatasetFormatError(path, f"row {row}: the group is no list of words")
    return tuple(words)


CLIP_VERBS = Taxonomy(tuple(verb.name for verb in VERBS), tuple(verb.wordings for verb in VERBS))
CLIP_NOUNS = Taxonomy(NOUNS, tuple(noun_wordings(noun) for noun in NOUNS))


def substitutes(rng: Generator, caption: str, word: str, taxonomy: Taxonomy, count: int) -> list[str]:
    """Return ``count`` captions in which ``word`` is exchanged for words of as many other groups, no two alike.

    Raises ``ValueError`` where the caption doesn't hold the word as such, or the taxonomy has too few other groups.
    """
    before, found, after = f" {caption} ".partition(f" {word} ")
    if not found:
        raise ValueError(f"'{word}' is no word of the caption '{caption}'")
    others = taxonomy.others(taxonomy.group_of(word))
    if len(others) < count:
        raise ValueError(f"{count} negatives of '{word}' are asked for, the taxonomy has {len(others)} other groups")
    chosen = rng.permutation(others)[:count]
    return [f"{before} {_any(rng, taxonomy.groups[k])} {after}".strip() for k in chosen]


def _any(rng: Generator, words: Sequence[str]) -> str:
    return words[int(rng.integers(len(words)))]
