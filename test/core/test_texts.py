from hypothesis import given
from hypothesis import strategies as st

from annexe_ros.core.texts import encodable


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_becomes_one_that_can_be_encoded_and_whole_characters_stay(text):
    encodable(text).encode()
    whole = text.encode("utf-8", "ignore").decode()
    assert encodable(whole) == whole


def test_halves_of_characters_are_replaced_and_two_that_belong_together_joined():
    assert encodable("a \ud83d b") == "a \ufffd b"
    assert encodable("\ud83d\ude00") == "\U0001f600"
