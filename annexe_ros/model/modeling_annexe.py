"""ANNEXE in transformers style: the modules of the paper's drawing (CVPR 2025, Fig. 3), joined.

An image is encoded once (``AnnexeForEgoIRG.encode_image``); analysis, answer, indicator and grounding of any number of
queries share that encoding. This module speaks tensors: it knows no file, no string and no loss.

Shapes: B images, Q texts per image, L tokens, N visual tokens, S slots, D width of the language model, C and P channels
of the coarse and fine features, (H, W) input size; coarse maps are (H/16, W/16), fine maps (H/4, W/4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import (
    AutoBackbone,
    AutoModel,
    AutoModelForCausalLM,
    DepthAnythingForDepthEstimation,
    DynamicCache,
    PreTrainedModel,
)

from .bars import bars_on_terminals_only
from .configuration_annexe import AnnexeConfig
from .connector import AnnexeConnector
from .dense import AnnexeColourHead, AnnexeDenseHeads, DenseMaps, mean_with_mirrored
from .generation import AnnexeGenerationMixin
from .grounding import AnnexeGroundingDecoder, AnnexeMaskIndicator, AnnexeQueryPooler
from .guidance import AnnexeAnalysisSynthesizer
from .lora import freeze_all_but_adapters, inject_lora
from .outputs import AnnexeGeneration, AnnexeImageEncoding, AnnexeOutput
from .pyramid import AnnexePyramid, pixel_grid
from .towers import AnnexeGroundEncoder, AnnexeTokenConnector, patch_tokens

PARTS = (
    "backbone", "pyramid", "dense_heads", "colour_head", "coordinates", "vision_tower", "ground_encoder", "connector",
    "language_model", "query_pooler", "indicator", "grounding", "analysis_synthesizer",
)  # fmt: skip
"""Names of the parts that a model may have, of either layout."""


class AnnexePreTrainedModel(PreTrainedModel):
    """Weights, loading and saving."""

    config: AnnexeConfig
    config_class = AnnexeConfig
    base_model_prefix = "annexe"
    main_input_name = "pixel_values"
    _supports_sdpa = True
    supports_gradient_checkpointing = True


class AnnexeForEgoIRG(AnnexePreTrainedModel, AnnexeGenerationMixin):
    """Analyse, answer and ground an egocentric image.

    Args:
        config: with a ``ground_config`` for the paper's two encoders, without for one convolutional backbone.
        vision_tower, depth_model, language_model: pretrained parts to use in place of new ones from the config.
    """

    def __init__(
        self,
        config: AnnexeConfig,
        vision_tower: PreTrainedModel | None = None,
        depth_model: DepthAnythingForDepthEstimation | None = None,
        language_model: PreTrainedModel | None = None,
    ) -> None:
        super().__init__(config)
        if config.ground_config is None:
            self.backbone = AutoBackbone.from_config(config.vision_config)
            self.pyramid = AnnexePyramid(self.backbone.channels, config)
            self.dense_heads = AnnexeDenseHeads(config)
            if config.colours:
                self.colour_head = AnnexeColourHead(config)
            self.connector: nn.Module = AnnexeConnector(config)
        else:
            self.vision_tower = vision_tower or AutoModel.from_config(config.vision_config)
            self.connector = AnnexeTokenConnector(config)
            self.ground_encoder = AnnexeGroundEncoder(config, depth_model)
        self.language_model = language_model or AutoModelForCausalLM.from_config(config.text_config)
        width = config.text_config.hidden_size
        self.query_pooler = AnnexeQueryPooler(width)
        self.indicator = AnnexeMaskIndicator(width)
        self.grounding = AnnexeGroundingDecoder(config)
        if config.ground_config is None and config.coordinate_channels:
            self.coordinates = nn.Conv2d(2, self.backbone.channels[0], 1)
        if config.analysis_guided:
            self.add_synthesizer()
        self.post_init()
        if config.lora is not None:  # afterwards: post_init would draw numbers for adapters that begin as zero
            self.add_adapters(config.lora)

    @classmethod
    def from_pretrained(cls, *args: Any, **kwargs: Any) -> Any:
        """Load as every model of transformers does; of a language model with adapters, only these learn."""
        with bars_on_terminals_only():
            loaded = super().from_pretrained(*args, **kwargs)
        model = loaded[0] if isinstance(loaded, tuple) else loaded
        if model.config.lora is not None:
            freeze_all_but_adapters(model.language_model)
        return loaded

    def save_pretrained(self, *args: Any, **kwargs: Any) -> None:
        """Save as every model of transformers does."""
        with bars_on_terminals_only():
            super().save_pretrained(*args, **kwargs)

    def add_synthesizer(self) -> None:
        """Let the analysis condition answers and grounding, by a synthesizer that has learned nothing yet."""
        self.config.analysis_guided = True
        self.analysis_synthesizer = AnnexeAnalysisSynthesizer(self.config)

    def add_adapters(self, lora: dict[str, Any]) -> None:
        """Let adapters of the language model learn in its place; ``lora`` is what ``AnnexeConfig.lora`` is.

        Raises what ``inject_lora`` raises.
        """
        self.config.lora = lora
        inject_lora(self.language_model, lora, self.config.mask_token_id)
        self.all_tied_weights_keys = self.get_expanded_tied_weights_keys(all_submodels=True)

    def _init_weights(self, module: nn.Module) -> None:
        """Keep PyTorch's own initialisation for the parts written here; transformers initialises its own."""

    def encode_image(self, pixel_values: Tensor, map_order: Tensor | None = None) -> AnnexeImageEncoding:
        """Return the encoding of images (B, 3, H, W); H and W are multiples of ``config.input_multiple``.

        ``map_order`` (B, 1 + labels) tells which of the label maps each label gets; None: its own.
        """
        if self.config.ground_config is not None:
            tokens = self.connector(patch_tokens(self.vision_tower, pixel_values))
            return AnnexeImageEncoding(tokens, *self.ground_encoder(pixel_values))
        coarse, fine = self._features(pixel_values)
        depth, label_logits, contact_logits = self._dense_maps(pixel_values, fine)
        if map_order is not None:
            label_logits = label_logits.take_along_dim(map_order[..., None, None], dim=1)
        label_words = self._words(self.config.label_token_ids)
        colour_logits = self.colour_head(pixel_values, fine) if self.config.colours else None
        colour_words = self._words(self.config.colour_token_ids)
        tokens = self.connector(coarse, label_logits, contact_logits, label_words, colour_logits, colour_words)
        return AnnexeImageEncoding(tokens, coarse, fine, depth, label_logits, contact_logits, colour_logits)

    def _features(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        """Return coarse and fine features of the small layout."""
        maps = self.backbone(pixel_values).feature_maps
        coarse, fine = self.pyramid((self._with_place(maps[0]), *maps[1:]))
        return coarse, fine

    def _dense_maps(self, pixel_values: Tensor, fine: Tensor) -> DenseMaps:
        """Return the dense maps; an encoder that learns doesn't look twice, since it is shown mirror images anyway."""
        maps = self.dense_heads(fine)
        if not self.config.mirrored or (self.training and fine.requires_grad):
            return maps
        _, mirrored = self._features(pixel_values.flip(-1))
        return mean_with_mirrored(maps, self.dense_heads(mirrored), self.config.hand_labels)

    def _words(self, names: Sequence[Sequence[int]]) -> Tensor | None:
        """Return the mean embeddings (names, D) of the tokens of each name; None for no names."""
        if not names:
            return None
        embeddings = cast(nn.Embedding, self.language_model.get_input_embeddings()).weight
        return torch.stack([embeddings[ids].mean(0) for ids in names])

    def _with_place(self, first: Tensor) -> Tensor:
        if not self.config.coordinate_channels:
            return first
        height, width = first.shape[-2:]
        grid = pixel_grid(height, width, first).T.reshape(1, 2, height, width)
        return first + self.coordinates(grid)

    def read_image(self, encoding: AnnexeImageEncoding, prefix_ids: Tensor) -> DynamicCache:
        """Return the key-value cache (batch B) of the prefix: prompt head (P,) token ids, then the visual tokens."""
        cache = DynamicCache(config=self.config.text_config)
        prefix = self._prefix(encoding, prefix_ids)
        self.language_model.base_model(inputs_embeds=prefix, past_key_values=cache, use_cache=True)
        return cache

    def _prefix(self, encoding: AnnexeImageEncoding, prefix_ids: Tensor) -> Tensor:
        """Return embeddings (B, P + N, D) of the prefix."""
        tokens = encoding.visual_tokens
        head = self.language_model.get_input_embeddings()(prefix_ids).expand(tokens.shape[0], -1, -1)
        return torch.cat([head.to(tokens), tokens], dim=1)

    def forward(
        self,
        pixel_values: Tensor,
        prefix_ids: Tensor | None = None,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        query_mask: Tensor | None = None,
        map_order: Tensor | None = None,
    ) -> AnnexeOutput:
        """Run Q texts per image with teacher forcing, or the image encoder alone where there is no text.

        Args:
            pixel_values: (B, 3, H, W).
            prefix_ids: (P,) token ids before the visual tokens.
            input_ids: (B, Q, L) prompt and reply, right-padded.
            attention_mask: (B, Q, L), 1 = token, 0 = padding.
            query_mask: (B, Q, L) bool, true on the prompt's tokens.
            map_order: (B, 1 + labels), as ``encode_image`` takes it; a model of the paper's layout has no label maps.

        Where the model is ``analysis_guided``, the first text of each image is its analysis.
        """
        encoding = self.encode_image(pixel_values, map_order)
        if input_ids is None or prefix_ids is None or attention_mask is None or query_mask is None:
            return AnnexeOutput(encoding=encoding)
        # Layers computed again in the backward pass can't fill a cache: then every text reads the image itself.
        recomputed = self.is_activation_checkpointing and self.training
        context = (self._prefix if recomputed else self.read_image)(encoding, prefix_ids)
        if self.config.analysis_guided:
            states, descriptor = self._guided_states(input_ids, attention_mask, query_mask, context)
        else:
            states, descriptor = self._text_states(input_ids, attention_mask, context), None
        query = self.pool_query(states, query_mask, descriptor)
        return AnnexeOutput(
            logits=self.language_model.get_output_embeddings()(states),
            indicator_logits=self.indicator(query),
            mask_logits=self.grounding(self.slot_states(states, input_ids), query, encoding),
            encoding=encoding,
        )

    def _guided_states(
        self, input_ids: Tensor, attention_mask: Tensor, query_mask: Tensor, context: DynamicCache | Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return states (B, Q, L, D) and descriptor (B, D): the first text is the analysis, the others follow it."""
        analysis = self._text_states(input_ids[:, :1], attention_mask[:, :1], context)
        if isinstance(context, DynamicCache):
            context.crop(-input_ids.shape[-1])  # the others read the descriptor, not the words
        replied = attention_mask[:, 0].bool() & ~query_mask[:, 0] & (input_ids[:, 0] != self._end_token)
        descriptor = self.analysis_synthesizer(analysis[:, 0], replied)
        if input_ids.shape[1] == 1:
            return analysis, descriptor
        guidance = descriptor[:, None, None] * query_mask[:, 1:, :, None]
        others = self._text_states(input_ids[:, 1:], attention_mask[:, 1:], context, guidance)
        return torch.cat([analysis, others], dim=1), descriptor

    def _text_states(
        self, input_ids: Tensor, attention_mask: Tensor, context: DynamicCache | Tensor, guidance: Tensor | None = None
    ) -> Tensor:
        """Return hidden states (B, Q, L, D) of texts behind a prefix of batch B.

        The prefix is a cache, which the texts extend, or embeddings (B, P, D), which are read once for each text;
        ``guidance`` (B, Q, L, D) is added to the texts' embeddings.
        """
        batch, queries, length = input_ids.shape
        texts = self._text_embeddings(input_ids, guidance).flatten(0, 1)
        if isinstance(context, DynamicCache):
            context.batch_repeat_interleave(queries)
            past, memory = context.get_seq_length(), {"past_key_values": context}
        else:
            past, memory = context.shape[1], {}
            texts = torch.cat([context.repeat_interleave(queries, 0), texts.to(context)], dim=1)
        seen = attention_mask.new_ones(batch * queries, past)
        output = self.language_model.base_model(
            inputs_embeds=texts,
            attention_mask=torch.cat([seen, attention_mask.flatten(0, 1)], dim=1),
            use_cache=bool(memory),
            **memory,
        )
        return output.last_hidden_state[:, -length:].view(batch, queries, length, -1)

    def pool_query(self, states: Tensor, query_mask: Tensor, descriptor: Tensor | None = None) -> Tensor:
        """Return pooled queries (B, Q, D) of states (B, Q, L, D), moved by the analysis' descriptor (B, D)."""
        query = self.query_pooler(states, query_mask)
        return query if descriptor is None else query + descriptor.unsqueeze(1)

    def indicate(self, prompt_states: Tensor, descriptor: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return pooled queries (M, 1, D) of prompts (M, L, D), and the probability (M,) that each has a target."""
        everything = torch.ones(prompt_states.shape[:2], dtype=torch.bool, device=prompt_states.device)
        pooled = self.pool_query(prompt_states.unsqueeze(1), everything.unsqueeze(1), descriptor)
        return pooled, self.indicator(pooled).sigmoid().squeeze(1)

    def analysis_descriptor(self, analysis: AnnexeGeneration) -> Tensor | None:
        """Return the descriptor (M, D) of generated analyses; None where the model isn't ``analysis_guided``."""
        if not self.config.analysis_guided:
            return None
        read = analysis.sequences[:, : analysis.reply_states.shape[1]]
        return self.analysis_synthesizer(analysis.reply_states, (read == self._end_token).cumsum(-1) == 0)
