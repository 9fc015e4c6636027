"""ANNEXE in transformers style: the modules of the paper's drawing (CVPR 2025, Fig. 3) and nothing else.

An image is encoded once (``AnnexeForEgoIRG.encode_image``); analysis, answer, indicator and grounding of any number of
queries share that encoding. This module speaks tensors: it knows no file, no string and no loss.

Shapes: B images, Q texts per image, L tokens, N visual tokens, S slots, D width of the language model, C and P channels
of the coarse and fine features, (H, W) input size; coarse maps are (H/16, W/16), fine maps (H/4, W/4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoBackbone, AutoModelForCausalLM, DynamicCache, PreTrainedModel
from transformers.utils import ModelOutput

from .configuration_annexe import AnnexeConfig

# A ModelOutput demands defaults; every field below is always set.


@dataclass
class AnnexeImageEncoding(ModelOutput):
    """What one pass over the image yields, for every later question about it.

    Attributes:
        visual_tokens: (B, N, D) for the language model.
        coarse: (B, C, H/16, W/16), fine: (B, P, H/4, W/4): depth-aware features for grounding.
        depth: (B, H/4, W/4) relative depth, 0 = nearest, 1 = farthest of the image.
        label_logits: (B, 1 + labels, H/4, W/4): background, then ``config.labels``.
        contact_logits: (B, 2, H/4, W/4): pixel of a hand-object interaction of the left, of the right hand.
    """

    visual_tokens: Tensor = None  # type: ignore[assignment]
    coarse: Tensor = None  # type: ignore[assignment]
    fine: Tensor = None  # type: ignore[assignment]
    depth: Tensor = None  # type: ignore[assignment]
    label_logits: Tensor = None  # type: ignore[assignment]
    contact_logits: Tensor = None  # type: ignore[assignment]


@dataclass
class AnnexeOutput(ModelOutput):
    """Output of a teacher-forced pass.

    Attributes:
        logits: (B, Q, L, vocabulary) of the next token.
        indicator_logits: (B, Q): is there any target (the paper's R_c, before the sigmoid)?
        mask_logits: (B, Q, S, H/4, W/4): slot k belongs to the k-th <MSK> of the text; the background's logit is 0.
        encoding: the image's encoding, with its dense maps.
    """

    logits: Tensor = None  # type: ignore[assignment]
    indicator_logits: Tensor = None  # type: ignore[assignment]
    mask_logits: Tensor = None  # type: ignore[assignment]
    encoding: AnnexeImageEncoding = None  # type: ignore[assignment]


@dataclass
class AnnexeGeneration(ModelOutput):
    """Greedily generated texts.

    Attributes:
        sequences: (M, T) new token ids, padded after the end token.
        token_probabilities: (M, T) probability of each new token.
        prompt_states: (M, L, D) hidden states of the prompt tokens.
        slot_states: (M, S, D) hidden states of the <MSK> tokens, in order; zero where there is none.
        slot_counts: (M,) how many of them there are.
    """

    sequences: Tensor = None  # type: ignore[assignment]
    token_probabilities: Tensor = None  # type: ignore[assignment]
    prompt_states: Tensor = None  # type: ignore[assignment]
    slot_states: Tensor = None  # type: ignore[assignment]
    slot_counts: Tensor = None  # type: ignore[assignment]


def _conv_block(channels_in: int, channels_out: int, kernel: int = 3) -> nn.Sequential:
    convolution = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True))


def _pixel_grid(height: int, width: int, like: Tensor) -> Tensor:
    """Return the places (height * width, 2) of a grid's cells, x and y in -1..1."""
    ys = (torch.arange(height, device=like.device, dtype=like.dtype) + 0.5) / height * 2 - 1
    xs = (torch.arange(width, device=like.device, dtype=like.dtype) + 0.5) / width * 2 - 1
    grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
    return torch.stack([grid_x, grid_y], dim=-1).flatten(0, 1)


class AnnexePlaceEmbedding(nn.Module):
    """Embedding (cells, channels) of where a feature lies; works at any image size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, channels), nn.GELU(), nn.Linear(channels, channels))

    def forward(self, height: int, width: int, like: Tensor) -> Tensor:
        """Return (height * width, channels) in the dtype and on the device of ``like``."""
        return self.layers(_pixel_grid(height, width, like))


class AnnexePyramid(nn.Module):
    """Neck: backbone maps at strides 4 to 32 are merged top-down into coarse (16) and fine (4) features."""

    def __init__(self, backbone_channels: list[int], config: AnnexeConfig) -> None:
        super().__init__()
        width = config.pyramid_channels
        widths = [config.pixel_channels, width, width, width]
        self.lateral = nn.ModuleList(_conv_block(c, w, 1) for c, w in zip(backbone_channels, widths, strict=True))
        self.context = nn.Sequential(_conv_block(width, width), _conv_block(width, width))
        self.narrow = _conv_block(width, config.pixel_channels, 1)
        self.coarse, self.middle = _conv_block(width, width), _conv_block(width, width)
        self.fine = nn.Sequential(
            _conv_block(config.pixel_channels, config.pixel_channels),
            _conv_block(config.pixel_channels, config.pixel_channels),
        )

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Return the coarse (B, C, H/16, W/16) and fine (B, P, H/4, W/4) features."""
        p4, p8, p16, p32 = (lateral(x) for lateral, x in zip(self.lateral, maps, strict=True))
        coarse = self.coarse(p16 + _upsampled(self.context(p32), p16))
        middle = self.middle(p8 + _upsampled(coarse, p8))
        return coarse, self.fine(p4 + _upsampled(self.narrow(middle), p4))


def _upsampled(x: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


class AnnexeDenseHeads(nn.Module):
    """Depth decoder (the paper's L_dep) and, ours, maps of labels and of contact, read from the fine features."""

    def __init__(self, config: AnnexeConfig) -> None:
        super().__init__()
        self.depth = nn.Conv2d(config.pixel_channels, 1, 1)
        self.labels = nn.Conv2d(config.pixel_channels, 1 + len(config.labels), 1)
        self.contact = nn.Conv2d(config.pixel_channels, 2, 1)

    def forward(self, fine: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return depth (B, h, w), label logits (B, 1 + labels, h, w) and contact logits (B, 2, h, w)."""
        return self.depth(fine).squeeze(1).sigmoid(), self.labels(fine), self.contact(fine)


class AnnexeConnector(nn.Module):
    """Makes visual tokens: neighbouring coarse features are concatenated and projected (the paper's 4:1 merge).

    Ours adds what the dense maps saw inside the token's square (largest probability), so that an object of a few
    pixels still reaches the language model.
    """

    def __init__(self, config: AnnexeConfig) -> None:
        super().__init__()
        self.merge = nn.PixelUnshuffle(config.token_merge)
        self.pool = nn.MaxPool2d(4 * config.token_merge)
        seen = len(config.labels) + 2
        width = config.text_config.hidden_size
        self.projection = nn.Linear(config.pyramid_channels * config.token_merge**2 + seen, width)
        self.place = AnnexePlaceEmbedding(width)
        self.norm = nn.LayerNorm(width)

    def forward(self, coarse: Tensor, label_logits: Tensor, contact_logits: Tensor) -> Tensor:
        """Return visual tokens (B, N, D)."""
        seen = torch.cat([label_logits.softmax(1)[:, 1:], contact_logits.sigmoid()], dim=1)
        cells = torch.cat([self.merge(coarse), self.pool(self.pool_input(seen, coarse))], dim=1)
        tokens = self.projection(cells.flatten(2).transpose(1, 2))
        return self.norm(tokens + self.place(cells.shape[2], cells.shape[3], tokens))

    @staticmethod
    def pool_input(seen: Tensor, coarse: Tensor) -> Tensor:
        """Return ``seen`` at exactly four times the coarse features' size."""
        size = (coarse.shape[-2] * 4, coarse.shape[-1] * 4)
        return seen if seen.shape[-2:] == size else functional.interpolate(seen, size=size)


class AnnexeQueryPooler(nn.Module):
    """Learned, deterministic pooling of a query's hidden states (the authors draw 256 of them at random)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, 1)

    def forward(self, states: Tensor, query_mask: Tensor) -> Tensor:
        """Return (..., D) of states (..., L, D), weighted over the tokens where query_mask (..., L) is true."""
        scores = self.score(states).squeeze(-1).float().masked_fill(~query_mask, torch.finfo(torch.float32).min)
        return (scores.softmax(-1).to(states.dtype).unsqueeze(-1) * states).sum(-2)


class AnnexeMaskIndicator(nn.Module):
    """R_c: is there a target at all? From the pooled query, which has seen the image through the language model."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))

    def forward(self, query: Tensor) -> Tensor:
        """Return logits (...) of queries (..., D)."""
        return self.layers(query).squeeze(-1)


class AnnexeGroundingLayer(nn.Module):
    """Slots look at the image. They don't look at each other: the language model ordered them already."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(channels), nn.MultiheadAttention(channels, heads, batch_first=True)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(channels), nn.Linear(channels, 4 * channels), nn.GELU(), nn.Linear(4 * channels, channels)
        )

    def forward(self, slots: Tensor, memory: Tensor) -> Tensor:
        """Return updated slots (B, M, C) given memory (B, cells, C)."""
        slots = slots + self.attention(self.norm(slots), memory, memory, need_weights=False)[0]
        return slots + self.feed_forward(slots)


class AnnexeGroundingDecoder(nn.Module):
    """Pixel grounding: each <MSK> state, with its query, becomes a filter over the depth-aware features.

    The paper's decoder sees query embeddings alone and fills its channels in a learned order; the <MSK> state makes
    slot k the k-th name of the answer by construction.
    """

    def __init__(self, config: AnnexeConfig) -> None:
        super().__init__()
        width, channels = config.text_config.hidden_size, config.pyramid_channels
        self.slot = nn.Linear(2 * width, channels)
        self.place = AnnexePlaceEmbedding(channels)
        self.memory_norm = nn.LayerNorm(channels)
        self.layers = nn.ModuleList(
            AnnexeGroundingLayer(channels, config.grounding_heads) for _ in range(config.grounding_layers)
        )
        self.filter = nn.Sequential(
            nn.LayerNorm(channels), nn.Linear(channels, channels), nn.GELU(), nn.Linear(channels, config.pixel_channels)
        )
        self.bias = nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, 1))
        self.pixels = nn.Sequential(
            _conv_block(config.pixel_channels, config.pixel_channels),
            nn.Conv2d(config.pixel_channels, config.pixel_channels, 1),
        )

    def forward(self, slot_states: Tensor, query: Tensor, encoding: AnnexeImageEncoding) -> Tensor:
        """Return mask logits (B, Q, S, H/4, W/4) of slot states (B, Q, S, D) and pooled queries (B, Q, D)."""
        batch, queries, count, _ = slot_states.shape
        together = torch.cat([slot_states, query.unsqueeze(2).expand_as(slot_states)], dim=-1)
        slots = self.slot(together).flatten(1, 2)
        height, width = encoding.coarse.shape[-2:]
        memory = encoding.coarse.flatten(2).transpose(1, 2)
        memory = self.memory_norm(memory + self.place(height, width, memory))
        for layer in self.layers:
            slots = layer(slots, memory)
        pixels = self.pixels(encoding.fine)
        logits = torch.einsum("bmc,bchw->bmhw", self.filter(slots), pixels) + self.bias(slots).unsqueeze(-1)
        return logits.view(batch, queries, count, *pixels.shape[-2:])


class AnnexePreTrainedModel(PreTrainedModel):
    """Weights, loading and saving."""

    config_class = AnnexeConfig
    base_model_prefix = "annexe"
    main_input_name = "pixel_values"
    _supports_sdpa = True


class AnnexeForEgoIRG(AnnexePreTrainedModel):
    """Analyse, answer and ground an egocentric image."""

    def __init__(self, config: AnnexeConfig) -> None:
        super().__init__(config)
        self.backbone = AutoBackbone.from_config(config.vision_config)
        self.pyramid = AnnexePyramid(self.backbone.channels, config)
        self.dense_heads = AnnexeDenseHeads(config)
        self.connector = AnnexeConnector(config)
        self.language_model = AutoModelForCausalLM.from_config(config.text_config)
        width = config.text_config.hidden_size
        self.query_pooler = AnnexeQueryPooler(width)
        self.indicator = AnnexeMaskIndicator(width)
        self.grounding = AnnexeGroundingDecoder(config)
        if config.coordinate_channels:
            self.coordinates = nn.Conv2d(2, config.vision_config.hidden_sizes[0], 1)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Keep PyTorch's own initialisation for the parts written here; transformers initialises its own."""

    def encode_image(self, pixel_values: Tensor) -> AnnexeImageEncoding:
        """Return the encoding of images (B, 3, H, W); H and W are multiples of ``config.input_multiple``."""
        maps = self.backbone(pixel_values).feature_maps
        coarse, fine = self.pyramid((self._with_place(maps[0]), *maps[1:]))
        depth, label_logits, contact_logits = self.dense_heads(fine)
        tokens = self.connector(coarse, label_logits, contact_logits)
        return AnnexeImageEncoding(tokens, coarse, fine, depth, label_logits, contact_logits)

    def _with_place(self, first: Tensor) -> Tensor:
        if not self.config.coordinate_channels:
            return first
        height, width = first.shape[-2:]
        grid = _pixel_grid(height, width, first).T.reshape(1, 2, height, width)
        return first + self.coordinates(grid)

    def read_image(self, encoding: AnnexeImageEncoding, prefix_ids: Tensor) -> DynamicCache:
        """Return the key-value cache (batch B) of the prefix: prompt head (P,) token ids, then the visual tokens."""
        tokens = encoding.visual_tokens
        head = self.language_model.get_input_embeddings()(prefix_ids).expand(tokens.shape[0], -1, -1)
        cache = DynamicCache(config=self.config.text_config)
        embeddings = torch.cat([head.to(tokens.dtype), tokens], dim=1)
        self.language_model.model(inputs_embeds=embeddings, past_key_values=cache, use_cache=True)
        return cache

    def forward(
        self,
        pixel_values: Tensor,
        prefix_ids: Tensor | None = None,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        query_mask: Tensor | None = None,
    ) -> AnnexeOutput:
        """Run Q texts per image with teacher forcing, or the image encoder alone where there is no text.

        Args:
            pixel_values: (B, 3, H, W).
            prefix_ids: (P,) token ids before the visual tokens.
            input_ids: (B, Q, L) prompt and reply, right-padded.
            attention_mask: (B, Q, L), 1 = token, 0 = padding.
            query_mask: (B, Q, L) bool, true on the prompt's tokens.
        """
        encoding = self.encode_image(pixel_values)
        if input_ids is None or prefix_ids is None or attention_mask is None or query_mask is None:
            return AnnexeOutput(encoding=encoding)
        cache = self.read_image(encoding, prefix_ids)
        batch, queries, length = input_ids.shape
        cache.batch_repeat_interleave(queries)
        states = self._text_states(input_ids.flatten(0, 1), attention_mask.flatten(0, 1), cache)
        states = states.view(batch, queries, length, -1)
        slots = self.slot_states(states, input_ids)
        query = self.query_pooler(states, query_mask)
        return AnnexeOutput(
            logits=self.language_model.lm_head(states),
            indicator_logits=self.indicator(query),
            mask_logits=self.grounding(slots, query, encoding),
            encoding=encoding,
        )

    def _text_states(self, input_ids: Tensor, attention_mask: Tensor, cache: DynamicCache) -> Tensor:
        """Return hidden states (M, L, D) of texts behind a cached prefix, which they extend."""
        past = attention_mask.new_ones(attention_mask.shape[0], cache.get_seq_length())
        output = self.language_model.model(
            input_ids=input_ids,
            attention_mask=torch.cat([past, attention_mask], dim=1),
            past_key_values=cache,
            use_cache=True,
        )
        return output.last_hidden_state

    def slot_states(self, states: Tensor, input_ids: Tensor) -> Tensor:
        """Gather the states (..., S, D) of the <MSK> tokens of texts (..., L) in order; zero where there is none."""
        is_mask = input_ids == self.config.mask_token_id
        rank = is_mask.cumsum(-1) - 1
        chosen = [is_mask & (rank == k) for k in range(self.config.slots)]
        return torch.stack([(c.unsqueeze(-1) * states).sum(-2) for c in chosen], dim=-2)

    @torch.inference_mode()
    def generate_text(
        self,
        cache: DynamicCache,
        prompt_ids: Tensor,
        max_new_tokens: int = 50,
        on_token: Callable[[Tensor], None] | None = None,
    ) -> AnnexeGeneration:
        """Reply greedily to prompts (M, L) of equal length behind a cached prefix of batch M, which is consumed.

        ``on_token`` gets the new ids (M,) of each step and may raise to stop the work.
        """
        eos, pad = self.config.text_config.eos_token_id, self.config.text_config.pad_token_id
        pad = eos if pad is None else pad
        states = self.language_model.model(prompt_ids, past_key_values=cache, use_cache=True).last_hidden_state
        prompt_states, step_states = states, []
        ended = torch.zeros(len(prompt_ids), dtype=torch.bool, device=prompt_ids.device)
        tokens, probabilities = [], []
        for _ in range(max_new_tokens):
            probability, token = self.language_model.lm_head(states[:, -1]).float().softmax(-1).max(-1)
            token = torch.where(ended, pad, token)
            tokens.append(token)
            probabilities.append(torch.where(ended, 1.0, probability))
            if on_token is not None:
                on_token(token)
            ended = ended | (token == eos)
            if bool(ended.all()):
                break
            states = self.language_model.model(
                token.unsqueeze(1), past_key_values=cache, use_cache=True
            ).last_hidden_state
            step_states.append(states)
        return self._generation(tokens, probabilities, prompt_states, step_states)

    def _generation(
        self, tokens: list[Tensor], probabilities: list[Tensor], prompt_states: Tensor, step_states: list[Tensor]
    ) -> AnnexeGeneration:
        sequences = torch.stack(tokens, dim=1)
        read = sequences[:, : len(step_states)]
        states = torch.cat(step_states, dim=1) if step_states else prompt_states[:, :0]
        counts = (read == self.config.mask_token_id).sum(-1).clamp(max=self.config.slots)
        return AnnexeGeneration(
            sequences=sequences,
            token_probabilities=torch.stack(probabilities, dim=1),
            prompt_states=prompt_states,
            slot_states=self.slot_states(states, read),
            slot_counts=counts,
        )
