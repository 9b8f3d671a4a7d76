"""Bodies of the datasets' routes, as the OpenAPI document shows them.

Large bodies are not validated by these models: the readers check them column by column. A test holds the
two to the same fields.
"""

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=1000)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, description="Degrees WGS 84.")]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, description="Degrees WGS 84.")]
Identifier = Annotated[str, Field(min_length=1, max_length=128)]


class Strict(BaseModel):
    """A body that knows all its fields."""

    model_config = ConfigDict(extra="forbid")


class AccountBody(Strict):
    """An account: a customer or prospect that one rep serves."""

    id: Identifier = Field(description="Your id, any Unicode, kept byte for byte.", examples=["A-1"])
    name: Text | None = Field(default=None, examples=["Łódź Works"])
    lat: Latitude | None = Field(default=None, examples=[51.77])
    lon: Longitude | None = Field(default=None, examples=[19.46])
    parent_id: Identifier | None = Field(default=None, description="Parent; one tree is one family.")
    unit_id: Identifier | None = Field(default=None, description="Unit that the account lies in.")
    postal_code: Text | None = Field(default=None, description="Locates the account where lat and lon are null.")
    country: Text | None = Field(default=None, description="ISO 3166-1 alpha-2; US where left out.", examples=["US"])
    current_rep_id: Identifier | None = Field(default=None, description="Rep that serves it now.", examples=["R-1"])
    locked: bool | None = Field(default=None, description="True: stays with its current rep.")
    requires: list[str] | None = Field(default=None, description="Skills that its rep must have.")
    visits_per_year: Amount | None = Field(default=None, examples=[12])
    hours_per_visit: Amount | None = Field(default=None, examples=[1.5])
    measures: dict[str, Amount | None] | None = Field(
        default=None, description="Amounts by name; a missing one is 0.", examples=[{"workload": 18.0}]
    )
    attributes: dict[str, str | None] | None = Field(default=None, description="Other texts that travel along.")


class CapacityBody(Strict):
    """The smallest and largest load of one measure."""

    min: Amount | None = None
    max: Amount | None = None


class RepBody(Strict):
    """A rep: a salesperson, or an open seat."""

    id: Identifier = Field(description="Your id, any Unicode, kept byte for byte.", examples=["R-1"])
    name: Text | None = Field(default=None, examples=["Çelik"])
    lat: Latitude | None = Field(default=None, description="Home; without it the optimizer places a center.")
    lon: Longitude | None = Field(default=None, description="Home; without it the optimizer places a center.")
    fte: Amount | None = Field(default=None, description="Full-time equivalent; 1 where left out.", examples=[1.0])
    active: bool | None = Field(default=None, description="False: has left; none may go to it.")
    skills: list[str] | None = Field(default=None, examples=[["medical"]])
    max_distance_km: Amount | None = Field(default=None, description="Largest great-circle distance.")
    manager_id: Identifier | None = Field(default=None)
    capacity: dict[str, CapacityBody | None] | None = Field(
        default=None, description="Limits by measure.", examples=[{"workload": {"min": 0, "max": 1800}}]
    )
    targets: dict[str, Amount | None] | None = Field(default=None, description="Targets by measure.")
    attributes: dict[str, str | None] | None = Field(default=None, description="Other texts that travel along.")


class PairBody(Strict):
    """What one account means for one rep."""

    account_id: Identifier
    rep_id: Identifier
    cost: Amount | None = Field(default=None, description="Travel effort, for travel.source `pairs`.")
    forbidden: bool | None = Field(default=None, description="True: this rep may not have this account.")
    measures: dict[str, Amount | None] | None = Field(default=None, description="Amounts that differ for this rep.")


class UnitsBody(BaseModel):
    """A GeoJSON FeatureCollection of Polygons and MultiPolygons; a unit's id is Feature.id or properties.id."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]


class DatasetOptions(Strict):
    """What may stand beside a dataset's data."""

    name: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(default=None, examples=["EMEA 2027"])
    coordinates_confirmed: bool = Field(default=False, description="Coordinates that look swapped are right.")
    unknown_current: Literal["error", "unassigned"] = Field(
        default="error", description="What a current_rep_id that is no rep is."
    )


class DatasetRequest(DatasetOptions):
    """A dataset: accounts, reps, and optionally pairs and units."""

    accounts: list[AccountBody] = Field(min_length=1)
    reps: list[RepBody] = Field(min_length=1)
    pairs: list[PairBody] | None = None
    units: UnitsBody | None = None


class DatasetChange(Strict):
    """A new name, or put away (archived) or back."""

    name: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    archived: bool | None = None


class RepUpdate(Strict):
    """What changes of one rep; a field left out stays, null clears it."""

    rep_id: Identifier
    name: Text | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    fte: Amount = 1.0
    active: bool = True
    skills: list[str] = Field(default_factory=list)
    max_distance_km: Amount | None = None
    manager_id: Identifier | None = None
    capacity: dict[str, CapacityBody] = Field(default_factory=dict, description="Replaces these measures' limits.")
    targets: dict[str, Amount | None] = Field(default_factory=dict, description="Replaces these measures' targets.")


class DatasetChanges(Strict):
    """Reps who leave, join, or change; accounts keep their current rep."""

    leave: list[Identifier] = Field(default_factory=list, description="Reps who leave: active becomes false.")
    join: list[RepBody] = Field(default_factory=list, description="New reps, as in POST /v1/datasets.")
    update: list[RepUpdate] = Field(default_factory=list, description="Reps that change.")
    name: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="Name of the new dataset."
    )


class MeasureTotal(BaseModel):
    """One measure of the accounts."""

    name: str
    total: float
    unit: str | None = None


class CheckItem(BaseModel):
    """A warning of the import check."""

    code: str
    detail: str
    fix: str | None = None
    pointer: str | None = None
    file: str | None = None
    row: int | None = None
    value: Any = None
    params: dict[str, Any] | None = None
    severity: Literal["error", "warning"]


class DatasetPreview(BaseModel):
    """What a dataset would be, when only the check was asked for."""

    name: str
    counts: dict[str, int] = Field(examples=[{"accounts": 5000, "reps": 50, "units": 0, "pairs": 0, "families": 120}])
    measures: list[MeasureTotal]
    hashes: dict[str, str]
    checks: list[CheckItem] = Field(description="Warnings, up to 1,000.")
    checks_total: int = Field(description="Warnings found.")


class DatasetSummary(DatasetPreview):
    """A stored dataset."""

    id: str = Field(examples=["ds_01jz3v7q2k5m8n0p4r6s9t1w3x"])
    parent_id: str | None = Field(description="Dataset that this one was made from.")
    created_at: datetime.datetime
    archived: bool
    links: dict[str, str]


class AccountItem(BaseModel):
    """A stored account."""

    id: str
    name: str | None
    lat: float | None
    lon: float | None
    located_by: Literal["coordinates", "unit", "postal_code"] | None = Field(description="What gave lat and lon.")
    parent_id: str | None
    unit_id: str | None
    postal_code: str | None
    country: str | None
    current_rep_id: str | None
    locked: bool
    requires: list[str]
    visits_per_year: float | None
    hours_per_visit: float | None
    measures: dict[str, float]
    attributes: dict[str, str]


class RepItem(BaseModel):
    """A stored rep."""

    id: str
    name: str | None
    lat: float | None
    lon: float | None
    fte: float
    active: bool
    skills: list[str]
    max_distance_km: float | None
    manager_id: str | None
    capacity: dict[str, dict[str, float | None]]
    targets: dict[str, float]
    attributes: dict[str, str]
