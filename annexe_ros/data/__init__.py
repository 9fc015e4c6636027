"""Datasets: the Ego-IRGBench reader, the generator of synthetic scenes, recordings. torch-free."""
