"""Criteria against data: every kind of unknown name and of conflicting lock, with code and place."""

import json
from typing import Any

import pytest

from app.datasets.importing import read_json_dataset
from app.datasets.tables import DatasetTables
from app.scenarios.checks import criteria_faults
from app.scenarios.schemas import Criteria
from app.settings import Settings
from tests.app.conftest import tiny_dataset


def tables(change: dict[str, dict[int, dict[str, Any]]] | None = None) -> DatasetTables:
    """Return the tiny dataset with some rows changed."""
    body = tiny_dataset()
    for noun, rows in (change or {}).items():
        for row, fields in rows.items():
            body[noun][row].update(fields)
    read, log, _ = read_json_dataset(json.dumps(body).encode(), Settings())
    assert log.errors == []
    return read


def faults(
    criteria: dict[str, Any], change: dict[str, dict[int, dict[str, Any]]] | None = None
) -> list[tuple[str, str]]:
    """Return code and pointer of every fault."""
    found = criteria_faults(tables(change), Criteria.model_validate_json(json.dumps(criteria)))
    return [(fault.code, fault.pointer or "") for fault in found]


def lock(account_id: str, rep_id: str) -> dict[str, str]:
    return {"account_id": account_id, "rep_id": rep_id}


@pytest.mark.parametrize(
    ("criteria", "pointer"),
    [
        ({"balance": [{"measure": "worklod"}]}, "/criteria/balance/0/measure"),
        ({"disruption": {"measure": "revenue"}}, "/criteria/disruption/measure"),
        ({"disruption": {"max_moved": {"share": {"revenue": 0.1}}}}, "/criteria/disruption/max_moved/share/revenue"),
        ({"locks": [lock("a9", "R1")]}, "/criteria/locks/0/account_id"),
        ({"forbid": [lock("a1", "R9")]}, "/criteria/forbid/0/rep_id"),
        ({"frozen_reps": ["R1", "R9"]}, "/criteria/frozen_reps/1"),
    ],
)
def test_unknown_names_are_refused(criteria: dict[str, Any], pointer: str) -> None:
    """A measure, account or rep that is not in the data is named at its place."""
    assert faults(criteria) == [("UNKNOWN_REFERENCE", pointer)]


def test_the_nearest_name_is_offered() -> None:
    """A misspelt measure comes with the nearest known one."""
    found = criteria_faults(tables(), Criteria.model_validate({"balance": [{"measure": "worklod"}]}))
    assert found[0].params == {"nearest": "workload"}


LOCK_CONFLICTS: list[tuple[dict[str, Any], dict[str, dict[int, dict[str, Any]]], str]] = [
    ({"locks": [lock("a1", "R1"), lock("a1", "R2")]}, {}, "/criteria/locks/1"),
    ({"locks": [lock("a1", "R2")]}, {"accounts": {0: {"locked": True}}}, "/accounts/0/locked"),
    ({"locks": [lock("a1", "R2")], "forbid": [lock("a1", "R2")]}, {}, "/criteria/locks/0"),
    ({"locks": [lock("a1", "R2")]}, {"accounts": {0: {"requires": ["medical"]}}}, "/criteria/locks/0"),
    ({"locks": [lock("a1", "R2")]}, {"reps": {1: {"max_distance_km": 10}}}, "/criteria/locks/0"),
    ({"locks": [lock("a1", "R2")]}, {"reps": {1: {"active": False}}}, "/criteria/locks/0"),
    ({"locks": [lock("a1", "R2")], "frozen_reps": ["R2"]}, {}, "/criteria/locks/0"),
    (
        {"locks": [lock("a1", "R1"), lock("a2", "R2")]},
        {"accounts": {1: {"parent_id": "a1"}}},
        "/criteria/locks/1",
    ),
]


@pytest.mark.parametrize(("criteria", "change", "pointer"), LOCK_CONFLICTS)
def test_conflicting_locks_are_refused(
    criteria: dict[str, Any], change: dict[str, dict[int, dict[str, Any]]], pointer: str
) -> None:
    """Each kind of conflict is one fault that names both places."""
    found = criteria_faults(tables(change), Criteria.model_validate_json(json.dumps(criteria)))
    assert [(fault.code, fault.pointer) for fault in found] == [("LOCK_CONFLICT", pointer)]
    assert found[0].params["other"]


def test_locks_that_fit_are_accepted() -> None:
    """A lock to an active, able, near, allowed rep is no fault; families apart are none where they may split."""
    assert faults({"locks": [lock("a1", "R1"), lock("a4", "R2")]}) == []
    split = {"locks": [lock("a1", "R1"), lock("a2", "R2")], "families": "off"}
    assert faults(split, {"accounts": {1: {"parent_id": "a1"}}}) == []


def test_targets_that_nobody_has_are_refused() -> None:
    """Given targets need every rep's target, capacity targets every capacity; one rep without is named by number."""
    given = {"balance": [{"measure": "workload", "target": "given"}]}
    assert faults(given) == [("CONTRADICTORY_SETTING", "/criteria/balance/0/target")]
    one = {"reps": {0: {"targets": {"workload": 20}}}}
    assert faults(given, one) == [("CONTRADICTORY_SETTING", "/criteria/balance/0/target")]
    assert faults(given, {"reps": {rep: {"targets": {"workload": 20}} for rep in (0, 1)}}) == []
    shared = {"balance": [{"measure": "workload", "target": "capacity"}]}
    half = {"reps": {0: {"capacity": {"workload": {"max": 40}}}}}
    assert faults(shared, half) == [("CONTRADICTORY_SETTING", "/criteria/balance/0/target")]


def test_targets_in_proportion_to_nothing_are_refused() -> None:
    """An fte of 0 at every rep, or a largest load of 0, leaves nothing to share a total by."""
    by_fte = {"balance": [{"measure": "workload", "target": "fte"}]}
    assert faults(by_fte, {"reps": {0: {"fte": 0}}}) == []
    assert faults(by_fte, {"reps": {rep: {"fte": 0} for rep in (0, 1)}}) == [
        ("CONTRADICTORY_SETTING", "/criteria/balance/0/target")
    ]
    by_capacity = {"balance": [{"measure": "workload", "target": "capacity"}]}
    assert faults(by_capacity, {"reps": {rep: {"capacity": {"workload": {"max": 0}}} for rep in (0, 1)}}) == [
        ("CONTRADICTORY_SETTING", "/criteria/balance/0/target")
    ]


def test_a_rep_without_a_home_needs_a_place_where_it_could_live() -> None:
    """The optimizer places it at an account; units that are not there, or no city nearby, are refused."""
    homeless = {"reps": {1: {"lat": None, "lon": None}}}
    assert faults({"travel": {"weight": 1}}, homeless) == []
    assert faults({"balance": [{"measure": "workload"}]}, homeless) == []
    in_units = {"travel": {"weight": 1}, "centers": {"candidates": "units"}}
    assert faults(in_units, homeless) == [("CONTRADICTORY_SETTING", "/criteria/centers/candidates")]
    assert faults(in_units) == []
