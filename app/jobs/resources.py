"""Jobs as the HTTP API takes and shows them."""

import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.datasets.schemas import (
    UNLOCATED,
    AccountRows,
    BundledUnits,
    PairRows,
    RepRows,
    TopologyBody,
    UnitsBody,
    Unlocated,
)
from app.jobs.engine import MAX_PRIORITY, MIN_PRIORITY
from app.jobs.states import TAG_NAME_CHARACTERS, JobKind, JobState
from app.scenarios.numbers import Identifier, Whole
from app.scenarios.schemas import Criteria, Search
from app.webhooks.schemas import WebhookRequest

NAME_CHARACTERS = 1000
TAG_VALUE_CHARACTERS = 1000
MAX_TAGS = 50

TagName = Annotated[str, Field(min_length=1, max_length=TAG_NAME_CHARACTERS)]
TagValue = Annotated[str, Field(max_length=TAG_VALUE_CHARACTERS)]


class JobOptions(BaseModel):
    """What may stand beside a job's question."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str | None = Field(default=None, min_length=1, max_length=NAME_CHARACTERS, description="A name for people.")
    tags: dict[TagName, TagValue] = Field(
        default_factory=dict,
        max_length=MAX_TAGS,
        description="Own words to find the job by.",
        examples=[{"year": "2027"}],
    )
    priority: Whole = Field(
        default=0,
        ge=MIN_PRIORITY,
        le=MAX_PRIORITY,
        description="Jobs of higher priority are executed sooner; equal ones in the order of submission.",
    )
    webhook: WebhookRequest | None = Field(
        default=None, description="Where to tell what becomes of the job, signed after Standard Webhooks."
    )


class ScenarioJobRequest(JobOptions):
    """Execute a stored scenario."""

    scenario_id: Identifier = Field(description="The scenario to execute.", examples=["sc_01jz"])


class InlineJobOptions(JobOptions):
    """What may stand beside the data of a one-call job."""

    criteria: Criteria | None = Field(default=None, description="What makes an alignment good.")
    search: Search | None = Field(default=None, description="How long and how to search.")
    coordinates_confirmed: bool = Field(
        default=False, description="True: coordinates that look swapped are right as they are."
    )
    unlocated: Unlocated = Field(default="error", description=UNLOCATED)


class JobRequest(JobOptions):
    """A job: `scenario_id`, or everything in one call: `accounts`, `reps` and what else is known."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "EMEA rebalance",
                    "accounts": [
                        {
                            "id": "A-1",
                            "name": "Łódź Works",
                            "lat": 51.77,
                            "lon": 19.46,
                            "current_rep_id": "R-1",
                            "requires": ["medical"],
                            "visits_per_year": 12,
                            "measures": {"workload": 18.0, "potential": 52000},
                        }
                    ],
                    "reps": [
                        {
                            "id": "R-1",
                            "name": "Çelik",
                            "lat": 52.23,
                            "lon": 21.01,
                            "skills": ["medical"],
                            "capacity": {"workload": {"max": 1800}},
                        }
                    ],
                    "criteria": {"travel": {"weight": 30, "road_factor": 1.3}},
                    "search": {"time_limit_s": 60, "gap": 0.001},
                    "tags": {"year": "2027"},
                },
                {"scenario_id": "sc_01jz", "priority": 5},
            ],
            "oneOf": [
                {"required": ["scenario_id"], "properties": {"scenario_id": {"type": "string"}}},
                {
                    "required": ["accounts", "reps"],
                    "properties": {
                        "accounts": {"type": "array"},
                        "reps": {"type": "array"},
                        "scenario_id": {"type": "null"},
                    },
                },
            ],
        },
    )

    scenario_id: Identifier | None = Field(
        default=None, description="The scenario to execute; nothing of the question may stand beside it."
    )
    accounts: AccountRows | None = Field(default=None, description="As in POST /v1/datasets, at least one.")
    reps: RepRows | None = Field(default=None, description="As in POST /v1/datasets, at least one.")
    pairs: PairRows | None = Field(default=None, description="As in POST /v1/datasets.")
    units: UnitsBody | TopologyBody | BundledUnits | None = Field(
        default=None, description="As in POST /v1/datasets: GeoJSON, TopoJSON, or the name of bundled units."
    )
    criteria: Criteria | None = Field(
        default=None,
        description=(
            "What makes an alignment good. Left out: workload balanced within 10 % soft, travel and disruption at "
            "weight 50 each."
        ),
    )
    search: Search | None = Field(default=None, description="How long and how to search.")
    coordinates_confirmed: bool = Field(
        default=False, description="True: coordinates that look swapped are right as they are."
    )
    unlocated: Unlocated = Field(default="error", description=UNLOCATED)


class Progress(BaseModel):
    """What is known while the optimizer works; null is unknown."""

    phase: str = Field(
        description=(
            "`starting`, `travel_times` (asking for those that lack), `planning`, `placing` (reps without a home), "
            "`checking`, `bounding`, `constructing`, `local_search`, `neighborhoods`, `repair`, `exact`, `relaxing` "
            "or `done`; of a curve the label of the point that it works on."
        ),
        examples=["local_search"],
    )
    elapsed_s: float = Field(description="Seconds of work, all attempts together.", examples=[4.1])
    time_limit_s: float = Field(description="The search's time limit in seconds.", examples=[60])
    objective: float | None = Field(description="Objective of the best alignment.", examples=[0.731])
    lower_bound: float | None = Field(description="Proven: no alignment is below it.", examples=[0.728])
    gap: float | None = Field(description="(objective − lower_bound) / |objective|.", examples=[0.0041])
    violations: int | None = Field(description="Hard limits that the best alignment breaks.", examples=[0])
    moved_accounts: int | None = Field(description="Accounts whose rep changes against current.", examples=[212])
    points_done: int | None = Field(default=None, description="Of a curve: points so far.")
    points_planned: int | None = Field(default=None, description="Of a curve: points that are wanted.")


class Arithmetic(BaseModel):
    """Numbers that anybody can add up."""

    demand: float | None = Field(description="What is needed, in the measure's unit.")
    capacity: float | None = Field(description="What there is.")
    short: float | None = Field(description="demand − capacity.")


class CauseResource(BaseModel):
    """What makes a conflict, where demand and capacity alone do not tell."""

    kind: str = Field(
        description=(
            "`forced` (accounts that cannot stay), `shed` and `gain` (loads today that are too large or too small), "
            "`frozen`, `few` (too few accounts), `large` (accounts of this size do not fit beside each other) or "
            "`gap` (`count` accounts have at most `amount`, one more has the demand). Of connected territories: "
            "`apart` (what a rep must have lies in `count` pieces), `alone` (no rep can have it), `reach` (a rep's "
            "connected units hold too little), `part` and `full` (a part of the map that stands alone)."
        ),
        examples=["shed"],
    )
    measure: str | None = Field(description="What `amount` and `limit` are of; may differ from the conflict's measure.")
    amount: float | None = Field(description="The load today, the smallest large account, or what `count` have.")
    limit: float | None = Field(description="The limit that the amount meets.")
    count: int | None = Field(description="Number of accounts.")
    scope: str | None = Field(description="Of a budget: `total`, `in` or `out`.")


class ConflictResource(BaseModel):
    """Wishes that cannot be met together."""

    code: str = Field(description="Stable word; GET /problems explains it.", examples=["CAPACITY_BELOW_TOTAL"])
    measure: str | None = Field(description="What is short.", examples=["workload"])
    accounts: list[str] = Field(description="Ids of the accounts concerned, at most 1,000.")
    reps: list[str] = Field(description="Ids of the reps concerned, at most 1,000.")
    num_accounts: int = Field(description="All accounts concerned.")
    num_reps: int = Field(description="All reps concerned.")
    arithmetic: Arithmetic = Field(description="The numbers behind the sentence.")
    sentence: str = Field(description="The conflict in one sentence.")
    fix: str = Field(
        default="",
        description="What would end it, in one sentence, with the amount where arithmetic tells it.",
        examples=["Raise workload maximums by at least 312 h in all, add a rep, or leave as much unassigned."],
    )
    irreducible: bool = Field(description="True: without any one part there is no conflict.")
    cause: CauseResource | None = Field(
        default=None, description="The numbers of a sentence that demand and capacity alone do not tell."
    )


class ChangeResource(BaseModel):
    """One changed wish."""

    kind: str = Field(
        description=(
            "What is changed: `capacity_max`, `capacity_min`, `tolerance`, `lock`, `eligibility`, `forbid`, `frozen`, "
            "`family`, `budget`, `unassigned`, `contiguity` or `add_rep`."
        ),
        examples=["capacity_max"],
    )
    rep_id: str | None = Field(description="The rep concerned; of `add_rep` the one that the new rep is like.")
    account_id: str | None = Field(description="The account concerned.")
    measure: str | None = Field(description="The measure concerned.")
    scope: str | None = Field(description="Of a budget: total, in or out.")
    before: float | None = Field(description="The limit as it was; null where a wish is dropped.")
    after: float | None = Field(description="The limit as it must be; null where a wish is dropped.")
    sentence: str = Field(description="The change in one sentence.")


class RelaxationResource(BaseModel):
    """A change of the criteria that was solved and passes the checker."""

    kind: str = Field(description="The kind of its changes, or `mixed`.")
    changes: list[ChangeResource] = Field(description="What to change, all of it.")
    total: float = Field(description="Sum of the changed amounts, or the number of dropped wishes.")
    price: float = Field(
        default=0.0,
        description="What the changes cost together, in average territories; the cheapest relaxation stands first.",
    )
    sentence: str = Field(description="The relaxation in one sentence.")
    alignment_id: str | None = Field(
        description="An alignment that keeps the relaxed criteria; its own scenario has them."
    )
    dataset_id: str | None = Field(
        default=None,
        description="The alignment's dataset: the job's, or one made from it where the changes are in the data.",
    )
    scenario_id: str | None = Field(
        default=None,
        description="The alignment's scenario: the job's with the changes, under which it can be published and solved.",
    )


class JobProblem(BaseModel):
    """Why a job failed: a problem document after RFC 9457."""

    type: str = Field(description="Where the code is explained.", examples=["/problems/WORKER_LOST"])
    title: str = Field(description="A few words, the same for each occurrence.")
    code: str = Field(description="Stable word.", examples=["WORKER_LOST"])
    detail: str = Field(description="One sentence that says what happened.")
    fix: str = Field(description="What to do.")
    params: dict[str, Any] = Field(default_factory=dict, description="Every number of the sentence.")
    errors: list[dict[str, Any]] = Field(default_factory=list, description="Single faults, where there are any.")


class JobResource(BaseModel):
    """One execution of the optimizer on a scenario."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "job_01jz",
                    "name": "EMEA rebalance",
                    "kind": "alignment",
                    "state": "running",
                    "outcome": None,
                    "stop_reason": None,
                    "attempts": 1,
                    "priority": 0,
                    "created_at": "2026-11-22T07:00:00Z",
                    "started_at": "2026-11-22T07:00:01Z",
                    "ended_at": None,
                    "progress": {
                        "phase": "local_search",
                        "elapsed_s": 4.1,
                        "time_limit_s": 60,
                        "objective": 0.731,
                        "lower_bound": 0.728,
                        "gap": 0.0041,
                        "violations": 0,
                        "moved_accounts": 212,
                    },
                    "dataset_id": "ds_01jz",
                    "scenario_id": "sc_01jz",
                    "initial_alignment_id": None,
                    "alignment_id": "al_01jz",
                    "conflicts": [],
                    "relaxations": [],
                    "problem": None,
                    "tags": {"year": "2027"},
                    "links": {"self": "/v1/jobs/job_01jz", "events": "/v1/jobs/job_01jz/events"},
                }
            ]
        }
    )

    id: str = Field(description="Opaque id.", examples=["job_01jz"])
    name: str = Field(description="Name for people.")
    kind: JobKind = Field(description="`alignment`: one best alignment; `curve`: many, at `links.curve`.")
    state: JobState = Field(description="queued → running → succeeded, failed or canceled.")
    outcome: str | None = Field(
        description="`optimal`, `feasible`, `infeasible` or `unknown`; null until it has succeeded."
    )
    stop_reason: str | None = Field(
        description="`gap`, `time_limit`, `stopped`, `no_improvement` or `proved`; null until it has succeeded."
    )
    attempts: int = Field(description="Workers that began it; above 1 after a worker died.")
    priority: int = Field(description="Jobs of higher priority are executed sooner.")
    created_at: datetime.datetime = Field(description="When it was submitted, RFC 3339, UTC.")
    started_at: datetime.datetime | None = Field(description="When a worker first began it; null while queued.")
    ended_at: datetime.datetime | None = Field(description="When it ended; null until then.")
    progress: Progress | None = Field(description="How far it is; null before it runs.")
    dataset_id: str = Field(description="The dataset that it works on.")
    scenario_id: str = Field(description="The scenario that it executes.")
    alignment_id: str | None = Field(
        description="The best alignment, also while running; null before the first, and for a curve."
    )
    initial_alignment_id: str | None = Field(
        description="The alignment that the search began with, such as an edited one; null for none."
    )
    conflicts: list[ConflictResource] = Field(description="Why there is no alignment; of outcome infeasible.")
    relaxations: list[RelaxationResource] = Field(description="What would help; of outcome infeasible.")
    problem: JobProblem | None = Field(description="Why it failed.")
    tags: dict[str, str] = Field(description="Your own words to find it by.")
    links: dict[str, str] = Field(description="Related addresses.")
