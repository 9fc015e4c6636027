"""Launch files read with stand-ins for launch and launch_ros: a node is the dict of what it is started with."""

import runpy
import sys
from pathlib import Path
from unittest.mock import MagicMock

LAUNCH = Path(__file__).parents[1] / "launch"
LIBRARIES = ("launch", "launch_ros")
PARTS = ("", ".actions", ".conditions", ".parameter_descriptions", ".substitutions")
MODULES = [f"{library}{part}" for library in LIBRARIES for part in PARTS]


class Configuration:
    """A launch argument, whose value is looked up in a context that is a plain mapping."""

    def __init__(self, name):
        self.name = name

    def perform(self, context):
        return context.get(self.name, "")


def _typed(value, value_type):
    """Return a text as it is; of an argument, what launch_ros is to convert."""
    return value if isinstance(value, str) else (value_type, value.name)


def names_of(monkeypatch, name):
    """Return what a launch file defines."""
    for module in MODULES:
        monkeypatch.setitem(sys.modules, module, MagicMock())
    sys.modules["launch"].LaunchDescription = list
    sys.modules["launch.substitutions"].LaunchConfiguration = Configuration
    sys.modules["launch.substitutions"].PathJoinSubstitution = lambda parts: parts[-1]
    sys.modules["launch.substitutions"].NotEqualsSubstitution = lambda left, right: (left.name, "!=", right)
    sys.modules["launch.conditions"].IfCondition = lambda condition: condition
    sys.modules["launch_ros.actions"].LifecycleNode = sys.modules["launch_ros.actions"].Node = dict
    sys.modules["launch_ros.parameter_descriptions"].ParameterValue = _typed
    return runpy.run_path(str(LAUNCH / name))
