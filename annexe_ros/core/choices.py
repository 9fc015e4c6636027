"""What parameters and options choose by name: the engine, and how its weights are held.

What stands behind a name it doesn't know; ``inference`` does.
"""

from __future__ import annotations

import enum


class EngineKind(enum.StrEnum):
    """The engines there are."""

    ANNEXE = "annexe"
    VLM_SAM = "vlm_sam"
    OPENAI = "openai"
    REMOTE = "remote"
    SCRIPTED = "scripted"


class Precision(enum.StrEnum):
    """How weights are held; int8 and int4 are the language model's, the rest is bfloat16 beside them."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    INT8 = "int8"
    INT4 = "int4"
