"""The engine vlm_sam over toy checkpoints with planted replies, and the question that it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from planted_replies import ANALYSIS, MUG

from annexe_ros.core import Interpreter, Query
from annexe_ros.inference import create_engine

QUERY = Query("Which object is active?")


def save_checkpoints(root: Path) -> Path:
    """Write language models that speak, correct themselves and babble, and both kinds of grounders; needs PyTorch."""
    from tiny_checkpoints import save_sam2, save_sam3, save_vlm

    save_vlm(root / "speaks", replies=(ANALYSIS, MUG))
    save_vlm(root / "corrects", replies=(ANALYSIS, "the mug, surely", MUG))
    save_vlm(root / "babbles")
    save_sam2(root / "sam2")
    save_sam3(root / "sam3")
    return root


def engine_of(checkpoints: Path, vlm: str = "speaks", grounder: str = "", **settings: Any) -> Interpreter:
    """Return the engine of ``checkpoints``; a name that isn't there is taken as it is."""
    named = {"vlm": vlm, "grounder": grounder} | settings
    here = {key for key, value in named.items() if isinstance(value, str) and value and (checkpoints / value).is_dir()}
    file = checkpoints / "settings.yaml"
    file.write_text(yaml.safe_dump({k: str(checkpoints / v) if k in here else v for k, v in named.items()}))
    return create_engine("vlm_sam", file, "cpu")
