"""The small models' own tokenizer: byte-level BPE, trained on the texts that the model will see."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from .processing_annexe import MASK_TOKEN

SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", MASK_TOKEN, "<Img>", "</Img>", "[caption]", "[vqa]", "[/INST]")
"""In the order of their ids."""


def train_tokenizer(texts: Iterable[str], vocabulary_size: int = 1024) -> PreTrainedTokenizerFast:
    """Return a tokenizer that can spell any text (bytes) and has the frequent words of ``texts`` as one token each."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        clean_up_tokenization_spaces=False,
    )
