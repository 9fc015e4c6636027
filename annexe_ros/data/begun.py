"""What a folder was begun with, in a small JSON file, so that nothing made otherwise is mixed into it later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from annexe_ros.core.errors import DatasetFormatError
from annexe_ros.data.whole import write_whole


def write_facts(file: Path, facts: Mapping[str, Any]) -> None:
    """Write with what a folder is begun; raises ``DatasetFormatError`` where that isn't possible."""
    write_whole(file, (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode())


def differing(file: Path, facts: Mapping[str, Any]) -> list[str]:
    """Return the names of facts that are others than the file has; raises ``DatasetFormatError``."""
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetFormatError(file, f"can't be read ({error.strerror})") from error
    except ValueError as error:
        raise DatasetFormatError(file, f"is not JSON ({error})") from error
    known = before if isinstance(before, dict) else {}
    return [name for name, value in facts.items() if known.get(name) != value]
