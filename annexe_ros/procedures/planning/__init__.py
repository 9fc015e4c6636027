"""EgoExoLearn's action planning: the next eight coarse steps from what was done before."""
