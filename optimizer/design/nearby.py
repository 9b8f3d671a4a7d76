"""The relaxation around a connected choice: all territories move at once, but none far from where it is.

Prices know nothing of lakes and bays: without contiguity the relaxation gives a rep what lies beyond the water, and the
repair of that leaves limits breached far from where there is room. With only those pairs whose node is some steps from
the rep's present territory, its answer is nearly connected and nearly keeps all limits. What it proves holds for these
pairs alone and is no bound.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from optimizer.criteria import Criteria
from optimizer.design.nodes import Nodes
from optimizer.graph import Positions
from optimizer.params import SolveParams
from optimizer.problem import FloatArray, IntArray, Problem
from optimizer.search.bound import column_prices
from optimizer.search.bounding import bound_and_round
from optimizer.search.incumbent import Incumbent


@dataclass(frozen=True, eq=False, kw_only=True)
class Nearby:
    """What the relaxation around a choice gives.

    Attributes
    ----------
    rounded
        Column of each item. Shape ``(items,)``.
    prices
        What one more unit of each load costs in each column. Shape ``(loads, columns)``.
    """

    rounded: IntArray
    prices: FloatArray


def relax_nearby(
    incumbent: Incumbent,
    question: tuple[Problem, Criteria],
    nodes: Nodes,
    column: Positions,
    *,
    steps: int,
    params: SolveParams,
    seed: int,
) -> Nearby | None:
    """Solve the relaxation with the pairs that are near, and round it; None where these cannot keep the limits.

    Parameters
    ----------
    incumbent
        Of the whole question: gives model, stop criterion and clock, and learns nothing.
    column
        Column of each node. Shape ``(nodes,)``.
    steps
        How far from its territory a node may be, in neighbors, ≥ 1.
    """
    model = incumbent.model
    near = near_pairs(nodes, column, num_columns=model.num_columns, steps=steps)[: nodes.num_items]
    near[:, np.asarray(model.column_rep) < 0] = True
    around = replace(model, cost=np.where(near, model.cost, np.inf).astype(model.cost.dtype))
    alone = Incumbent(*question, around, stop=incumbent.stop, clock=incumbent.clock, on_progress=None)
    relaxed = bound_and_round(alone, params=params, seed=seed)
    if relaxed.is_infeasible:
        return None
    return Nearby(rounded=relaxed.rounded, prices=column_prices(model, relaxed.multipliers))


def near_pairs(nodes: Nodes, column: Positions, *, num_columns: int, steps: int) -> npt.NDArray[np.bool_]:
    """Return which nodes lie in a territory or within some steps of it; nodes without a unit are near to all.

    Returns
    -------
    numpy.ndarray
        Shape ``(nodes, columns)``.
    """
    graph = nodes.graph
    edges = (np.ones(len(graph.neighbor), dtype=np.float32), graph.neighbor, graph.start)
    beside = csr_array(edges, shape=(graph.num_nodes, graph.num_nodes))
    near = np.zeros((graph.num_nodes, num_columns), dtype=np.bool_)
    near[np.arange(graph.num_nodes), column] = True
    for _ in range(steps):
        near |= beside @ near.astype(np.float32) > 0
    near[~nodes.has_unit] = True
    return near
