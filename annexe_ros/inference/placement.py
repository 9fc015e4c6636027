"""Weights that take turns on a device: what every engine made of transformers' models does alike."""

from __future__ import annotations

from typing import Any

import torch

from annexe_ros.core.errors import EngineError


class Placed:
    """A network on a device, which it can leave and come back to."""

    def __init__(self, network: Any, device: torch.device) -> None:
        """Move ``network`` to ``device`` and set it to evaluation."""
        self._network, self._device = network.to(device).eval(), device

    def release_device(self) -> None:
        """Move the weights to the CPU's memory."""
        if self._device.type == "cuda":
            self._network.to("cpu")
            torch.cuda.empty_cache()

    def claim_device(self) -> None:
        """Move the weights back to the device."""
        self._network.to(self._device)

    def close(self) -> None:
        """Free the weights."""
        self._network.to("meta")


def device_named(name: str) -> torch.device:
    """Return the device of ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; raises ``EngineError`` for another or none."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise EngineError(f"unknown device '{name}'; use auto, cpu, cuda or cuda:N") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise EngineError(f"device '{name}' was asked for, but PyTorch finds no CUDA device")
    return device
