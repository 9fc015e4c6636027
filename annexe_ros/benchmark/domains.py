"""ROS domains that no other run on this machine is in, whether it is one of ours or a test of another package.

A domain is held as ROS's ``domain_coordinator`` holds it: by a TCP port of its own that nobody listens to. However the
process ends, the operating system gives the port back, and a container has ports of its own as it has domains of its
own. It knows nothing of nodes, nor of a domain that somebody chose by hand.
"""

from __future__ import annotations

import socket

from annexe_ros.core.errors import EngineError

DOMAINS = range(1, 101)
"""Domain 0 is everybody's default; up to 101 a domain's ports lie below those that Linux hands out by itself."""

PORT_BASE = 32768
"""``domain_coordinator``'s: whoever has the port ``PORT_BASE + domain`` has the domain."""

_held: list[socket.socket] = []


def reserve_domain() -> int:
    """Return a ROS domain that is this process's until it ends, and another one at each call.

    Raises ``EngineError`` where all of ``DOMAINS`` are taken.
    """
    for domain in DOMAINS:
        holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            holder.bind(("", PORT_BASE + domain))
        except OSError:
            holder.close()
        else:
            _held.append(holder)
            return domain
    raise EngineError(f"the ROS domains {DOMAINS[0]} to {DOMAINS[-1]} are all in use on this machine")
