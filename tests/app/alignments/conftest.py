"""A started service with a dataset, its criteria and a stored alignment."""

from typing import Any

import pyarrow as pa
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.alignments.service import store_alignment
from app.alignments.summaries import AlignmentSummary, Origin, OriginKind
from app.database import transaction
from tests.app.conftest import tiny_dataset

CRITERIA: dict[str, Any] = {
    "balance": [{"measure": "workload", "target": "equal", "tolerance": 0.2, "hard": True}],
    "travel": {"weight": 30, "source": "great_circle", "road_factor": 1.3},
    "disruption": {"weight": 30, "measure": "potential"},
}
TERM = {"name": "travel", "raw": 812.4, "unit": "km", "weight": 30, "reference": 1.0, "weighted": 0.41}


class Bench:
    """A service with data in it, and ways to put more."""

    def __init__(
        self, app: FastAPI, client: TestClient, body: dict[str, Any], *, criteria: dict[str, Any] | None = None
    ) -> None:
        self.app = app
        self.client = client
        self.body = body
        self.dataset_id = self.created("/v1/datasets", body)["id"]
        self.scenario_id = self.scenario(criteria or CRITERIA)

    def created(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post a body that must be accepted."""
        answer = self.client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def current(self, dataset_id: str | None = None) -> str:
        """Return the id of the current alignment that came with a dataset."""
        return str(self.get(f"/v1/datasets/{dataset_id or self.dataset_id}/current")["id"])

    def scenario(self, criteria: dict[str, Any]) -> str:
        """Store a scenario of the dataset."""
        body = {"dataset_id": self.dataset_id, "name": "Fair", "criteria": criteria, "search": {}}
        return str(self.created("/v1/scenarios", body)["id"])

    def store(self, rep_ids: list[str | None], **more: Any) -> str:
        """Store an alignment as a job would, and return its id."""
        account_ids = [account["id"] for account in self.body["accounts"]]
        table = pa.table({"account_id": account_ids, "rep_id": pa.array(rep_ids, pa.string())})
        summary = {"outcome": "feasible", "objective": 0.41, "lower_bound": 0.4, "gap": 0.0243, "terms": [TERM]}
        with transaction(self.app.state.sessions) as session:
            row = store_alignment(
                session,
                dataset_id=self.dataset_id,
                scenario_id=self.scenario_id,
                origin=Origin(OriginKind.JOB, job_id="job_1"),
                assignments=table,
                summary=AlignmentSummary(**{**summary, **more.pop("summary", {})}),
                **more,
            )
            return row.id

    def get(self, path: str, **params: Any) -> Any:
        """Get a JSON answer that must be there."""
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def bench(app: FastAPI, client: TestClient) -> Bench:
    """Return the service with the four accounts on a line."""
    return Bench(app, client, tiny_dataset())


@pytest.fixture
def alignment_id(bench: Bench) -> str:
    """Return the alignment that gives a4 to R2, which is nearer."""
    return bench.store(["R1", "R1", "R2", "R2"])
