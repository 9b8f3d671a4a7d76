"""Faults as JSON: small, finite, valid Unicode, whatever a caller sent."""

import math
from collections.abc import Mapping
from typing import Any

from app.error_codes import ERROR_CODES
from app.errors import Fault

MAX_VALUE_CHARACTERS = 64
MAX_SENTENCE_CHARACTERS = 1000


def clean(value: object, *, limit: int = MAX_VALUE_CHARACTERS) -> Any:
    """Return what may be echoed of a value: cut, finite, valid Unicode, never a whole structure."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else clean(str(value)[: limit + 1], limit=limit)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    text = value if isinstance(value, str) else f"({type(value).__name__})"
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def fault_json(fault: Fault) -> dict[str, Any]:
    """Render one fault; places that it does not have are left out."""
    body: dict[str, Any] = {"code": fault.code, "detail": clean(fault.detail, limit=MAX_SENTENCE_CHARACTERS)}
    remedy = fault.fix or (ERROR_CODES[fault.code].fix if fault.code in ERROR_CODES else "")
    if remedy:
        body["fix"] = clean(remedy, limit=MAX_SENTENCE_CHARACTERS)
    if fault.pointer is not None:
        body["pointer"] = clean(fault.pointer, limit=512)
    if fault.file is not None:
        body["file"] = clean(fault.file)
    if fault.row is not None:
        body["row"] = fault.row
    if fault.column is not None:
        body["column"] = clean(fault.column, limit=128)
    if fault.value is not None:
        body["value"] = clean(fault.value)
    if fault.params:
        body["params"] = clean_params(fault.params)
    body["severity"] = fault.severity
    return body


def clean_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters that may be echoed: scalars cleaned, lists of scalars cut at 20."""
    return {
        str(name)[:MAX_VALUE_CHARACTERS]: (
            [clean(item) for item in list(value)[:20]] if isinstance(value, (list, tuple)) else clean(value)
        )
        for name, value in params.items()
    }
