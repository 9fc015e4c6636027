"""What config/sros2/annexe.policy.xml allows: names by rule, read as strictly as sros2's schema asks for."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

POLICY = Path(__file__).parents[1] / "config" / "sros2" / "annexe.policy.xml"
VERBS = {"topics": {"publish", "subscribe"}, "services": {"reply", "request"}, "actions": {"call", "execute"}}


def policy() -> ElementTree.Element:
    return ElementTree.parse(POLICY).getroot()


def allowed(node: str) -> dict[tuple[str, str], list[str]]:
    """Return the names of each rule of a node, e.g. of ("topics", "publish"); a rule of another form fails."""
    (profile,) = policy().findall(f"enclaves/enclave[@path='/{node}']/profiles/profile")
    assert profile.attrib == {"ns": "/", "node": node}
    rules: dict[tuple[str, str], list[str]] = {}
    for group in profile:
        ((verb, qualifier),) = group.attrib.items()
        assert (qualifier, group.tag in VERBS, verb in VERBS[group.tag]) == ("ALLOW", True, True)
        assert {item.tag for item in group} == {group.tag.removesuffix("s")}
        assert (group.tag, verb) not in rules
        rules[group.tag, verb] = [item.text or "" for item in group]
    return rules
