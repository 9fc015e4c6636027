"""Training of ANNEXE: samples, augmentation, losses, loop and checkpoints. Knows no ROS and no engine."""
