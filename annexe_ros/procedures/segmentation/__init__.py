"""EgoExoLearn's action segmentation: which coarse step every frame of a video belongs to."""
