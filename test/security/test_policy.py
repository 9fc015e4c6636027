"""The SROS2 policy allows the node what docs/interfaces.md lists, and nothing else."""

from interface_page import interfaces
from sros2_policy import allowed, policy

RULES = {
    ("topics", "subscribe"): "in",
    ("topics", "publish"): "out",
    ("services", "reply"): "service",
    ("actions", "execute"): "action",
}


def test_it_is_a_policy_of_the_version_that_sros2_reads():
    assert (policy().tag, policy().attrib) == ("policy", {"version": "0.2.0"})
    enclaves = {enclave.get("path") for enclave in policy().iter("enclave")}
    nodes = {"annexe", "interaction_recognizer", "step_tracker", "camera_replay", "egoexolearn_replay", "query_client"}
    assert enclaves == {f"/{node}" for node in nodes}


def test_the_node_may_do_what_it_does_and_nothing_else():
    rules = allowed("annexe")
    assert rules.keys() == RULES.keys()
    for rule, kind in RULES.items():
        assert sorted(rules[rule]) == sorted(row.name for row in interfaces(kind))


def test_what_others_send_to_the_node_is_what_it_has():
    offered = {kind: {row.full_name() for row in interfaces(kind)} for kind in ("out", "service", "action")}
    camera, client = allowed("camera_replay"), allowed("query_client")
    own = {"/parameter_events", "/rosout"}
    cameras = {row.name for row in interfaces("in") if not row.name.startswith("/")}
    assert set(camera["topics", "publish"]) == cameras | own
    assert set(client["services", "request"]) <= offered["service"]
    assert set(client["actions", "call"]) == offered["action"]
    assert set(client["topics", "subscribe"]) - {"/clock"} <= offered["out"]


def test_no_name_has_a_wildcard():
    names = [item.text for tag in ("topic", "service", "action") for item in policy().iter(tag)]
    assert names
    assert not [name for name in names if set(name) & set("*?[]") or name.strip() != name]
