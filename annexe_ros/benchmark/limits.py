"""What the machine allows at best: how long the bytes and the operations of a query must take.

Weights have to be read once per generated token, and operations done once per image. Both speeds are measured here, on
this machine, right before they are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

import torch
from torch.utils.flop_counter import FlopCounterMode

from annexe_ros.model import AnnexeForEgoIRG

COPY_BYTES = 256 * 2**20
MATRIX_SIDE = 1024
TRIES = 5


@dataclass(frozen=True)
class Limits:
    """The two limits.

    Attributes:
        weight_mb: weights of the language model that every token reads [MB].
        copy_gb_s: measured speed of copying, bytes read and written counted [GB/s].
        token_limit_ms: time that reading those weights takes at that speed [ms].
        encode_gflop: operations of encoding an image, a multiplication and an addition counted apart [1e9].
        matmul_gflop_s: measured speed of multiplying matrices in float32 [1e9/s].
        encode_limit_ms: time that those operations take at that speed [ms].
    """

    weight_mb: float
    copy_gb_s: float
    token_limit_ms: float
    encode_gflop: float
    matmul_gflop_s: float
    encode_limit_ms: float


def limits(network: AnnexeForEgoIRG, input_size: tuple[int, int]) -> Limits:
    """Measure the machine and count what a network has to do for an image of ``input_size`` (rows, columns)."""
    weights = token_bytes(network)
    copied, multiplied = copy_bytes_per_s(network.device), operations_per_s(network.device)
    operations = encode_operations(network, input_size)
    return Limits(
        weight_mb=weights / 1e6,
        copy_gb_s=copied / 1e9,
        token_limit_ms=weights / copied * 1e3,
        encode_gflop=operations / 1e9,
        matmul_gflop_s=multiplied / 1e9,
        encode_limit_ms=operations / multiplied * 1e3,
    )


def token_bytes(network: AnnexeForEgoIRG) -> int:
    """Return the bytes of the weights that every token reads: the language model's layers and its output layer."""
    language = cast(Any, network.language_model)
    parts = language.base_model.layers, language.get_output_embeddings()
    return sum(weight.numel() * weight.element_size() for part in parts for weight in part.parameters())


def encode_operations(network: AnnexeForEgoIRG, input_size: tuple[int, int]) -> int:
    """Return the operations of encoding one image, as PyTorch counts them."""
    pixels = torch.zeros(1, 3, *input_size, device=network.device, dtype=network.dtype)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network.encode_image(pixels)
    return int(counter.get_total_flops())


def copy_bytes_per_s(device: torch.device) -> float:
    """Return how many bytes are read and written per second when a large array is copied."""
    source = torch.ones(COPY_BYTES // 4, device=device)
    target = torch.empty_like(source)
    return 2 * COPY_BYTES / _least_s(lambda: target.copy_(source), device)


def operations_per_s(device: torch.device) -> float:
    """Return how many operations per second multiplying two float32 matrices reaches."""
    matrix = torch.rand(MATRIX_SIDE, MATRIX_SIDE, device=device)
    return 2 * MATRIX_SIDE**3 / _least_s(lambda: matrix @ matrix, device)


def _least_s(work: Callable[[], object], device: torch.device) -> float:
    """Return the shortest of some times that the work takes [s]."""
    times = []
    for _ in range(TRIES):
        began = perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(perf_counter() - began)
    return min(times)
