"""What the API shows and takes of alignments, as pydantic models; the OpenAPI document is made from them."""

import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.pages import Page

Amounts = dict[str, float]


class Origin(BaseModel):
    """Where an alignment comes from."""

    kind: Literal["import", "job", "edit"] = Field(description="What made it.")
    job_id: str | None = Field(description="The job whose result it is.")
    parent_id: str | None = Field(description="The alignment that it was made, or published, from.")


class Term(BaseModel):
    """One part of the objective; `weighted = weight · raw / reference`."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(examples=["travel"])
    raw: float = Field(examples=[812.4])
    unit: str = Field(examples=["km"])
    weight: float = Field(examples=[30])
    reference: float | None = Field(default=None, description="What the raw value is divided by.")
    weighted: float = Field(examples=[0.41])


class Violation(BaseModel):
    """One breached criterion: which, where, by how much."""

    model_config = ConfigDict(extra="allow")

    criterion: str = Field(examples=["balance"])
    measure: str | None = None
    rep_id: str | None = None
    value: float | None = None
    limit: float | None = None
    by: float | None = None
    detail: str | None = Field(default=None, description="One sentence.")


class Counts(BaseModel):
    """How many there are."""

    accounts: int
    reps: int
    moved: int = Field(description="Accounts that had a rep and have another one now.")
    unassigned: int


class Point(BaseModel):
    """A place, in degrees WGS 84."""

    lat: float
    lon: float


class Alignment(BaseModel):
    """A complete assignment of a dataset's accounts to its reps, and what is known of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "al_01k…",
                    "name": "EMEA rebalance",
                    "archived": False,
                    "created_at": "2026-11-22T07:00:00Z",
                    "origin": {"kind": "job", "job_id": "job_01k…", "parent_id": None},
                    "dataset_id": "ds_01k…",
                    "scenario_id": "sc_01k…",
                    "outcome": "feasible",
                    "objective": 0.731,
                    "lower_bound": 0.729,
                    "gap": 0.0027,
                    "bound_source": "certificate",
                    "certified_gap": 0.0027,
                    "terms": [{"name": "travel", "raw": 812.4, "unit": "km", "weight": 30, "weighted": 0.41}],
                    "violations": [],
                    "counts": {"accounts": 5000, "reps": 50, "moved": 212, "unassigned": 0},
                    "hashes": {"dataset": "9f…", "criteria": "1c…"},
                    "software": {"version": "0.1.0", "ortools": "9.15", "seed": 0},
                    "centers": {},
                    "links": {"self": "/v1/alignments/al_01k…"},
                }
            ]
        }
    )

    id: str
    name: str
    archived: bool
    created_at: datetime.datetime
    origin: Origin
    dataset_id: str
    scenario_id: str | None = Field(description="The question that it answers; null for an import.")
    outcome: str | None = Field(description="`optimal` or `feasible`; null where no criteria were asked.")
    objective: float | None = Field(description="Sum of the weighted terms; null without criteria.")
    lower_bound: float | None = Field(description="No alignment that keeps the criteria is below this.")
    gap: float | None = Field(description="(objective - lower_bound) / |objective|, a fraction.")
    bound_source: Literal["certificate", "search"] | None
    certified_gap: float | None = Field(description="The gap that follows from the certificate alone.")
    terms: list[Term]
    violations: list[Violation]
    counts: Counts
    hashes: dict[str, str | None] = Field(description="sha256 of the dataset and of the normalized criteria.")
    software: dict[str, Any] = Field(description="Versions and seed that made it.")
    centers: dict[str, Point] = Field(description="Placed centers, by rep id, of reps without a home.")
    links: dict[str, str]


class AlignmentChange(BaseModel):
    """What may change of an alignment."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str | None = Field(default=None, min_length=1, max_length=1000, examples=["Board proposal"])
    archived: bool | None = Field(default=None, description="True puts it away, false brings it back.")


class LoadBefore(BaseModel):
    """A load under the current alignment."""

    load: float
    index: float | None


class RepMeasure(BaseModel):
    """One rep's load of one measure."""

    load: float
    target: float | None = Field(description="The fair share; null for a rep who has left.")
    index: float | None = Field(description="100 · load / target.")
    min: float | None = Field(description="The rep's smallest load, where it has one.")
    max: float | None = Field(description="The rep's largest load, where it has one.")
    before: LoadBefore | None


class RepBefore(BaseModel):
    """One rep under the current alignment."""

    accounts: int
    travel_km: float | None
    radius_km: float | None


class RepLine(BaseModel):
    """One rep's line of the scorecard."""

    rep_id: str
    rep_name: str
    active: bool
    accounts: int
    measures: dict[str, RepMeasure]
    in_band: bool | None = Field(description="Whether each balanced measure is within its tolerance.")
    travel_km: float | None = Field(description="Road kilometers a year, one way each visit.")
    radius_km: float | None = Field(description="Root mean square distance to the center, by workload.")
    moved_in: int
    moved_out: int
    before: RepBefore | None


class Fairness(BaseModel):
    """How evenly one measure is shared; reps who have left are not counted."""

    within_5: float | None = Field(description="Fraction of reps whose index is within 95..105.")
    within_10: float | None
    within_15: float | None
    max_min_ratio: float | None = Field(description="Largest index over smallest; null if a rep has none.")
    cv: float | None = Field(description="Standard deviation of the indices over their mean.")
    gini: float | None = Field(description="Gini coefficient of the indices, 0 is equal.")
    sd: float | None = Field(description="Standard deviation of the loads, in the measure's unit.")
    worst_index: float | None = Field(description="The index farthest from 100.")


class TeamMeasure(Fairness):
    """One measure's team numbers, before beside after."""

    total: float = Field(description="The assigned load.")
    target: str = Field(description="How it is shared: equal, fte, capacity or given.")
    tolerance: float | None = Field(description="The criteria's tolerance; null where it is not balanced.")
    before: Fairness | None


class Compactness(BaseModel):
    """How tight the territories are."""

    moment_of_inertia: float | None = Field(description="Sum of workload · km², null if nothing is known.")
    radius_km: float | None = Field(description="Mean of the reps' radius.")


class Disruption(BaseModel):
    """What changes rep. Leaving a rep who has left is a move, but no disruption."""

    moved: int
    accounts: int
    share: Amounts = Field(description="Fraction of each measure's total.")


class TeamBefore(BaseModel):
    """The team under the current alignment."""

    in_band: int
    travel_km: float | None
    compactness: Compactness


class Team(BaseModel):
    """The whole team."""

    measures: dict[str, TeamMeasure]
    reps: int = Field(description="Reps who have not left.")
    in_band: int = Field(description="Reps whose balanced measures are all within tolerance.")
    balanced: list[str] = Field(description="The measures that in_band judges.")
    travel_km: float | None
    compactness: Compactness
    disruption: Disruption
    before: TeamBefore | None


class Scorecard(BaseModel):
    """How an alignment stands, per rep and for the team, before and after."""

    reps: list[RepLine]
    team: Team


class Assignment(BaseModel):
    """One account and its rep."""

    account_id: str
    rep_id: str | None = Field(description="Null when unassigned.")
    current_rep_id: str | None
    moved: bool
    locked: bool
    travel_km: float | None = Field(description="Road kilometers from the rep's center, one way, once.")
    measures: Amounts
    account_name: str | None
    rep_name: str | None


class Move(BaseModel):
    """One account that changes rep, and why."""

    model_config = ConfigDict(populate_by_name=True)

    account_id: str
    from_rep: str = Field(alias="from", description="Rep id before.")
    to: str | None = Field(description="Rep id now; null when unassigned.")
    measures: Amounts
    reason: str = Field(description="One sentence with its numbers.", examples=["R-3 has left."])
    reason_code: str = Field(examples=["REP_LEFT"])
    account_name: str | None
    from_name: str | None
    to_name: str | None
    travel_km_before: float | None
    travel_km_after: float | None


class Difference(BaseModel):
    """One account that two alignments give to different reps."""

    account_id: str
    rep_id: str | None
    with_rep_id: str | None
    account_name: str | None


class Comparison(BaseModel):
    """Two alignments of the same accounts; differences are the second minus the first."""

    alignment_id: str
    with_id: str
    scorecard: Scorecard
    with_scorecard: Scorecard
    difference: dict[str, Any]
    accounts: Page[Difference] = Field(description="The accounts that differ, by id.")


class Certificate(BaseModel):
    """The proof of a lower bound, as `territory verify` checks it."""

    model_config = ConfigDict(extra="allow")

    objective: float
    lower_bound: float
    gap: float
    kind: str


class FeatureCollection(BaseModel):
    """GeoJSON (RFC 7946)."""

    model_config = ConfigDict(extra="allow")

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]
