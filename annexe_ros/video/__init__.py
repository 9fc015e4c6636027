"""From frames to motion: the clip encoder (EgoVideo), its contrastive training (EgoNCE++), and benchmarks.

Knows no ROS. Import what is needed from its modules; nothing heavy is imported here.
"""
