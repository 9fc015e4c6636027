"""Quality of service by role (REP-2003): best effort for what sensors send, reliable for what is sent as an answer.

Each can be overridden from a parameters file, e.g. ``qos_overrides./image.subscription.reliability: reliable``.
Profiles are made anew for each use, since rclpy writes overrides into them.
"""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

DEPTH = 10
"""Messages kept per topic: enough for a colour image to wait for its depth."""

CALLS = 256
"""Calls, and answers to them, that may lie unread."""


def sensor() -> QoSProfile:
    """Return the profile of camera topics: an image that is late is not worth sending again."""
    return QoSProfile(depth=DEPTH, reliability=ReliabilityPolicy.BEST_EFFORT)


def reliable() -> QoSProfile:
    """Return the profile of what is made from an answer."""
    return QoSProfile(depth=DEPTH, reliability=ReliabilityPolicy.RELIABLE)


def last_answer() -> QoSProfile:
    """Return a reliable profile whose last message is there for whoever subscribes later."""
    return QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def calls() -> QoSProfile:
    """Return the profile of services: there is room for the calls of many clients that come at one moment.

    With ROS's own of ten, the eleventh replaces the first before it is read, and its caller waits for ever.
    """
    return QoSProfile(depth=CALLS, reliability=ReliabilityPolicy.RELIABLE)


def overridable() -> QoSOverridingOptions:
    """Return the options that let a parameters file change history, depth and reliability of a topic."""
    return QoSOverridingOptions.with_default_policies()
