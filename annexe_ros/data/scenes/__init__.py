"""Synthetic egocentric RGB-D scenes, rendered with MuJoCo, with their truth and their language."""

IMAGE_WIDTH, IMAGE_HEIGHT = 640, 480
"""Size of generated images [pixels] unless another is asked for."""
