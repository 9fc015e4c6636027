"""A public vision-language model says what is there, a promptable segmenter finds its pixels.

The parts: ``settings`` read one file; ``prompts`` and ``reply`` are the questions and the strict reading of what comes
back; ``language`` is the seam to the model that speaks (``vlm`` here, ``inference.openai_server`` elsewhere); ``sam``
grounds; ``hand_side`` tells left from right by geometry; ``engine`` puts them in the order of the paper's three steps.
"""
