"""Composition roots for ROS: each node wires rooms together and delegates. Heavy rooms are imported on configuring."""
