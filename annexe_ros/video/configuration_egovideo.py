"""Configuration of the clip encoder: CLIP's two configurations, and what EgoVideo adds to them."""

from __future__ import annotations

from typing import Any

from transformers import CLIPTextConfig, CLIPVisionConfig, PretrainedConfig

from annexe_ros.model import EfficientNetLiteConfig

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class EgoVideoConfig(PretrainedConfig):
    """What an ``EgoVideoModel`` is made of.

    Args:
        vision_config, text_config: CLIP's. With a stem, ``image_size`` is the side of the stem's map and
            ``num_channels`` its depth.
        stem_config: EfficientNet-Lite whose last map the tower sees in place of pixels; None: CLIP's own patches.
        frame_size: side [px] of the square frames.
        num_frames: frames of a clip; the length of the temporal table.
        slow_frames: frames that the slow path sees beside the fast one; 0: one path that sees all frames.
        adapter_size: hidden width of the motion adapters in the fast path; 0: none.
        fast_path_teaches: whether the fast path's gradient reaches the blocks that both paths share. EgoVideo's figure
            has them learn from the slow path alone; a small model from scratch has more use for both.
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
        self.projection_dim, self.logit_scale = projection_dim, logit_scale
        self.image_mean, self.image_std = list(image_mean), list(image_std)
        super().__init__(**kwargs)

    def stem(self) -> EfficientNetLiteConfig | None:
        """Return the stem's configuration, if there is a stem."""
        return None if self.stem_config is None else EfficientNetLiteConfig(**self.stem_config)


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


def small_clip_encoder(vocabulary_size: int, motion_adapters: bool = True) -> EgoVideoConfig:
    """Return a small encoder for 16 frames: EfficientNet-Lite0 up to stride 16, then two blocks of width 160."""
    vision = CLIPVisionConfig(
        hidden_size=160, intermediate_size=480, num_hidden_layers=2, num_attention_heads=5, image_size=8, patch_size=2,
        num_channels=112, hidden_act="gelu",
    )  # fmt: skip
    text = CLIPTextConfig(
        vocab_size=vocabulary_size, hidden_size=128, intermediate_size=384, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=16, hidden_act="gelu", pad_token_id=0, bos_token_id=1, eos_token_id=3,
    )  # fmt: skip
    stem = {"hidden_sizes": [16, 24, 40, 80, 112], "depths": [1, 2, 2, 3, 3], "kernel_sizes": [3, 3, 5, 3, 5],
            "strides": [1, 2, 2, 2, 1], "expansions": [1, 6, 6, 6, 6], "out_features": ["stage5"]}  # fmt: skip
    return EgoVideoConfig(
        vision, text, stem, frame_size=128, num_frames=16, slow_frames=4, adapter_size=80 if motion_adapters else 0,
        fast_path_teaches=True, projection_dim=128, image_mean=(127 / 255,) * 3, image_std=(128 / 255,) * 3,
    )  # fmt: skip
