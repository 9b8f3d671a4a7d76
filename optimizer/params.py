"""What may be set of the search, one small dataclass a component."""

from dataclasses import dataclass, field

from optimizer.exceptions import InvalidParameter
from optimizer.search.cooling import CoolingParams
from optimizer.search.dual_params import DualParams
from optimizer.search.exact import ExactParams
from optimizer.search.exchanges import ExchangeParams
from optimizer.search.local_search import LocalSearchParams
from optimizer.search.neighborhoods import NeighborhoodParams
from optimizer.search.pattern_neighborhoods import PatternParams
from optimizer.search.repair import RepairParams


@dataclass(frozen=True, kw_only=True)
class SolveParams:
    """How :func:`optimizer.solve` works; the defaults suit every size.

    Attributes
    ----------
    threads
        Cores to use, ≥ 1.
    deterministic
        True to measure limits in work and not by the clock, and to order accounts and reps by what they are, so that
        the same input and seed give the same alignment whatever the load, the order of rows or the names.
    wants_remedies
        True to look for relaxations where a problem is infeasible; False where nobody would read them.
    cooling, dual, local_search, neighborhoods, patterns, repair, exact
        Of the steps.
    """

    threads: int = 2
    deterministic: bool = False
    wants_remedies: bool = True
    local_search: LocalSearchParams = field(default_factory=LocalSearchParams)
    exchanges: ExchangeParams = field(default_factory=ExchangeParams)
    neighborhoods: NeighborhoodParams = field(default_factory=NeighborhoodParams)
    patterns: PatternParams = field(default_factory=PatternParams)
    repair: RepairParams = field(default_factory=RepairParams)
    exact: ExactParams = field(default_factory=ExactParams)
    dual: DualParams = field(default_factory=DualParams)
    cooling: CoolingParams = field(default_factory=CoolingParams)

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise InvalidParameter("threads must be at least 1")
