"""Configuration of ANNEXE: sub-configurations of transformers' own models, and the sizes of what joins them.

There are two layouts. Small: one convolutional backbone sees for language and for pixels. The paper's, where there is a
``ground_config``: a frozen vision tower sees for language, a depth model with features of its own for pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from transformers import AutoConfig, PretrainedConfig


class AnnexeConfig(PretrainedConfig):
    """Sizes of ``AnnexeForEgoIRG`` (ANNEXE, CVPR 2025, §4; differences from the authors' code stand beside a default).

    Args:
        vision_config: small: a convolutional backbone of transformers with feature maps at strides 4, 8, 16 and 32;
            paper: any vision tower of transformers with one token per patch.
        text_config: any causal language model of transformers.
        ground_config: Depth Anything's configuration; with one, the layout is the paper's.
        lora: arguments of peft's ``LoraConfig`` for the language model; None trains it whole.
        token_merge: token_merge**2 neighbours become one visual token; 2 gives the paper's 4:1. Small: a square of
            them. Paper: a run of patches of a row, as the authors join them, whose projection can then be loaded.
        inverse_depth: the depth head speaks inverse depth (near is large), as Depth Anything does before ANNEXE's
            training; the authors' checkpoints speak depth.
        analysis_guided: the analysis conditions answer and grounding (the Analysis-guided Feature Synthesizer of EARL,
            arXiv 2605.14742), which then can't be had without it.
        analysis_channels: width of that synthesizer (EARL: 1024 of 2048); half the language model's by default.
        analysis_weight: share with which the descriptor is added to the text's embeddings (EARL: .1).
        pyramid_channels: width of the neck and of the coarse (stride 16) features.
        pixel_channels: width of the fine (stride 4) features, which masks and dense maps are read from.
        grounding_layers, grounding_heads: cross-attention from slots to coarse features.
        slots: most targets an answer can name (the authors: 3).
        labels: names that the dense map tells apart, in channel order after the background; the vocabulary of answers.
        mask_token_id: the token <MSK> that ends every name in an answer and becomes that target's slot.
        contact_map: the model has learned which pixels take part in an interaction of which hand; otherwise its map
            means nothing, and who touches what is read from masks and depth.
        coordinate_channels: give the encoder each pixel's place in the image, so that sides can be told.
        colours: names of the colours that a dense map tells apart, in channel order after "nothing"; empty: no map.
        label_token_ids: token ids of each label: visual tokens then carry the language model's own words for what the
            label map saw, and a small one needn't learn to read them. Empty: they don't.
        colour_token_ids: the same for the colours.
        hand_labels: indices of the left and of the right hand in ``labels``; each label then has a visual token of its
            own, which says whether it is there and what touches what. Empty: they have none.
        mirrored: small: the dense maps are the mean of what the image and its mirror image give, whose left hand is the
            right one (hence ``hand_labels``); it costs the encoder's time twice.
    """

    model_type = "annexe"
    sub_configs = {"vision_config": AutoConfig, "text_config": AutoConfig, "ground_config": AutoConfig}  # noqa: RUF012

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
        label_token_ids: Sequence[Sequence[int]] = (),
        colours: Sequence[str] = (),
        colour_token_ids: Sequence[Sequence[int]] = (),
        hand_labels: Sequence[int] = (),
        mirrored: bool = False,
        ground_config: PretrainedConfig | dict[str, Any] | None = None,
        lora: dict[str, Any] | None = None,
        inverse_depth: bool = True,
        analysis_guided: bool = False,
        analysis_channels: int | None = None,
        analysis_weight: float = 0.1,
        **kwargs: Any,
    ) -> None:
        self.vision_config = _sub_config(vision_config or _SMALL_VISION)
        self.text_config = _sub_config(text_config or _SMALL_TEXT)
        self.ground_config = None if ground_config is None else _sub_config(ground_config)
        self.lora = lora
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
        self.label_token_ids = [list(ids) for ids in label_token_ids]
        self.colours = list(colours)
        self.colour_token_ids = [list(ids) for ids in colour_token_ids]
        self.hand_labels = list(hand_labels)
        if mirrored and not self.hand_labels:
            raise ValueError("'mirrored' needs 'hand_labels': in a mirror the left hand is the right one")
        self.mirrored = mirrored
        self.inverse_depth = inverse_depth
        self.analysis_guided = analysis_guided
        self.analysis_channels = analysis_channels or self.text_config.hidden_size // 2
        self.analysis_weight = analysis_weight
        super().__init__(**kwargs)

    @property
    def input_multiple(self) -> int:
        """Height and width of the model's input must be multiples of this."""
        if self.ground_config is None:
            return 16 * self.token_merge
        strides = _COARSE_STRIDE, self.ground_config.patch_size, self.vision_config.patch_size * self.token_merge
        return math.lcm(*strides)


_COARSE_STRIDE = 16
_SMALL_VISION = {"model_type": "efficientnet_lite"}
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
