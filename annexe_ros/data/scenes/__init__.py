"""Synthetic egocentric RGB-D scenes, rendered with MuJoCo, with their truth and their language."""
