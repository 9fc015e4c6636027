"""Toy checkpoints of language models and grounders, written once for all tests of engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from vlm_engines import save_checkpoints


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory) -> Path:
    """Return a folder of checkpoints; a test may add some, but changes none."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    pytest.importorskip("transformers", reason="transformers is not installed")
    return save_checkpoints(tmp_path_factory.mktemp("checkpoints"))
