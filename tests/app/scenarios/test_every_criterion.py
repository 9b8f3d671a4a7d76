"""Small datasets with every criterion mixed, asked as the service asks them: no answer is wrong.

A sample; `python -m benchmarks brute_force` asks thousands.
"""

from collections.abc import Iterator

import numpy as np
import pytest

from app.scenarios.columns import flags, numbers
from app.scenarios.schemas import SoftEligibility
from optimizer.params import SolveParams
from tests.app.scenarios.audited import audited
from tests.app.scenarios.random_tables import Question, random_question

SAMPLE = 110
BLOCK = 10


@pytest.mark.parametrize("block", range(SAMPLE // BLOCK))
def test_no_answer_is_wrong(block: int) -> None:
    """No wrong optimum or infeasible, no bound or price above the truth; the checker confirms every alignment."""
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        audit = audited(random_question(seed), seed=seed, params=SolveParams(), time_limit_s=120.0)
        assert audit.faults == (), seed
        assert audit.result.outcome == ("optimal" if audit.every.is_feasible else "infeasible"), seed


def test_every_criterion_is_in_the_sample() -> None:
    """Each wish and each oddity of the data occurs in two questions or more."""
    found: dict[str, int] = {}
    for seed in range(SAMPLE):
        for name in set(wishes(random_question(seed))) | set(oddities(random_question(seed))):
            found[name] = found.get(name, 0) + 1
    wanted = {f"{hard} balance by {target}" for hard in ("hard", "soft") for target in TARGETS}
    wanted |= {f"{field} {kind}" for field in BUDGETS for kind in ("accounts", "share")}
    wanted |= {"travel great_circle", "travel pairs", "compactness", "price of moves", "families together"}
    wanted |= {"families off", "eligibility hard", "eligibility off", "eligibility soft", "locks", "forbid"}
    wanted |= {"frozen rep", "unassigned at a price", "several balances", "capacity max", "capacity min"}
    wanted |= {"largest distance", "rep who has left", "open seat", "fte 0", "account without current rep", "locked"}
    wanted |= {"pair amount", "forbidden pair", "measure of zeros", "family", "no visits", "required skill"}
    assert {name for name in wanted if found.get(name, 0) < 2} == set()


TARGETS = ("equal", "fte", "capacity", "given")
BUDGETS = ("max_moved", "max_in_per_rep", "max_out_per_rep")


def wishes(question: Question) -> Iterator[str]:
    """Yield what the criteria ask for."""
    criteria = question.criteria
    for balance in criteria.balance:
        yield f"{'hard' if balance.hard else 'soft'} balance by {balance.target}"
    if len(criteria.balance) > 1:
        yield "several balances"
    for field in BUDGETS:
        limit = getattr(criteria.disruption, field)
        if limit.accounts is not None:
            yield f"{field} accounts"
        if limit.share:
            yield f"{field} share"
    if criteria.travel.weight > 0:
        yield f"travel {criteria.travel.source}"
    soft = isinstance(criteria.eligibility, SoftEligibility)
    yield f"eligibility {'soft' if soft else criteria.eligibility}"
    yield f"families {criteria.families}"
    if criteria.unassigned.allowed and criteria.unassigned.weight > 0:
        yield "unassigned at a price"
    for name, there in (
        ("compactness", criteria.compactness.weight > 0),
        ("price of moves", criteria.disruption.weight > 0),
        ("locks", criteria.locks),
        ("forbid", criteria.forbid),
        ("frozen rep", criteria.frozen_reps),
    ):
        if there:
            yield name


def oddities(question: Question) -> Iterator[str]:
    """Yield what is special about the data."""
    accounts, reps, pairs = question.tables.accounts, question.tables.reps, question.tables.pairs
    current = accounts.column("current_rep_id").to_pylist()
    measured = [np.array(accounts.column(name)) for name in accounts.column_names if name.startswith("measure:")]
    for name, there in (
        ("capacity max", any(name.startswith("max:") for name in reps.column_names)),
        ("capacity min", any(name.startswith("min:") for name in reps.column_names)),
        ("largest distance", not np.isnan(numbers(reps, "max_distance_km")).all()),
        ("rep who has left", not flags(reps, "active", missing=True).all()),
        ("open seat", not set(reps.column("id").to_pylist()) <= set(current)),
        ("fte 0", (numbers(reps, "fte") == 0).any()),
        ("account without current rep", None in current),
        ("locked", flags(accounts, "locked", missing=False).any()),
        ("pair amount", pairs is not None and any(name.startswith("measure:") for name in pairs.column_names)),
        ("forbidden pair", pairs is not None and flags(pairs, "forbidden", missing=False).any()),
        ("measure of zeros", any((amount == 0).all() for amount in measured)),
        ("family", any(parent is not None for parent in accounts.column("parent_id").to_pylist())),
        ("no visits", (numbers(accounts, "visits_per_year") == 0).any()),
        ("required skill", any(accounts.column("requires").to_pylist())),
    ):
        if there:
            yield name
