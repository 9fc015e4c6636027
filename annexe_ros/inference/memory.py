"""What an accelerator's memory holds, asked without importing PyTorch where no engine has."""

from __future__ import annotations

import sys


def accelerator_memory_mb() -> float | None:
    """Return the memory [MB] that this process's tensors take on CUDA devices; None without PyTorch or a device."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    return sum(torch.cuda.memory_allocated(device) for device in range(torch.cuda.device_count())) / 1e6
