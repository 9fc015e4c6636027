"""The dual encoder: shapes, CLIP's weights, time, and gradients that reach every adapter."""

import pytest
import torch
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

from annexe_ros.video.configuration_egovideo import EgoVideoConfig, egovideo_large, small_clip_encoder
from annexe_ros.video.modeling_egovideo import EgoVideoModel, MotionAdapter

pytestmark = pytest.mark.model
VISION = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
          "image_size": 16, "patch_size": 8, "hidden_act": "gelu"}  # fmt: skip
TEXT = {"vocab_size": 20, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
        "max_position_embeddings": 8, "eos_token_id": 3, "bos_token_id": 1, "pad_token_id": 0}  # fmt: skip


def tiny(**changes):
    torch.manual_seed(0)
    settings = {"frame_size": 16, "num_frames": 8, "slow_frames": 2, "adapter_size": 8, "projection_dim": 16}
    return EgoVideoModel(EgoVideoConfig(VISION, TEXT, **(settings | changes))).eval()


def with_working_adapters(model):
    for adapter in model.adapters:
        torch.nn.init.normal_(adapter.up.weight, std=0.1)
    return model


CLIP = torch.randn(2, 8, 3, 16, 16, generator=torch.Generator().manual_seed(1))
TEXTS = torch.tensor([[1, 5, 6, 3], [1, 7, 3, 0]])


def test_clips_and_texts_meet_as_unit_vectors():
    output = tiny()(CLIP, TEXTS, (TEXTS != 0).long())
    for vectors in (output.video_embeds, output.text_embeds):
        assert vectors.shape == (2, 16)
        assert torch.allclose(vectors.norm(dim=-1), torch.ones(2))


def test_a_new_adapter_changes_nothing():
    patches = torch.randn(1, 4, 3, 32)
    adapter = MotionAdapter(32, 8)
    torch.nn.init.zeros_(adapter.up.weight)
    torch.nn.init.zeros_(adapter.up.bias)
    assert torch.equal(adapter(patches), patches)
    assert all(not made.up.weight.any() for made in tiny().adapters)


def test_an_adapter_sees_neighbouring_frames_at_the_same_place_only():
    adapter = MotionAdapter(6, 4)
    torch.nn.init.normal_(adapter.up.weight)
    patches = torch.randn(1, 5, 3, 6)
    changed = patches.clone()
    changed[0, 2, 1] += 1
    moved = (adapter(changed) - adapter(patches)).abs().sum(-1)[0] > 1e-6
    assert moved.nonzero().tolist() == [[1, 1], [2, 1], [3, 1]]


@pytest.mark.parametrize("fast_path_teaches", [False, True])
def test_every_adapter_gets_gradient(fast_path_teaches):
    model = with_working_adapters(tiny(fast_path_teaches=fast_path_teaches)).train()
    model.embed_video(CLIP)[:, 0].sum().backward()
    for adapter in model.adapters:
        for name, parameter in adapter.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


def test_the_fast_path_teaches_the_shared_blocks_only_if_told():
    gradients = []
    for teaches in (False, True):
        model = with_working_adapters(tiny(fast_path_teaches=teaches)).train()
        model.embed_video(CLIP)[:, 0].sum().backward()
        gradients.append(model.vision_model.encoder.layers[0].mlp.fc1.weight.grad)
    assert gradients[0].abs().sum() > 0
    assert not torch.allclose(gradients[0], gradients[1])


def test_both_ways_of_teaching_see_the_same():
    first, second = tiny(fast_path_teaches=False), tiny(fast_path_teaches=True)
    assert torch.allclose(first.embed_video(CLIP), second.embed_video(CLIP), atol=1e-6)


def test_the_order_of_frames_matters_once_time_is_learned():
    model = with_working_adapters(tiny())
    assert not torch.allclose(model.embed_video(CLIP), model.embed_video(CLIP.flip(1)), atol=1e-4)


def test_without_time_and_adapters_the_order_does_not_matter():
    model = tiny(adapter_size=0, slow_frames=0)
    assert torch.allclose(model.embed_video(CLIP), model.embed_video(CLIP.flip(1)), atol=1e-5)


def test_another_number_of_frames_is_interpolated():
    model = tiny()
    torch.nn.init.normal_(model.temporal_embedding)
    assert model.embed_video(CLIP[:, :4]).shape == (2, 16)


def test_clips_weights_load_and_one_frame_is_seen_as_clip_sees_it():
    clip = CLIPModel(CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=16)).eval()
    model = tiny(slow_frames=0, adapter_size=0, num_frames=1)
    model.load_clip(clip)
    theirs = clip.visual_projection(clip.vision_model(CLIP[:, 0]).pooler_output)
    assert torch.allclose(model.embed_video(CLIP[:, :1]), torch.nn.functional.normalize(theirs, dim=-1), atol=1e-5)
    ours, text = model.embed_text(TEXTS), clip.text_projection(clip.text_model(TEXTS).pooler_output)
    assert torch.allclose(ours, torch.nn.functional.normalize(text, dim=-1), atol=1e-5)


def test_a_model_without_frames_says_so():
    with pytest.raises(ValueError, match="clip is needed"):
        tiny().embed_video()


def test_a_saved_model_is_the_same_model(tmp_path):
    model = with_working_adapters(tiny())
    model.save_pretrained(tmp_path)
    again = EgoVideoModel.from_pretrained(tmp_path).eval()
    assert torch.allclose(model.embed_video(CLIP), again.embed_video(CLIP))


def test_the_small_encoder_sees_a_scene_models_maps():
    eyes = {"model_type": "efficientnet_lite", "embedding_size": 8, "hidden_sizes": [8] * 7, "depths": [1] * 7}
    stem = {"vision_config": eyes, "pyramid_channels": 8, "labels": ["left hand", "right hand", "mug"]}
    model = EgoVideoModel(small_clip_encoder(stem, 40)).eval()
    maps = model.see(torch.zeros(1, 16, 3, 64, 64))
    assert maps.shape == (1, 16, 4 + 2 + 1, 8, 8)
    assert torch.allclose(maps[:, :, :4].sum(2), torch.ones(1, 16, 8, 8))
    assert model.embed_video(stem_maps=maps).shape == (1, 64)


def test_with_a_readout_the_order_matters_from_the_start():
    model = tiny(adapter_size=0, slow_frames=0, place_readout=True)
    assert not torch.allclose(model.embed_video(CLIP), model.embed_video(CLIP.flip(1)), atol=1e-3)


def test_times_differ_where_they_begin_as_sines():
    table = tiny(time_scale=0.5).temporal_embedding.detach()
    assert float(table.std()) == pytest.approx(0.5, abs=0.1)
    assert torch.cdist(table, table).fill_diagonal_(1).min() > 0.1


def test_the_large_configuration_has_the_published_sizes():
    config = egovideo_large()
    assert (config.vision_config.hidden_size, config.vision_config.image_size, config.projection_dim) == (
        1024,
        336,
        512,
    )
    assert isinstance(config.vision_config, CLIPVisionConfig)
    assert isinstance(config.text_config, CLIPTextConfig)
