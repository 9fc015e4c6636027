"""The quick decoder says what transformers' generation says, row by row, whatever shares its batch."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model

LIMIT = 12


def ignore(tokens):
    pass


@pytest.fixture
def prefixes(tiny_model):
    """Caches of two images of different size: 16 and 4 visual tokens behind the same head."""
    torch.manual_seed(1)
    head = torch.tensor([1, 4])
    sizes = (128, 128), (64, 64)
    with torch.inference_mode():
        return [tiny_model.read_image(tiny_model.encode_image(torch.randn(1, 3, *size)), head) for size in sizes]


def plain(tiny_model, prompt):
    from annexe_ros.inference.decoding import PlainDecoder

    return PlainDecoder(tiny_model).reply([prompt], LIMIT, ignore)[0]


def test_rows_of_one_batch_say_what_they_say_alone(tiny_model, prefixes):
    from annexe_ros.inference.decoding import LlamaDecoder, Prompt, decoder_for

    decoder = decoder_for(tiny_model)
    assert isinstance(decoder, LlamaDecoder)
    prompts = [Prompt(prefixes[0], [5, 7, 9]), Prompt(prefixes[0], [6]), Prompt(prefixes[1], [8, 8, 8, 8, 2])]
    lengths = [prefix.get_seq_length() for prefix in prefixes]
    for prompt, ours in zip(prompts, decoder.reply(prompts, LIMIT, ignore), strict=True):
        theirs = plain(tiny_model, prompt)
        assert ours.sequences.tolist() == theirs.sequences.tolist()
        assert ours.slot_counts.tolist() == theirs.slot_counts.tolist()
        for name in ("token_probabilities", "prompt_states", "slot_states", "reply_states"):
            torch.testing.assert_close(ours[name], theirs[name], rtol=1e-4, atol=1e-4)
    assert [prefix.get_seq_length() for prefix in prefixes] == lengths  # left as they were


def test_a_descriptor_moves_the_reply(tiny_model, prefixes):
    from annexe_ros.inference.decoding import LlamaDecoder, Prompt

    descriptor = torch.full((1, tiny_model.config.text_config.hidden_size), 0.3)
    prompts = [Prompt(prefixes[0], [5, 7], descriptor), Prompt(prefixes[0], [5, 7, 9])]
    guided, free = LlamaDecoder(tiny_model).reply(prompts, LIMIT, ignore)
    torch.testing.assert_close(guided.prompt_states, plain(tiny_model, prompts[0]).prompt_states, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(free.prompt_states, plain(tiny_model, prompts[1]).prompt_states, rtol=1e-4, atol=1e-4)


def test_an_opening_decides_the_first_token_of_its_row_alone(tiny_model, prefixes):
    from annexe_ros.inference.decoding import LlamaDecoder, Prompt

    seen = []

    def only_eleven(states, logits):
        seen.append(states)
        return torch.full_like(logits, -torch.inf).index_fill(1, torch.tensor([11]), 0.0)

    prompts = [Prompt(prefixes[0], [5, 7, 9], opening=only_eleven), Prompt(prefixes[1], [8, 6])]
    decoder = LlamaDecoder(tiny_model)
    decoder._drafts.learn(prompts[0].ids, [3, 3, 3])
    forced, free = decoder.reply(prompts, LIMIT, ignore)
    for prompt, ours in zip(prompts, (forced, free), strict=True):
        assert ours.sequences.tolist() == plain(tiny_model, prompt).sequences.tolist()
    assert forced.sequences[0, 0] == 11
    assert forced.token_probabilities[0, 0] == 1.0
    assert [states.shape[:2] for states in seen] == [(1, 3), (1, 3)]  # once for each decoder
    torch.testing.assert_close(*seen, rtol=1e-4, atol=1e-4)


def test_work_stops_when_every_row_has_ended(tiny_model, prefixes, monkeypatch):
    from annexe_ros.inference.decoding import LlamaDecoder, Prompt

    script = [[5, 2], [6], [2]]  # the second row ends at once, the first one at its third token
    end = tiny_model.config.text_config.eos_token_id
    heard = []

    def scripted(states):
        logits = torch.full((len(states), tiny_model.config.text_config.vocab_size), -9.0)
        for row, token in enumerate(script[len(heard)]):
            logits[row, token] = 9.0
        return logits

    monkeypatch.setattr(tiny_model.language_model.lm_head, "forward", scripted)
    first, second = LlamaDecoder(tiny_model).reply(
        [Prompt(prefixes[0], [5]), Prompt(prefixes[0], [6])], LIMIT, heard.append
    )
    assert heard == [[[5], [end]], [[6], []], [[end], []]]
    assert first.sequences.tolist() == [[5, 6, end]]
    assert second.sequences.tolist() == [[end]]
    assert (first.reply_states.shape[1], second.reply_states.shape[1]) == (2, 0)


def test_guesses_save_steps_and_change_nothing(tiny_model, prefixes):
    from annexe_ros.inference.decoding import LlamaDecoder, Prompt

    decoder, prompts = LlamaDecoder(tiny_model), [Prompt(prefixes[0], [5, 7, 9]), Prompt(prefixes[1], [8, 6])]
    steps, again = [], []
    before = decoder.reply(prompts, LIMIT, steps.append)
    after = decoder.reply(prompts, LIMIT, again.append)
    assert len(again) < len(steps)
    for row, (old, new) in enumerate(zip(before, after, strict=True)):
        assert old.sequences.tolist() == new.sequences.tolist() == [[t for step in again for t in step[row]]]
        for name in ("token_probabilities", "prompt_states", "slot_states", "reply_states"):
            torch.testing.assert_close(old[name], new[name], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("wrong", [[3, 3, 3, 3, 3, 3], [2, 2, 2], [5, 9, 5, 9]])
def test_wrong_guesses_are_dropped(tiny_model, prefixes, wrong):
    from annexe_ros.inference.decoding import LlamaDecoder, Prompt

    decoder, prompts = LlamaDecoder(tiny_model), [Prompt(prefixes[0], [5, 7, 9]), Prompt(prefixes[1], [8, 6])]
    for prompt in prompts:
        decoder._drafts.learn(prompt.ids, wrong)
    for prompt, ours in zip(prompts, decoder.reply(prompts, LIMIT, ignore), strict=True):
        theirs = plain(tiny_model, prompt)
        assert ours.sequences.tolist() == theirs.sequences.tolist()
        torch.testing.assert_close(ours.reply_states, theirs.reply_states, rtol=1e-4, atol=1e-4)


def test_other_language_models_are_left_to_transformers(tiny_model, monkeypatch):
    from annexe_ros.inference.decoding import PlainDecoder, decoder_for

    monkeypatch.setitem(tiny_model.language_model.config.rope_parameters, "rope_type", "dynamic")
    assert isinstance(decoder_for(tiny_model), PlainDecoder)
