"""Requests with a value in nearly every field, each taken by the service as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.contract.seeding import CRITERIA, SeededIds

Body = dict[str, Any]
UNIT = {
    "type": "Feature",
    "id": "u1",
    "properties": {"name": "West"},
    "geometry": {"type": "Polygon", "coordinates": [[[9, 49], [15, 49], [15, 51], [9, 51], [9, 49]]]},
}
BARRIER = {"type": "Polygon", "coordinates": [[[12, 49], [12.1, 49], [12.1, 49.5], [12, 49.5], [12, 49]]]}
SEARCH = {"time_limit_s": 60, "gap": 0.01, "no_improvement_s": 5, "seed": 3}
WEBHOOK = {"url": "https://8.8.8.8/hook", "events": ["job.succeeded"]}


@dataclass(frozen=True)
class BoundedRequest:
    """A request with a body.

    Parameters
    ----------
    name
        Said when something is wrong.
    method, path
        The operation, as the document has it.
    asked
        The address.
    body
        A body that keeps the document.
    """

    name: str
    method: str
    path: str
    asked: str
    body: Body


def bounded_requests(ids: SeededIds) -> Iterator[BoundedRequest]:
    """Yield a request for every operation that takes a JSON body; curves have one for each kind."""
    dataset, scenario = "/v1/datasets/{dataset_id}", "/v1/scenarios/{scenario_id}"
    alignment = "/v1/alignments/{alignment_id}"
    its_dataset, its_scenario = f"/v1/datasets/{ids.dataset}", f"/v1/scenarios/{ids.scenario}"
    its_alignment = f"/v1/alignments/{ids.alignment}"
    data, criteria = full_dataset(), full_criteria()
    variant = {"name": "Tight", "criteria": criteria, "search": SEARCH}
    stored = {"dataset_id": ids.dataset, "name": "Fair", "criteria": criteria, "search": SEARCH}
    job = data | {"criteria": {}, "search": SEARCH, "name": "Now"}
    batch = {"base_id": ids.scenario, "variants": [variant], "priority": 2, "webhook": WEBHOOK}
    yield BoundedRequest("dataset", "POST", "/v1/datasets", "/v1/datasets?check_only=true", data)
    yield BoundedRequest("changes", "POST", dataset + "/changes", its_dataset + "/changes", changes())
    yield BoundedRequest("scenario", "POST", "/v1/scenarios", "/v1/scenarios", stored)
    yield BoundedRequest("batch", "POST", "/v1/scenarios/batch", "/v1/scenarios/batch", batch)
    yield BoundedRequest("job", "POST", "/v1/jobs", "/v1/jobs", job)
    for body in curves():
        yield BoundedRequest(str(body), "POST", scenario + "/curves", its_scenario + "/curves", body)
    yield BoundedRequest("edit", "POST", alignment + "/edits", its_alignment + "/edits", edit())
    why = {"rep_id": "R2", "search": SEARCH, "name": "Why"}
    address = "/explanations/{account_id}"
    yield BoundedRequest("proof", "POST", alignment + address, its_alignment + "/explanations/a1", why)
    yield BoundedRequest("transition", "POST", alignment + "/transition", its_alignment + "/transition", transition())
    for path, asked in ((dataset, its_dataset), (scenario, its_scenario), (alignment, its_alignment)):
        yield BoundedRequest("rename", "PATCH", path, asked, {"name": "New"})


def full_dataset() -> Body:
    """Return one account and one rep with a value in every field."""
    account = {
        **{"id": "a1", "name": "Łódź Works", "lat": 50.0, "lon": 10.0, "current_rep_id": "R1", "locked": False},
        **{"parent_id": "a2", "unit_id": "u1", "postal_code": "50667", "country": "DE", "requires": ["medical"]},
        **{"visits_per_year": 12, "hours_per_visit": 1.5, "attributes": {"segment": "A"}},
        **{"measures": {"workload": 10.0}},
    }
    rep = {
        **{"id": "R1", "name": "Çelik", "lat": 50.0, "lon": 9.5, "fte": 1.0, "skills": ["medical"]},
        **{"max_distance_km": 900.0, "manager_id": "M1", "targets": {"workload": 5}, "attributes": {"team": "West"}},
        **{"capacity": {"workload": {"min": 0, "max": 1800}}},
    }
    pair = {"account_id": "a1", "rep_id": "R1", "cost": 3.2, "measures": {"workload": 1.0}}
    units = {"type": "FeatureCollection", "features": [UNIT]}
    return {"name": "Full", "accounts": [account], "reps": [rep], "pairs": [pair], "units": units}


def full_criteria() -> Body:
    """Return criteria with a value in every field."""
    limit = {"accounts": 2, "share": {"potential": 0.5}}
    return {
        "balance": [CRITERIA["balance"][0] | {"weight": 40}],
        "travel": CRITERIA["travel"] | {"barriers": [{"name": "Lake", "geometry": BARRIER, "cost_km": 5.0}]},
        "compactness": {"weight": 1},
        "disruption": CRITERIA["disruption"] | {"max_moved": limit, "max_in_per_rep": limit, "max_out_per_rep": limit},
        "eligibility": {"soft": 20},
        "locks": [{"account_id": "a1", "rep_id": "R1"}],
        "forbid": [{"account_id": "a2", "rep_id": "R2"}],
        "frozen_reps": ["R2"],
        "unassigned": {"allowed": True, "weight": 100},
    }


def changes() -> Body:
    """Return a rep who leaves, one who joins and one who changes, with a value in every field."""
    rep = full_dataset()["reps"][0]
    update = {name: value for name, value in rep.items() if name not in ("id", "attributes")} | {"rep_id": "R2"}
    return {"leave": ["R1"], "join": [rep | {"id": "R9"}], "update": [update], "name": "After"}


def curves() -> Iterator[Body]:
    """Yield a curve of each kind."""
    own = {"tags": {"year": "2027"}, "priority": 1, "name": "Price"}
    yield {"kind": "size", "from": 1, "to": 2, "step": 1, "within_km": 150, **own}
    yield {"kind": "disruption", "measure": "potential", "shares": [0.5]}
    yield {"kind": "disruption", "moves": [2]}
    yield {"kind": "pareto", "alignments": 9}


def edit() -> Body:
    """Return an edit of every kind."""
    return {
        "moves": [{"account_id": "a1", "rep_id": "R2"}],
        "swaps": [["a2", "a3"]],
        "locks": ["a4"],
        "unlocks": ["a3"],
        "forbid": [{"account_id": "a2", "rep_id": "R2"}],
        "capacity": [{"rep_id": "R1", "measure": "workload", "min": 0, "max": 900}],
        "name": "By hand",
    }


def transition() -> Body:
    """Return a transition plan with a hold."""
    holds = [{"account_id": "a1", "date": "2027-02-15"}]
    return {"max_per_rep_per_week": 3, "name": "Soon", "start": "2027-01-04", "hold_until": holds}
