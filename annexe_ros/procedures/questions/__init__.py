"""EgoExoLearn's video question answering with choices."""
