"""Message types by name, and their definitions as text with all that they refer to, as recordings embed them."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

from annexe_ros.core.errors import MissingDependencyError

SEPARATOR = f"{'=' * 80}\nMSG: "
"""What stands before each definition but the first; MCAP's encoding ``ros2msg`` asks for it."""

_REFERENCE = re.compile(r"([a-z]\w*)/(\w+)")


def message_class(type_name: str) -> Any:
    """Return the class of e.g. ``sensor_msgs/msg/Image``; raises ``MissingDependencyError``."""
    package, _, name = type_name.split("/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError):
        raise _missing(package, type_name) from None


def message_definition(type_name: str) -> str:
    """Return the definition of e.g. ``sensor_msgs/msg/Image``, followed by those that it refers to.

    Texts are those of the installed files, comments included. Raises ``MissingDependencyError``.
    """
    package, _, name = type_name.split("/")
    texts: dict[tuple[str, str], str] = {}
    waiting = [(package, name)]
    while waiting:
        package, name = waiting.pop(0)
        if (package, name) not in texts:
            texts[package, name] = (f"{SEPARATOR}{package}/{name}\n" if texts else "") + _text(package, name)
            fields = message_class(f"{package}/msg/{name}").get_fields_and_field_types()
            waiting += _REFERENCE.findall(" ".join(fields.values()))
    return "".join(texts.values())


def _text(package: str, name: str) -> str:
    try:
        file = Path(get_package_share_directory(package), "msg", f"{name}.msg")
        return file.read_text(encoding="utf-8").rstrip("\n") + "\n"
    except (PackageNotFoundError, OSError):
        raise _missing(package, f"{package}/msg/{name}") from None


def _missing(package: str, type_name: str) -> MissingDependencyError:
    return MissingDependencyError(
        f"the message type {type_name}", f"sudo apt install ros-$ROS_DISTRO-{package.replace('_', '-')}"
    )
