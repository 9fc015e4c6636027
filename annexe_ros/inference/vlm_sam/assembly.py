"""Puts the engine ``vlm_sam`` together from its settings file."""

from __future__ import annotations

from pathlib import Path

from annexe_ros.inference.placement import device_named
from annexe_ros.inference.vlm_sam.engine import DialogueEngine
from annexe_ros.inference.vlm_sam.grounding import grounder_of
from annexe_ros.inference.vlm_sam.settings import VlmSamSettings, read_settings
from annexe_ros.inference.vlm_sam.vlm import LocalVlm

ENGINE_NAME = "vlm_sam"


def open_vlm_sam(settings: str | Path | VlmSamSettings, device: str = "auto") -> DialogueEngine:
    """Load both models and return the engine.

    Args:
        settings: the file, or what it says.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises ``ParameterError`` for settings, ``EngineError`` for the device, and what ``LocalVlm`` and ``grounder_of``
    raise.
    """
    if not isinstance(settings, VlmSamSettings):
        settings = read_settings(settings, VlmSamSettings)
    grounder = grounder_of(settings, device)
    place, longest = device_named(device), settings.max_new_tokens
    language = LocalVlm(settings.vlm, place, settings.adapter, settings.dtype, settings.coordinates, longest)
    return DialogueEngine(ENGINE_NAME, language, grounder, settings)
