"""Batch normalisation becomes part of the convolution before it: the same figures with one pass over the maps less."""

from __future__ import annotations

from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norms(network: nn.Module) -> int:
    """Fold, in place, every normalisation that follows a convolution in an ``nn.Sequential``; return how many.

    The network is in evaluation mode. Of other modules it isn't known in which order they run what they hold.
    """
    folded = 0
    for sequence in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for index, (first, second) in enumerate(pairwise(sequence)):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                sequence[index] = fuse_conv_bn_eval(first, second)
                sequence[index + 1] = nn.Identity()
                folded += 1
    return folded
