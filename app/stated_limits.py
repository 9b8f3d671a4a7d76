"""Bounds of request bodies that are settings: named beside the field, written into the document with their numbers.

A field says ``json_schema_extra=limited_by(maximum="max_time_limit_s")``. What is answered states no such bound: a
scenario that was stored under a larger limit is still shown. Owns how these bounds are said, enforces none of them.
Imports nothing of ours, so that schemas which the solver's child process reads can use it.
"""

from collections.abc import Mapping
from typing import Any

_KEY = "x-limits"


def limited_by(**settings: str) -> dict[str, Any]:
    """Return the extra of a field's schema that names, by JSON Schema's keyword, the setting that bounds it."""
    return {_KEY: settings}


def with_limits(schema: Any, limits: Mapping[str, Any]) -> Any:
    """Return a schema with the numbers of the settings in place of their names.

    Parameters
    ----------
    schema
        Any part of a JSON Schema.
    limits
        Settings by name. Where a bound stands there already, the smaller one stays.
    """
    if isinstance(schema, list):
        return [with_limits(item, limits) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: with_limits(value, limits) for key, value in schema.items() if key != _KEY}
    for keyword, name in schema.get(_KEY, {}).items():
        result[keyword] = min(result.get(keyword, limits[name]), limits[name])
    return result


def without_limits(schema: Any) -> Any:
    """Return a schema without the names of settings."""
    if isinstance(schema, list):
        return [without_limits(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: without_limits(value) for key, value in schema.items() if key != _KEY}
