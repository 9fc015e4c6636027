"""Weights that take turns on a device: what every engine made of transformers' models does alike."""

from __future__ import annotations

import re
from typing import Any

import torch

from annexe_ros.core.errors import EngineError

_NAME = re.compile(r"(cpu|cuda|mps)(?::(0|[1-9][0-9]{0,2}))?")
"""PyTorch's own reading takes indices modulo 256, and kinds on which nothing can be computed here."""


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
    """Return the device of ``auto``, ``cpu``, ``cuda`` or ``cuda:N``, or of ``mps``, on which nobody has tried it yet.

    Raises ``EngineError`` for another name, and for a device that PyTorch doesn't have here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    named = _NAME.fullmatch(name)
    if named is None:
        raise EngineError(f"unknown device '{name}'; use auto, cpu, cuda or cuda:N")
    kind, count = named[1], _count(named[1])
    if int(named[2] or 0) >= count:
        there = f"{count or 'no'} {kind.upper()} device{'s' if count > 1 else ''}"
        raise EngineError(f"device '{name}' was asked for, but PyTorch finds {there}")
    return torch.device(name)


def _count(kind: str) -> int:
    """Return how many devices of a kind there are."""
    match kind:
        case "cuda":
            return torch.cuda.device_count() if torch.cuda.is_available() else 0
        case "mps":
            return int(torch.backends.mps.is_available())
    return 1
