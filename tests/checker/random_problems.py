"""Random small problems with every criterion mixed, and their optimum by trying everything."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from checker.check import Examined, examine


@dataclass(frozen=True)
class Raw:
    """One problem as plain columns."""

    accounts: dict[str, Any]
    reps: dict[str, Any]
    pairs: dict[str, Any] | None
    criteria: dict[str, Any]

    def examine(self, assignment: list[str | None]) -> Examined:
        """Judge an assignment."""
        return examine(self.accounts, self.reps, self.pairs, self.criteria, assignment)


def random_problem(seed: int, *, num_accounts: int = 5, num_reps: int = 3) -> Raw:
    """Draw a problem; every criterion occurs with some seeds."""
    draw = np.random.default_rng(seed)

    def chance(share: float) -> bool:
        return bool(draw.random() < share)

    rep_ids = [f"R{j}" for j in range(num_reps)]
    account_ids = [f"A{i}" for i in range(num_accounts)]
    accounts: dict[str, Any] = {
        "id": account_ids,
        "lat": draw.uniform(45, 50, num_accounts),
        "lon": draw.uniform(5, 12, num_accounts),
        "parent_id": ["A0" if i == 1 and chance(0.3) else None for i in range(num_accounts)],
        "current_rep_id": [rep_ids[draw.integers(num_reps)] if chance(0.8) else None for _ in range(num_accounts)],
        "requires": [["x"] if chance(0.15) else [] for _ in range(num_accounts)],
        "visits_per_year": draw.integers(1, 12, num_accounts).astype(float),
        "measure:workload": draw.integers(1, 20, num_accounts).astype(float),
        "measure:potential": draw.uniform(0, 1000, num_accounts),
    }
    reps: dict[str, Any] = {
        "id": rep_ids,
        "lat": draw.uniform(45, 50, num_reps),
        "lon": draw.uniform(5, 12, num_reps),
        "fte": draw.choice([0.5, 1.0], num_reps),
        "active": [j > 0 or not chance(0.1) for j in range(num_reps)],
        "skills": [["x"] if chance(0.8) else [] for _ in range(num_reps)],
        "max_distance_km": [400.0 if chance(0.1) else None for _ in range(num_reps)],
        "max:workload": draw.uniform(25, 60, num_reps),
        "min:workload": [2.0 if chance(0.3) else None for _ in range(num_reps)],
        "target:potential": draw.uniform(300, 1500, num_reps),
    }
    pairs = _random_pairs(draw, account_ids, rep_ids) if chance(0.5) else None
    return Raw(accounts, reps, pairs, _random_criteria(draw, has_pairs=pairs is not None))


def _random_pairs(draw: np.random.Generator, account_ids: list[str], rep_ids: list[str]) -> dict[str, Any]:
    cells = [cell for cell in itertools.product(account_ids, rep_ids) if draw.random() < 0.9]
    return {
        "account_id": [account for account, _ in cells],
        "rep_id": [rep for _, rep in cells],
        "cost": [float(draw.uniform(0, 9)) if draw.random() < 0.95 else None for _ in cells],
        "forbidden": [bool(draw.random() < 0.05) for _ in cells],
        "measure:workload": [float(draw.uniform(1, 20)) if draw.random() < 0.4 else None for _ in cells],
    }


def _random_criteria(draw: np.random.Generator, *, has_pairs: bool) -> dict[str, Any]:
    target = str(draw.choice(["equal", "fte", "capacity"]))
    return {
        "balance": [
            {"measure": "workload", "target": target, "tolerance": 0.6, "hard": True},
            {
                "measure": "potential",
                "target": str(draw.choice(["equal", "given"])),
                "tolerance": 0.1,
                "hard": bool(draw.random() < 0.2),
                "weight": 40,
            },
        ][: draw.integers(0, 3)],
        "travel": {
            "weight": 30,
            "source": "pairs" if has_pairs and draw.random() < 0.5 else "great_circle",
            "road_factor": 1.3,
        },
        "compactness": {"weight": int(draw.choice([0, 10]))},
        "disruption": {
            "weight": int(draw.choice([0, 20])),
            "measure": "potential",
            "max_moved": {"accounts": 3, "share": {"potential": 0.7}},
            "max_in_per_rep": {"accounts": 2},
            "max_out_per_rep": {"share": {"workload": 0.5}},
        },
        "families": str(draw.choice(["together", "off"])),
        "eligibility": {"soft": 15} if draw.random() < 0.4 else "hard",
        "forbid": [{"account_id": "A2", "rep_id": "R1"}] if draw.random() < 0.3 else [],
        "locks": [{"account_id": "A3", "rep_id": "R2"}] if draw.random() < 0.3 else [],
        "unassigned": {"allowed": bool(draw.random() < 0.5), "weight": 50},
    }


def best_by_trying(raw: Raw) -> Examined | None:
    """Return the best assignment of all, None where none keeps every criterion."""
    columns: list[str | None] = [*raw.reps["id"], None] if raw.criteria["unassigned"]["allowed"] else raw.reps["id"]
    best: Examined | None = None
    for assignment in itertools.product(columns, repeat=len(raw.accounts["id"])):
        examined = raw.examine(list(assignment))
        if examined.report.is_kept and (best is None or examined.report.objective < best.report.objective):
            best = examined
    return best


def random_prices(raw: Raw, seed: int) -> list[tuple[dict[str, str], str, float]]:
    """Draw prices for every row that the problem has."""
    draw = np.random.default_rng(seed)
    rows: list[tuple[dict[str, str], str]] = []
    balances = {balance["measure"]: balance for balance in raw.criteria["balance"]}
    is_fixed = not raw.criteria["unassigned"]["allowed"]
    for rep_id, is_active, low in zip(raw.reps["id"], raw.reps["active"], raw.reps["min:workload"], strict=True):
        if not is_active:
            continue
        rows.append(({"kind": "load", "rep_id": rep_id, "measure": "workload"}, "max"))
        if low is not None:
            rows.append(({"kind": "load", "rep_id": rep_id, "measure": "workload"}, "min"))
        rows.append(({"kind": "max_in", "rep_id": rep_id, "measure": "accounts"}, "max"))
        rows.append(({"kind": "max_out", "rep_id": rep_id, "measure": "workload"}, "max"))
        for measure, balance in balances.items():
            if balance["hard"]:
                rows += [({"kind": "balance", "rep_id": rep_id, "measure": measure}, side) for side in ("min", "max")]
            elif is_fixed or balance["target"] == "given":
                rows.append(({"kind": "soft_balance", "rep_id": rep_id, "measure": measure}, "equal"))
    rows += [({"kind": "max_moved", "measure": measure}, "max") for measure in ("accounts", "potential")]
    prices = []
    for row, side in rows:
        unit = {"workload": 0.5, "potential": 0.02, "accounts": 3.0}[row["measure"]]
        size = float(draw.exponential(unit)) * float(draw.random() < 0.4)
        prices.append((row, side, -size if side == "equal" and draw.random() < 0.5 else size))
    return prices
