"""Pictures of an answer, for people. Knows core and OpenCV, and nothing of topics, files or models."""

from annexe_ros.drawing.overlay import draw_overlay, draw_targets

__all__ = ["draw_overlay", "draw_targets"]
