"""Tables in pages that people write.

A page says where one stands, between ``<!-- <name> -->`` and ``<!-- /<name> -->``; the rest is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from annexe_ros.core.errors import ParameterError


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, ["---"] * len(heading), *rows))


def between(page: str, name: str, text: str) -> str:
    """Return the page with ``text`` in the place of that name; raises ``ParameterError`` where it has no such place."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    page, places = re.subn(pattern, lambda found: f"{found[1]}{text}\n{found[2]}", page, flags=re.DOTALL)
    if not places:
        raise ParameterError(f"the page has no place '<!-- {name} -->' to write to")
    return page
