"""Which places and pairs an answer better than the best known can still use, told by prices.

Forcing a place to be chosen, or an item into its knapsack, changes the bound by a known least; where that passes the
best known cost the place or pair is out.
"""

import numpy as np
import numpy.typing as npt

from optimizer.location.prices import Priced
from optimizer.location.rows import Rows


def usable_pairs(rows: Rows, priced: Priced, *, below: float) -> npt.NDArray[np.bool_]:
    """Return the pairs that an answer which costs less may use. Shape ``(pairs,)``.

    Notes
    -----
    With item i forced into row r the knapsack earns at most ``e_r + min(0, p_i - c_ri - t_r w_i)``, t_r being what a
    unit of room is worth at the continuous optimum. A place that is not chosen takes the turn of the chosen place that
    earns least.
    """
    least = _least_chosen(rows, priced)
    row = rows.pair_row
    change = priced.price[rows.item] - rows.cost - priced.critical[row] * rows.weight[rows.item]
    earned = _continuous_earned(rows, priced)[row] + np.minimum(change, 0.0)
    earned = np.minimum(earned, priced.earned[row])
    is_chosen = np.zeros(len(rows.room), dtype=np.bool_)
    is_chosen[priced.chosen] = True
    stead = np.where(is_chosen[row] | (rows.column[row] >= 0), priced.earned[row], least)
    bound = priced.bound + stead - earned
    return np.asarray((bound < below) & (rows.weight[rows.item] <= rows.room[row]), dtype=np.bool_)


def _least_chosen(rows: Rows, priced: Priced) -> float:
    """Return what the chosen place earns that earns least; 0 where fewer are chosen than may be."""
    places = priced.chosen[rows.column[priced.chosen] < 0]
    return float(priced.earned[places].min()) if len(places) == rows.num_free > 0 else 0.0


def _continuous_earned(rows: Rows, priced: Priced) -> npt.NDArray[np.float64]:
    """Return the continuous knapsacks by their duals: ``t_r room_r``, and what pays beyond t_r. Shape ``(rows,)``."""
    row = rows.pair_row
    beyond = priced.price[rows.item] - rows.cost - priced.critical[row] * rows.weight[rows.item]
    total = np.bincount(row, np.maximum(beyond, 0.0), minlength=len(rows.room))
    room = np.where(priced.critical > 0, rows.room, 0.0)
    return np.asarray(total + priced.critical * room, dtype=np.float64)
