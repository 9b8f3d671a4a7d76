"""Explanations: direct changes equal a full check, bounds stay below the true price, repairs break nothing."""

import itertools
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.alignments.certificate_prices import read_proof
from app.alignments.explanations import Asked, explanation_json
from app.alignments.repairs import Repairs
from checker import CertificateRefusedError, Examined, certify
from checker.tolerances import ABSOLUTE, RELATIVE
from tests.app.alignments.conftest import Bench
from tests.app.alignments.judged import judged_problem, normalized, situation_of
from tests.app.conftest import tiny_dataset
from tests.checker.random_problems import Raw, random_prices, random_problem

NEAREST: list[str | None] = ["R1", "R1", "R2", "R2"]


@pytest.mark.parametrize("seed", range(60))
def test_direct_changes_equal_a_full_check(seed: int) -> None:
    """For every account and rep, terms, price, loads and what is broken are the checker's, after less before."""
    raw, assignment, before = judged_problem(seed)
    situation = situation_of(raw, assignment, before)
    for account in range(situation.columns.num_accounts):
        told = explanation_json(situation, None, Asked(account))
        for alternative in told["alternatives"]:
            after = raw.examine(
                [
                    alternative["rep_id"] if account_id in told["family"] else rep_id
                    for account_id, rep_id in zip(raw.accounts["id"], assignment, strict=True)
                ]
            )
            assert alternative["price"] == pytest.approx(after.report.objective - before.report.objective, abs=1e-9)
            changes = {term["name"]: term["weighted"] for term in alternative["terms"]}
            for one, two in zip(before.report.terms, after.report.terms, strict=True):
                assert changes[one.name] == pytest.approx(two.weighted - one.weighted, abs=1e-9)
            for line in alternative["loads"]:
                rep = raw.reps["id"].index(line["rep_id"])
                for measure, load in line["measures"].items():
                    assert load["after"] == pytest.approx(after.report.loads[measure][rep], abs=1e-9)
            assert {place(v) for v in alternative["violations"]} == worse(before, after)


@pytest.mark.parametrize("seed", range(60))
def test_who_is_eligible_is_what_the_checker_allows(seed: int) -> None:
    """A rep is eligible exactly where the checker's mask of all pairs is open for the whole item; others have a why."""
    raw, assignment, examined = judged_problem(seed)
    situation = situation_of(raw, assignment, examined)
    mask = examined.allowed.table(np.arange(len(assignment)))
    for account in range(len(assignment)):
        members = situation.item_of(account)
        for alternative in explanation_json(situation, None, Asked(account))["alternatives"]:
            rep = raw.reps["id"].index(alternative["rep_id"])
            assert alternative["eligible"] == bool(mask[members, rep].all())
            assert (alternative["why_not"] is None) == alternative["eligible"]
            assert alternative["why_not"] != "."


@pytest.mark.parametrize("seed", range(40))
def test_lower_bounds_stay_below_the_true_price(seed: int) -> None:
    """No bound is above what forcing the item there costs in the best alignment that brute force finds."""
    raw = normalized(random_problem(seed, num_accounts=4, num_reps=3))
    kept = [(choice, examined) for choice, examined in everything(raw) if examined.report.is_kept]
    if not kept:
        return
    choice, best = min(kept, key=lambda one: one[1].report.objective)
    situation = situation_of(raw, list(choice), best)
    for size in (0.02, 0.2, 1.0):
        try:
            prices = [(row, side, price * size) for row, side, price in random_prices(raw, seed)]
            proof = read_proof(certify(best, prices, dataset_sha256="", scenario_sha256=""), situation)
        except CertificateRefusedError:
            continue
        for account in range(4):
            members = situation.item_of(account).tolist()
            for alternative in explanation_json(situation, proof, Asked(account))["alternatives"]:
                goal = alternative["rep_id"]
                forced = [e.report.objective for c, e in kept if all(c[member] == goal for member in members)]
                true = min(forced, default=np.inf) - best.report.objective
                assert 0 <= alternative["price_lower_bound"] <= true + 1e-9


def test_some_lower_bounds_say_something() -> None:
    """With the zero multipliers alone, forcing a far rep has a proven price above 0."""
    raw = normalized(random_problem(3, num_accounts=4, num_reps=3))
    raw.criteria.update(balance=[], disruption={"weight": 0.0}, forbid=[], locks=[], families="off")
    choice, best = min(everything(raw), key=lambda one: (not one[1].report.is_kept, one[1].report.objective))
    situation = situation_of(normalized(raw), list(choice), best)
    proof = read_proof(certify(best, [], dataset_sha256="", scenario_sha256=""), situation)
    bounds = [
        alternative["price_lower_bound"]
        for account in range(4)
        for alternative in explanation_json(situation, proof, Asked(account))["alternatives"]
    ]
    assert max(bounds) > 0


@pytest.mark.parametrize("seed", range(60))
def test_repaired_alternatives_pass_the_checker(seed: int) -> None:
    """A repaired alternative has one to three follow-up moves, its true price, and breaks nothing new."""
    raw, assignment, before = judged_problem(seed)
    situation = situation_of(raw, assignment, before)
    for account in range(0, len(assignment), 3):
        told = explanation_json(situation, None, Asked(account, repairs=Repairs(time_limit_s=60.0)))
        for alternative in told["alternatives"]:
            if alternative["level"] == "direct":
                continue
            goal = {move["account_id"]: move["to"] for move in alternative["follow_up"]}
            goal |= dict.fromkeys(told["family"], alternative["rep_id"])
            choice = [goal.get(a, r) for a, r in zip(raw.accounts["id"], assignment, strict=True)]
            after = raw.examine(choice)
            assert not worse(before, after)
            assert alternative["violations"] == []
            assert alternative["price"] == pytest.approx(after.report.objective - before.report.objective, abs=1e-9)
            families = {tuple(situation.item_of(situation.ground.account_index[a]).tolist()) for a in goal}
            assert 2 <= len(families) <= 4


def full_reps() -> dict[str, Any]:
    """Return the tiny dataset with R2 at most 25 hours: a3 (12 h) and a4 (13 h) fill it to the brim."""
    body = tiny_dataset()
    for account in body["accounts"]:
        account["measures"]["workload"] = {"a1": 10.0, "a2": 11.0, "a3": 12.0, "a4": 13.0}[account["id"]]
    body["accounts"][1]["lon"] = 12.5
    body["reps"][1]["capacity"] = {"workload": {"max": 27.0}}
    return body


def test_the_sentence_says_how_much_room_there_is(app: Any, client: TestClient) -> None:
    """R2 is a degree (92.9 km by road) nearer to a2, but carries 25 of its 27 hours: room for 2 of the 11."""
    bench = Bench(app, client, full_reps())
    alignment_id = bench.store(NEAREST)
    told = bench.get(f"/v1/alignments/{alignment_id}/explanations/a2")
    assert told["sentence"] == "R2 is 92.9 km nearer but has room for 2 of the 11 hours needed."
    assert told["rep_id"] == "R1"
    assert {violation["criterion"] for violation in told["alternatives"][0]["violations"]} == {"capacity", "balance"}
    assert bench.get(f"/v1/alignments/{alignment_id}/explanations", account_id="a2") == told


@pytest.mark.parametrize("seed", range(60))
def test_every_sentence_is_whole(seed: int) -> None:
    """Whatever the criteria, a sentence ends with one point, and has no unknown number and no missing name."""
    raw, assignment, examined = judged_problem(seed)
    situation = situation_of(raw, assignment, examined)
    for account in range(len(assignment)):
        told = explanation_json(situation, None, Asked(account))
        clauses = [told["sentence"], *(one["why_not"] for one in told["alternatives"] if one["why_not"])]
        for sentence in clauses:
            assert sentence.endswith(".")
            assert not sentence.endswith("..")
            assert not {"nan", "inf", "None", "somebody"} & set(sentence.replace(".", " ").split()), sentence
            assert "  " not in sentence


def test_the_next_best_comes_with_what_stands_against_it(app: Any, client: TestClient) -> None:
    """The nearest rep has it; of the other it is said how much room there is, or how much worse all would be."""
    bench = Bench(app, client, full_reps(), criteria={"travel": {"weight": 30, "road_factor": 1.3}})
    path = f"/v1/alignments/{bench.store(NEAREST)}/explanations"
    assert bench.get(f"{path}/a1")["sentence"] == (
        "R1 is the nearest (46.5 km); the next best is R2, which has room for 2 of the 10 hours needed."
    )
    free = Bench(app, client, tiny_dataset(), criteria={"travel": {"weight": 30}})
    path = f"/v1/alignments/{free.store(NEAREST)}/explanations"
    sentence = free.get(f"{path}/a1")["sentence"]
    assert sentence.startswith("R1 is the nearest (35.7 km); the next best is R2, but the objective would be ")
    assert sentence.endswith(" % worse, mostly by travel.")


def test_without_a_rep_the_best_one_is_named(app: Any, client: TestClient) -> None:
    """An account that stays without a rep says who would be best for it."""
    bench = Bench(app, client, tiny_dataset(), criteria={"unassigned": {"allowed": True, "weight": 1.0}})
    told = bench.get(f"/v1/alignments/{bench.store([None, 'R1', 'R2', 'R2'])}/explanations/a1")
    assert told["sentence"].startswith("It stays without a rep; the best for it is R1 (35.7 km), ")


def test_ids_with_slashes_and_parameters(app: Any, client: TestClient) -> None:
    """An account id may hold slashes, encoded or not; top and rep_id narrow; unknown ids are refused."""
    body = tiny_dataset()
    body["accounts"][0]["id"] = "acc/0 ü"
    bench = Bench(app, client, body)
    path = f"/v1/alignments/{bench.store(NEAREST)}/explanations"
    assert bench.get(f"{path}/acc%2F0%20%C3%BC")["account_id"] == "acc/0 ü"
    assert bench.get(f"{path}/acc/0%20ü", rep_id="R2", top=1)["alternatives"][0]["rep_id"] == "R2"
    assert client.get(f"{path}/nobody").status_code == 404
    assert client.get(f"{path}/a2", params={"rep_id": "R9"}).json()["code"] == "UNKNOWN_REFERENCE"
    tag = client.get(f"{path}/a2").headers["ETag"]
    assert client.get(f"{path}/a2", headers={"If-None-Match": tag}).status_code == 304


def test_a_lock_and_a_missing_skill_are_said(app: Any, client: TestClient) -> None:
    """A locked account says so; a rep without the skill is ranked last with its reason."""
    body = tiny_dataset()
    body["accounts"][1]["requires"] = ["medical"]
    body["reps"][0]["skills"] = ["medical"]
    body["accounts"][2]["locked"] = True
    bench = Bench(app, client, body)
    path = f"/v1/alignments/{bench.store(NEAREST)}/explanations"
    other = bench.get(f"{path}/a2")["alternatives"][0]
    assert (other["eligible"], other["why_not"]) == (False, "R2 lacks the required skill medical.")
    assert bench.get(f"{path}/a3")["sentence"] == "It is locked to R2."
    repaired = bench.get(f"{path}/a1", level="repaired")
    assert {alternative["level"] for alternative in repaired["alternatives"]} <= {"direct", "repaired"}


def test_who_has_it_and_may_not_is_said(app: Any, client: TestClient) -> None:
    """A rep who left, lacks a skill or is too far away is not called the nearest; the best one instead is named."""
    body = tiny_dataset()
    body["reps"] += [{"id": "R3", "lat": 50.0, "lon": 12.9, "active": False}]
    body["reps"][0] |= {"skills": ["medical"], "max_distance_km": 200.0}
    body["accounts"][1]["requires"] = ["medical"]
    bench = Bench(app, client, body, criteria={"travel": {"weight": 30}})
    path = f"/v1/alignments/{bench.store(['R1', 'R2', 'R3', 'R1'])}/explanations"
    said = {account_id: bench.get(f"{path}/{account_id}")["sentence"] for account_id in ("a2", "a3", "a4")}
    assert said == {
        "a2": "R2 has it, but lacks the required skill medical; the best for it is R1 (107 km).",
        "a3": "R3 has it, but has left; the best for it is R2 (107 km).",
        "a4": "R1 has it, but goes 200 km at most, and it is 322 km away; the best for it is R2 (35.7 km).",
    }


def test_nobody_else_may_have_it_either(app: Any, client: TestClient) -> None:
    """Without an eligible rep the sentence says so; what a frozen rep keeps says that, and no distance."""
    body = tiny_dataset()
    body["accounts"][0]["requires"] = ["medical"]
    criteria = {"travel": {"weight": 30}, "frozen_reps": ["R2"]}
    bench = Bench(app, client, body, criteria=criteria)
    path = f"/v1/alignments/{bench.store(['R1', 'R1', 'R2', 'R1'])}/explanations"
    assert bench.get(f"{path}/a1")["sentence"] == (
        "R1 has it, but lacks the required skill medical; nobody else may serve it either."
    )
    assert bench.get(f"{path}/a3")["sentence"] == "R2 is frozen and keeps what it has."


def everything(raw: Raw) -> list[tuple[tuple[str | None, ...], Examined]]:
    """Return every assignment with what the checker says of it."""
    columns: list[str | None] = [*raw.reps["id"]]
    if raw.criteria["unassigned"]["allowed"]:
        columns.append(None)
    return [(choice, raw.examine(list(choice))) for choice in itertools.product(columns, repeat=4)]


CRITERIA_NAMES = {"forbid": "pair", "max_distance_km": "pair"}


def place(violation: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """Return what makes two violations the same; distances and forbidden pairs are one criterion here."""
    name = violation["criterion"]
    return (CRITERIA_NAMES.get(name, name), violation["measure"], violation["rep_id"])


def worse(before: Examined, after: Examined) -> set[tuple[str, str | None, str | None]]:
    """Return what the checker finds broken newly, or worse than before."""
    known: dict[Any, float] = {}
    for v in before.report.violations:
        known[(v.criterion, v.measure, v.rep_id, v.account_ids[:1] if v.criterion == "families" else ())] = count(v)
    found = set()
    for v in after.report.violations:
        key = (v.criterion, v.measure, v.rep_id, v.account_ids[:1] if v.criterion == "families" else ())
        if count(v) > known.get(key, 0.0) + RELATIVE * abs(v.limit) + ABSOLUTE:
            found.add(place({"criterion": v.criterion, "measure": v.measure, "rep_id": v.rep_id}))
    return found


def count(violation: Any) -> float:
    """Return how much is broken: for distances how many accounts, since the farthest may stay the same."""
    return float(len(violation.account_ids)) if violation.criterion == "max_distance_km" else float(violation.by)
