"""Translate pydantic's errors into our faults: codes, pointers, nearest names. No HTTP here."""

import difflib
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.errors import Fault, InvalidInput

Model = TypeVar("Model", bound=BaseModel)

ID_LIST = r"^[^,]+(,[^,]+){1,19}$"
WEB_ADDRESS = r"^https?://[!-~]+$"
WEBHOOK_SECRET = r"^whsec_(?:[A-Za-z0-9+/]{4}){8,20}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})?$"
FORMS = {
    ID_LIST: "name 2 to 20 ids, with commas between.",
    WEB_ADDRESS: "an address begins with https:// and has neither blanks nor letters beyond ASCII.",
    WEBHOOK_SECRET: "a secret is whsec_ and the base64 of 24 to 64 bytes.",
}
"""What texts of a given form look like, instead of the pattern that a schema states."""

_TYPE_CODES = {
    "extra_forbidden": "UNKNOWN_FIELD",
    "unexpected_keyword_argument": "UNKNOWN_FIELD",
    "missing": "MISSING_FIELD",
    "finite_number": "NOT_A_FINITE_NUMBER",
    "too_long": "TOO_MANY",
    "too_short": "EMPTY_LIST",
    "string_too_long": "BAD_TEXT",
    "string_too_short": "BAD_TEXT",
    "string_pattern_mismatch": "BAD_TEXT",
    "string_unicode": "BAD_TEXT",
    "json_invalid": "NOT_JSON",
    "value_error": "CONTRADICTORY_SETTING",
    "assertion_error": "CONTRADICTORY_SETTING",
    "greater_than": "INVALID_VALUE",
    "greater_than_equal": "INVALID_VALUE",
    "less_than": "INVALID_VALUE",
    "less_than_equal": "INVALID_VALUE",
    "literal_error": "INVALID_VALUE",
    "enum": "INVALID_VALUE",
    "multiple_of": "INVALID_VALUE",
    "union_tag_invalid": "INVALID_VALUE",
}


def validate_model(model: type[Model], content: bytes, parsed: object) -> Model:
    """Validate strict JSON against a model; ``parsed`` is the same content, used to place faults.

    Raises
    ------
    InvalidInput
        When the content breaks the model, with every fault and its pointer.
    """
    try:
        return model.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise InvalidInput(faults_of(error.errors(include_url=False), body=parsed, model=model)) from None


def faults_of(
    errors: Sequence[Any], *, body: object, model: type[BaseModel] | None = None, prefix: str = ""
) -> list[Fault]:
    """Translate pydantic's error list; a location in query, path or header names its parameter.

    Parameters
    ----------
    errors
        As ``ValidationError.errors()`` gives them.
    body
        The parsed body that the locations point into; None for parameters.
    model
        The body's model, for the nearest field name.
    prefix
        Pointer of the body inside a larger one.
    """
    faults: dict[tuple[str, str], Fault] = {}
    for error in errors:
        kind = str(error["type"])
        code = _TYPE_CODES.get(kind, "WRONG_TYPE")
        location = tuple(error["loc"])
        if body is None:
            fault = _parameter_fault(code, location, error)
        else:
            fault = _body_fault(code, location, error, body=body, model=model, prefix=prefix)
        faults.setdefault((fault.code, fault.pointer or fault.detail), fault)
    return list(faults.values())


def pointer_of(parts: Sequence[object]) -> str:
    """Return the JSON pointer (RFC 6901) of a path into a body."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def nearest(name: str, names: Sequence[str]) -> str | None:
    """Return the known name that looks most like ``name``, or None when none does."""
    found = difflib.get_close_matches(name[:128], list(names), n=1, cutoff=0.6)
    return found[0] if found else None


def _parameter_fault(code: str, location: tuple[object, ...], error: Any) -> Fault:
    name = str(location[1] if len(location) > 1 else (*location, "request")[0])
    place = str(location[0]) if len(location) > 1 else "request"
    if str(error["type"]) in ("value_error", "assertion_error"):
        code = "INVALID_VALUE"
    return Fault(
        code=code,
        detail=f"The {place} parameter '{name}': {_sentence(error)}",
        value=error.get("input") if not isinstance(error.get("input"), (dict, list)) else None,
        params={"parameter": name, "in": place},
    )


def _body_fault(
    code: str,
    location: tuple[object, ...],
    error: Any,
    *,
    body: object,
    model: type[BaseModel] | None,
    prefix: str,
) -> Fault:
    parts, siblings = _path_in(body, location, error["type"] in ("missing", "extra_forbidden"))
    pointer = prefix + pointer_of(parts)
    name = "/".join(map(str, _named(parts))) if parts else "body"
    value = error.get("input")
    if code == "UNKNOWN_FIELD":
        known = _known_fields(model, location[:-1]) or [other for other in siblings if other != name]
        near = nearest(name, known)
        others = f"known here are {', '.join(sorted(known)[:12])}." if known else "there are none here."
        hint = f"did you mean '{near}'?" if near else others
        return Fault(
            code=code,
            detail=f"'{name[:64]}' is not a field: {hint}",
            pointer=pointer,
            params={"nearest": near} if near else {},
        )
    if code == "MISSING_FIELD":
        return Fault(code=code, detail=f"'{name}' is missing.", pointer=pointer)
    is_about_the_whole = not parts and error["type"] == "value_error"
    return Fault(
        code=code,
        detail=_sentence(error) if is_about_the_whole else f"'{name[:64]}': {_sentence(error)}",
        pointer=pointer,
        value=None if isinstance(value, (dict, list)) else value,
        params={k: v for k, v in error.get("ctx", {}).items() if isinstance(v, (int, float, str))},
    )


def _named(parts: Sequence[object]) -> Sequence[object]:
    """Return the end of a path that says what is meant: its last name, with the position in that list."""
    begin = len(parts) - 1
    while begin > 0 and isinstance(parts[begin], int):
        begin -= 1
    return parts[max(begin, 0) :]


def _sentence(error: Any) -> str:
    if error["type"] == "string_pattern_mismatch":
        return FORMS.get(error["ctx"]["pattern"], str(error["msg"]) + ".")
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message if message.endswith(".") else message + "."


def _path_in(body: object, location: tuple[object, ...], keep_last: bool) -> tuple[list[object], list[str]]:
    """Return the parts of a location that really lead into the body, without the names of unions."""
    parts: list[object] = []
    here: Any = body
    for index, part in enumerate(location):
        if _leads_on(here, part):
            here = here[part]
        elif not (keep_last and index == len(location) - 1):
            continue
        parts.append(part)
    return parts, list(here) if isinstance(here, dict) else []


def _leads_on(here: object, part: object) -> bool:
    if isinstance(here, dict):
        return part in here
    return isinstance(here, list) and isinstance(part, int) and 0 <= part < len(here)


def _known_fields(model: type[BaseModel] | None, location: tuple[object, ...]) -> list[str]:
    """Return the field names of the model that a location leads to, searching nested annotations."""
    models: list[type[BaseModel]] = [] if model is None else [model]
    for part in location:
        if not isinstance(part, str):
            continue
        found = [
            nested
            for owner in models
            if part in owner.model_fields
            for nested in _models_in(owner.model_fields[part].annotation)
        ]
        named = [owner for owner in models if owner.__name__ == part]
        models = found or named or models
    return sorted({field.alias or name for owner in models for name, field in owner.model_fields.items()})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [nested for argument in getattr(annotation, "__args__", ()) for nested in _models_in(argument)]
