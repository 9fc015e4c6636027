"""EgoVideo's dual encoder on CLIP's parts: joint space-time attention over a clip, and motion adapters in a fast path.

Shapes: B clips, T frames, C channels, N patches per frame, D the tower's width, P the shared width, L tokens of a text.
Two things differ from the authors' code. It cuts the graph at each block, so that no adapter but the last could learn;
here the shared weights are held instead. And it puts adapters behind the blocks, where the last one changes patches
that nothing reads any more; here they stand before the blocks, and theirs behind block k is ours before block k + 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional
from transformers import CLIPModel, CLIPTextModel, CLIPVisionModel, PreTrainedModel
from transformers.utils import ModelOutput

from annexe_ros.video.configuration_egovideo import EgoVideoConfig
from annexe_ros.video.processing_egovideo import middles
from annexe_ros.video.scene_stem import SceneStem

_WAVES = 8
_RARE = 0.01
"""Variance below which a stem's map isn't scaled up any more: some labels are hardly ever in view."""


@dataclass
class EgoVideoOutput(ModelOutput):
    """Embeddings of unit length: clips (B, P) and texts (B', P)."""

    video_embeds: Tensor | None = None
    text_embeds: Tensor | None = None


class MotionAdapter(nn.Module):
    """Compares a patch with itself in neighbouring frames: down, a depthwise convolution in time, up.

    The last layer begins at zero, so that a new adapter changes nothing.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.down = nn.Linear(width, hidden)
        self.depthwise = nn.Conv1d(hidden, hidden, 3, padding=1, groups=hidden)
        self.pointwise = nn.Conv1d(hidden, hidden, 1)
        self.up = nn.Linear(hidden, width)
        self.gamma = nn.Parameter(torch.ones(1))

    def forward(self, patches: Tensor) -> Tensor:
        """Return patches (B, T, N, D), each with what moves in its place."""
        batch, frames, places, _ = patches.shape
        z = functional.gelu(self.down(patches))
        in_time = z.transpose(1, 2).reshape(batch * places, frames, -1).transpose(1, 2)
        moved = self.pointwise(self.depthwise(in_time)).transpose(1, 2)
        moved = moved.reshape(batch, places, frames, -1).transpose(1, 2)
        return patches + self.gamma * self.up(z + moved)


class EgoVideoModel(PreTrainedModel):
    """Clips and texts in one space.

    The names of CLIP's parts are CLIP's, so that its weights load as they are (``load_clip``).
    """

    config_class = EgoVideoConfig
    base_model_prefix = "egovideo"
    main_input_name = "pixel_values"
    config: EgoVideoConfig
    _supports_sdpa = True

    def __init__(self, config: EgoVideoConfig) -> None:
        super().__init__(config)
        width = config.vision_config.hidden_size
        stem = config.stem()
        self.stem = None if stem is None else SceneStem(stem, cast(int, config.vision_config.image_size))
        self.vision_model = CLIPVisionModel(config.vision_config)
        self.text_model = CLIPTextModel(config.text_config)
        self.temporal_embedding = nn.Parameter(torch.zeros(config.num_frames, width))
        self.visual_projection = nn.Linear(width, config.projection_dim, bias=False)
        self.text_projection = nn.Linear(config.text_config.hidden_size, config.projection_dim, bias=False)
        blocks = config.vision_config.num_hidden_layers if config.adapter_size else 0
        self.adapters = nn.ModuleList(MotionAdapter(width, config.adapter_size) for _ in range(blocks))
        self.fusion = nn.Linear(2 * config.projection_dim, config.projection_dim, False) if config.slow_frames else None
        patches = config.num_frames * self.vision_model.embeddings.num_patches * width
        self.readout = nn.Linear(patches, config.projection_dim, bias=False) if config.place_readout else None
        self.centre = nn.BatchNorm1d(config.projection_dim, affine=False) if config.centred else None
        channels = config.vision_config.num_channels
        self.map_norm = None if stem is None else nn.BatchNorm2d(channels, eps=_RARE, affine=False)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, MotionAdapter):
            hidden = module.down.out_features
            nn.init.trunc_normal_(module.down.weight, std=0.02)
            nn.init.normal_(module.depthwise.weight, std=(2 / 3) ** 0.5)
            nn.init.normal_(module.pointwise.weight, std=(2 / hidden) ** 0.5)
            nn.init.zeros_(module.up.weight)
            for layer in (module.down, module.depthwise, module.pointwise, module.up):
                nn.init.constant_(layer.get_parameter("bias"), 0.0)
        elif isinstance(module, EgoVideoModel):
            module.temporal_embedding.copy_(module.config.time_scale * _sines(*module.temporal_embedding.shape))
            for projection in (module.visual_projection, module.text_projection, module.fusion, module.readout):
                if projection is not None:
                    nn.init.trunc_normal_(projection.weight, std=projection.in_features**-0.5)

    def forward(
        self,
        pixel_values: Tensor | None = None,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        stem_maps: Tensor | None = None,
    ) -> EgoVideoOutput:
        """Return embeddings of clips (B, T, 3, H, W), or of the stem's maps of them, and of texts (B', L)."""
        video = None if pixel_values is None and stem_maps is None else self.embed_video(pixel_values, stem_maps)
        text = None if input_ids is None else self.embed_text(input_ids, attention_mask)
        return EgoVideoOutput(video_embeds=video, text_embeds=text)

    def embed_text(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Return unit vectors (B, P) of texts (B, L) that end with the end-of-text token."""
        pooled = self.text_model(input_ids=input_ids, attention_mask=attention_mask).pooler_output
        return functional.normalize(self.text_projection(pooled), dim=-1)

    def embed_video(self, pixel_values: Tensor | None = None, stem_maps: Tensor | None = None) -> Tensor:
        """Return unit vectors (B, P) of clips (B, T, 3, H, W), or of what ``see`` made of them."""
        if stem_maps is None:
            if pixel_values is None:
                raise ValueError("a clip is needed: pixel_values or stem_maps")
            stem_maps = self.see(pixel_values)
        patches = self._patches(stem_maps)
        states = self._attend(patches, adapted=bool(self.adapters))
        pooled = self.visual_projection(states[:, 0])
        if self.readout is not None:
            pooled = pooled + self.readout(states[:, 1:].flatten(1))
        if self.fusion is not None:
            slow = self._attend(patches[:, self._slow(patches.shape[1])], adapted=False)
            pooled = self.fusion(torch.cat([self.visual_projection(slow[:, 0]), pooled], dim=-1))
        if self.centre is not None:
            pooled = self.centre(pooled)
        return functional.normalize(pooled, dim=-1)

    def see(self, pixel_values: Tensor) -> Tensor:
        """Return what the tower sees (B, T, C, h, w) of clips (B, T, 3, H, W): the stem's maps, or the pixels."""
        if self.stem is None:
            return pixel_values
        return self.stem(pixel_values.flatten(0, 1)).unflatten(0, pixel_values.shape[:2])

    def _slow(self, frames: int) -> list[int]:
        """Return the middles of as many equal parts of the clip as the slow path has frames."""
        return middles(frames, self.config.slow_frames)

    def _patches(self, maps: Tensor) -> Tensor:
        """Return patch embeddings with their places in the picture (B, T, N, D)."""
        embeddings, flat = self.vision_model.embeddings, maps.flatten(0, 1)
        if self.map_norm is not None:
            flat = self.map_norm(flat)
        patches = embeddings.patch_embedding(flat).flatten(2).transpose(1, 2)
        return (patches + embeddings.position_embedding.weight[1:]).unflatten(0, maps.shape[:2])

    def _attend(self, patches: Tensor, adapted: bool) -> Tensor:
        """Return states (B, 1 + T N, D), the class's first, after joint attention over all patches (B, T, N, D)."""
        batch, frames, places, width = patches.shape
        embeddings = self.vision_model.embeddings
        patches = patches + self._times(frames)[:, None]
        first = (embeddings.class_embedding + embeddings.position_embedding.weight[0]).expand(batch, 1, -1)
        states = self.vision_model.pre_layrnorm(torch.cat([first, patches.flatten(1, 2)], dim=1))
        for number, block in enumerate(self.vision_model.encoder.layers):
            if adapted:
                moved = self.adapters[number](states[:, 1:].reshape(batch, frames, places, width))
                states = torch.cat([states[:, :1], moved.flatten(1, 2)], dim=1)
            states = self._block(block, states, adapted)
        return self.vision_model.post_layernorm(states)

    def _block(self, block: nn.Module, states: Tensor, adapted: bool) -> Tensor:
        """Run a block; where the fast path doesn't teach, its gradient passes through and leaves the weights alone."""
        if not adapted or self.config.fast_path_teaches:
            return block(states, None)
        fixed = {name: weight.detach() for name, weight in block.named_parameters()}
        return functional_call(block, fixed, (states, None))

    def _times(self, frames: int) -> Tensor:
        """Return the temporal table (T, D), interpolated where a clip has another length."""
        if frames == len(self.temporal_embedding):
            return self.temporal_embedding
        table = self.temporal_embedding.T[None]
        return functional.interpolate(table, size=frames, mode="linear", align_corners=False)[0].T

    def load_clip(self, clip: CLIPModel) -> None:
        """Take the weights of a CLIP of the same sizes; projections come along where they fit, as EgoVideo's don't.

        Raises ``RuntimeError`` where sizes differ.
        """
        self.vision_model.load_state_dict(clip.vision_model.state_dict())
        self.text_model.load_state_dict(clip.text_model.state_dict())
        for name in ("visual_projection", "text_projection"):
            ours, theirs = getattr(self, name), getattr(clip, name)
            if ours.weight.shape == theirs.weight.shape:
                ours.load_state_dict(theirs.state_dict())


def _sines(frames: int, width: int) -> Tensor:
    """Return (T, D) sines and cosines of up to a few half waves in a clip."""
    waves = torch.pi / frames * (torch.arange(width) // 2 % _WAVES + 0.5)
    times = torch.arange(frames)[:, None] * waves
    return 2**0.5 * torch.where(torch.arange(width) % 2 == 0, times.sin(), times.cos())


def learning_only(model: nn.Module, names: tuple[str, ...]) -> dict[str, Any]:
    """Let only the parameters whose names hold one of ``names`` learn; return how many learn and how many there are."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(any(part in name for part in names))
    counts = [(parameter.requires_grad, parameter.numel()) for parameter in model.parameters()]
    return {"learning": sum(count for learns, count in counts if learns), "all": sum(count for _, count in counts)}
