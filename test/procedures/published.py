"""Where the published annotations of EgoExoLearn lie on a developer's machine; tests that read them skip elsewhere."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("EGOEXOLEARN", Path(__file__).parents[3] / "shared" / "egoexolearn"))
needs_published = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="EgoExoLearn's annotations aren't here (EGOEXOLEARN=folder)"
)
