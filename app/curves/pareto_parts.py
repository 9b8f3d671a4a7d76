"""Splitting a Pareto set where that pays: the ends first, then the questions between them in parts, then the rest."""

from app.curves.rounds import REST
from app.jobs.splitting import split
from optimizer.curves.pareto import ENDS, independent


def pareto_parts(num_wanted: int, *, time_limit_s: float, num_workers: int) -> list[list[int]]:
    """Return the parts of a Pareto set by the numbers of their questions, nothing where splitting it does not pay.

    Parameters
    ----------
    num_wanted
        How many alignments are wanted.
    time_limit_s
        For all of it, in seconds; what is between the ends has its share of that.
    num_workers
        Workers that live and know parts.
    """
    numbers = independent(num_wanted)
    share = len(numbers) / (len(numbers) + len(ENDS))
    between = split(list(numbers), time_limit_s=share * time_limit_s, num_workers=num_workers)
    return [list(ENDS), *between, REST] if between else []
