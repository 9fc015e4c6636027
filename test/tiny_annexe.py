"""Sub-configurations of an ANNEXE that a test can make in a moment."""

TINY_VISION = {
    "model_type": "resnet",
    "layer_type": "basic",
    "embedding_size": 8,
    "hidden_sizes": [8, 8, 16, 16],
    "depths": [1, 1, 1, 1],
    "out_features": ["stage1", "stage2", "stage3", "stage4"],
}
TINY_TEXT = {
    "model_type": "llama",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
TINY_TOWER = {
    "model_type": "blip_2_vision_model",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 56,
    "patch_size": 14,
    "initializer_range": 0.02,
}
TINY_DEPTH = {
    "model_type": "depth_anything",
    "backbone_config": {
        "model_type": "dinov2",
        "hidden_size": 16,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "image_size": 70,
        "out_indices": [1, 2, 3, 4],
        "reshape_hidden_states": False,
    },
    "reassemble_hidden_size": 16,
    "neck_hidden_sizes": [8, 8, 16, 16],
    "fusion_hidden_size": 8,
    "head_hidden_size": 4,
}
TINY_PAPER = {
    "vision_config": TINY_TOWER,
    "ground_config": TINY_DEPTH,
    "text_config": TINY_TEXT | {"vocab_size": 300, "head_dim": 16},
    "lora": {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "v_proj"]},
    "pyramid_channels": 16,
    "pixel_channels": 8,
    "contact_map": False,
}
"""Arguments of an ``AnnexeConfig`` in the paper's layout."""
