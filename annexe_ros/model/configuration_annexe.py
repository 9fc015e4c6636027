"""Configuration of ANNEXE: three sub-configurations of transformers' own models, and the sizes of what joins them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import AutoConfig, PretrainedConfig


class AnnexeConfig(PretrainedConfig):
    """Sizes of ``AnnexeForEgoIRG`` (ANNEXE, CVPR 2025, §4; differences from the authors' code stand beside a default).

    Args:
        vision_config: a convolutional backbone of transformers with feature maps at strides 4, 8, 16 and 32.
        text_config: any causal language model of transformers.
        token_merge: side of the square of neighbouring features that becomes one visual token. 2 gives the paper's
            4:1; the authors join four patches of a row, ours are neighbours in both directions.
        pyramid_channels: width of the neck and of the coarse (stride 16) features.
        pixel_channels: width of the fine (stride 4) features, which masks and dense maps are read from.
        grounding_layers, grounding_heads: cross-attention from slots to coarse features.
        slots: most targets an answer can name (the authors: 3).
        labels: names that the dense map tells apart, in channel order after the background; the vocabulary of answers.
        mask_token_id: the token <MSK> that ends every name in an answer and becomes that target's slot.
        contact_map: the model has learned which pixels take part in an interaction of which hand; otherwise its map
            means nothing, and who touches what is read from masks and depth.
        coordinate_channels: give the encoder each pixel's place in the image, so that sides can be told.
    """

    model_type = "annexe"
    sub_configs = {"vision_config": AutoConfig, "text_config": AutoConfig}  # noqa: RUF012  (transformers' own form)

    def __init__(
        self,
        vision_config: PretrainedConfig | dict[str, Any] | None = None,
        text_config: PretrainedConfig | dict[str, Any] | None = None,
        token_merge: int = 2,
        pyramid_channels: int = 128,
        pixel_channels: int = 64,
        grounding_layers: int = 2,
        grounding_heads: int = 4,
        slots: int = 4,
        labels: Sequence[str] = (),
        mask_token_id: int = 3,
        contact_map: bool = True,
        coordinate_channels: bool = True,
        **kwargs: Any,
    ) -> None:
        self.vision_config = _sub_config(vision_config or _SMALL_VISION)
        self.text_config = _sub_config(text_config or _SMALL_TEXT)
        self.token_merge = token_merge
        self.pyramid_channels = pyramid_channels
        self.pixel_channels = pixel_channels
        self.grounding_layers = grounding_layers
        self.grounding_heads = grounding_heads
        self.slots = slots
        self.labels = list(labels)
        self.mask_token_id = mask_token_id
        self.contact_map = contact_map
        self.coordinate_channels = coordinate_channels
        super().__init__(**kwargs)

    @property
    def input_multiple(self) -> int:
        """Height and width of the model's input must be multiples of this."""
        return 16 * self.token_merge


_SMALL_VISION = {
    "model_type": "resnet",
    "layer_type": "basic",
    "embedding_size": 32,
    "hidden_sizes": [32, 64, 128, 256],
    "depths": [2, 2, 2, 2],
    "out_features": ["stage1", "stage2", "stage3", "stage4"],
}
_SMALL_TEXT = {
    "model_type": "llama",
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 6,
    "vocab_size": 1024,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "tie_word_embeddings": True,
}


def _sub_config(config: PretrainedConfig | dict[str, Any]) -> PretrainedConfig:
    if isinstance(config, PretrainedConfig):
        return config
    values = dict(config)
    return AutoConfig.for_model(values.pop("model_type"), **values)
