"""Reads EgoVideo's published checkpoints (EgoVideo-B, -L, plain or with motion adapters). It alone knows their keys.

The sizes of the model follow from the tensors. Every tensor is placed, known to be of no use, or named as odd. Their
adapter behind block k is ours before block k + 1; ours before the first stays as new, which changes nothing, and theirs
behind the last is left out, since nothing reads the patches there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTextConfig, CLIPVisionConfig

from annexe_ros.core.errors import CheckpointError
from annexe_ros.video.configuration_egovideo import EgoVideoConfig
from annexe_ros.video.modeling_egovideo import EgoVideoModel

HEAD_WIDTH = 64
"""All of CLIP's attention heads are that wide."""
_VISION, _TEXT = "vision_model", "text_model"
WHOLE = {
    "visual.class_embedding": f"{_VISION}.embeddings.class_embedding",
    "visual.positional_embedding": f"{_VISION}.embeddings.position_embedding.weight",
    "visual.conv1.weight": f"{_VISION}.embeddings.patch_embedding.weight",
    "visual.temporal_embedding": "temporal_embedding",
    "textual.token_embedding.weight": f"{_TEXT}.embeddings.token_embedding.weight",
    "textual.positional_embedding": f"{_TEXT}.embeddings.position_embedding.weight",
}
NORMS = {
    "visual.ln_pre": f"{_VISION}.pre_layrnorm",
    "visual.ln_post": f"{_VISION}.post_layernorm",
    "textual.ln_final": f"{_TEXT}.final_layer_norm",
}
PROJECTIONS = {
    "image_projection": "visual_projection", "visual.image_projection": "visual_projection",
    "text_projection": "text_projection", "textual.text_projection": "text_projection",
    "slowfast_projection": "fusion",
}  # fmt: skip
"""Stored as (in, out), and used from the right."""
BLOCK = {
    "ln_1": "layer_norm1", "ln_2": "layer_norm2", "attn.out_proj": "self_attn.out_proj", "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2", "mlp.fc1": "mlp.fc1", "mlp.fc2": "mlp.fc2",
}  # fmt: skip
ADAPTER = {"down_proj": "down", "up_proj": "up", "dwconv": "depthwise", "conv": "pointwise"}
UNUSED = (r"logit_scale", r".*\.adapter\.conv2d\..*", r".*\.adapter_2\..*", r"textual\.attn_mask")
"""Patterns of what the authors' code makes and never uses, or keeps fixed."""
_PACKED = re.compile(r"attn\.(?:in_proj_|Wqkv\.)(weight|bias)")


class _Inert:
    """Takes the place of whatever a checkpoint holds beside tensors, and does nothing."""

    def __new__(cls, *_: Any, **__: Any) -> _Inert:
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        """Forget the state."""


def read_egovideo(path: Path) -> dict[str, Tensor]:
    """Return the checkpoint's tensors by the authors' names, without the prefix of data parallelism.

    Objects of other kinds in the file (settings of the authors' libraries) are never made. Raises ``CheckpointError``.
    """
    try:
        foreign = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        with torch.serialization.safe_globals([(_Inert, name) for name in foreign]):
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # bytes that are no pickle let the unpickler raise anything, IndexError for one
        raise CheckpointError(path, f"is no checkpoint that can be read ({error})") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError(path, "holds no state dict")
    return {name.removeprefix("module."): value for name, value in state.items()}


def convert_egovideo(state: Mapping[str, Tensor]) -> EgoVideoModel:
    """Return the model of a checkpoint's tensors; raises ``ValueError`` that names what is missing, odd or too many."""
    try:
        model = EgoVideoModel(configuration_of(state))
    except KeyError as error:
        raise ValueError(f"the tensor {error} is missing") from error
    ours = model.state_dict()
    placed = {name: tensor for name, tensor in ours.items() if name.startswith("adapters.0.")}
    behind_all = f"adapters.{len(model.adapters)}."
    for key, value in state.items():
        placed |= {name: part for name, part in our_tensors(key, value) if not name.startswith(behind_all)}
    if odd := sorted(placed.keys() ^ ours.keys()):
        raise ValueError(f"{len(odd)} weights are missing or too many, '{odd[0]}' is the first")
    if odd := sorted(name for name in ours if ours[name].numel() != placed[name].numel()):
        raise ValueError(f"{len(odd)} weights have another size, '{odd[0]}' is the first")
    model.load_state_dict({name: tensor.reshape(ours[name].shape) for name, tensor in placed.items()})
    return model


def configuration_of(state: Mapping[str, Tensor]) -> EgoVideoConfig:
    """Return the configuration that a checkpoint's tensors have; raises ``KeyError`` where one is missing."""
    width = len(state["visual.class_embedding"])
    grid = round((len(state["visual.positional_embedding"]) - 1) ** 0.5)
    patch = round((state["visual.conv1.weight"].numel() / width / 3) ** 0.5)
    text_width = state["textual.token_embedding.weight"].shape[1]
    adapted = state.get("visual.transformer.resblocks.0.adapter.down_proj.weight")
    vision = CLIPVisionConfig(
        hidden_size=width, intermediate_size=4 * width, num_hidden_layers=_depth(state, "visual"),
        num_attention_heads=width // HEAD_WIDTH, image_size=grid * patch, patch_size=patch, hidden_act="gelu",
        layer_norm_eps=1e-6,
    )  # fmt: skip
    text = CLIPTextConfig(
        vocab_size=len(state["textual.token_embedding.weight"]), hidden_size=text_width,
        intermediate_size=4 * text_width, num_hidden_layers=_depth(state, "textual"),
        num_attention_heads=text_width // HEAD_WIDTH, hidden_act="gelu",
        max_position_embeddings=len(state["textual.positional_embedding"]),
    )  # fmt: skip
    projection = state["image_projection"] if "image_projection" in state else state["visual.image_projection"]
    return EgoVideoConfig(
        vision, text, frame_size=grid * patch, num_frames=len(state["visual.temporal_embedding"]),
        slow_frames=0 if adapted is None else 4, adapter_size=0 if adapted is None else len(adapted),
        projection_dim=projection.shape[1],
    )  # fmt: skip


def _depth(state: Mapping[str, Tensor], tower: str) -> int:
    found = {match[1] for key in state if (match := re.match(rf"{tower}\.transformer\.resblocks\.(\d+)\.", key))}
    return len(found)


def our_tensors(key: str, value: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield our names of a tensor of theirs, with what is to be put there; nothing for an unused one.

    Raises ``ValueError`` for a key without a rule.
    """
    if any(re.fullmatch(pattern, key) for pattern in UNUSED):
        return
    module, _, kind = key.rpartition(".")
    block = re.fullmatch(r"(visual|textual)\.transformer\.resblocks\.(\d+)\.(.+)", key)
    if key in WHOLE:
        yield WHOLE[key], value
    elif module in NORMS:
        yield f"{NORMS[module]}.{kind}", value
    elif key in PROJECTIONS:
        yield f"{PROJECTIONS[key]}.weight", value.T
    elif block:
        yield from _block_tensors(block[1], block[2], block[3], value)
    else:
        raise ValueError(f"there is no rule for '{key}'")


def _block_tensors(tower: str, number: str, key: str, value: Tensor) -> Iterator[tuple[str, Tensor]]:
    ours = f"{_VISION if tower == 'visual' else _TEXT}.encoder.layers.{number}"
    module, _, kind = key.rpartition(".")
    packed, part = _PACKED.fullmatch(key), module.removeprefix("adapter.")
    if packed:
        for name, share in zip("qkv", value.chunk(3), strict=True):
            yield f"{ours}.self_attn.{name}_proj.{packed[1]}", share
    elif key == "adapter.gamma":
        yield f"adapters.{int(number) + 1}.gamma", value
    elif module in BLOCK:
        yield f"{ours}.{BLOCK[module]}.{kind}", value
    elif module.startswith("adapter.") and part in ADAPTER:
        yield f"adapters.{int(number) + 1}.{ADAPTER[part]}.{kind}", value
    else:
        raise ValueError(f"there is no rule for '{key}' of a block")
