"""EgoExoLearn's cross-view association: the recording in the other view that shows the same action."""
