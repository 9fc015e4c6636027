"""Text metrics: CIDEr, METEOR and exact match.

CIDEr is CIDEr-D of pycocoevalcap (document frequencies from the references of the evaluated set, times 10). METEOR is
nltk's, which is METEOR of Lavie and Agarwal (2007): exact, stem and WordNet synonym matches, without the paraphrase
table of METEOR 1.5, so its figures are comparable with each other and only roughly with published ones. The
tokenisation is our own for both (lower case, words of letters and digits), where the COCO tools call Stanford's in
Java.
"""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annexe_ros.core.errors import MissingDependencyError

INSTALL = "pip install 'annexe-ros[evaluate]'"

WORDNET_FOLDERS = ("/usr/share/wordnet", "/usr/local/share/wordnet/dict")
"""Where system packages put Princeton WordNet; the variable WNSEARCHDIR, which WordNet itself reads, goes first."""

_LEXICOGRAPHER_FILES = 45
_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation."""
    return _WORDS.findall(text.lower())


def exact(predicted: str, reference: str) -> bool:
    """Tell whether two answers have the same words in the same order."""
    return tokens(predicted) == tokens(reference)


def cider(predicted: Sequence[str], references: Sequence[str]) -> NDArray[np.float64] | None:
    """Return the CIDEr-D (N,) of each prediction, 0 to 10; None where the references hold no word.

    Raises ``MissingDependencyError`` where pycocoevalcap is not installed.
    """
    try:
        from pycocoevalcap.cider.cider import Cider
    except ModuleNotFoundError as error:
        raise MissingDependencyError("pycocoevalcap, which CIDEr needs,", INSTALL) from error
    wanted = {number: [" ".join(tokens(text))] for number, text in enumerate(references)}
    if not any(text for (text,) in wanted.values()):
        return None
    found = {number: [" ".join(tokens(text))] for number, text in enumerate(predicted)}
    _, scores = Cider().compute_score(wanted, found)
    return np.asarray(scores, dtype=np.float64)


def meteor(predicted: Sequence[str], references: Sequence[str]) -> NDArray[np.float64] | None:
    """Return the METEOR (N,) of each prediction, 0 to 1; None where there is nothing to compare.

    Raises ``MissingDependencyError`` where nltk is not installed or no WordNet is found.
    """
    try:
        from nltk.translate.meteor_score import single_meteor_score
    except ModuleNotFoundError as error:
        raise MissingDependencyError("nltk, which METEOR needs,", INSTALL) from error
    if not references:
        return None
    wordnet = _wordnet()
    pairs = zip(references, predicted, strict=True)
    return np.array([single_meteor_score(tokens(a), tokens(b), wordnet=wordnet) for a, b in pairs])


@cache
def _wordnet() -> Any:
    """Return nltk's reader of the first WordNet found: a system package's, else a corpus of nltk's own."""
    for folder in (os.environ.get("WNSEARCHDIR"), *WORDNET_FOLDERS):
        if folder and (Path(folder) / "data.noun").is_file():
            return _read_wordnet(folder)
    from nltk.corpus import wordnet

    try:
        wordnet.ensure_loaded()
    except LookupError as error:
        raise MissingDependencyError("WordNet, which METEOR needs,", "apt-get install wordnet-base") from error
    return wordnet


def _read_wordnet(folder: str) -> Any:
    import nltk.data
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    class SystemWordNet(WordNetCorpusReader):
        """Princeton's files without nltk's additions, which METEOR doesn't look at."""

        def open(self, file: str) -> Any:
            if file == "lexnames":  # packages leave out this list of the lexicographers' files
                return io.StringIO("".join(f"{n:02d}\tfile{n}\t0\n" for n in range(_LEXICOGRAPHER_FILES)))
            return super().open(file)

        def map_wn(self, version: str = "wordnet") -> None:
            """Skip the map between WordNet versions that other languages need."""

    nltk.data.path.append(folder)  # nltk reads below its data path only
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # says that other languages are missing
        return SystemWordNet(folder, omw_reader=None)
