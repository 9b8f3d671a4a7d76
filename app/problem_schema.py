"""The JSON schemas of a problem document, as the OpenAPI document shows them."""

from typing import Any

PROBLEM_SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "title": "Problem",
        "description": "What is wrong, after RFC 9457; `errors` lists every fault, up to 1,000.",
        "required": ["type", "title", "status", "code", "detail", "errors", "errors_total"],
        "properties": {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "description": "Where the code is explained, on this service.",
                "examples": ["/problems/DUPLICATE_ID"],
            },
            "title": {
                "type": "string",
                "description": "A few words, the same for each occurrence.",
                "examples": ["Duplicate id"],
            },
            "status": {"type": "integer", "description": "The HTTP status.", "examples": [422]},
            "code": {"type": "string", "description": "Stable word.", "examples": ["DUPLICATE_ID"]},
            "detail": {"type": "string", "description": "One plain sentence that says what to do."},
            "fix": {"type": "string", "description": "What to do."},
            "params": {"type": "object", "description": "Every number of the sentence."},
            "errors": {
                "type": "array",
                "description": "Every fault with its place, up to 1,000.",
                "items": {"$ref": "#/components/schemas/Fault"},
            },
            "errors_total": {"type": "integer", "description": "Faults found, those not listed included."},
        },
    },
    "Fault": {
        "type": "object",
        "title": "Fault",
        "description": "One thing that is wrong, and where.",
        "required": ["code", "detail", "severity"],
        "properties": {
            "code": {
                "type": "string",
                "description": "Stable word; GET /problems explains it.",
                "examples": ["COORDINATE_OUT_OF_RANGE"],
            },
            "detail": {
                "type": "string",
                "description": "One sentence with its numbers.",
                "examples": ["lat 151.2 is outside -90..90."],
            },
            "fix": {"type": "string", "description": "What to do about it."},
            "pointer": {"type": "string", "description": "JSON pointer.", "examples": ["/accounts/17/lat"]},
            "file": {"type": "string", "description": "Uploaded file.", "examples": ["accounts"]},
            "row": {"type": "integer", "description": "Row of the file, the header is row 1."},
            "column": {"type": "string", "description": "The file's own name of the column.", "examples": ["Latitude"]},
            "value": {"description": "The offending value, cut at 64 characters."},
            "params": {"type": "object", "description": "Every number and id of the sentence."},
            "severity": {"type": "string", "description": "A warning does not refuse.", "enum": ["error", "warning"]},
        },
    },
}
