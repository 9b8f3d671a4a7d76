"""A certificate's bound is never above the optimum, and a tampered certificate is refused."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from checker import CertificateRefusedError, certify, examine, verify_certificate
from checker.check import Examined
from tests.checker.random_problems import best_by_trying, random_prices, random_problem
from tests.checker.small import CURRENT, accounts, reps

HASHES = {"dataset_sha256": "d", "scenario_sha256": "s"}
CRITERIA = {
    "balance": [{"measure": "workload", "target": "fte", "tolerance": 0.05, "hard": True}],
    "travel": {"weight": 30, "road_factor": 1.3},
}
FTE = [3.0, 7.0]
ROW = {"kind": "balance", "rep_id": "E", "measure": "workload"}


def line(criteria: dict[str, Any] | None = None, **rep: Any) -> Examined:
    return examine(accounts(), reps(fte=FTE, **rep), None, criteria or CRITERIA, CURRENT)


@pytest.mark.parametrize("seed", range(40))
def test_random_multipliers_never_prove_more_than_the_optimum(seed: int) -> None:
    """Over small problems with every criterion mixed, any prices of the right sign give a bound below the best."""
    raw = random_problem(seed, num_accounts=4)
    best = best_by_trying(raw)
    if best is None:
        return
    for draw in range(6):
        prices = random_prices(raw, 100 * seed + draw) if draw else []
        certificate = certify(best, prices, **HASHES)
        assert certificate["lower_bound"] <= best.report.objective
        assert verify_certificate(best, certificate, **HASHES).faults == ()


def test_climbing_multipliers_approach_the_optimum_and_stay_below() -> None:
    """Prices that are kept only when they raise the bound end near the optimum of most problems, never above."""
    ratios = []
    for seed in range(12):
        raw = random_problem(seed, num_accounts=4)
        best = best_by_trying(raw)
        if best is None or best.report.objective == 0:
            continue
        kept: list[tuple[dict[str, str], str, float]] = []
        highest = certify(best, kept, **HASHES)["lower_bound"]
        for draw in range(60):
            tried = (
                kept
                + [price for price in random_prices(raw, draw) if all(price[:2] != other[:2] for other in kept)][
                    draw % 3 :: 3
                ]
            )
            bound = certify(best, tried, **HASHES)["lower_bound"]
            if bound > highest:
                kept, highest = tried, bound
        assert highest <= best.report.objective
        ratios.append(highest / best.report.objective)
    assert np.median(ratios) > 0.5


def test_without_multipliers_the_bound_is_the_cheapest_of_each_item() -> None:
    """Travel alone is bounded by its own reference, and that is the weight."""
    certificate = certify(line(), [], **HASHES)
    assert certificate["lower_bound"] == pytest.approx(30, rel=1e-9)
    assert certificate["lower_bound"] <= 30
    assert certificate["verified"]


def test_a_capacity_price_is_worth_what_it_forces() -> None:
    """West may hold 20 hours: B must leave, and the price of a degree per 20 hours proves nearly all of it."""
    examined = examine(
        accounts(lon=[0.0, 1.0, 1.0, 3.0]), reps(max__workload=[40.0, None]), None, {"travel": {"weight": 3}}, CURRENT
    )
    row = {"kind": "load", "rep_id": "W", "measure": "workload"}
    free = certify(examined, [], **HASHES)["lower_bound"]
    priced = certify(examined, [(row, "max", 0.04)], **HASHES)["lower_bound"]
    assert free == pytest.approx(3.0)
    assert priced > free
    assert priced <= examined.report.objective


def test_soft_balance_is_bounded() -> None:
    """One rep with every account locked deviates for certain, and a price on its load proves part of that."""
    balance = {"measure": "workload", "target": "equal", "tolerance": 0.1, "hard": False, "weight": 40}
    locks = [{"account_id": account, "rep_id": "W"} for account in "ABCD"]
    examined = examine(accounts(), reps(), None, {"balance": [balance], "locks": locks}, ["W"] * 4)
    rows = [
        ({"kind": "soft_balance", "rep_id": rep, "measure": "workload"}, "equal", s)
        for rep, s in (("W", 1.2), ("E", -1.2))
    ]
    bound = certify(examined, rows, **HASHES)["lower_bound"]
    assert bound == pytest.approx(examined.report.objective, rel=1e-6)
    assert bound <= examined.report.objective


Tamper = Callable[[dict[str, Any]], None]


def first_multiplier(**changes: Any) -> Tamper:
    return lambda certificate: certificate["multipliers"][0].update(changes)


@pytest.mark.parametrize(
    ("tamper", "word"),
    [
        (lambda c: c.update(lower_bound=c["lower_bound"] * 1.001), "does not follow"),
        (lambda c: c.update(objective=c["objective"] * 1.001), "re-add"),
        (lambda c: c.update(gap=c["gap"] + 0.001), "gap does not follow"),
        (lambda c: c.update(dataset_sha256="0"), "dataset_sha256"),
        (lambda c: c.update(scenario_sha256="0"), "scenario_sha256"),
        (lambda c: c.update(kind="trust me"), "kind"),
        (lambda c: c.update(scale=0), "scale"),
        (lambda c: c.update(scale=2.5), "integer"),
        (lambda c: c.update(scale=2**90), "does not follow"),
        (lambda c: c.update(amount_bits={}), "amount_bits"),
        (lambda c: c.update(amount_bits={"workload": 60}), "overflow"),
        (lambda c: c.update(multipliers=None), "multipliers"),
        (lambda c: c["multipliers"].append(c["multipliers"][0]), "twice"),
        (first_multiplier(value=-5), "below 0"),
        (first_multiplier(value=True), "integer"),
        (first_multiplier(value=1.5), "integer"),
        (first_multiplier(value=2**80), "overflow"),
        (first_multiplier(side="equal"), "side"),
        (first_multiplier(row={**ROW, "rep_id": "X"}), "id of a rep"),
        (first_multiplier(row={**ROW, "kind": "wish"}), "no kind"),
        (first_multiplier(row={**ROW, "kind": "load"}), "no limit"),
        (first_multiplier(row={**ROW, "kind": "soft_balance"}), "no soft balance"),
        (first_multiplier(row={"kind": "max_moved", "measure": "workload"}), "no budget"),
    ],
)
def test_a_tampered_certificate_is_refused(tamper: Tamper, word: str) -> None:
    """Each lie is found, and the sentence says which."""
    examined = line()
    certificate = certify(examined, [(ROW, "max", 0.01)], **HASHES)
    assert verify_certificate(examined, certificate, **HASHES).is_valid
    forged = copy.deepcopy(certificate)
    tamper(forged)
    faults = verify_certificate(examined, forged, **HASHES).faults
    assert any(word in fault for fault in faults), faults


def test_an_alignment_that_breaks_a_criterion_has_no_certificate() -> None:
    """The certificate of one alignment is refused for another that is out of balance."""
    certificate = certify(line(), [], **HASHES)
    other = examine(accounts(), reps(fte=FTE), None, CRITERIA, ["E", "W", "E", "E"])
    assert not verify_certificate(other, certificate, **HASHES).is_valid


def test_free_centers_have_no_bound() -> None:
    """Where the optimizer places a center, fixed distances prove nothing."""
    with pytest.raises(CertificateRefusedError, match="free"):
        certify(line(lat=[None, 0.0]), [], **HASHES)


def test_an_item_without_a_rep_has_no_bound() -> None:
    """A problem without any alignment proves no number."""
    with pytest.raises(CertificateRefusedError, match="No rep is allowed for account 'A'"):
        certify(line({**CRITERIA, "locks": [{"account_id": "A", "rep_id": r} for r in "WE"]}), [], **HASHES)
