"""What tests of annotating share: queries, a camera, its pictures, and a run over a recording."""

from __future__ import annotations

import numpy as np

from annexe_ros.core import PinholeCamera
from annexe_ros.data.annotation.plan import AnnotationPlan
from annexe_ros.data.annotation.training_set import wordings_of
from annexe_ros.inference import ScriptedEngine

QUERIES = (wordings_of("What is held? | what do I hold"), wordings_of("Segment the mug."))
CAMERA = PinholeCamera(64, 48, 60.0, 60.0, 31.5, 23.5)


def picture(number):
    image = np.full((48, 64, 3), 40 + 20 * number, np.uint8)
    image[:, :10, 0] = 250
    return image


def run(recording, out, engine=ScriptedEngine, **settings):
    """Annotate a recording as the command does; needs pyarrow."""
    from annexe_ros.data.annotation.job import annotate

    settings = {"queries": QUERIES, "engine": "scripted"} | settings
    return annotate(AnnotationPlan(recording, out, **settings), engine)
