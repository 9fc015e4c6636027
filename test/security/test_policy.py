"""The SROS2 policy allows the node what docs/interfaces.md lists, and nothing else."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from interface_page import interfaces

POLICY = Path(__file__).parents[2] / "config" / "sros2" / "annexe.policy.xml"
RULES = {
    ("topics", "subscribe"): "in",
    ("topics", "publish"): "out",
    ("services", "reply"): "service",
    ("actions", "execute"): "action",
}
VERBS = {"topics": {"publish", "subscribe"}, "services": {"reply", "request"}, "actions": {"call", "execute"}}


@pytest.fixture(scope="module")
def policy():
    return ElementTree.parse(POLICY).getroot()


def profile(policy, node):
    (found,) = policy.findall(f"enclaves/enclave[@path='/{node}']/profiles/profile")
    assert found.attrib == {"ns": "/", "node": node}
    return found


def allowed(profile):
    """Return the names of each rule, e.g. ("topics", "publish")."""
    rules = {}
    for group in profile:
        ((verb, qualifier),) = group.attrib.items()
        assert (qualifier, group.tag in VERBS, verb in VERBS[group.tag]) == ("ALLOW", True, True)
        assert {item.tag for item in group} == {group.tag.removesuffix("s")}
        assert (group.tag, verb) not in rules
        rules[group.tag, verb] = [item.text for item in group]
    return rules


def test_it_is_a_policy_of_the_version_that_sros2_reads(policy):
    assert (policy.tag, policy.attrib) == ("policy", {"version": "0.2.0"})
    assert {enclave.get("path") for enclave in policy.iter("enclave")} == {"/annexe", "/camera_replay", "/query_client"}


def test_the_node_may_do_what_it_does_and_nothing_else(policy):
    rules = allowed(profile(policy, "annexe"))
    assert rules.keys() == RULES.keys()
    for rule, kind in RULES.items():
        assert sorted(rules[rule]) == sorted(row.name for row in interfaces(kind))


def test_what_others_send_to_the_node_is_what_it_has(policy):
    offered = {kind: {row.full_name() for row in interfaces(kind)} for kind in ("out", "service", "action")}
    camera, client = allowed(profile(policy, "camera_replay")), allowed(profile(policy, "query_client"))
    own = {"/parameter_events", "/rosout"}
    cameras = {row.name for row in interfaces("in") if not row.name.startswith("/")}
    assert set(camera["topics", "publish"]) == cameras | own
    assert set(client["services", "request"]) <= offered["service"]
    assert set(client["actions", "call"]) == offered["action"]
    assert set(client["topics", "subscribe"]) - {"/clock"} <= offered["out"]


def test_no_name_has_a_wildcard(policy):
    names = [item.text for tag in ("topic", "service", "action") for item in policy.iter(tag)]
    assert names
    assert not [name for name in names if set(name) & set("*?[]") or name.strip() != name]
