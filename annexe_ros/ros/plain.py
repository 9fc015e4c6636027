"""Messages as plain data, ready for JSON: the structure of the message, numbers, texts and lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """Return a message, or a value of one of its fields, as dicts, lists and scalars; NaN becomes None."""
    if hasattr(value, "get_fields_and_field_types"):
        return {name: plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, Sequence | np.ndarray) or hasattr(value, "typecode"):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value
