"""The displays with which rviz shows an annotated recording, as ``ros2 bag play`` plays it."""

from __future__ import annotations

from typing import Any

import yaml


def rviz_config(frame_id: str, topics: list[tuple[str, str]]) -> str:
    """Return rviz's configuration for (name of the display, topic of overlay or markers), seen from ``frame_id``."""
    displays = [
        {"Class": "rviz_default_plugins/Grid", "Name": "Grid", "Enabled": True, "Plane": "XZ", "Cell Size": 0.1},
        *(_display(name, topic) for name, topic in topics),
    ]
    panels = [{"Class": f"rviz_common/{name}", "Name": name} for name in ("Displays", "Time")]
    view = {
        "Class": "rviz_default_plugins/Orbit", "Name": "Current View", "Target Frame": "<Fixed Frame>",
        "Distance": 1.2, "Focal Point": {"X": 0, "Y": 0, "Z": 0.6}, "Pitch": -1.2, "Yaw": 4.71,
    }  # fmt: skip
    managed = {
        "Class": "", "Global Options": {"Background Color": "32; 34; 40", "Fixed Frame": frame_id},
        "Displays": displays, "Views": {"Current": view},
    }  # fmt: skip
    return yaml.safe_dump({"Panels": panels, "Visualization Manager": managed}, sort_keys=False)


def _display(name: str, topic: str) -> dict[str, Any]:
    kind = "MarkerArray" if topic.endswith("/markers") else "Image"
    quality = {"Reliability Policy": "Reliable", "Durability Policy": "Volatile", "History Policy": "Keep Last"}
    return {
        "Class": f"rviz_default_plugins/{kind}", "Name": name, "Enabled": True,
        "Topic": {"Value": topic, "Depth": 5, **quality},
    }  # fmt: skip
