"""Progress bars of transformers: for people at a terminal, not for logs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from transformers.utils import logging


@contextmanager
def bars_on_terminals_only() -> Iterator[None]:
    """Keep the bars of what transformers loads or saves in the block out of logs."""
    if sys.stderr.isatty() or not logging.is_progress_bar_enabled():
        yield
        return
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.enable_progress_bar()
