"""What the API shows and takes of alignments, as pydantic models; the OpenAPI document is made from them."""

import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.alignments.named_schemas import NamedAccount, NamedRep
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

    name: str = Field(
        description="Which part: travel, compactness, disruption, `balance:<measure>`, eligibility or unassigned.",
        examples=["travel"],
    )
    raw: float = Field(description="Its value in its unit.", examples=[812.4])
    unit: str = Field(description="Unit of the raw value.", examples=["km"])
    weight: float = Field(description="Weight that the criteria give it.", examples=[30])
    reference: float | None = Field(default=None, description="What the raw value is divided by.")
    weighted: float = Field(description="What it adds to the objective.", examples=[0.41])


class Violation(BaseModel):
    """One breached criterion: which, where, by how much."""

    model_config = ConfigDict(extra="allow")

    criterion: str = Field(description="Which criterion is broken.", examples=["balance"])
    measure: str | None = Field(default=None, description="The measure concerned.")
    rep_id: str | None = Field(default=None, description="The rep concerned.")
    value: float | None = Field(default=None, description="What it is, in the measure's unit.")
    limit: float | None = Field(default=None, description="What it may be at most or must be at least.")
    by: float | None = Field(default=None, description="How far it is beyond the limit, > 0.")
    detail: str | None = Field(default=None, description="One sentence.")


class Counts(BaseModel):
    """How many there are."""

    accounts: int = Field(description="Accounts of the dataset.")
    reps: int = Field(description="Reps of the dataset, those who have left included.")
    moved: int = Field(description="Accounts that had a rep and have another one now.")
    unassigned: int = Field(description="Accounts without a rep.")


class Point(BaseModel):
    """A place, in degrees WGS 84."""

    lat: float = Field(description="Latitude, -90 to 90.")
    lon: float = Field(description="Longitude, -180 to 180.")


class PlacedCenter(Point):
    """A center that the optimizer chose for a rep without a home."""

    place_id: str | None = Field(description="Id of the account or unit that stands there, or the city's.")
    name: str | None = Field(description="The place's name.", examples=["Austin, TX"])


class Placement(BaseModel):
    """How near placed centers are to the best that any places could be."""

    cost: float = Field(
        description=(
            "Travel in its own unit; where compactness counts, too, with it on the scale of travel at a typical "
            "distance; compactness alone in its own."
        ),
        examples=[812.4],
    )
    lower_bound: float = Field(
        description="No alignment that keeps the hard criteria costs less, wherever the placed reps stand.",
        examples=[790.2],
    )
    gap: float = Field(description="(cost - lower_bound) / cost, a fraction.", examples=[0.0273])
    weights: dict[str, float] = Field(
        default_factory=dict,
        description="What one raw unit of each term counts in cost, by the term's name.",
        examples=[{"travel": 1.0}],
    )


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
                    "num_edits": 0,
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
                    "placement": None,
                    "links": {"self": "/v1/alignments/al_01k…"},
                }
            ]
        }
    )

    id: str = Field(description="Opaque id.")
    name: str = Field(description="Name for people.")
    archived: bool = Field(description="True once it was put away.")
    created_at: datetime.datetime = Field(description="RFC 3339, UTC.")
    origin: Origin = Field(description="Where it comes from.")
    dataset_id: str = Field(description="The dataset whose accounts it assigns.")
    scenario_id: str | None = Field(description="The question that it answers; null for an import.")
    num_edits: int = Field(description="How often it was edited by hand; each edit is an alignment of its own.")
    outcome: str | None = Field(description="`optimal` or `feasible`; null where no criteria were asked.")
    objective: float | None = Field(description="Sum of the weighted terms; null without criteria.")
    lower_bound: float | None = Field(description="No alignment that keeps the criteria is below this.")
    gap: float | None = Field(description="(objective - lower_bound) / |objective|, a fraction.")
    bound_source: Literal["certificate", "search"] | None = Field(
        description="Whence lower_bound is: a certificate, or the exact search's own bound."
    )
    certified_gap: float | None = Field(description="The gap that follows from the certificate alone.")
    terms: list[Term] = Field(description="The parts of the objective; their `weighted` add up to it.")
    violations: list[Violation] = Field(description="Every criterion that it breaks; empty for a job's result.")
    counts: Counts = Field(description="How many accounts, reps, moves.")
    hashes: dict[str, str | None] = Field(description="sha256 of the dataset and of the normalized criteria.")
    software: dict[str, Any] = Field(description="Versions and seed that made it.")
    centers: dict[str, PlacedCenter] = Field(description="Placed centers, by rep id, of reps without a home.")
    placement: Placement | None = Field(
        description=(
            "What is proven of placed centers against all candidates; null where none were placed, or no bound is "
            "valid: more accounts or candidates than can be weighed one by one, barriers, amounts that depend on the "
            "rep, accounts that may stay without a rep. Edits keep it while they ask the same question (moves alone) "
            "and break no criterion. Points of curves have none: they ask other questions than the scenario's, of "
            "which no bound is sought."
        )
    )
    links: dict[str, str] = Field(description="Related addresses.")


class AlignmentChange(BaseModel):
    """What may change of an alignment."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="New name; null or left out keeps it.",
        examples=["Board proposal"],
    )
    archived: bool | None = Field(default=None, description="True puts it away, false brings it back.")


class LoadBefore(BaseModel):
    """A load under the current alignment."""

    load: float = Field(description="Load in the measure's unit.")
    index: float | None = Field(description="100 · load / target.")


class RepMeasure(BaseModel):
    """One rep's load of one measure."""

    load: float = Field(description="The sum over the rep's accounts, in the measure's unit.")
    target: float | None = Field(description="The fair share; null for a rep who has left.")
    index: float | None = Field(description="100 · load / target.")
    min: float | None = Field(description="The rep's smallest load, where it has one.")
    max: float | None = Field(description="The rep's largest load, where it has one.")
    before: LoadBefore | None = Field(description="Under the current alignment; null without one.")


class RepBefore(BaseModel):
    """One rep under the current alignment."""

    accounts: int = Field(description="Accounts of the rep.")
    travel_km: float | None = Field(description="Road kilometers a year, one way each visit.")
    radius_km: float | None = Field(description="Root mean square distance to the center in km, by workload.")


class RepLine(NamedRep):
    """One rep's line of the scorecard."""

    center: PlacedCenter | None = Field(
        default=None, description="Where the optimizer placed a rep without a home; null for all others."
    )
    active: bool = Field(description="False: has left.")
    accounts: int = Field(description="Accounts of the rep.")
    measures: dict[str, RepMeasure] = Field(description="Load, target and index by measure.")
    in_band: bool | None = Field(description="Whether each balanced measure is within its tolerance.")
    travel_km: float | None = Field(description="Road kilometers a year, one way each visit.")
    radius_km: float | None = Field(description="Root mean square distance to the center in km, by workload.")
    moved_in: int = Field(description="Accounts gained against current.")
    moved_out: int = Field(description="Accounts lost against current.")
    before: RepBefore | None = Field(description="Under the current alignment; null without one.")


class Fairness(BaseModel):
    """How evenly one measure is shared; reps who have left are not counted."""

    within_5: float | None = Field(description="Fraction of reps whose index is within 95..105.")
    within_10: float | None = Field(description="Fraction of reps whose index is within 90..110.")
    within_15: float | None = Field(description="Fraction of reps whose index is within 85..115.")
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
    before: Fairness | None = Field(description="Under the current alignment; null without one.")


class TerritoryCompactness(BaseModel):
    """How tight the territories are."""

    moment_of_inertia: float | None = Field(description="Sum of workload · km², null if nothing is known.")
    radius_km: float | None = Field(description="Mean of the reps' radius in km.")


class TeamDisruption(BaseModel):
    """What changes rep. Leaving a rep who has left is a move, but no disruption."""

    moved: int = Field(description="Accounts that had a rep and have another one now.")
    accounts: int = Field(description="Those of them that count: their rep has not left.")
    share: Amounts = Field(description="Fraction of each measure's total.")


class TeamBefore(BaseModel):
    """The team under the current alignment."""

    in_band: int = Field(description="Reps whose balanced measures are all within tolerance.")
    travel_km: float | None = Field(description="Road kilometers a year of all reps.")
    compactness: TerritoryCompactness = Field(description="Spread of the territories.")


class Team(BaseModel):
    """The whole team."""

    measures: dict[str, TeamMeasure] = Field(description="Fairness by measure.")
    reps: int = Field(description="Reps who have not left.")
    in_band: int = Field(description="Reps whose balanced measures are all within tolerance.")
    balanced: list[str] = Field(description="The measures that in_band judges.")
    travel_km: float | None = Field(description="Road kilometers a year of all reps, one way each visit.")
    compactness: TerritoryCompactness = Field(description="Spread of the territories.")
    disruption: TeamDisruption = Field(description="What changes rep against current.")
    before: TeamBefore | None = Field(description="Under the current alignment; null without one.")


class Scorecard(BaseModel):
    """How an alignment stands, per rep and for the team, before and after."""

    reps: list[RepLine] = Field(description="One line a rep, by id.")
    team: Team = Field(description="Numbers of the whole team.")


class Assignment(BaseModel):
    """One account and its rep."""

    account_id: str = Field(description="The account's id.")
    rep_id: str | None = Field(description="Null when unassigned.")
    current_rep_id: str | None = Field(description="The rep before; null for none.")
    moved: bool = Field(description="True: had a rep and has another one now.")
    locked: bool = Field(description="True: locked, by its row in the dataset or by a lock of the criteria.")
    travel_km: float | None = Field(description="Road kilometers from the rep's center, one way, once.")
    measures: Amounts = Field(description="The account's amounts, for this rep.")
    account_name: str | None = Field(description="Name for people.")
    rep_name: str | None = Field(description="Name for people.")


class Move(NamedAccount):
    """One account that changes rep, and why."""

    model_config = ConfigDict(populate_by_name=True)

    from_rep: str = Field(alias="from", description="Rep id before.")
    to: str | None = Field(description="Rep id now; null when unassigned.")
    measures: Amounts = Field(description="What moves with it, by measure.")
    reason: str = Field(description="One sentence with its numbers.", examples=["R-3 has left."])
    reason_code: str = Field(description="Stable word for the reason.", examples=["REP_LEFT"])
    from_name: str | None = Field(description="Name of the rep before.")
    to_name: str | None = Field(description="Name of the rep now.")
    travel_km_before: float | None = Field(description="Road kilometers to the rep before, one way, once.")
    travel_km_after: float | None = Field(description="Road kilometers to the rep now, one way, once.")


class Difference(NamedAccount):
    """One account that two alignments give to different reps."""

    rep_id: str | None = Field(description="Its rep here; null when unassigned.")
    with_rep_id: str | None = Field(description="Its rep in the other one; null when unassigned.")


class Comparison(BaseModel):
    """Two alignments of the same accounts; differences are the second minus the first."""

    alignment_id: str = Field(description="The first alignment.")
    with_id: str = Field(description="The second alignment.")
    scorecard: Scorecard = Field(description="The first one's scorecard.")
    with_scorecard: Scorecard = Field(description="The second one's scorecard.")
    difference: dict[str, Any] = Field(description="Second minus first, laid out as in the scorecards.")
    accounts: Page[Difference] = Field(description="The accounts that differ, by id.")


class Certificate(BaseModel):
    """The proof of a lower bound, as `territory verify` checks it."""

    model_config = ConfigDict(extra="allow")

    objective: float = Field(description="Objective of the alignment that it belongs to.")
    lower_bound: float = Field(description="No alignment that keeps the criteria is below this.")
    gap: float = Field(description="(objective - lower_bound) / |objective|, a fraction.")
    kind: str = Field(description="How the bound was found, such as `lagrangian`.")


class FeatureCollection(BaseModel):
    """GeoJSON (RFC 7946)."""

    model_config = ConfigDict(extra="allow")

    type: Literal["FeatureCollection"] = Field(description="Always `FeatureCollection`.")
    features: list[dict[str, Any]] = Field(description="GeoJSON Features; longitude first, degrees WGS 84.")
