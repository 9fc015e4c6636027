"""A scene model's image encoder as the stem of a clip encoder, and what is disturbed of its maps."""

import numpy as np
import pytest
import torch

from annexe_ros.core.errors import CheckpointError, ModelNotFoundError
from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG
from annexe_ros.video.configuration_egovideo import small_clip_encoder
from annexe_ros.video.encoder import ClipEncoder
from annexe_ros.video.modeling_egovideo import EgoVideoModel
from annexe_ros.video.processing_egovideo import train_word_tokenizer
from annexe_ros.video.scene_stem import SceneStem, load_scene_stem, quickened, stem_config_of
from annexe_ros.video.training.augmentation import Augmentation

pytestmark = pytest.mark.model
LABELS = ["left hand", "right hand", "mug"]
TEXT = {"model_type": "llama", "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 40}  # fmt: skip
EYES = {"model_type": "efficientnet_lite", "embedding_size": 8, "hidden_sizes": [8] * 7, "depths": [1] * 7,
        "expansions": [1] + [2] * 6}  # fmt: skip
FRAME = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def scene_model(tmp_path_factory):
    """Return the folder of a scene model that has learned nothing."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("scene_model")
    AnnexeForEgoIRG(AnnexeConfig(EYES, TEXT, pyramid_channels=8, labels=LABELS)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def stem(scene_model):
    """Return the stem of that scene model."""
    made = SceneStem(AnnexeConfig(**stem_config_of(scene_model)), 4).eval()
    load_scene_stem(made, scene_model)
    return made


def test_a_stem_sees_what_the_scene_model_sees(stem, scene_model):
    seen = AnnexeForEgoIRG.from_pretrained(scene_model).eval().encode_image(FRAME)
    shares = torch.nn.functional.adaptive_avg_pool2d(seen.label_logits.softmax(1), 4)
    maps = stem(FRAME)
    assert torch.allclose(maps[:, :4], shares, atol=1e-5)
    assert torch.allclose(maps[:, -1], torch.nn.functional.adaptive_avg_pool2d(seen.depth, 4), atol=1e-5)


def test_a_quickened_stem_sees_the_same(stem):
    assert torch.allclose(quickened(stem)(FRAME), stem(FRAME), atol=1e-4)


def test_an_encoder_keeps_its_stem(scene_model, tmp_path):
    tokenizer = train_word_tokenizer(["a b"])
    model = EgoVideoModel(small_clip_encoder(stem_config_of(scene_model), len(tokenizer)))
    load_scene_stem(model.stem, scene_model)
    model.config.frame_size = 64
    encoder = ClipEncoder(model, tokenizer)
    encoder.save(tmp_path, torch.float32)
    clip = np.random.default_rng(0).integers(0, 255, (16, 64, 64, 3)).astype(np.uint8)
    again = ClipEncoder.load(tmp_path)
    assert np.allclose(encoder.embed_clips([clip]), again.embed_clips([clip]), atol=1e-5)
    assert np.allclose(again.embed_maps(again.see_clips([clip])), again.embed_clips([clip]), atol=1e-6)


def test_a_folder_without_a_scene_model_is_refused(tmp_path):
    with pytest.raises(ModelNotFoundError, match="no scene model"):
        stem_config_of(tmp_path)


def test_other_weights_are_refused(stem, tmp_path):
    with pytest.raises(CheckpointError):
        load_scene_stem(stem, tmp_path)


def test_a_mirrored_film_swaps_hands_and_nothing_else_of_what_is_seen():
    maps = torch.rand(64, 6, 7, 5, 5)
    made = Augmentation(LABELS)(maps, np.random.default_rng(0))
    assert made.shape == maps.shape
    level = torch.arange(7.0).view(1, 1, 7, 1, 1).expand(64, 6, 7, 5, 5)
    orders = {tuple(film[0, :, 0, 0].tolist()) for film in Augmentation(LABELS)(level, np.random.default_rng(0))}
    assert orders == {(0, 1, 2, 3, 4, 5, 6), (0, 2, 1, 3, 5, 4, 6)}


def test_a_film_keeps_the_order_of_its_frames():
    times = torch.arange(6.0).view(1, 6, 1, 1, 1).expand(32, 6, 7, 3, 3)
    made = Augmentation(LABELS)(times, np.random.default_rng(1))[:, :, 0, 0, 0]
    assert (made.diff(dim=1) >= 0).all()
    assert {float(film[0]) for film in made} == {0.0, 1.0, 2.0}
