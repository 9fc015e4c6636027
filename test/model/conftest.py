"""A tiny untrained ANNEXE, made in the test."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.fixture(scope="session")
def tiny_processor():
    from annexe_ros.model import AnnexeImageProcessor, AnnexeProcessor, train_tokenizer

    texts = ["please segment the left hand and the mug", "There is no suitable target.", "right hand and trash can"]
    return AnnexeProcessor(AnnexeImageProcessor(pixel_budget=64 * 64), train_tokenizer(texts))


@pytest.fixture(scope="session")
def tiny_model(tiny_processor):
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG

    torch.manual_seed(0)
    vision = {
        "model_type": "resnet",
        "layer_type": "basic",
        "embedding_size": 8,
        "hidden_sizes": [8, 8, 16, 16],
        "depths": [1, 1, 1, 1],
        "out_features": ["stage1", "stage2", "stage3", "stage4"],
    }
    text = {
        "model_type": "llama",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "vocab_size": len(tiny_processor.tokenizer),
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    config = AnnexeConfig(vision, text, pyramid_channels=16, pixel_channels=8, labels=["left hand", "mug"])
    return AnnexeForEgoIRG(config).eval()


@pytest.fixture(scope="session")
def tiny_folder(tiny_model, tiny_processor, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny-annexe")
    tiny_model.save_pretrained(folder)
    tiny_processor.save_pretrained(folder)
    return folder
