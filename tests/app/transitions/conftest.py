"""A started service with families, a rep who has left, an account without a rep, and days in a column."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.alignments.conftest import Bench


def team() -> dict[str, Any]:
    """Return a dataset body: twelve accounts of R1, R2, R3 (who has left) and nobody.

    k1..k6 are R1's, k7..k8 are R2's, k9..k10 are R3's, k11..k12 are nobody's; k2, k3 and k7 are one family.
    """
    current = ["R1"] * 6 + ["R2"] * 2 + ["R3"] * 2 + [None] * 2
    accounts = [
        {
            "id": f"k{number:02}",
            "name": "=Łódź" if number == 1 else f"Konto {number}",
            "lat": 50.0,
            "lon": 10.0 + number / 10,
            "current_rep_id": rep_id,
            "parent_id": "k02" if number in (3, 7) else None,
            "measures": {"workload": 10.0, "potential": 100.0 * number},
            "attributes": {"open_deal_until": "2027-01-12" if number == 4 else ""},
        }
        for number, rep_id in enumerate(current, start=1)
    ]
    reps = [
        {"id": "R1", "name": "Çelik", "lat": 50.0, "lon": 9.5},
        {"id": "R2", "name": "Nguyễn", "lat": 50.0, "lon": 14.5},
        {"id": "R3", "name": "Gone", "lat": 50.0, "lon": 12.0, "active": False},
        {"id": "ß/4", "name": "+New", "lat": 50.0, "lon": 11.0},
    ]
    return {"name": "Team", "accounts": accounts, "reps": reps}


GOAL: list[str | None] = ["R2", "R2", "R2", "R2", "ß/4", "ß/4", "R2", "ß/4", "R1", "R1", "R1", "ß/4"]
"""k1..k4 go to R2, k5, k6, k8 and k12 to ß/4, k9..k11 to R1; k7 stays."""


@pytest.fixture
def bench(app: FastAPI, client: TestClient) -> Bench:
    """Return the service with the team."""
    return Bench(app, client, team())


@pytest.fixture
def goal_id(bench: Bench) -> str:
    """Return the alignment to go to."""
    return bench.store(GOAL)
