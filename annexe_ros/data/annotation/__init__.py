"""Whole recordings, annotated by an engine: what is read, what is asked of each frame, and what is written."""
