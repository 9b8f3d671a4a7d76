"""What each column of a file means: reserved names, usual other names, Salesforce's and HubSpot's headers.

Guesses only names, never values; a caller's own mapping goes first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.datasets.fields import TableFields
from app.datasets.readers.local_names import local_aliases
from app.errors import Fault
from app.validation import nearest

_ALIASES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "accounts": {
            "account_id": "id", "customer_id": "id", "customer_number": "id", "account_number": "id",
            "account_name": "name", "company": "name", "company_name": "name", "customer_name": "name",
            "latitude": "lat", "y": "lat", "longitude": "lon", "lng": "lon", "long": "lon", "x": "lon",
            "parent": "parent_id", "parent_account_id": "parent_id", "family_id": "parent_id",
            "zip": "postal_code", "zip_code": "postal_code", "zipcode": "postal_code", "postcode": "postal_code",
            "postalcode": "postal_code", "plz": "postal_code", "country_code": "country",
            "rep_id": "current_rep_id", "current_rep": "current_rep_id", "owner_id": "current_rep_id",
            "account_owner_id": "current_rep_id", "owner": "current_rep_id", "territory_id": "current_rep_id",
            "rep": "current_rep_id", "account_owner": "current_rep_id", "owner_name": "current_rep_id",
            "billing_latitude": "lat", "billing_longitude": "lon", "billing_zip_postal_code": "postal_code",
            "billing_postal_code": "postal_code", "billing_country": "country", "annual_revenue": "measure:potential",
            "lock": "locked", "is_locked": "locked", "requirements": "requires", "required_skills": "requires",
            "visits": "visits_per_year", "calls_per_year": "visits_per_year", "unit": "unit_id",
            **local_aliases("accounts"),
        },
        "reps": {
            "rep_id": "id", "user_id": "id", "employee_id": "id", "owner_id": "id",
            "rep_name": "name", "full_name": "name", "latitude": "lat", "y": "lat",
            "longitude": "lon", "lng": "lon", "long": "lon", "x": "lon", "is_active": "active",
            "skill": "skills", "max_distance": "max_distance_km", "radius_km": "max_distance_km",
            "manager": "manager_id", "capacity": "max:workload", "workload_capacity": "max:workload",
            **local_aliases("reps"),
        },
        "pairs": {"account": "account_id", "rep": "rep_id", "travel_cost": "cost", "is_forbidden": "forbidden"},
    }
)  # fmt: skip
_SALESFORCE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "accounts": {
            "Id": "id", "Name": "name", "OwnerId": "current_rep_id", "ParentId": "parent_id",
            "BillingLatitude": "lat", "BillingLongitude": "lon", "BillingPostalCode": "postal_code",
            "BillingCountryCode": "country", "BillingCountry": "country", "AnnualRevenue": "measure:potential",
            "ShippingLatitude": "attribute:ShippingLatitude", "ShippingLongitude": "attribute:ShippingLongitude",
            "ShippingPostalCode": "attribute:ShippingPostalCode", "AccountNumber": "attribute:AccountNumber",
            "Phone": "attribute:Phone", "Fax": "attribute:Fax", "Sic": "attribute:Sic",
            "NaicsCode": "attribute:NaicsCode", "DunsNumber": "attribute:DunsNumber",
            "YearStarted": "attribute:YearStarted", "Jigsaw": "attribute:Jigsaw",
        },
        "reps": {
            "Id": "id", "Name": "name", "Latitude": "lat", "Longitude": "lon", "IsActive": "active",
            "ManagerId": "manager_id",
        },
    }
)  # fmt: skip
_HUBSPOT: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "accounts": {
            "Record ID": "id", "Company name": "name", "Company owner": "current_rep_id",
            "Parent company ID": "parent_id", "Latitude": "lat", "Longitude": "lon", "Postal Code": "postal_code",
            "Country/Region": "country", "Annual Revenue": "measure:potential",
            "Parent Company ID": "parent_id", "Phone Number": "attribute:Phone Number",
            "Year Founded": "attribute:Year Founded", "Number of Sessions": "attribute:Number of Sessions",
            "Number of Pageviews": "attribute:Number of Pageviews", "Facebook Fans": "attribute:Facebook Fans",
            "Number of Form Submissions": "attribute:Number of Form Submissions",
            "Number of Times Contacted": "attribute:Number of Times Contacted",
            "Number of times contacted": "attribute:Number of times contacted",
            "Number of Child Companies": "attribute:Number of Child Companies",
            "Number of child companies": "attribute:Number of child companies",
            "Twitter Followers": "attribute:Twitter Followers", "Days to Close": "attribute:Days to Close",
        },
        "reps": {"User ID": "id", "Email": "id", "Name": "name"},
    }
)  # fmt: skip
_SIGNS = (
    (_SALESFORCE, frozenset({"OwnerId", "BillingLatitude", "BillingPostalCode", "IsActive", "ManagerId"}), "Id"),
    (_HUBSPOT, frozenset({"Record ID"}), "Record ID"),
)
_LIMIT_SUFFIXES = (("_min", "min:"), ("_max", "max:"), ("_target", "target:"))
IGNORE = ""
NAMED_MEASURES = ("workload", "potential")


@dataclass(frozen=True)
class ColumnMapping:
    """Which field each column of a file is.

    Parameters
    ----------
    fields
        Field, by position of the column; None where the column's values decide, `IGNORE` where it is left out.
    faults
        Columns that the caller named and that are not there, or fields that do not exist.
    """

    fields: tuple[str | None, ...]
    faults: tuple[Fault, ...]


def map_columns(names: tuple[str, ...], fields: TableFields, wanted: Mapping[str, object]) -> ColumnMapping:
    """Decide what each column means.

    Parameters
    ----------
    names
        The file's column names.
    fields
        The table's fields.
    wanted
        The caller's own mapping, column to field or field to column; null leaves a column out.
    """
    chosen, faults = _wanted(names, fields, wanted)
    crm = _recognized(names, fields)
    best = _best_columns(names, fields, crm, frozenset(chosen))
    given = {field for field in chosen.values() if field}
    result: list[str | None] = []
    for position, name in enumerate(names):
        field = chosen[name] if name in chosen else crm.get(name) or _guess(name, fields)
        is_again = bool(field) and name not in chosen and (field in given or best[str(field)] != name)
        result.append(IGNORE if is_again or name in names[:position] else field)
    taken = {field for field in result if field}
    known = list(_known(fields))
    usual = () if taken.intersection(fields.one_of) else fields.one_of[:1]
    for needed in (*fields.required, *usual):
        if needed not in taken:
            near = nearest(needed, names)
            hint = f" Is it '{near}'?" if near else ""
            detail = (
                f"The column '{needed}' is missing.{hint} Name it in the mapping: "
                f'{{"{fields.name}": {{"<your column>": "{needed}"}}}}.'
            )
            faults.append(Fault(code="MISSING_COLUMN", detail=detail, params={"column": needed, "known": known}))
    return ColumnMapping(tuple(result), tuple(faults))


def _best_columns(
    names: tuple[str, ...], fields: TableFields, crm: Mapping[str, str], chosen: frozenset[str]
) -> dict[str, str]:
    """Return the column of each field: of several, the field's own name, then the tables' order, not the file's.

    So an owner's id goes before the owner's name, wherever the two stand.
    """
    order = [*crm, *_ALIASES[fields.name]]
    best: dict[str, tuple[int, str]] = {}
    for name in names:
        field = None if name in chosen else crm.get(name) or _guess(name, fields)
        if not field:
            continue
        word = name if name in crm else _plain(name)
        rank = order.index(word) if word in order else -1
        if field not in best or rank < best[field][0]:
            best[field] = (rank, name)
    return {field: name for field, (_, name) in best.items()}


def _wanted(
    names: tuple[str, ...], fields: TableFields, wanted: Mapping[str, object]
) -> tuple[dict[str, str], list[Fault]]:
    chosen: dict[str, str] = {}
    faults = []
    for key, value in wanted.items():
        column, field = key, value
        is_turned = key not in names and value in names and _field(key, fields) is not None
        if is_turned and isinstance(value, str):
            column, field = value, key
        if column not in names:
            near = nearest(column, names)
            detail = f"The mapping names the column '{column[:64]}', which is not there."
            detail += f" Is it '{near}'?" if near else ""
            faults.append(Fault(code="MISSING_COLUMN", detail=detail, params={"column": column}))
            continue
        if field is None or field == IGNORE:
            chosen[column] = IGNORE
            continue
        known = _field(str(field), fields)
        if known is None:
            near = nearest(str(field), _known(fields))
            detail = f"The mapping names the field '{str(field)[:64]}', which {fields.name} do not have."
            detail += f" Is it '{near}'?" if near else ""
            faults.append(Fault(code="UNKNOWN_FIELD", detail=detail, params={"column": column}))
            continue
        chosen[column] = known
    return chosen, faults


def _field(name: str, fields: TableFields) -> str | None:
    """Return the stored column that a caller's word means, None when it means none."""
    if name in fields.schema.names:
        return name
    kind, colon, rest = name.partition(":")
    if colon and rest and (kind + ":") in _prefixes(fields):
        return name
    return _limit(name, fields)


def _guess(name: str, fields: TableFields) -> str | None:
    plain = _plain(name)
    if not plain:
        return IGNORE
    if name in fields.schema.names or plain in fields.schema.names:
        return plain if plain in fields.schema.names else name
    if fields.name != "reps" and plain in NAMED_MEASURES:
        return "measure:" + plain
    return _limit(name.strip(), fields) or _ALIASES[fields.name].get(plain)


def _plain(name: str) -> str:
    return re.sub(r"[^\w]+", "_", name.strip().casefold()).strip("_")


def _limit(name: str, fields: TableFields) -> str | None:
    if fields.name != "reps":
        return None
    for suffix, prefix in _LIMIT_SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return prefix + name.removesuffix(suffix)
    return None


def _prefixes(fields: TableFields) -> tuple[str, ...]:
    if fields.name == "reps":
        return ("min:", "max:", "target:", "attribute:")
    return ("measure:", "attribute:") if fields.name == "accounts" else ("measure:",)


def _known(fields: TableFields) -> tuple[str, ...]:
    return (*fields.schema.names, *_prefixes(fields))


def _recognized(names: tuple[str, ...], fields: TableFields) -> Mapping[str, str]:
    """Return the meanings of a CRM's own headers, when this looks like its export."""
    for meanings, signs, key in _SIGNS:
        if key in names and signs.intersection(names) and fields.name in meanings:
            return meanings[fields.name]
    if fields.name == "reps" and "User ID" in names:
        return {**_HUBSPOT["reps"], "Email": "attribute:Email"}  # kept, because HubSpot takes owners by it
    return {}
