"""Checkpoints with the keys of the authors' code: every tensor placed, or named with the reason."""

from __future__ import annotations

import copy
import pickle

import pytest
from tiny_annexe import TINY_PAPER

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("peft", reason="peft is not installed")
pytestmark = pytest.mark.model

SCRATCH = "depth_estimation_model.depth_head.scratch"
HOMELESS = ["mask_decoder", "with_mask_classfier", "linear_layer", "depth_decoder"]


def authors_state(with_names=True):
    """Return a random state dict with the shapes of the tiny model and the keys that the authors' runner saves."""
    adapter = ".default" if with_names else ""
    shapes = {"llama_proj.weight": (32, 64), "llama_proj.bias": (32,)}
    for layer in range(2):
        for projection in ("q_proj", "v_proj"):
            stem = f"llama_model.base_model.model.model.layers.{layer}.self_attn.{projection}"
            shapes |= {f"{stem}.lora_A{adapter}.weight": (2, 32), f"{stem}.lora_B{adapter}.weight": (32, 2)}
        shapes[f"llama_model.base_model.model.model.layers.{layer}.self_attn.rotary_emb.inv_freq"] = (8,)
    for unit in (1, 2):
        for conv in (1, 2):
            stem = f"{SCRATCH}.refinenet4.resConfUnit{unit}.conv{conv}"
            shapes |= {f"{stem}.weight": (8, 8, 3, 3), f"{stem}.bias": (8,)}
    shapes |= {f"{SCRATCH}.refinenet4.out_conv.weight": (8, 8, 1, 1), f"{SCRATCH}.refinenet4.out_conv.bias": (8,)}
    shapes |= {f"{SCRATCH}.layer4_rn.weight": (8, 16, 3, 3)}
    shapes |= {f"{SCRATCH}.output_conv1.weight": (4, 8, 3, 3), f"{SCRATCH}.output_conv1.bias": (4,)}
    shapes |= {f"{SCRATCH}.output_conv2.0.weight": (4, 4, 3, 3), f"{SCRATCH}.output_conv2.0.bias": (4,)}
    shapes |= {f"{SCRATCH}.output_conv2.2.weight": (1, 4, 1, 1), f"{SCRATCH}.output_conv2.2.bias": (1,)}
    generator = torch.Generator().manual_seed(0)
    return {key: torch.randn(shape, generator=generator) for key, shape in shapes.items()}


def homeless():
    return {
        "mask_decoder.deconv1.weight": torch.zeros(4, 4),
        "with_mask_classfier.fc1.bias": torch.zeros(4),
        "linear_layer.weight": torch.zeros(4, 4),
        "depth_decoder.conv.weight": torch.zeros(4, 4),
    }


@pytest.fixture(scope="module")
def base():
    from annexe_ros.model import AnnexeConfig, AnnexeForEgoIRG

    torch.manual_seed(1)
    model = AnnexeForEgoIRG(AnnexeConfig(**TINY_PAPER)).eval()
    torch.nn.init.normal_(model.vision_tower.post_layernorm.weight)
    return model


@pytest.fixture
def model(base):
    return copy.deepcopy(base)


def place(model, state, drop=()):
    from annexe_ros.model import convert_annexe_checkpoint

    return convert_annexe_checkpoint.place(model, state, drop)


@pytest.mark.parametrize("with_names", [True, False])
def test_every_tensor_lands_where_it_belongs(model, base, with_names):
    state = authors_state(with_names)
    conversion = place(model, state)
    assert len(conversion.placed) == len(set(conversion.placed.values())) == len(state) - 2
    assert all("inv_freq" in key for key in conversion.dropped)
    ours, before = model.state_dict(), base.state_dict()
    assert all(torch.equal(ours[name], state[key]) for key, name in conversion.placed.items())
    changed = {name for name in ours if not torch.equal(ours[name], before[name])}
    assert changed == {*conversion.placed.values(), "vision_tower.post_layernorm.weight"}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("llama_proj.bias", "connector.projection.bias"),
        (
            "llama_model.base_model.model.model.layers.3.self_attn.v_proj.lora_B.weight",
            "language_model.model.layers.3.self_attn.v_proj.lora_B.default.weight",
        ),
        (f"{SCRATCH}.refinenet1.out_conv.bias", "neck.fusion_stage.layers.3.projection.bias"),
        (
            f"{SCRATCH}.refinenet4.resConfUnit2.conv1.weight",
            "neck.fusion_stage.layers.0.residual_layer2.convolution1.weight",
        ),
        (f"{SCRATCH}.layer1_rn.weight", "neck.convs.0.weight"),
        (f"{SCRATCH}.output_conv2.2.bias", "head.conv3.bias"),
        ("depth_estimation_model.depth_head.projects.2.bias", "neck.reassemble_stage.layers.2.projection.bias"),
        ("depth_estimation_model.depth_head.resize_layers.0.weight", "neck.reassemble_stage.layers.0.resize.weight"),
        ("depth_estimation_model.pretrained.cls_token", None),
        ("xllama_proj.bias", None),
    ],
)  # fmt: skip
def test_names(theirs, ours):
    from annexe_ros.model.convert_annexe_checkpoint import our_name

    name = our_name(theirs)
    assert (name or "").removeprefix("ground_encoder.depth_model.") == (ours or "")


def test_each_key_without_a_place_is_named_and_nothing_is_changed(model, base):
    from annexe_ros.model.convert_annexe_checkpoint import UnplacedKeysError

    state = authors_state() | homeless() | {"surprise.weight": torch.zeros(2), "llama_proj.weight": torch.zeros(32, 65)}
    with pytest.raises(UnplacedKeysError, match="6 tensors") as caught:
        place(model, state)
    assert set(caught.value.keys) == {*homeless(), "surprise.weight", "llama_proj.weight"}
    assert caught.value.keys["surprise.weight"] == "no rule for it"
    assert caught.value.keys["llama_proj.weight"] == "connector.projection.weight is (32, 64), this is (32, 65)"
    before = base.state_dict()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_is_dropped_by_name_is_no_obstacle(model):
    conversion = place(model, authors_state() | homeless(), HOMELESS)
    assert {key for key in conversion.dropped if "inv_freq" not in key} == set(homeless())
    assert conversion.placed["llama_proj.weight"] == "connector.projection.weight"


def test_a_drop_must_match_whole_words(model):
    with pytest.raises(ValueError, match="begins with linear, nothing"):
        place(model, authors_state() | homeless(), [*HOMELESS, "linear", "nothing"])


def test_the_authors_depth_is_depth_and_their_norm_is_plain(model):
    place(model, authors_state())
    assert model.config.inverse_depth is model.ground_encoder.inverse_depth is False
    assert torch.equal(model.vision_tower.post_layernorm.weight, torch.ones(16))


def test_minigpt_v2_leaves_depth_alone(model):
    state = {key: value for key, value in authors_state().items() if not key.startswith("depth")}
    place(model, state)
    assert model.config.inverse_depth
    assert torch.equal(model.connector.projection.bias, state["llama_proj.bias"])


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_file_is_read_with_or_without_the_runners_wrapping(tmp_path, wrapped):
    from annexe_ros.model.convert_annexe_checkpoint import read_checkpoint

    state = authors_state()
    torch.save({"model": state, "epoch": 3, "config": {"lr": 1e-5}} if wrapped else state, tmp_path / "c.pth")
    read = read_checkpoint(tmp_path / "c.pth")
    assert read.keys() == state.keys()
    assert all(torch.equal(read[key], state[key]) for key in state)


class Harmful:
    def __reduce__(self):
        return exec, ("raise SystemExit('ran')",)


def test_no_code_of_a_file_is_run(tmp_path):
    from annexe_ros.model.convert_annexe_checkpoint import read_checkpoint

    torch.save({"model": Harmful()}, tmp_path / "harmful.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Harmful()))
    (tmp_path / "text.pth").write_text("no checkpoint")
    for name in ("harmful.pth", "plain.pth", "text.pth"):
        with pytest.raises(ValueError, match="no checkpoint that can be read without running code"):
            read_checkpoint(tmp_path / name)


def test_a_file_of_something_else_is_refused(tmp_path):
    from annexe_ros.model.convert_annexe_checkpoint import read_checkpoint

    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ValueError, match="holds no state dict"):
        read_checkpoint(tmp_path / "list.pth")
