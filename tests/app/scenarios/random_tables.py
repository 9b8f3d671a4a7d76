"""Seeded small datasets and criteria with everything mixed that api.md knows, small enough for brute force.

Limits are drawn around a planted alignment: most leave room, some are met to the last digit, some are missed. Numbers
are of every scale, from exact quarters to long decimals; places may be shared, at a pole, or on both sides of ±180.
Most questions have an answer, some have none.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from app.datasets.tables import ACCOUNT_FIELDS, PAIR_FIELDS, REP_FIELDS, DatasetTables
from app.scenarios.checks import criteria_faults
from app.scenarios.schemas import Criteria

NAMES = ("Łódź", "Çelik", "東京", "a/b", "naïve", "Ω", "🏢", "-1", "A 1", "É", "ß", "ss", "null", "0", "ال")
"""Ids of every script."""
SKILLS = ("medical", "crane", "日本語")
ATTEMPTS = 50


@dataclass(frozen=True)
class Question:
    """A dataset and what is wanted of it."""

    tables: DatasetTables
    criteria: Criteria


def random_question(seed: int, *, most_alignments: int = 20_000) -> Question:
    """Return the question of a seed, one that the service accepts; the same one every time."""
    for attempt in range(ATTEMPTS):
        draft = _Draft(np.random.default_rng([seed, attempt]), most_alignments)
        question = Question(draft.tables(), draft.criteria())
        if not criteria_faults(question.tables, question.criteria):
            return question
    raise AssertionError(f"seed {seed} gives no question that the service accepts")


class _Draft:
    """One dataset while it is drawn: rows first, then limits around the planted alignment, then criteria."""

    def __init__(self, rng: np.random.Generator, most_alignments: int) -> None:
        self.rng = rng
        self.num_reps = int(rng.integers(1 if self.chance(0.1) else 2, 5))
        most = int(np.log(most_alignments) / np.log(self.num_reps + 1))
        self.num_accounts = int(rng.integers(1 if self.chance(0.1) else 2, min(7, most) + 1))
        names = rng.permutation(len(NAMES))
        self.rep_ids = [f"R{NAMES[names[place]]}" for place in range(self.num_reps)]
        self.account_ids = [NAMES[names[-1 - place]] for place in range(self.num_accounts)]
        self.active = np.ones(self.num_reps, dtype=np.bool_)
        if self.num_reps > 1 and self.chance(0.25):
            self.active[rng.integers(self.num_reps)] = False
        self.by_cost = self.chance(0.25)
        self.allows_unassigned = self.chance(0.25)
        self.amount = {"workload": self._amounts(8.0), "potential": self._amounts(50_000.0)}
        if self.chance(0.2):
            self.amount["visits é"] = np.zeros(self.num_accounts) if self.chance(0.3) else self._amounts(3.0)
        self.own = {"accounts": np.ones(self.num_accounts)} | self.amount
        self.planted = rng.choice(np.flatnonzero(self.active), self.num_accounts)
        self.parents = self._parents() if self.chance(0.4) else [None] * self.num_accounts
        self.pairs = self._pairs() if self.by_cost or self.chance(0.3) else None
        self.current = self._current()

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def tables(self) -> DatasetTables:
        accounts, reps = self._accounts(), self._reps()
        pairs = None if self.pairs is None else _table(self.pairs, PAIR_FIELDS)
        return DatasetTables(accounts=_table(accounts, ACCOUNT_FIELDS), reps=_table(reps, REP_FIELDS), pairs=pairs)

    def criteria(self) -> Criteria:
        rng = self.rng
        wanted: dict[str, Any] = {
            "balance": [self._balance(measure) for measure in self.own if self.chance(0.45)],
            "disruption": self._disruption(),
            "families": "together" if self.chance(0.8) else "off",
            "eligibility": rng.choice(["hard", "hard", "off"]) if self.chance(0.6) else {"soft": self._weight()},
            "locks": self._some_pairs(0.25, planted=True),
            "forbid": self._some_pairs(0.3, planted=False),
            "frozen_reps": [self.rep_ids[rng.integers(self.num_reps)]] if self.chance(0.12) else [],
            "unassigned": {"allowed": self.allows_unassigned, "weight": self._weight() * 3},
        }
        if self.by_cost or self.chance(0.85):
            source = "pairs" if self.by_cost else "great_circle"
            wanted["travel"] = {"weight": self._weight(), "source": source, "road_factor": 1.3}
        if self.chance(0.3):
            wanted["compactness"] = {"weight": self._weight()}
        return Criteria.model_validate(wanted)

    def _weight(self) -> float:
        return float(self.rng.choice([0, 1, 10, 30, 50, 100, 33.3]))

    def _amounts(self, scale: float) -> np.ndarray:
        """Return amounts in one of three manners: quarters, long decimals, or a few that are much larger."""
        size = self.num_accounts
        manner = self.rng.integers(3)
        value = self.rng.integers(0, 17, size) * scale / 16
        if manner == 1:
            value = self.rng.lognormal(np.log(scale), 1.0, size)
        if manner == 2:
            value = np.where(self.rng.random(size) < 0.2, 100.0, 1.0) * self.rng.uniform(0, scale, size).round(2)
        return np.where(self.rng.random(size) < 0.1, 0.0, value)

    def _parents(self) -> list[str | None]:
        """Return parents that make trees: one further up the list, or one outside the data."""
        parents: list[str | None] = [None] * self.num_accounts
        for account in range(1, self.num_accounts):
            if self.chance(0.4):
                parents[account] = self.account_ids[self.rng.integers(account)]
                self.planted[account] = self.planted[self.account_ids.index(str(parents[account]))]
            elif self.chance(0.3):
                parents[account] = "head office"
        outside = [account for account, parent in enumerate(parents) if parent == "head office"]
        for account in outside[1:]:
            self.planted[account] = self.planted[outside[0]]
        return parents

    def _pairs(self) -> dict[str, list[Any]]:
        rng = self.rng
        share = 0.8 if self.by_cost else 0.4
        cells = [
            (account, rep)
            for account, rep in itertools.product(range(self.num_accounts), range(self.num_reps))
            if rng.random() < share or (self.by_cost and self.planted[account] == rep)
        ] or [(0, 0)]
        columns: dict[str, list[Any]] = {
            "account_id": [self.account_ids[account] for account, _ in cells],
            "rep_id": [self.rep_ids[rep] for _, rep in cells],
            "cost": [float(rng.integers(0, 40)) / 4 if self.by_cost or self.chance(0.3) else None for _ in cells],
            "forbidden": [bool(rng.random() < 0.1 and self.planted[account] != rep) for account, rep in cells],
        }
        for measure in self.amount:
            if self.chance(0.5):
                columns[f"measure:{measure}"] = [
                    float(self.amount[measure].max() * rng.uniform(0, 1.3)) if self.chance(0.5) else None for _ in cells
                ]
        return columns

    def _current(self) -> np.ndarray:
        """Return current reps near the planted alignment; −1 for none; some are with a rep who has left."""
        drawn = self.rng.integers(-1, self.num_reps, self.num_accounts)
        return np.where(self.rng.random(self.num_accounts) < 0.6, self.planted, drawn)

    def _place(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        middle = np.random.default_rng(int(self.amount["workload"].sum() * 1000)).choice([5.0, 60.0, 179.8, -179.9])
        north = 89.9 if self.amount["potential"].sum() % 7 < 0.5 else 48.0
        lat = np.clip(north + self.rng.normal(0, 0.8, count).round(3), -90, 90)
        lon = (middle + self.rng.normal(0, 1.2, count).round(3) + 180) % 360 - 180
        repeats = self.rng.random(count) < 0.15
        return np.where(repeats, lat[0], lat), np.where(repeats, lon[0], lon)

    def _accounts(self) -> dict[str, Any]:
        rng, size = self.rng, self.num_accounts
        lat, lon = self._place(size)
        stays = self.active[self.current] & (self.current == self.planted) & (self.current >= 0)
        hides = self.by_cost and self.chance(0.3)
        return {
            "id": self.account_ids,
            "lat": [None] * size if hides else lat,
            "lon": [None] * size if hides else lon,
            "parent_id": self.parents,
            "current_rep_id": [None if rep < 0 else self.rep_ids[rep] for rep in self.current],
            "locked": (rng.random(size) < 0.15) & stays,
            "requires": [sorted(rng.choice(SKILLS, 1)) if self.chance(0.2) else [] for _ in range(size)],
            "visits_per_year": [float(rng.integers(0, 13)) if self.chance(0.7) else None for _ in range(size)],
            **{f"measure:{measure}": amount for measure, amount in self.amount.items()},
        }

    def _reps(self) -> dict[str, Any]:
        rng, size = self.rng, self.num_reps
        lat, lon = self._place(size)
        columns: dict[str, Any] = {
            "id": self.rep_ids,
            "lat": lat,
            "lon": lon,
            "fte": rng.choice([0.0, 0.5, 1.0, 1.0, 0.8], size),
            "active": self.active,
            "skills": [[skill for skill in SKILLS if self.chance(0.7)] for _ in range(size)],
            "max_distance_km": [float(rng.uniform(50, 400)) if self.chance(0.1) else None for _ in range(size)],
        }
        for measure, amount in self.own.items():
            load = np.bincount(self.planted, weights=self._planted_amount(measure, amount), minlength=size)
            if self.chance(0.4):
                columns[f"max:{measure}"] = [self._around(value, amount, 1) for value in load]
                if self.chance(0.3):
                    columns[f"min:{measure}"] = [
                        min(self._around(value, amount, -1), high)
                        for value, high in zip(load, columns[f"max:{measure}"], strict=True)
                    ]
            if self.chance(0.5):
                columns[f"target:{measure}"] = [self._around(value, amount, 0) for value in load]
        return columns

    def _planted_amount(self, measure: str, amount: np.ndarray) -> np.ndarray:
        """Return what every account brings to its planted rep."""
        brought = amount.copy()
        given = {} if self.pairs is None else self.pairs
        for row, value in enumerate(given.get(f"measure:{measure}", [])):
            account = self.account_ids.index(given["account_id"][row])
            if value is not None and self.rep_ids.index(given["rep_id"][row]) == self.planted[account]:
                brought[account] = value
        return brought

    def _around(self, load: float, amount: np.ndarray, side: int) -> float:
        """Return a limit at the load, with room on a side, or rarely a little too tight."""
        mean = float(amount.mean())
        if self.chance(0.3):
            return float(load)
        if side == 0:
            return max(0.0, float(load) + float(self.rng.normal(0, mean)))
        return max(0.0, float(load) + side * float(self.rng.uniform(-0.15, 1.5)) * mean)

    def _balance(self, measure: str) -> dict[str, Any]:
        hard = self.chance(0.3)
        return {
            "measure": measure,
            "target": str(self.rng.choice(["equal", "fte", "capacity", "given"])),
            "tolerance": float(self.rng.choice([0.25, 0.5, 0.75, 0.9] if hard else [0.0, 0.1, 0.25])),
            "hard": hard,
            "weight": self._weight(),
        }

    def _disruption(self) -> dict[str, Any]:
        measures = list(self.own)
        wanted: dict[str, Any] = {"weight": self._weight(), "measure": str(self.rng.choice(measures))}
        moved = (self.current != self.planted) & (self.current >= 0) & self.active[self.current]
        for field, part in (("max_moved", 1.0), ("max_in_per_rep", 0.7), ("max_out_per_rep", 0.7)):
            limit: dict[str, Any] = {}
            if self.chance(0.2):
                limit["accounts"] = int(part * moved.sum() + self.rng.integers(0, 2))
            if self.chance(0.2):
                measure = str(self.rng.choice(measures))
                share = part * self.own[measure][moved].sum() / (self.own[measure].sum() or 1)
                limit["share"] = {
                    measure: float(min(1.0, share if self.chance(0.4) else share + self.rng.random() / 4))
                }
            if limit:
                wanted[field] = limit
        return wanted

    def _some_pairs(self, share: float, *, planted: bool) -> list[dict[str, str]]:
        if not self.chance(share):
            return []
        account = int(self.rng.integers(self.num_accounts))
        rep = int(self.planted[account]) if planted else int(self.rng.integers(self.num_reps))
        return [{"account_id": self.account_ids[account], "rep_id": self.rep_ids[rep]}]


def _table(columns: dict[str, Any], fields: pa.Schema) -> pa.Table:
    """Return columns as a stored table, the known ones in their types."""
    types = {field.name: field.type for field in fields}
    return pa.table(
        {
            name: pa.array(list(values), types.get(name, pa.float64()), from_pandas=False)
            for name, values in columns.items()
        }
    )
