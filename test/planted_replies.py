"""What planted models say: one analysis and structured answers, and the frame that they are about."""

from __future__ import annotations

import json

import numpy as np

from annexe_ros.core import Frame

ANALYSIS = "The right hand holds a white mug over the table."
FRAME = Frame(np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8))
NOTHING = json.dumps({"answer": "There is none.", "targets": [], "hands": []})


def reply(*targets: tuple[str, list[float]], hands: tuple[tuple[str, list[float]], ...] = ()) -> str:
    """Return a structured answer that names targets and hands."""
    return json.dumps(
        {
            "answer": " and ".join(label for label, _ in targets),
            "targets": [{"label": label, "box": box} for label, box in targets],
            "hands": [{"side": side, "box": box} for side, box in hands],
        }
    )


MUG = reply(("the mug", [250, 250, 500, 750]), hands=(("right", [500, 500, 1000, 1000]),))
