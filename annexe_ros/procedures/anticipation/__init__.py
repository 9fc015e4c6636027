"""EgoExoLearn's action anticipation: verbs and nouns of an action, one second before it begins."""
