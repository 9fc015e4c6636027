"""What a language model may add: hard negatives that a taxonomy wouldn't find, and narrations merged with motion.

The model is a function from prompt to text; its replies are checked, never trusted. Everything works without one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from annexe_ros.core.errors import EngineError
from annexe_ros.data.clips.taxonomy import Taxonomy

Complete = Callable[[str], str]

NEGATIVES_PROMPT = (
    'In the sentence "{caption}" replace "{word}" by {count} other {kind}s, so that each new sentence could describe a '
    'similar video but not this one. No synonyms of "{word}". Reply with a JSON list of the {count} replacements.'
)
MERGE_PROMPT = (
    'A video was narrated as "{narration}". What its hands did, measured: {motion} Write one sentence that says what '
    "happened and how the hands moved. Add nothing that isn't given."
)


def suggested_negatives(
    complete: Complete, caption: str, word: str, kind: str, count: int, taxonomy: Taxonomy
) -> list[str]:
    """Return ``count`` captions with ``word`` (a ``kind``: "verb" or "noun") replaced as the model suggests.

    Suggestions that are the word, its synonyms in the taxonomy, or repeated are dropped. Raises ``EngineError`` where
    too few are left, and ``ValueError`` where the caption doesn't hold the word.
    """
    if f" {word} " not in f" {caption} ":
        raise ValueError(f"'{word}' is no word of the caption '{caption}'")
    reply = complete(NEGATIVES_PROMPT.format(caption=caption, word=word, kind=kind, count=count))
    same = set(taxonomy.group_of(word)) | {word}
    words = [found for found in dict.fromkeys(_listed(reply)) if found not in same]
    if len(words) < count:
        raise EngineError(f"the language model suggested {len(words)} usable words of {count} for '{word}'")
    before, _, after = f" {caption} ".partition(f" {word} ")
    return [f"{before} {found} {after}".strip() for found in words[:count]]


def _listed(reply: str) -> list[str]:
    """Return the words of the first JSON list in a reply; none where there is none."""
    found = re.search(r"\[[^\[\]]*\]", reply)
    try:
        words = json.loads(found[0]) if found else []
    except ValueError:
        return []
    return [" ".join(word.split()).lower() for word in words if isinstance(word, str) and word.strip()]


def merged_narration(complete: Complete, narration: str, motion: str) -> str:
    """Return one sentence of a narration and of what moved; both side by side where the reply is empty."""
    reply = " ".join(complete(MERGE_PROMPT.format(narration=narration, motion=motion)).split())
    return reply or f"{narration}. {motion}"


def local_language_model(folder: Path, new_tokens: int = 200) -> Complete:
    """Return a chat model of transformers as a function; raises ``ModelNotFoundError``."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from annexe_ros.inference.hub import network_of, readable

    name = str(folder)
    model = network_of(name, folder, AutoModelForCausalLM, dtype="auto")
    tokenizer: Any = readable(name, lambda: AutoTokenizer.from_pretrained(folder, local_files_only=True))

    def complete(prompt: str) -> str:
        chat = [{"role": "user", "content": prompt}]
        inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        made = model.generate(**inputs, max_new_tokens=new_tokens, do_sample=False)
        return str(tokenizer.decode(made[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))

    return complete
