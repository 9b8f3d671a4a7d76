"""Query parameters that a path does not know, or that stand twice, are refused like fields of a body.

A misspelt filter that is dropped in silence would answer with everything, and a misspelt `check_only` would
store what was only to be checked.
"""

from collections import Counter

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from app.errors import Fault, InvalidInput
from app.validation import nearest


async def _refuse_unknown_parameters(request: Request) -> None:
    sent = Counter(name for name, _ in request.query_params.multi_items())
    if not sent:
        return
    known = _known(request.scope["route"].dependant)
    faults = [
        _fault("UNKNOWN_FIELD", name, f"'{name[:64]}' is not a parameter of this path{_hint(name, list(known))}")
        for name in sent
        if name not in known
    ]
    faults += [
        _fault("INVALID_VALUE", name, f"The query parameter '{name}' is there {count} times; send it once.")
        for name, count in sent.items()
        if count > 1 and not known.get(name, True)
    ]
    if faults:
        raise InvalidInput(faults)


def _known(dependant: Dependant) -> dict[str, bool]:
    """Return the names of all query parameters, and whether each may be repeated."""
    known = {str(field.alias): "list[" in str(field.field_info.annotation) for field in dependant.query_params}
    for nested in dependant.dependencies:
        known.update(_known(nested))
    return known


def _hint(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    if near is not None:
        return f": did you mean '{near}'?"
    return f"; known here are {', '.join(sorted(known))}." if known else ", which has none."


def _fault(code: str, name: str, detail: str) -> Fault:
    return Fault(code=code, detail=detail, params={"parameter": name, "in": "query"})


NoUnknownParameters = Depends(_refuse_unknown_parameters)
"""Dependency of every path under /v1."""
