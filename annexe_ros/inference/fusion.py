"""Convolution, normalisation and activation as one call of oneDNN, in float32 on a CPU: one pass over a map, not four.

The call is the one that PyTorch's compiler generates; here it needs no compiler. Weights stay in the order of channels
that pixels have: oneDNN's own orders are quicker only for the size of image that they were made for.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from annexe_ros.inference.folding import fold_batch_norms
from annexe_ros.model.efficientnet_lite import SamePaddedConv

ACTIVATIONS: dict[type[nn.Module], tuple[str, list[float]]] = {
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
}
"""How oneDNN's call names what follows a convolution, with its limits."""

UNCHANGED = "none", list[float]()


def fuse_convolutions(network: nn.Module) -> int:
    """Fuse, in place, every convolution in an ``nn.Sequential`` with what follows it; return how many.

    The network is in evaluation mode and in float32. Without oneDNN only normalisations are folded.
    """
    fold_batch_norms(network)
    cast(Any, network).to(memory_format=torch.channels_last)  # which no stub knows
    if not hasattr(torch.ops.mkldnn, "_convolution_pointwise"):
        return 0
    return sum(_fuse(module) for module in list(network.modules()) if isinstance(module, nn.Sequential))


class FusedConv(nn.Module):
    """What a convolution and an activation do, stride 1 or 2, for maps (B, C, H, W) whose channels come last."""

    def __init__(self, convolution: nn.Conv2d, activation: nn.Module | None) -> None:
        super().__init__()
        self._stride, self._groups = list(convolution.stride), convolution.groups
        self._padding = list(cast(tuple[int, int], convolution.padding))
        self._shifts = isinstance(convolution, SamePaddedConv) and self._stride[0] > 1
        weight = convolution.weight.detach()
        if isinstance(convolution, SamePaddedConv):
            self._padding = [side // 2 for side in convolution.kernel_size]
        if self._shifts:  # the odd row of zeros comes at the end: a filter that begins a row later needs no copy
            weight = functional.pad(weight, (1, 0, 1, 0))
        self.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last), requires_grad=False)
        self.bias = convolution.bias
        self._activation, self._bounds = ACTIVATIONS[type(activation)] if activation else UNCHANGED

    def forward(self, x: Tensor) -> Tensor:
        """Return the activated map."""
        if self._shifts and (x.shape[-2] % 2 or x.shape[-1] % 2):
            x = functional.pad(x, (x.shape[-1] % 2, 0, x.shape[-2] % 2, 0))
        return torch.ops.mkldnn._convolution_pointwise(
            x, self.weight, self.bias, self._padding, self._stride, [1, 1], self._groups, self._activation,
            self._bounds, "",
        )  # fmt: skip


def _fuse(sequence: nn.Sequential) -> int:
    """Fuse the convolutions of one sequence; what became part of them does nothing any more."""
    chosen = [k for k, module in enumerate(sequence) if isinstance(module, nn.Conv2d) and _is_plain(module)]
    for index in chosen:
        behind = _activation_behind(sequence, index)
        sequence[index] = FusedConv(cast(nn.Conv2d, sequence[index]), None if behind is None else sequence[behind])
        if behind is not None:
            sequence[behind] = nn.Identity()
    return len(chosen)


def _activation_behind(sequence: nn.Sequential, index: int) -> int | None:
    behind = next((k for k in range(index + 1, len(sequence)) if type(sequence[k]) is not nn.Identity), None)
    return behind if behind is not None and type(sequence[behind]) in ACTIVATIONS else None


def _is_plain(convolution: nn.Conv2d) -> bool:
    return (
        convolution.dilation == (1, 1)
        and max(convolution.stride) <= 2
        and convolution.padding_mode == "zeros"
        and not isinstance(convolution.padding, str)
    )
