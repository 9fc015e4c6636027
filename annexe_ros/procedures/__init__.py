"""EgoExoLearn: readers of what is published, the benchmarks with their metrics, and baselines that run on it."""
