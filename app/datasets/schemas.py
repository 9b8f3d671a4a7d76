"""Bodies of the datasets' routes, as the OpenAPI document shows them.

Large bodies are not validated by these models: the readers check them column by column. A test holds the
two to the same fields.
"""

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.stated_limits import limited_by

Label = Annotated[str, Field(max_length=1000, json_schema_extra=limited_by(maxLength="max_name_characters"))]
"""A name of an account or a rep."""

Text = Annotated[str, Field(json_schema_extra=limited_by(maxLength="max_text_characters"))]
"""Any other text."""

Word = Annotated[str, Field(json_schema_extra=limited_by(maxLength="max_id_characters"))]
"""A skill."""

Heading = Annotated[str, Field(min_length=1, json_schema_extra=limited_by(maxLength="max_id_characters"))]
"""A name of a measure or of an attribute."""

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, description="Degrees WGS 84.")]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, description="Degrees WGS 84.")]
Identifier = Annotated[
    str, Field(min_length=1, max_length=128, json_schema_extra=limited_by(maxLength="max_id_characters"))
]
Name = Annotated[str, Field(min_length=1, max_length=1000)]


class Strict(BaseModel):
    """A body that knows all its fields."""

    model_config = ConfigDict(extra="forbid")


class AccountBody(Strict):
    """An account: a customer or prospect that one rep serves."""

    id: Identifier = Field(description="Your id, any Unicode, kept byte for byte.", examples=["A-1"])
    name: Label | None = Field(default=None, description="Name for people, any script.", examples=["Łódź Works"])
    lat: Latitude | None = Field(
        default=None,
        description="Latitude in degrees WGS 84; null where a unit or postal code locates it.",
        examples=[51.77],
    )
    lon: Longitude | None = Field(
        default=None,
        description="Longitude in degrees WGS 84; null where a unit or postal code locates it.",
        examples=[19.46],
    )
    parent_id: Identifier | None = Field(default=None, description="Parent; one tree is one family.")
    unit_id: Identifier | None = Field(default=None, description="Unit that the account lies in.")
    postal_code: Text | None = Field(default=None, description="Locates the account where lat and lon are null.")
    country: Text | None = Field(default=None, description="ISO 3166-1 alpha-2; US where left out.", examples=["US"])
    current_rep_id: Identifier | None = Field(default=None, description="Rep that serves it now.", examples=["R-1"])
    locked: bool | None = Field(default=None, description="True: stays with its current rep.")
    requires: list[Word] | None = Field(default=None, description="Skills that its rep must have.")
    visits_per_year: Amount | None = Field(
        default=None, description="Visits in a year, ≥ 0; travel counts each; 1 where left out.", examples=[12]
    )
    hours_per_visit: Amount | None = Field(
        default=None,
        description="Hours of one visit, ≥ 0; with visits_per_year the workload where that is absent.",
        examples=[1.5],
    )
    measures: (
        Annotated[dict[Heading, Amount | None], Field(json_schema_extra=limited_by(maxProperties="max_measures"))]
        | None
    ) = Field(default=None, description="Amounts by name; a missing one is 0.", examples=[{"workload": 18.0}])
    attributes: dict[Heading, Text | None] | None = Field(default=None, description="Other texts that travel along.")


class CapacityBody(Strict):
    """The smallest and largest load of one measure."""

    min: Amount | None = Field(default=None, description="Smallest load, in the measure's unit, ≥ 0; null is none.")
    max: Amount | None = Field(default=None, description="Largest load, in the measure's unit, ≥ 0; null is none.")


class RepBody(Strict):
    """A rep: a salesperson, or an open seat."""

    id: Identifier = Field(description="Your id, any Unicode, kept byte for byte.", examples=["R-1"])
    name: Label | None = Field(default=None, description="Name for people, any script.", examples=["Çelik"])
    lat: Latitude | None = Field(default=None, description="Home; without it the optimizer places a center.")
    lon: Longitude | None = Field(default=None, description="Home; without it the optimizer places a center.")
    fte: Amount | None = Field(default=None, description="Full-time equivalent; 1 where left out.", examples=[1.0])
    active: bool | None = Field(default=None, description="False: has left; none may go to it.")
    skills: list[Word] | None = Field(
        default=None, description="What accounts may require; each a text.", examples=[["medical"]]
    )
    max_distance_km: Amount | None = Field(default=None, description="Largest great-circle distance in km.")
    manager_id: Identifier | None = Field(default=None, description="Id of the rep's manager, kept as it is.")
    capacity: dict[Heading, CapacityBody | None] | None = Field(
        default=None, description="Limits by measure.", examples=[{"workload": {"min": 0, "max": 1800}}]
    )
    targets: dict[Heading, Amount | None] | None = Field(default=None, description="Targets by measure.")
    attributes: dict[Heading, Text | None] | None = Field(default=None, description="Other texts that travel along.")


def _only(named: str, other: str) -> dict[str, Any]:
    return {"required": [named], "properties": {named: {"not": {"type": "null"}}, other: {"type": "null"}}}


class PairBody(Strict):
    """What one account means for one rep, or for whoever lives at one place."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_only("rep_id", "place_id"), _only("place_id", "rep_id")]})

    account_id: Identifier = Field(description="An account of this dataset.")
    rep_id: Identifier | None = Field(
        default=None, description="A rep of this dataset; each pair names a rep or a place."
    )
    place_id: Identifier | None = Field(
        default=None,
        description=(
            "Instead of a rep, where one could live: the id of an account, a unit or a known city "
            "(`country/state/name`). Reps without a home and without costs of their own are placed by these costs."
        ),
        examples=["A-17"],
    )
    cost: Amount | None = Field(default=None, description="Travel effort, for travel.source `pairs`.")
    forbidden: bool | None = Field(default=None, description="True: this rep may not have this account.")
    measures: dict[Heading, Amount | None] | None = Field(default=None, description="Amounts that differ for this rep.")


Position = Annotated[list[float], Field(min_length=2, max_length=3)]
Ring = Annotated[list[Position], Field(min_length=4)]


class UnitPolygon(BaseModel):
    """A Polygon of RFC 7946."""

    type: Literal["Polygon"] = Field(description="Kind of geometry.")
    coordinates: list[Ring] = Field(min_length=1, description="Closed rings, longitude first, degrees WGS 84.")


class UnitMultiPolygon(BaseModel):
    """A MultiPolygon of RFC 7946."""

    type: Literal["MultiPolygon"] = Field(description="Kind of geometry.")
    coordinates: list[list[Ring]] = Field(min_length=1, description="Polygons of closed rings, longitude first.")


_KNOWN_ID: dict[str, Any] = {"type": ["string", "integer"], "minLength": 1}


class UnitFeature(BaseModel):
    """One unit with its polygon."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["id"], "properties": {"id": _KNOWN_ID}},
                {
                    "required": ["properties"],
                    "properties": {
                        "id": {"type": "null"},
                        "properties": {"type": "object", "required": ["id"], "properties": {"id": _KNOWN_ID}},
                    },
                },
            ]
        }
    )

    type: Literal["Feature"] = Field(description="Always `Feature`.")
    id: Identifier | int | None = Field(default=None, description="The unit's id; else properties.id is.")
    properties: dict[str, Any] | None = Field(default=None, description="`name` and whatever else is known.")
    geometry: UnitPolygon | UnitMultiPolygon = Field(description="The unit's land.")


class UnitsBody(BaseModel):
    """A GeoJSON FeatureCollection of Polygons and MultiPolygons; a unit's id is Feature.id or properties.id."""

    type: Literal["FeatureCollection"] = Field(description="Always `FeatureCollection`.")
    features: Annotated[list[UnitFeature], Field(json_schema_extra=limited_by(maxItems="max_units"))] = Field(
        min_length=1, description="One Feature a unit; longitude first, degrees WGS 84."
    )


class TopologyBody(BaseModel):
    """A TopoJSON topology of polygons in WGS 84 degrees; of several objects the one with most polygons is read."""

    type: Literal["Topology"] = Field(description="Always `Topology`.")
    objects: dict[str, Any] = Field(description="Geometry collections by name.")
    arcs: list[Any] = Field(description="The shared arcs.")


class BundledUnits(Strict):
    """Units that ship with the service."""

    bundled: Literal["us_states", "us_counties", "world_countries"] = Field(
        description="US states and counties have FIPS ids, countries ISO 3166-1 numeric ids."
    )


AccountRows = Annotated[list[AccountBody], Field(min_length=1, json_schema_extra=limited_by(maxItems="max_accounts"))]
RepRows = Annotated[list[RepBody], Field(min_length=1, json_schema_extra=limited_by(maxItems="max_reps"))]
PairRows = Annotated[list[PairBody], Field(json_schema_extra=limited_by(maxItems="max_pairs"))]
Unlocated = Literal["error", "leave_out"]
UNLOCATED = (
    "What an account is that nothing gives a place: an error, or left out of the dataset with a warning that names "
    "its row. Where there are pairs it stays in."
)


class DatasetOptions(Strict):
    """What may stand beside a dataset's data."""

    name: Name | None = Field(default=None, description="Name for people.", examples=["EMEA 2027"])
    coordinates_confirmed: bool = Field(default=False, description="Coordinates that look swapped are right.")
    unknown_current: Literal["error", "unassigned"] = Field(
        default="error", description="What a current_rep_id that is no rep is."
    )
    unlocated: Unlocated = Field(default="error", description=UNLOCATED)
    travel_times: bool = Field(
        default=False,
        description=(
            "Ask the service's travel-time provider (OSRM or Valhalla) for the minutes from every active rep to every "
            "account, and keep them as pairs: cost is minutes times visits. A cost or ban of your own stays."
        ),
    )


class DatasetRequest(DatasetOptions):
    """A dataset: accounts, reps, and optionally pairs and units."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "EMEA 2027",
                    "accounts": [
                        {
                            "id": "A-1",
                            "name": "Łódź Works",
                            "lat": 51.77,
                            "lon": 19.46,
                            "current_rep_id": "R-1",
                            "requires": ["medical"],
                            "visits_per_year": 12,
                            "hours_per_visit": 1.5,
                            "measures": {"potential": 52000},
                        }
                    ],
                    "reps": [
                        {
                            "id": "R-1",
                            "name": "Çelik",
                            "lat": 52.23,
                            "lon": 21.01,
                            "skills": ["medical"],
                            "capacity": {"workload": {"min": 0, "max": 1800}},
                        }
                    ],
                }
            ]
        },
    )

    accounts: AccountRows = Field(description="The accounts to share out, at least one.")
    reps: RepRows = Field(description="The reps who share them, at least one.")
    pairs: PairRows | None = Field(
        default=None, description="What differs for one account and one rep; pairs that are left out are ordinary."
    )
    units: UnitsBody | TopologyBody | BundledUnits | None = Field(
        default=None, description="Polygons that accounts may lie in; contiguity needs them."
    )


class DatasetChange(Strict):
    """A new name, or put away (archived) or back."""

    name: Name | None = Field(default=None, description="New name; null or left out keeps it.")
    archived: bool | None = Field(default=None, description="True puts it away, false brings it back.")


def _without_defaults(schema: dict[str, Any]) -> None:
    """Leave defaults out of the document: clients that fill them in would change what should stay."""
    for described in schema["properties"].values():
        described.pop("default", None)


class RepUpdate(Strict):
    """What changes of one rep; a field left out stays, null clears it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_without_defaults)

    rep_id: Identifier = Field(description="A rep of the dataset.")
    name: Label | None = Field(default=None, description="Name for people.")
    lat: Latitude | None = Field(default=None, description="Home in degrees WGS 84; null removes it.")
    lon: Longitude | None = Field(default=None, description="Home in degrees WGS 84; null removes it.")
    fte: Amount = Field(default=1.0, description="Full-time equivalent, ≥ 0.")
    active: bool = Field(default=True, description="False: leaves; true: is back.")
    skills: list[Word] = Field(default_factory=list, description="Replaces all skills.")
    max_distance_km: Amount | None = Field(
        default=None, description="Largest great-circle distance in km; null removes it."
    )
    manager_id: Identifier | None = Field(default=None, description="Id of the rep's manager.")
    capacity: dict[Heading, CapacityBody] = Field(default_factory=dict, description="Replaces these measures' limits.")
    targets: dict[Heading, Amount | None] = Field(default_factory=dict, description="Replaces these measures' targets.")


class DatasetChanges(Strict):
    """Reps who leave, join, or change; accounts keep their current rep."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "leave": ["R-7"],
                    "join": [{"id": "R-51", "name": "Open seat Kraków"}],
                    "update": [{"rep_id": "R-3", "fte": 0.5}],
                    "name": "After Nguyễn leaves",
                }
            ]
        },
    )

    leave: list[Identifier] = Field(default_factory=list, description="Reps who leave: active becomes false.")
    join: list[RepBody] = Field(default_factory=list, description="New reps, as in POST /v1/datasets.")
    update: list[RepUpdate] = Field(default_factory=list, description="Reps that change.")
    name: Name | None = Field(default=None, description="Name of the new dataset.")


class MeasureTotal(BaseModel):
    """One measure of the accounts."""

    name: str = Field(description="The measure's name.")
    total: float = Field(description="Sum over all accounts, in the measure's unit.")
    unit: str | None = Field(default=None, description="Unit of the measure where it is known, such as `h`.")


class CheckItem(BaseModel):
    """A warning of the import check."""

    code: str = Field(description="Stable word; GET /problems explains it.")
    detail: str = Field(description="One sentence with its numbers.")
    fix: str | None = Field(default=None, description="What to do about it.")
    pointer: str | None = Field(default=None, description="JSON pointer into the body that was sent.")
    file: str | None = Field(default=None, description="Uploaded file that it is in.")
    row: int | None = Field(default=None, description="Row of the file; the header is row 1.")
    column: str | None = Field(default=None, description="The file's own name of the column.")
    value: Any = Field(default=None, description="The value concerned, cut at 64 characters.")
    params: dict[str, Any] | None = Field(default=None, description="Every number and id of the sentence.")
    severity: Literal["error", "warning"] = Field(description="Stored datasets have warnings only.")


class DatasetPreview(BaseModel):
    """What a dataset would be, when only the check was asked for."""

    name: str = Field(description="Name for people.")
    counts: dict[str, int] = Field(
        description="Rows by kind.", examples=[{"accounts": 5000, "reps": 50, "units": 0, "pairs": 0, "families": 120}]
    )
    measures: list[MeasureTotal] = Field(
        description="Every measure with its total; the number of accounts stands in counts."
    )
    hashes: dict[str, str] = Field(description="sha256 of the data, in hexadecimal; equal data have equal hashes.")
    checks: list[CheckItem] = Field(description="Warnings, up to 1,000.")
    checks_total: int = Field(description="Warnings found.")


class DatasetSummary(DatasetPreview):
    """A stored dataset."""

    id: str = Field(description="Opaque id.", examples=["ds_01jz3v7q2k5m8n0p4r6s9t1w3x"])
    parent_id: str | None = Field(description="Dataset that this one was made from.")
    created_at: datetime.datetime = Field(description="RFC 3339, UTC.")
    archived: bool = Field(description="True once it was put away.")
    links: dict[str, str] = Field(description="Related addresses.")


class AccountItem(BaseModel):
    """A stored account."""

    id: str = Field(description="Your id, kept byte for byte.")
    name: str | None = Field(description="Name for people.")
    lat: float | None = Field(description="Latitude in degrees WGS 84, -90 to 90.")
    lon: float | None = Field(description="Longitude in degrees WGS 84, -180 to 180.")
    located_by: Literal["coordinates", "unit", "postal_code"] | None = Field(description="What gave lat and lon.")
    parent_id: str | None = Field(description="Parent; one tree is one family.")
    unit_id: str | None = Field(description="Unit that it lies in.")
    postal_code: str | None = Field(description="Postal code as it was sent.")
    country: str | None = Field(description="ISO 3166-1 alpha-2.")
    current_rep_id: str | None = Field(description="Rep that serves it now; null for none.")
    locked: bool = Field(description="True: stays with its current rep.")
    requires: list[str] = Field(description="Skills that its rep must have.")
    visits_per_year: float | None = Field(description="Visits in a year.")
    hours_per_visit: float | None = Field(description="Hours of one visit.")
    measures: dict[str, float] = Field(description="Amounts by measure; workload in hours a year.")
    attributes: dict[str, str] = Field(description="Other texts that travel along.")


class RepItem(BaseModel):
    """A stored rep."""

    id: str = Field(description="Your id, kept byte for byte.")
    name: str | None = Field(description="Name for people.")
    lat: float | None = Field(description="Home in degrees WGS 84; null: the optimizer places a center.")
    lon: float | None = Field(description="Home in degrees WGS 84; null: the optimizer places a center.")
    fte: float = Field(description="Full-time equivalent.")
    active: bool = Field(description="False: has left; none may go to it.")
    skills: list[Word] = Field(description="What accounts may require.")
    max_distance_km: float | None = Field(description="Largest great-circle distance in km.")
    manager_id: str | None = Field(description="Id of the rep's manager.")
    capacity: dict[str, dict[str, float | None]] = Field(
        description="Smallest (`min`) and largest (`max`) load by measure."
    )
    targets: dict[str, float] = Field(description="Target load by measure.")
    attributes: dict[str, str] = Field(description="Other texts that travel along.")
