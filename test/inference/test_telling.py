"""What a caller hears of texts that are generated side by side. A token is a byte here."""

from collections.abc import Sequence
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core import Progress, Stage
from annexe_ros.inference import telling
from annexe_ros.inference.telling import Teller


def text_of(ids: Sequence[int]) -> str:
    return bytes(ids).decode(errors="replace")


def heard_of(analysis: bytes, answer: bytes) -> list[tuple[Stage, str]]:
    heard: list[tuple[Stage, str]] = []
    teller = Teller((Stage.ANALYSE, Stage.ANSWER), Progress(lambda stage, text: heard.append((stage, text))), text_of)
    for step in range(max(len(analysis), len(answer))):
        teller.tell([analysis[step : step + 1], answer[step : step + 1]])
    list(teller.finish())
    return heard


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_whatever_the_bytes_are_the_pieces_make_up_both_texts(analysis: bytes, answer: bytes):
    heard = heard_of(analysis, answer)
    told = {
        wanted: "".join(text for stage, text in heard if stage is wanted) for wanted in (Stage.ANALYSE, Stage.ANSWER)
    }
    assert told == {Stage.ANALYSE: text_of(analysis), Stage.ANSWER: text_of(answer)}


def test_a_character_of_several_tokens_is_told_when_it_is_whole():
    heard = heard_of("né".encode(), b"")
    assert [text for stage, text in heard if stage is Stage.ANALYSE] == ["", "n", "é"]


def test_stages_end_with_their_last_token(monkeypatch):
    moments = count(10.0)
    monkeypatch.setattr(telling, "perf_counter", lambda: next(moments))
    teller = Teller((Stage.ANALYSE, Stage.ANSWER), Progress(), text_of)
    for tokens in ([b"a", b"b"], [b"a", b"b"], [b"a", b""]):
        teller.tell(tokens)
    assert list(teller.finish()) == [(Stage.ANSWER, 12.0), (Stage.ANALYSE, 13.0)]
