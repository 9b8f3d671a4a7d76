"""Verbs that agree in number with the accounts that they are said of, in the sentences of violations."""

from typing import Final

_ONE: Final = {
    "go ": "goes ",
    "stay ": "stays ",
    "are ": "is ",
    "require ": "requires ",
    "enter or leave ": "enters or leaves ",
}
_SECOND: Final = " and go elsewhere"


def agreeing(number: int, predicate: str) -> str:
    """Return a predicate in the plural as it is said of so many: ``go to 'R'`` of one is ``goes to 'R'``."""
    if number != 1:
        return predicate
    first = next((verb for verb in _ONE if predicate.startswith(verb)), "")
    one = _ONE.get(first, "") + predicate[len(first) :]
    return one.removesuffix(_SECOND) + " and goes elsewhere" if one.endswith(_SECOND) else one
