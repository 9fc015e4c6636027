"""EgoExoLearn's skill assessment: which of two clips of an action shows the better performance."""
