"""A lower bound for free centers, for any question: prices of the question's rows, with what had to be relaxed.

Tight where one largest load is what limits; valid where centers are fixed, loads have smallest values or several
measures, columns differ, or leaving costs, since rows drop what they cannot weigh (:mod:`optimizer.location.rows`).
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from optimizer.location.column_generation import generate
from optimizer.location.prices import Priced, Pricing, raise_prices
from optimizer.location.question import LocationQuestion
from optimizer.location.rows import Rows, rows_of
from optimizer.problem import FloatArray

STEPS: Final = 3_000
MOST_SET_ITEMS: Final = 1_500
"""Items of a linear program over sets at most."""
CLOSE: Final = 1e-4
"""Relative gap between that program and the bound that is worth no further sets."""
ROUNDS: Final = 15
"""How often triples are added to it at most."""
NOISE: Final = 1e-9
"""The bound is lowered by so much of itself, for the rounding of sums."""


def lower_bound(question: LocationQuestion, *, known: float, stop: Callable[[], bool] = lambda: False) -> float | None:
    """Return a bound that no answer is below; None where the question is too large, or has no answer at all.

    Parameters
    ----------
    question
        Any question.
    known
        What a known answer costs: steps aim at it.
    stop
        Asked between steps; True ends with the bound so far.
    """
    priced = priced_items(question, known=known, stop=stop)
    return None if priced is None else proven(priced.bound)


def proven(bound: float) -> float:
    """Return a bound less what rounding of sums may have added."""
    return bound - NOISE * abs(bound)


def priced_items(
    question: LocationQuestion,
    *,
    known: float,
    threads: int = 1,
    steps: int = STEPS,
    stop: Callable[[], bool] = lambda: False,
) -> Priced | None:
    """Return good prices of a question's items with what they prove; see :func:`lower_bound`."""
    rows = rows_of(question)
    if rows is None:
        return None
    pricing = Pricing(rows, threads=threads)
    return raise_prices(pricing, second_cheapest(rows), known=known, steps=steps, is_whole=True, stop=stop)


def raised_by_sets(
    question: LocationQuestion, priced: Priced, *, known: float, threads: int, stop: Callable[[], bool]
) -> Priced:
    """Return better prices by a linear program over sets of items, for questions whose places are chosen once.

    Parameters
    ----------
    question
        At most ``MOST_SET_ITEMS`` items, or the prices come back as they are.
    priced
        Prices to begin with.
    known
        What a known answer costs.
    threads
        Used at the same time.
    stop
        Asked between iterations.
    """
    rows = rows_of(question) if question.num_items <= MOST_SET_ITEMS and question.is_exclusive else None
    if rows is None or stop():
        return priced
    most = np.minimum(rows.most_price, known)
    found = generate(
        rows, priced.price, known=known, most_price=most, close=CLOSE, threads=threads, rounds=ROUNDS, stop=stop
    ).priced
    return found if found.bound > priced.bound else priced


def second_cheapest(rows: Rows) -> FloatArray:
    """Return the second lowest cost of each item, the lowest where there is one pair. Shape ``(items,)``."""
    order = np.lexsort((rows.cost, rows.item))
    count = np.bincount(rows.item, minlength=len(rows.weight))
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    return np.asarray(rows.cost[order[first + np.minimum(1, count - 1)]], dtype=np.float64)
