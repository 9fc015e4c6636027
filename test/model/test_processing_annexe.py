"""Images and texts to tensors and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model


@settings(max_examples=60, deadline=None)
@given(st.integers(16, 4000), st.integers(16, 4000))
def test_input_size_keeps_aspect_within_rounding_and_never_vanishes(height, width):
    from annexe_ros.model import AnnexeImageProcessor

    rows, columns = AnnexeImageProcessor(multiple_of=32).input_size(height, width)
    assert rows % 32 == 0
    assert columns % 32 == 0
    assert rows >= 32
    assert columns >= 32
    ideal = (448 * 352 * height / width) ** 0.5
    assert abs(rows - max(ideal, 32)) <= 16 + 1e-6


@pytest.mark.parametrize("size", [(1, 16_000_000), (16_000_000, 1), (1, 40_000)])
def test_a_strip_of_an_image_is_not_seen_with_many_times_the_pixels(size):
    from annexe_ros.model import AnnexeImageProcessor

    processor = AnnexeImageProcessor(pixel_budget=448 * 352, multiple_of=32)
    rows, columns = processor.input_size(*size)
    assert rows * columns <= 2 * 448 * 352
    assert min(rows, columns) == 32


def test_pixels_are_normalised_rgb(tiny_processor):
    red = np.zeros((48, 64, 3), dtype=np.uint8)
    red[..., 0] = 255
    pixels = tiny_processor.image_processor(red)["pixel_values"]
    assert pixels.shape == (1, 3, 64, 64)
    expected = [(1 - 0.55) / 0.22, -0.55 / 0.23, -0.53 / 0.25]
    torch.testing.assert_close(pixels.mean((0, 2, 3)), torch.tensor(expected))


def test_an_image_is_copied_only_where_torch_would_warn_of_read_only_memory(tiny_processor, monkeypatch):
    processor, seen = tiny_processor.image_processor, []
    monkeypatch.setattr(torch, "from_numpy", lambda array, take=torch.from_numpy: seen.append(array) or take(array))
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    fixed = np.frombuffer(image.tobytes(), np.uint8).reshape(image.shape)
    pixels = [processor(one)["pixel_values"] for one in (image, fixed)]
    assert torch.equal(*pixels)
    assert [taken.flags.writeable for taken in seen] == [True, True]
    assert np.shares_memory(image, seen[0])


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=80))
def test_any_query_can_be_tokenised_and_ends_the_prompt_right(tiny_processor, text):
    ids = tiny_processor.answer_prompt_ids(text)
    assert ids[-1] == tiny_processor.tokenizer.convert_tokens_to_ids("[/INST]")
    assert max(ids) < len(tiny_processor.tokenizer)


def test_query_case_does_not_matter(tiny_processor):
    assert tiny_processor.answer_prompt_ids("Segment THE Mug") == tiny_processor.answer_prompt_ids("segment the mug")


@pytest.mark.parametrize("names", [["left hand"], ["right hand", "trash can"], ["left hand", "right hand", "mug"]])
def test_marked_answers_are_read_back(tiny_processor, names):
    ids = tiny_processor.reply_ids(tiny_processor.marked_answer(names))
    assert tiny_processor.answer_names(ids) == names
    assert tiny_processor.reply_text(ids) == " and ".join(names)


def test_names_are_read_back_where_the_tokenizer_puts_a_space_behind_a_mark(tiny_processor, monkeypatch):
    text = "right hand<MSK>  and trash  can<MSK>  and left hand<MSK>"  # as Mistral's decodes
    monkeypatch.setattr(tiny_processor.tokenizer, "decode", lambda *_, **__: text)
    assert tiny_processor.answer_names([1]) == ["right hand", "trash can", "left hand"]


def test_a_no_target_answer_names_nothing(tiny_processor):
    assert tiny_processor.answer_names(tiny_processor.reply_ids("There is no suitable target.")) == []


def test_processor_survives_saving(tiny_processor, tiny_folder):
    from annexe_ros.model import AnnexeProcessor

    loaded = AnnexeProcessor.from_pretrained(tiny_folder)
    assert loaded.answer_prompt_ids("the mug?") == tiny_processor.answer_prompt_ids("the mug?")
    assert loaded.image_processor.input_size(480, 640) == tiny_processor.image_processor.input_size(480, 640)
