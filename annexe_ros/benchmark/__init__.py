"""Figures of the running software: what is measured and what must hold. ROS nodes are processes, never imported."""
