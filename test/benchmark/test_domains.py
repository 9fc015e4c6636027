import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from annexe_ros.benchmark import domains
from annexe_ros.benchmark.domains import DOMAINS, reserve_domain
from annexe_ros.core.errors import EngineError

ANOTHER_RUN = """
import sys
from annexe_ros.benchmark import domains
domains.PORT_BASE = int(sys.argv[1])
print(domains.reserve_domain(), flush=True)
input()
"""


@contextmanager
def another_run():
    """Yield the domain of another process, which is killed afterwards."""
    command = [sys.executable, "-c", ANOTHER_RUN, str(domains.PORT_BASE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline())
        process.kill()


@pytest.fixture
def only_domain(monkeypatch):
    """Leave one domain, whose port no other run on this machine asks for."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        monkeypatch.setattr(domains, "PORT_BASE", probe.getsockname()[1] - 1)
    monkeypatch.setattr(domains, "DOMAINS", range(1, 2))


def test_domains_differ_within_a_process_and_between_processes():
    with another_run() as theirs:
        ours = {reserve_domain(), reserve_domain()}
        assert len(ours) == 2
        assert ours | {theirs} <= set(DOMAINS)
        assert theirs not in ours


@pytest.mark.usefixtures("only_domain")
def test_a_domain_is_free_again_when_its_process_was_killed():
    with another_run() as theirs, pytest.raises(EngineError, match="ROS domains 1 to 1 are all in use"):
        reserve_domain()
    assert reserve_domain() == theirs == 1


def test_tests_of_other_packages_keep_away():
    domain_coordinator = pytest.importorskip("domain_coordinator", reason="it comes with ROS's build tools")
    taken = reserve_domain()
    with pytest.raises(RuntimeError), domain_coordinator.domain_id(lambda: taken):
        pytest.fail("it was given away twice")
