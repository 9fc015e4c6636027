"""A model of the paper's layout with random weights: how near text generation comes to the limit of memory bandwidth.

On a GPU it has the paper's size (``annexe_7b``) in bfloat16. Elsewhere a tiny one of the same layout runs, so that the
same lines are executed; its figures say nothing about the paper's size, and ``size`` tells which it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import torch
from transformers import AutoConfig, DepthAnythingConfig, LlamaConfig

from annexe_ros.benchmark.limits import copy_bytes_per_s, token_bytes
from annexe_ros.inference.decoding import Prompt, decoder_for
from annexe_ros.inference.masks import label_image
from annexe_ros.model import PAPER_INPUT_SIDE, AnnexeConfig, AnnexeForEgoIRG, annexe_7b

TOKENS = 32
"""Length of the answer."""

PROMPT = list(range(3, 27))
IMAGE = 720, 1280
REPEATS = 3
PAPER, TINY = "annexe-7b", "tiny"


@dataclass(frozen=True)
class PaperFigures:
    """What was measured.

    Attributes:
        size: ``annexe-7b`` or ``tiny``.
        tokens_per_s: text generation for one query.
        limit_tokens_per_s: what reading the weights once per token allows.
        times_the_limit: how many times as long as at that limit a token takes.
        first_query_ms: encoding, reading the image, 32 tokens and one mask of 1280x720 [ms].
    """

    size: str
    tokens_per_s: float
    limit_tokens_per_s: float
    times_the_limit: float
    first_query_ms: float


def paper_size(device: torch.device) -> PaperFigures:
    """Make the model on a device and measure it."""
    on_gpu = device.type == "cuda"
    side = PAPER_INPUT_SIDE if on_gpu else 112
    network = _random(annexe_7b() if on_gpu else tiny(), device, torch.bfloat16 if on_gpu else torch.float32)
    pixels = torch.rand(1, 3, side, side, device=device, dtype=network.dtype)
    _query(network, pixels, [])  # loads kernels
    speeds: list[float] = []
    whole = [_timed_ms(lambda: _query(network, pixels, speeds), device) for _ in range(REPEATS)]
    limit = copy_bytes_per_s(device) / token_bytes(network)
    speed = median(speeds)
    return PaperFigures(PAPER if on_gpu else TINY, speed, limit, limit / speed, median(whole))


def tiny() -> AnnexeConfig:
    """Return a configuration of the paper's layout that a CPU runs in a moment."""
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    backbone = AutoConfig.for_model(
        "dinov2",
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=70,
        out_indices=[1, 2, 3, 4],
        reshape_hidden_states=False,
    )
    depth = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=32,
        neck_hidden_sizes=[8, 8, 16, 16],
        fusion_hidden_size=8,
        head_hidden_size=4,
    )
    text = LlamaConfig(
        hidden_size=64, intermediate_size=128, num_hidden_layers=4, num_attention_heads=4, vocab_size=512
    )
    return annexe_7b(
        vision_config={"model_type": "blip_2_vision_model", "image_size": 56, "patch_size": 14, **vision},
        ground_config=depth,
        text_config=text,
        mask_token_id=511,
        lora=None,
        pyramid_channels=16,
        pixel_channels=8,
    )


def _random(config: AnnexeConfig, device: torch.device, dtype: torch.dtype) -> AnnexeForEgoIRG:
    default = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with device:
            return AnnexeForEgoIRG(config).eval()
    finally:
        torch.set_default_dtype(default)


@torch.inference_mode()
def _query(network: AnnexeForEgoIRG, pixels: torch.Tensor, speeds: list[float]) -> None:
    """Answer with 32 tokens and one mask; the speed from the first token on is added to ``speeds``."""
    times: list[float] = []
    encoding = network.encode_image(pixels)
    prefix = network.read_image(encoding, torch.tensor([1], device=pixels.device))
    decoder = decoder_for(network, drafting=False)  # a guess would be right here: the same text comes again
    (reply,) = decoder.reply([Prompt(prefix, PROMPT)], TOKENS, lambda _: times.append(perf_counter()))
    states = reply.prompt_states.unsqueeze(1)
    query = network.pool_query(states, torch.ones(states.shape[:3], dtype=torch.bool, device=states.device))
    logits = network.grounding(states[:, :, -1:], query, encoding)[0][0]
    label_image(logits.float(), IMAGE)
    speeds += [(len(times) - 1) / (times[-1] - times[0])] if len(times) > 1 else []


def _timed_ms(work: Callable[[], Any], device: torch.device) -> float:
    began = perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return (perf_counter() - began) * 1e3
