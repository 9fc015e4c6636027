"""Configuration of the clip encoder: CLIP's two configurations, and what EgoVideo adds to them."""

from __future__ import annotations

from typing import Any

from transformers import CLIPTextConfig, CLIPVisionConfig, PretrainedConfig

from annexe_ros.model import AnnexeConfig
from annexe_ros.model.efficientnet_lite import IMAGE_MEAN, IMAGE_STD

_SMALL_SIDE = 192
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class EgoVideoConfig(PretrainedConfig):
    """What an ``EgoVideoModel`` is made of.

    Args:
        vision_config, text_config: CLIP's. With a stem, ``image_size`` is the side of the stem's map and
            ``num_channels`` its depth.
        stem_config: of a scene model whose dense maps the tower sees in place of pixels (``scene_stem``); None: CLIP's
            own patches.
        frame_size: side [px] of the square frames.
        num_frames: frames of a clip; the length of the temporal table.
        slow_frames: frames that the slow path sees beside the fast one; 0: one path that sees all frames.
        adapter_size: hidden width of the motion adapters in the fast path; 0: none.
        fast_path_teaches: whether the fast path's gradient reaches the blocks that both paths share. EgoVideo's figure
            has them learn from the slow path alone; a small model from scratch has more use for both.
        place_readout: whether the fast path's patches are read too, each in its place and time, by one linear layer
            beside the class token. From scratch and with few clips a class token alone hardly learns time. Clips then
            have ``num_frames`` frames.
        centred: whether a clip's vector is centred and scaled by the clips of training before it gets unit length. From
            scratch all vectors point nearly the same way at first, and what tells verbs apart is lost in that.
        time_scale: size of the sines that the temporal table begins with. EgoVideo's begins at zero, on top of CLIP.
        projection_dim: width of the space that clips and texts share.
        logit_scale: of the losses that take it; EgoVideo keeps 1/0.07 fixed.
        image_mean, image_std: normalisation of RGB in 0..1.
    """

    model_type = "egovideo"
    sub_configs = {"vision_config": CLIPVisionConfig, "text_config": CLIPTextConfig}  # noqa: RUF012  # as in all of transformers

    def __init__(
        self,
        vision_config: dict[str, Any] | CLIPVisionConfig | None = None,
        text_config: dict[str, Any] | CLIPTextConfig | None = None,
        stem_config: dict[str, Any] | None = None,
        frame_size: int = 224,
        num_frames: int = 4,
        slow_frames: int = 0,
        adapter_size: int = 0,
        fast_path_teaches: bool = False,
        place_readout: bool = False,
        centred: bool = False,
        time_scale: float = 0.0,
        projection_dim: int = 512,
        logit_scale: float = 1 / 0.07,
        image_mean: tuple[float, ...] = CLIP_MEAN,
        image_std: tuple[float, ...] = CLIP_STD,
        **kwargs: Any,
    ) -> None:
        vision = CLIPVisionConfig(**vision_config) if isinstance(vision_config, dict) else vision_config
        text = CLIPTextConfig(**text_config) if isinstance(text_config, dict) else text_config
        self.vision_config = vision or CLIPVisionConfig(hidden_act="gelu", layer_norm_eps=1e-6, patch_size=16)
        self.text_config = text or CLIPTextConfig(hidden_act="gelu")
        self.stem_config = stem_config
        self.frame_size, self.num_frames, self.slow_frames = frame_size, num_frames, slow_frames
        self.adapter_size, self.fast_path_teaches = adapter_size, fast_path_teaches
        self.place_readout, self.centred, self.time_scale = place_readout, centred, time_scale
        self.projection_dim, self.logit_scale = projection_dim, logit_scale
        self.image_mean, self.image_std = list(image_mean), list(image_std)
        super().__init__(**kwargs)

    def stem(self) -> AnnexeConfig | None:
        """Return the configuration of the scene model that is the stem, if there is a stem."""
        return None if self.stem_config is None else AnnexeConfig(**self.stem_config)


def egovideo_base(**changes: Any) -> EgoVideoConfig:
    """Return EgoVideo-B's configuration: ViT-B/16 at 224 px, 4 frames."""
    return EgoVideoConfig(**changes)


def egovideo_large(**changes: Any) -> EgoVideoConfig:
    """Return EgoVideo-L's configuration: ViT-L/14 at 336 px, 4 frames."""
    vision = CLIPVisionConfig(
        hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, image_size=336,
        patch_size=14, hidden_act="gelu", layer_norm_eps=1e-6,
    )  # fmt: skip
    text = CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_attention_heads=12, hidden_act="gelu")
    return EgoVideoConfig(vision, text, **{"frame_size": 336, **changes})


def small_clip_encoder(
    stem: dict[str, Any] | None, vocabulary_size: int, motion_adapters: bool = True
) -> EgoVideoConfig:
    """Return a small encoder for 16 frames: two blocks over a scene model's maps of 8 x 8 cells, or over pixels."""
    side, patch, channels = (8, 4, scene_channels(stem)) if stem else (_SMALL_SIDE, _SMALL_SIDE // 2, 3)
    vision = CLIPVisionConfig(
        hidden_size=96, intermediate_size=192, num_hidden_layers=2, num_attention_heads=4, image_size=side,
        patch_size=patch, num_channels=channels, hidden_act="gelu", initializer_range=0.05,
    )  # fmt: skip
    text = CLIPTextConfig(
        vocab_size=vocabulary_size, hidden_size=64, intermediate_size=128, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=16, hidden_act="gelu", pad_token_id=0, bos_token_id=1, eos_token_id=3,
    )  # fmt: skip
    return EgoVideoConfig(
        vision, text, stem, frame_size=_SMALL_SIDE, num_frames=16, slow_frames=4,
        adapter_size=48 if motion_adapters else 0, fast_path_teaches=True, place_readout=True, centred=True,
        time_scale=0.4, projection_dim=64, image_mean=IMAGE_MEAN, image_std=IMAGE_STD,
    )  # fmt: skip


def scene_channels(stem: dict[str, Any]) -> int:
    """Return the number of maps that a scene model's stem gives: labels and none, two contacts, depth."""
    return 1 + len(stem["labels"]) + 2 + 1
