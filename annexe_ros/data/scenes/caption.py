"""The description of a scene's interaction, in a few fixed forms. Says only what can be seen in the image.

Each visible hand has a clause, the left one first: it is idle, touches an object on the surface, or holds one above
it; two hands on one object share a clause. Content and form follow from the scene alone: nothing is drawn.
"""

from __future__ import annotations

from annexe_ros.data.scenes.truth import Instance
from annexe_ros.data.scenes.view import View

_COUNTED = {"scissors": "pair of", "pliers": "pair of", "storage furniture": "piece of"}


def caption(view: View) -> str:
    """Return one sentence about what the hands do."""
    if not view.hands:
        return f"No hand interacts with the objects on the {view.surface}."
    if shared := view.shared_object:
        verbs = ("hold", "touch")
        return _sentence([f"both hands {_verb(shared, verbs)} {_what(shared)} {_where(shared, view.surface)}"])
    return _sentence([_clause(side, view) for side in view.sides])


def _clause(side: str, view: View) -> str:
    touched = view.touched_by(side)
    if touched is None:
        return f"the {side} hand is idle"
    return f"the {side} hand {_verb(touched, ('holds', 'touches'))} {_what(touched)} {_where(touched, view.surface)}"


def _verb(touched: Instance, verbs: tuple[str, str]) -> str:
    return verbs[0] if touched.lifted else verbs[1]


def _what(touched: Instance) -> str:
    """Return e.g. "a white mug", "an orange bowl", "a pair of grey scissors"."""
    words = " ".join(filter(None, (_COUNTED.get(touched.label, ""), touched.colour, touched.label)))
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _where(touched: Instance, surface: str) -> str:
    return f"{'above' if touched.lifted else 'on'} the {surface}"


def _sentence(clauses: list[str]) -> str:
    text = " and ".join(clauses)
    return f"{text[0].upper()}{text[1:]}."
