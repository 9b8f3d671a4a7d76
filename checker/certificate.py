"""Read and verify a Lagrangian certificate: multipliers that prove a lower bound on the objective.

This file owns the certificate's format and the order in which its claims are checked. The arithmetic is in
:mod:`checker.bound`. It trusts nothing but the raw data: however the multipliers were found, the bound follows
from them or the certificate is refused.

The file
--------
One JSON object::

    {"kind": "lagrangian",
     "scale": 1099511627776,
     "amount_bits": {"workload": 12, "accounts": 20},
     "multipliers": [
       {"row": {"kind": "load", "rep_id": "R-1", "measure": "workload"}, "side": "max", "value": 48112},
       {"row": {"kind": "max_moved", "measure": "accounts"}, "side": "max", "value": 977}],
     "objective": 0.731, "lower_bound": 0.729, "gap": 0.0027,
     "dataset_sha256": "…", "scenario_sha256": "…"}

``scale`` is an integer of at least 1: an objective of 1 is ``scale`` units. ``amount_bits`` holds one integer for
every measure that a row names, possibly negative: an amount ``a`` of measure ``k`` is ``a · 2**amount_bits[k]``
units. A multiplier's ``value`` is an integer: objective units per amount unit. So a price of ``p`` (objective per
unit of the measure, as an optimizer has it) is ``value = round(p · scale / 2**amount_bits[k])``. Extra fields beside
these (``verified``) are ignored. :func:`checker.certify` makes such a certificate from prices in floating point; a
producer need not know the scales.

Rows
----
``x[i, j]`` is 1 where account i goes to rep j; ``w`` is the amount of the row's measure, with the pair's override
where there is one; ``d`` is the account's own amount, never overridden. A move is an account whose current rep is
active and is not the rep it goes to; becoming unassigned is a move.

=============== ============================== =================================================================
kind            other keys                     the limit
=============== ============================== =================================================================
load            rep_id, measure                ``min <= sum_i w[i, j] x[i, j] <= max``, the rep's capacity
balance         rep_id, measure                hard balance of the measure:
                                               ``(1 - tol) target_j <= sum_i w[i, j] x[i, j] <= (1 + tol) target_j``.
                                               Where the target is a share of the assigned load and that load is
                                               not the same for all alignments (unassigned accounts allowed, or
                                               pairs override the measure), the row holds the total inside:
                                               ``sum_i w[i, j] x[i, j] - (1 + tol) f_j sum_j' sum_i w[i, j'] x[i, j']
                                               <= 0``. The checker sees from the data which of the two it is; the
                                               row and the meaning of its multiplier are the same.
soft_balance    rep_id, measure                the equation ``load_j = sum_i w[i, j] x[i, j]`` that ties the load in
                                               the soft balance penalty to the assignment. Refused where the total is
                                               not fixed (as above) and the target is a share of it.
max_moved       measure                        ``sum of d over all moves <= limit``
max_in          rep_id, measure                ``sum of d over moves to the rep <= limit``
max_out         rep_id, measure                ``sum of d over moves away from the rep <= limit``
=============== ============================== =================================================================

``side`` is ``"max"`` or ``"min"``; ``value >= 0``; the side must have a finite limit. ``max`` prices what is above
the limit, ``min`` what is below it: a unit more of load costs ``value`` (max) or earns it (min). Budgets have ``max``
only. ``soft_balance`` has side ``"equal"`` and a value of either sign: what a unit more of load costs. A row and side
occur at most once. A budget that is given both as a count and as a share of one measure is one row, with the smaller
limit.

The bound
---------
With ``y[j, k]`` the sum of what a unit of load costs over all rows of rep j and measure k,
``L = sum over items of min over allowed columns of (c + sum_k w y + prices of the move) - sum u max + sum v min
+ sum over soft balance of min over load l of (penalty(l) - y l)``.
Items are families where families stay together, else accounts; columns are the allowed reps, and "unassigned" where
that is allowed. Costs are rounded down to units, amounts down where a unit costs and up where it earns, limits
outward, after the same tolerance that the checker grants an alignment (:mod:`checker.tolerances`). Everything from
there is integer arithmetic.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from checker.bound import bound_problem, cost_cap, lagrangian_units, largest_fixed_price
from checker.check import Examined
from checker.prices import CertificateRefusedError, Multiplier, PriceList
from checker.raw_data import RawData
from checker.tolerances import CLAIM_ABSOLUTE, CLAIM_RELATIVE, RELATIVE, is_same_claim

KIND = "lagrangian"

AMOUNT_PRECISION = 24
"""Bits of the largest amount of a measure in a certificate made here."""


@dataclass(frozen=True)
class Verdict:
    """What the checker says of a certificate.

    Attributes
    ----------
    faults
        One plain sentence for each reason to refuse it; none for a valid certificate.
    lower_bound
        The bound that the multipliers prove, None where they prove none.
    gap
        The gap between the recomputed objective and the claimed bound, None where either is unknown.
    """

    faults: tuple[str, ...]
    lower_bound: float | None
    gap: float | None

    @property
    def is_valid(self) -> bool:
        """Whether everything the certificate says holds."""
        return not self.faults


def verify_certificate(
    examined: Examined, certificate: Mapping[str, Any], *, dataset_sha256: str, scenario_sha256: str
) -> Verdict:
    """Check every claim of a certificate against raw data.

    Parameters
    ----------
    examined
        The alignment that the certificate is about, with its data.
    dataset_sha256, scenario_sha256
        The fingerprints of that data and of its criteria.
    """
    faults = [violation.detail for violation in examined.report.violations[:20]]
    if certificate.get("kind") != KIND:
        faults.append(f"The certificate's kind is not '{KIND}'.")
    for name, found in (("dataset_sha256", dataset_sha256), ("scenario_sha256", scenario_sha256)):
        if certificate.get(name) != found:
            faults.append(f"The certificate's {name} is not that of the files.")
    try:
        proven = _proven_bound(examined, certificate)
    except CertificateRefusedError as refusal:
        return Verdict((*faults, str(refusal)), None, None)
    objective = examined.report.objective
    claimed = {name: _finite(certificate.get(name)) for name in ("objective", "lower_bound", "gap")}
    if claimed["objective"] is None or not is_same_claim(claimed["objective"], objective):
        faults.append(f"The objective does not re-add: from the raw data it is {objective!r}.")
    bound = claimed["lower_bound"]
    if bound is None or bound > proven + RELATIVE * abs(proven):
        faults.append(f"The lower bound does not follow: the multipliers prove {proven!r}.")
    gap = None if bound is None else gap_of(objective, bound)
    if not _is_gap(certificate.get("gap"), gap):
        faults.append(f"The gap does not follow: it is {gap!r}.")
    if bound is not None and bound > objective + CLAIM_RELATIVE * abs(objective) + CLAIM_ABSOLUTE:
        faults.append("The lower bound is above the objective.")
    return Verdict(tuple(faults), proven, gap)


def certify(
    examined: Examined,
    prices: Iterable[tuple[Mapping[str, str], str, float]],
    *,
    dataset_sha256: str,
    scenario_sha256: str,
) -> dict[str, Any]:
    """Make a certificate from prices in floating point.

    Parameters
    ----------
    prices
        Row, side and price of each: objective per unit of the row's measure. Prices of 0 are left out.

    Returns
    -------
    The certificate as JSON values; ``verified`` says whether the alignment keeps every criterion as well.

    Raises
    ------
    CertificateRefusedError
        When a row does not exist, a sign is wrong, or no bound is valid (free centers).
    """
    wanted = [(row, side, float(price)) for row, side, price in prices if price != 0]
    if not all(math.isfinite(price) for _, _, price in wanted):
        raise CertificateRefusedError("A price is not finite.")
    amount_bits = _choose_amount_bits(examined.data, {str(row.get("measure")) for row, _, _ in wanted})
    scale = _choose_scale(examined, wanted, amount_bits)
    multipliers = [
        {"row": dict(row), "side": side, "value": round(_in_units(price, scale, amount_bits[row["measure"]]))}
        for row, side, price in wanted
    ]
    body: dict[str, Any] = {
        "kind": KIND,
        "scale": scale,
        "amount_bits": amount_bits,
        "multipliers": [multiplier for multiplier in multipliers if multiplier["value"] != 0],
    }
    objective, bound = examined.report.objective, _proven_bound(examined, body)
    return body | {
        "objective": objective,
        "lower_bound": bound,
        "gap": gap_of(objective, bound),
        "dataset_sha256": dataset_sha256,
        "scenario_sha256": scenario_sha256,
        "verified": examined.report.is_kept,
    }


def gap_of(objective: float, lower_bound: float) -> float | None:
    """Return the gap as a fraction of the objective, 0 where they are equal, None where the objective is 0."""
    if objective == lower_bound:
        return 0.0
    return (objective - lower_bound) / abs(objective) if objective else None


def _proven_bound(examined: Examined, certificate: Mapping[str, Any]) -> float:
    """Return the bound that a certificate's multipliers prove, rounded down to a float."""
    data, criteria = examined.data, examined.allowed.criteria
    if examined.has_free_center and (criteria.measures_distance or np.isfinite(data.max_distance_km).any()):
        raise CertificateRefusedError("No bound is valid where centers are free.")
    scale = _integer(certificate.get("scale"), "scale")
    if scale < 1:
        raise CertificateRefusedError("The scale must be at least 1.")
    bits = certificate.get("amount_bits")
    if not isinstance(bits, Mapping) or not set(bits) <= set(data.amounts):
        raise CertificateRefusedError("amount_bits must name measures of the accounts.")
    amount_bits = {str(measure): _integer(value, "amount_bits") for measure, value in bits.items()}
    if any(abs(value) > 64 for value in amount_bits.values()):
        raise CertificateRefusedError("amount_bits are between -64 and 64.")
    if scale > 2**96:
        raise CertificateRefusedError("The numbers overflow: the scale is too large for this problem.")
    prices = PriceList(examined, scale=scale, amount_bits=amount_bits).add(_read_multipliers(data, certificate))
    problem = bound_problem(examined, scale=scale, amount_bits=amount_bits)
    exact = Fraction(lagrangian_units(problem, prices), scale)
    if not criteria.has_pair_costs or not (data.pairs.cost < 0).any():
        exact = max(exact, Fraction(0))
    bound = float(exact)
    return bound if Fraction(bound) <= exact else math.nextafter(bound, -math.inf)


def _read_multipliers(data: RawData, certificate: Mapping[str, Any]) -> list[Multiplier]:
    entries = certificate.get("multipliers")
    if not isinstance(entries, list):
        raise CertificateRefusedError("The certificate has no list of multipliers.")
    rep_index = {rep_id: index for index, rep_id in enumerate(data.rep_ids)}
    multipliers = []
    for entry in entries:
        row = entry.get("row") if isinstance(entry, Mapping) else None
        if not isinstance(row, Mapping) or set(entry) != {"row", "side", "value"}:
            raise CertificateRefusedError("A multiplier has row, side and value.")
        if not set(row) <= {"kind", "rep_id", "measure"} or row.get("rep_id", next(iter(rep_index))) not in rep_index:
            raise CertificateRefusedError("A row has kind, measure and the id of a rep of the data.")
        rep = rep_index[row["rep_id"]] if "rep_id" in row else None
        value = _integer(entry["value"], "value")
        multipliers.append(Multiplier(str(row.get("kind")), rep, str(row.get("measure")), str(entry["side"]), value))
    return multipliers


def _choose_amount_bits(data: RawData, measures: set[str]) -> dict[str, int]:
    bits = {}
    for measure in sorted(measures):
        if measure not in data.amounts:
            raise CertificateRefusedError(f"The accounts have no measure '{measure}'.")
        largest = float(data.amounts[measure].max())
        if data.is_overridden(measure):
            largest = max(largest, float(np.nanmax(data.pairs.amounts[measure])))
        bits[measure] = max(-64, min(64, AMOUNT_PRECISION - math.frexp(largest)[1]))
    return bits


def _choose_scale(
    examined: Examined, wanted: list[tuple[Mapping[str, str], str, float]], amount_bits: Mapping[str, int]
) -> int:
    """Choose the largest power of two at which nothing overflows.

    Costs are cut far above the mean of the cheapest, where no bound needs them.
    """
    data, criteria, largest = examined.data, examined.allowed.criteria, examined.items.largest
    fine = 2**40
    fixed = largest_fixed_price(bound_problem(examined, scale=fine, amount_bits={})) / fine
    measured = 1024 * (criteria.travel_weight + criteria.compactness_weight) / data.num_accounts
    at_rep: dict[tuple[str, str | None], float] = {}
    for row, _, price in wanted:
        key = (row["measure"], row.get("rep_id"))
        at_rep[key] = at_rep.get(key, 0.0) + abs(price)
    highest: dict[str, float] = {}
    for (measure, _), price in at_rep.items():
        highest[measure] = max(highest.get(measure, 0.0), price)
    # Into one rep, out of another, and by a total: up to three such prices meet in one cell.
    prices = sum(3 * price * 2.0 ** (AMOUNT_PRECISION - amount_bits[measure]) for measure, price in highest.items())
    room = min(cost_cap(largest) / max(measured, 1e-9), 2.0**51 / max((fixed + prices) * largest, 1e-9))
    return 1 << max(0, min(90, math.floor(math.log2(room))))


def _in_units(price: float, scale: int, amount_bits: int) -> Fraction:
    return Fraction(price) * scale / Fraction(2) ** amount_bits


def _integer(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise CertificateRefusedError(f"'{name}' must be an integer.")
    return value


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _is_gap(claimed: object, gap: float | None) -> bool:
    if gap is None or claimed is None:
        return gap is None and claimed is None
    number = _finite(claimed)
    return number is not None and abs(number - gap) <= CLAIM_RELATIVE
