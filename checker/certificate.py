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
