"""The sixteen kinds of objects: each call makes one of a new shape and colour."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from annexe_ros.data.scenes.appearance import Generator
from annexe_ros.data.scenes.objects.containers import bucket, safe, storage_furniture, trash_can
from annexe_ros.data.scenes.objects.devices import laptop, toy_car
from annexe_ros.data.scenes.objects.furnishings import chair, lamp
from annexe_ros.data.scenes.objects.model import Grip, GripKind, ObjectModel, Part
from annexe_ros.data.scenes.objects.tableware import bottle, bowl, kettle, mug
from annexe_ros.data.scenes.objects.tools import knife, pliers, scissors, stapler

__all__ = ["MAKERS", "Grip", "GripKind", "ObjectModel", "Part"]

MAKERS: Mapping[str, Callable[[Generator], ObjectModel]] = {
    "toy car": toy_car,
    "mug": mug,
    "laptop": laptop,
    "storage furniture": storage_furniture,
    "bottle": bottle,
    "safe": safe,
    "bowl": bowl,
    "bucket": bucket,
    "scissors": scissors,
    "pliers": pliers,
    "kettle": kettle,
    "knife": knife,
    "trash can": trash_can,
    "lamp": lamp,
    "stapler": stapler,
    "chair": chair,
}
"""How to make an object of each of ``truth.CATEGORIES``."""
