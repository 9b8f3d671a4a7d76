"""What is audited, as data: table by table, the columns whose changes are worth an entry. No secrets among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Watched:
    """One audited table.

    Parameters
    ----------
    noun
        What a row is called in the audit.
    columns
        Whose values are written down when a row appears, changes or goes.
    """

    noun: str
    columns: tuple[str, ...]
    within: str | None = None
    """A column that names the row that a row is a part of; such parts have no entries, their whole has."""


WATCHED: Mapping[str, Watched] = MappingProxyType(
    {
        "datasets": Watched("dataset", ("name", "archived", "parent_id", "num_accounts", "num_reps", "sha256")),
        "scenarios": Watched(
            "scenario",
            ("name", "archived", "dataset_id", "based_on", "criteria", "search", "criteria_sha256"),
        ),
        "jobs": Watched(
            "job",
            (
                *("name", "kind", "state", "outcome", "stop_reason", "priority", "tags", "dataset_id", "scenario_id"),
                *("initial_alignment_id", "open_reps", "attempts", "stop_requested", "problem"),
            ),
            within="whole_id",
        ),
        "alignments": Watched(
            "alignment",
            (
                *("name", "archived", "origin_kind", "job_id", "parent_id", "dataset_id", "scenario_id"),
                "assignments_sha256",
            ),
        ),
        "webhooks": Watched("webhook", ("job_id", "events")),
        "api_keys": Watched("key", ("name", "role", "verbs", "rep_id", "prefix", "expires_at", "revoked_at")),
    }
)
