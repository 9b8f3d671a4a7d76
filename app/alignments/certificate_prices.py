"""A certificate's multipliers as prices of loads and moves, by position, in objective units.

Owns the reading of the certificate's integers. The checker has verified it; here it only becomes floats.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy.orm import Session

from app import blobs
from app.alignments.models import Alignment
from app.alignments.repository import AlignmentRepository
from app.alignments.situations import Situation
from checker.prices import SLACK
from optimizer.criteria import Balance
from optimizer.price_bounds import RowPrices
from optimizer.targets import has_moving_total, target_share

FARTHEST_ANCESTOR: Final = 50


@dataclass(frozen=True, eq=False)
class Proof:
    """What a certificate proves of a question, for prices of single changes.

    Parameters
    ----------
    prices
        Its multipliers.
    lower_bound
        Its bound on the objective.
    """

    prices: RowPrices
    lower_bound: float


def proof_of(session: Session, row: Alignment, situation: Situation) -> Proof | None:
    """Return the proof of an alignment's question: its own certificate, or that of what it was edited from."""
    repository = AlignmentRepository(session)
    at: Alignment | None = row
    for _ in range(FARTHEST_ANCESTOR):
        if at is None or (at.scenario_id, at.dataset_id) != (row.scenario_id, row.dataset_id):
            return None
        if at.certificate_sha256 is not None:
            return read_proof(json.loads(blobs.read(session, at.certificate_sha256)), situation)
        at = None if at.parent_id is None else repository.get(at.parent_id)
    return None


def read_proof(certificate: Mapping[str, Any], situation: Situation) -> Proof:
    """Return a certificate's proof by the positions of an opened alignment."""
    problem = situation.ground.problem
    shape = (problem.num_reps, len(problem.measures))
    load, moved_in, moved_out = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    moved = np.zeros(len(problem.measures))
    bits = certificate["amount_bits"]
    for entry in certificate["multipliers"]:
        row = entry["row"]
        k = problem.measure_index(row["measure"])
        price = float(entry["value"]) / float(certificate["scale"]) * 2.0 ** bits[row["measure"]]
        rep = situation.ground.rep_index[row["rep_id"]] if "rep_id" in row else -1
        if row["kind"] == "max_moved":
            moved[k] += price
        elif row["kind"] in ("max_in", "max_out"):
            (moved_in if row["kind"] == "max_in" else moved_out)[rep, k] += price
        else:
            sign = -1.0 if entry["side"] == "min" else 1.0
            load[rep, k] += sign * price
            if row["kind"] == "balance":
                load[:, k] += _of_total(situation, row["measure"], rep, sign * price)
    prices = RowPrices(load=load, moved=moved, moved_in=moved_in, moved_out=moved_out)
    return Proof(prices=prices, lower_bound=float(certificate["lower_bound"]))


def _of_total(situation: Situation, measure: str, rep: int, price: float) -> float:
    """Return what a row of hard balance adds to every rep's price where its target moves with the total."""
    standing = situation.standing
    wish: Balance = next(wish for wish in standing.criteria.balance if wish.measure == measure)
    share = target_share(standing.problem, wish)
    if share is None or not has_moving_total(standing.problem, standing.criteria, measure):
        return 0.0
    sign = 1.0 if price > 0 else -1.0
    return -price * (1 + sign * wish.tolerance) * (1 + sign * float(SLACK)) * float(share[rep])
