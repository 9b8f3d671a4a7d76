"""The JSON form of what is answered: plain data, and every time in one form, wherever it stands."""

import datetime
from typing import Any

from fastapi.encoders import jsonable_encoder


def json_form(content: object) -> Any:
    """Return plain data of which JSON is made; a time is RFC 3339 and ends in Z."""
    return jsonable_encoder(content, custom_encoder={datetime.datetime: _moment})


def _moment(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
