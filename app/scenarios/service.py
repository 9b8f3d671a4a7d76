"""The rules of scenarios: checked against their dataset, fixed once a job used them. No HTTP."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.datasets.service import load_tables
from app.datasets.tables import DatasetTables
from app.errors import Conflict, Fault, InvalidInput, NotFound
from app.identifiers import new_id
from app.scenarios.checks import criteria_faults
from app.scenarios.columns import flags
from app.scenarios.models import Scenario
from app.scenarios.repository import ScenarioRepository
from app.scenarios.resources import ScenarioChange, ScenarioRequest
from app.scenarios.schemas import Criteria, Search, default_criteria
from app.settings import Settings
from checker.hashes import scenario_sha256


class ScenarioService:
    """Make, change and delete scenarios within the caller's transaction."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session = session
        self._settings = settings
        self._scenarios = ScenarioRepository(session)

    def create(self, wanted: ScenarioRequest) -> Scenario:
        """Store a scenario that was checked against its dataset.

        Raises
        ------
        InvalidInput
            When the criteria do not fit the data or each other, with every fault.
        """
        base = None if wanted.based_on is None else self._referenced(wanted.based_on)
        dataset_id = wanted.dataset_id or (base.dataset_id if base is not None else "")
        try:
            tables = load_tables(self._session, dataset_id)
        except NotFound as error:
            raise _unknown("dataset_id", dataset_id, noun="dataset") from error
        criteria = wanted.criteria or (_criteria_of(base) if base is not None else default_criteria(tables.measures()))
        search = wanted.search or (_search_of(base) if base is not None else Search())
        self.check(tables, criteria, search)
        return self.store(
            dataset_id=dataset_id,
            name=wanted.name or (base.name if base is not None else "Scenario"),
            criteria=criteria,
            search=search,
            based_on=wanted.based_on,
        )

    def check(self, tables: DatasetTables, criteria: Criteria, search: Search) -> None:
        """Refuse criteria and search limits that do not fit the data or the settings.

        Raises
        ------
        InvalidInput
            With every fault.
        """
        faults = scenario_faults(tables, criteria, search, self._settings)
        if faults:
            raise InvalidInput(faults[: self._settings.max_listed_faults], total=len(faults))

    def store(
        self, *, dataset_id: str, name: str, criteria: Criteria, search: Search, based_on: str | None = None
    ) -> Scenario:
        """Store a scenario whose criteria were checked."""
        normalized = criteria.model_dump(mode="json")
        scenario = Scenario(
            id=new_id("sc"),
            name=name,
            dataset_id=dataset_id,
            based_on=based_on,
            criteria=normalized,
            search=search.model_dump(mode="json"),
            criteria_sha256=scenario_sha256(normalized),
        )
        self._scenarios.add(scenario)
        return scenario

    def change(self, scenario: Scenario, wanted: ScenarioChange) -> None:
        """Rename or archive; change criteria and search while no job or alignment uses the scenario.

        Raises
        ------
        Conflict
            When a job or an alignment uses it (IN_USE).
        InvalidInput
            When the new criteria do not fit.
        """
        if wanted.criteria is not None or wanted.search is not None:
            if self._scenarios.used([scenario.id]):
                raise Conflict(
                    "IN_USE",
                    "A job or an alignment uses this scenario, so its criteria and search are fixed; "
                    "make a new one with based_on instead.",
                )
            criteria = wanted.criteria or _criteria_of(scenario)
            search = wanted.search or _search_of(scenario)
            self.check(load_tables(self._session, scenario.dataset_id), criteria, search)
            scenario.criteria = criteria.model_dump(mode="json")
            scenario.search = search.model_dump(mode="json")
            scenario.criteria_sha256 = scenario_sha256(scenario.criteria)
        if wanted.name is not None:
            scenario.name = wanted.name
        if wanted.archived is not None:
            scenario.archived = wanted.archived

    def delete(self, scenario: Scenario) -> None:
        """Delete a scenario.

        Raises
        ------
        Conflict
            When jobs or alignments use it (IN_USE).
        """
        users = self._scenarios.users_of(scenario.id)
        if users:
            raise Conflict("IN_USE", f"Its {' and '.join(users)} use this scenario; archive it instead.")
        self._scenarios.remove(scenario)

    def _referenced(self, scenario_id: str) -> Scenario:
        try:
            return self._scenarios.get(scenario_id)
        except NotFound as error:
            raise _unknown("based_on", scenario_id, noun="scenario") from error


def scenario_faults(tables: DatasetTables, criteria: Criteria, search: Search, settings: Settings) -> list[Fault]:
    """Return every fault of criteria and search limits asked of these tables."""
    return [
        *search_faults(search, settings),
        *size_faults(tables, settings),
        *criteria_faults(
            tables,
            criteria,
            most_travel_pairs=None if settings.travel_provider_url is None else settings.max_travel_pairs,
        ),
    ]


def search_faults(search: Search, settings: Settings) -> list[Fault]:
    """Return the faults of search limits over the service's own."""
    if search.time_limit_s <= settings.max_time_limit_s:
        return []
    return [
        Fault(
            code="INVALID_VALUE",
            detail=f"time_limit_s is {search.time_limit_s:g}; the largest is {settings.max_time_limit_s:g} s.",
            pointer="/search/time_limit_s",
            value=search.time_limit_s,
            params={"limit": settings.max_time_limit_s},
        )
    ]


def size_faults(tables: DatasetTables, settings: Settings) -> list[Fault]:
    """Return the fault of a problem with too many pairs of account and active rep."""
    num_accounts = tables.accounts.num_rows
    num_reps = int(flags(tables.reps, "active", missing=True).sum())
    if num_accounts * num_reps <= settings.max_account_rep_pairs:
        return []
    return [
        Fault(
            code="PROBLEM_TOO_LARGE",
            detail=(
                f"{num_accounts:,} accounts × {num_reps:,} active reps are {num_accounts * num_reps:,} pairs; "
                f"the limit is {settings.max_account_rep_pairs:,}."
            ),
            params={"accounts": num_accounts, "reps": num_reps, "limit": settings.max_account_rep_pairs},
        )
    ]


def _criteria_of(scenario: Scenario) -> Criteria:
    return Criteria.model_validate(scenario.criteria, strict=False)


def _search_of(scenario: Scenario) -> Search:
    return Search.model_validate(scenario.search, strict=False)


def _unknown(field: str, identifier: str, *, noun: str) -> InvalidInput:
    return InvalidInput(
        [
            Fault(
                code="UNKNOWN_REFERENCE",
                detail=f"There is no {noun} '{identifier[:64]}'.",
                pointer=f"/{field}",
                value=identifier,
            )
        ]
    )


def scenario_json(scenario: Scenario, *, used: bool) -> dict[str, Any]:
    """Return what the API shows of a scenario."""
    return {
        "id": scenario.id,
        "name": scenario.name,
        "dataset_id": scenario.dataset_id,
        "based_on": scenario.based_on,
        "criteria": scenario.criteria,
        "search": scenario.search,
        "criteria_sha256": scenario.criteria_sha256,
        "created_at": scenario.created_at,
        "archived": scenario.archived,
        "used": used,
        "links": {
            "self": f"/v1/scenarios/{scenario.id}",
            "dataset": f"/v1/datasets/{scenario.dataset_id}",
            "jobs": f"/v1/jobs?scenario_id={scenario.id}",
        },
    }


def scenarios_json(session: Session, scenarios: Sequence[Scenario]) -> list[dict[str, Any]]:
    """Return what the API shows of several scenarios."""
    used = ScenarioRepository(session).used([scenario.id for scenario in scenarios])
    return [scenario_json(scenario, used=scenario.id in used) for scenario in scenarios]
