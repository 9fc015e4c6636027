"""What README and docs/ say of the code and of files is so."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


@pytest.mark.ros
def test_readme_lists_the_parameters():
    pytest.importorskip("annexe_ros.srv", reason="the overlay isn't built")
    from annexe_ros.nodes.perception_parameters import PerceptionParameters
    from annexe_ros.ros.parameters import table

    assert table(PerceptionParameters).strip() in DOCUMENTS[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document):
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []
