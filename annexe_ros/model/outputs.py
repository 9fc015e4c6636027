"""What ANNEXE's passes return, as named outputs. Shapes are in the letters of ``modeling_annexe``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from transformers.utils import ModelOutput

Opening = Callable[[Tensor, Tensor], Tensor]
"""Has a say in how replies begin: takes the states (M, L, D) of the prompts and the logits (M, V) of what comes next,
and returns the logits that count."""

# A ModelOutput demands defaults; every field below is always set but for those that may be None.


@dataclass
class AnnexeImageEncoding(ModelOutput):
    """What one pass over the image yields, for every later question about it.

    Attributes:
        visual_tokens: (B, N, D) for the language model.
        coarse: (B, C, H/16, W/16), fine: (B, P, H/4, W/4): depth-aware features for grounding.
        depth: (B, H/4, W/4) relative depth, 0 = nearest, 1 = farthest of the image.
        label_logits: (B, 1 + labels, H/4, W/4): background, then ``config.labels``.
        contact_logits: (B, 2, H/4, W/4): pixel of a hand-object interaction of the left, of the right hand.
        colour_logits: (B, 1 + colours, H/4, W/4): nothing, then ``config.colours``; None where the model has none.
    """

    visual_tokens: Tensor = None  # type: ignore[assignment]
    coarse: Tensor = None  # type: ignore[assignment]
    fine: Tensor = None  # type: ignore[assignment]
    depth: Tensor = None  # type: ignore[assignment]
    label_logits: Tensor = None  # type: ignore[assignment]
    contact_logits: Tensor = None  # type: ignore[assignment]
    colour_logits: Tensor | None = None


@dataclass
class AnnexeOutput(ModelOutput):
    """Output of a teacher-forced pass.

    Attributes:
        logits: (B, Q, L, vocabulary) of the next token.
        indicator_logits: (B, Q): is there any target (the paper's R_c, before the sigmoid)?
        mask_logits: (B, Q, S, H/4, W/4): slot k belongs to the k-th <MSK> of the text; the background's logit is 0.
        encoding: the image's encoding, with its dense maps.
    """

    logits: Tensor = None  # type: ignore[assignment]
    indicator_logits: Tensor = None  # type: ignore[assignment]
    mask_logits: Tensor = None  # type: ignore[assignment]
    encoding: AnnexeImageEncoding = None  # type: ignore[assignment]


@dataclass
class AnnexeGeneration(ModelOutput):
    """Greedily generated texts.

    Attributes:
        sequences: (M, T) new token ids, padded after the end token.
        token_probabilities: (M, T) probability of each new token.
        prompt_states: (M, L, D) hidden states of the prompt tokens.
        slot_states: (M, S, D) hidden states of the <MSK> tokens, in order; zero where there is none.
        slot_counts: (M,) how many of them there are.
        reply_states: (M, R, D) hidden states of the new tokens; the last one is not read where all texts end with it.
    """

    sequences: Tensor = None  # type: ignore[assignment]
    token_probabilities: Tensor = None  # type: ignore[assignment]
    prompt_states: Tensor = None  # type: ignore[assignment]
    slot_states: Tensor = None  # type: ignore[assignment]
    slot_counts: Tensor = None  # type: ignore[assignment]
    reply_states: Tensor = None  # type: ignore[assignment]
