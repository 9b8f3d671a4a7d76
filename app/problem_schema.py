"""The JSON schemas of a problem document, as the OpenAPI document shows them."""

from typing import Any

PROBLEM_SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "title": "Problem",
        "description": "What is wrong, after RFC 9457; `errors` lists every fault, up to 1,000.",
        "required": ["type", "title", "status", "code", "detail", "errors", "errors_total"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "examples": ["/problems/DUPLICATE_ID"]},
            "title": {"type": "string", "examples": ["Duplicate id"]},
            "status": {"type": "integer", "examples": [422]},
            "code": {"type": "string", "examples": ["DUPLICATE_ID"]},
            "detail": {"type": "string", "description": "One plain sentence that says what to do."},
            "fix": {"type": "string", "description": "What to do."},
            "params": {"type": "object", "description": "Every number of the sentence."},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
            "errors_total": {"type": "integer", "description": "Faults found, those not listed included."},
        },
    },
    "Fault": {
        "type": "object",
        "title": "Fault",
        "description": "One thing that is wrong, and where.",
        "required": ["code", "detail", "severity"],
        "properties": {
            "code": {"type": "string", "examples": ["COORDINATE_OUT_OF_RANGE"]},
            "detail": {"type": "string", "examples": ["lat 151.2 is outside -90..90."]},
            "fix": {"type": "string", "description": "What to do about it."},
            "pointer": {"type": "string", "description": "JSON pointer.", "examples": ["/accounts/17/lat"]},
            "file": {"type": "string", "description": "Uploaded file.", "examples": ["accounts"]},
            "row": {"type": "integer", "description": "Row of the file, the header is row 1."},
            "value": {"description": "The offending value, cut at 64 characters."},
            "params": {"type": "object", "description": "Every number and id of the sentence."},
            "severity": {"type": "string", "enum": ["error", "warning"]},
        },
    },
}
