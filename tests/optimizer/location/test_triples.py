"""Triples that sets pay for, against brute force on a handful of points."""

import itertools
import math

import numpy as np
import pytest

from optimizer.location.column_generation import SetPricing, generate
from optimizer.location.columns import Columns
from optimizer.location.region_sets import list_columns
from optimizer.location.triples import Paying, Triples, breached_triples
from tests.optimizer.location.test_answer import least, question
from tests.optimizer.location.test_region_sets import rows


def paying(seed: int) -> Paying:
    """Return a price for each of twelve triples of eight items."""
    random = np.random.default_rng(seed)
    every = np.array(list(itertools.combinations(range(8), 3)))
    triples = Triples(items=every[random.choice(len(every), 12, replace=False)], num_items=8)
    return Paying(triples=triples, price=0.3 * random.random(12))


def columns(*sets: tuple[int, ...]) -> Columns:
    """Return sets of items, each of a row of its own."""
    return Columns(
        start=np.cumsum([0, *map(len, sets)]),
        item=np.array([item for items in sets for item in items]),
        row=np.arange(len(sets)),
        cost=np.zeros(len(sets)),
    )


def toll(items: tuple[int, ...], asked: Paying) -> float:
    """Return what a set pays, triple by triple."""
    held = (len(set(items) & set(triple)) for triple in asked.triples.items.tolist())
    return math.fsum(price for price, count in zip(asked.price.tolist(), held, strict=True) if count >= 2)


@pytest.mark.parametrize("seed", range(6))
def test_the_best_set_pays_its_triples(seed: int) -> None:
    """What a row earns at most is the best over all sets that fit, each less what it pays, and its set shows it."""
    asked = question(seed)
    price, tolls = np.random.default_rng(seed).random(8), paying(seed)
    priced, found = SetPricing(rows(asked)).evaluate(price, tolls)
    for row in range(8):
        best = 0.0
        for items in itertools.chain(*(itertools.combinations(range(8), size) for size in range(1, 9))):
            if sum(asked.amount[item, 0] for item in items) <= 6.0:
                earned = sum(price[item] - asked.cost[row, item] for item in items)
                best = max(best, earned - toll(items, tolls))
        assert priced.earned[row] == pytest.approx(best)
    loss = found.reduced_cost(price) + tolls.paid(found) + priced.earned[found.row]
    assert loss == pytest.approx(np.zeros(len(loss)))


@pytest.mark.parametrize("seed", range(4))
def test_the_sets_listed_with_triples_are_all_that_lose_little(seed: int) -> None:
    """What is listed for a place is every set within its room whose loss, its triples paid, keeps the bound low."""
    asked = question(seed)
    used, price, tolls = rows(asked), np.random.default_rng(seed).random(8), paying(seed)
    priced, _ = SetPricing(used).evaluate(price, tolls)
    below = priced.bound + 0.4
    found = list_columns(used, priced, below=below, most=5_000, paying=tolls)
    assert found is not None
    last = priced.earned[priced.chosen].min()
    expected = set()
    for row, size in itertools.product(range(8), range(1, 9)):
        stead = priced.earned[row] if row in priced.chosen else last
        for items in itertools.combinations(range(8), size):
            earned = sum(price[item] - asked.cost[row, item] for item in items) - toll(items, tolls)
            if sum(asked.amount[item, 0] for item in items) <= 6.0 and priced.bound + stead - earned <= below:
                expected.add((row, items))
    listed = {
        (row, tuple(sorted(found.item[first:last].tolist())))
        for row, first, last in zip(found.row.tolist(), found.start[:-1], found.start[1:], strict=True)
    }
    assert listed == expected


@pytest.mark.parametrize(("seed", "room"), [(0, 6.0), (2, 5.0), (4, 5.0), (10, 5.0), (12, 6.0), (1, 6.0)])
def test_triples_never_bound_worse_and_hold(seed: int, room: float) -> None:
    """With triples the bound is never above the least cost, and above the one without where sets are taken in parts."""
    asked = question(seed, room=room)
    most = np.full(8, 10.0)
    plain, tight = (
        generate(rows(asked), np.ones(8), known=10.0, most_price=most, close=1e-9, rounds=rounds).priced.bound
        for rounds in (0, 10)
    )
    assert plain * (1.03 if seed != 1 else 1 - 1e-9) <= tight <= least(asked) * (1 + 1e-9)


def test_halves_of_three_pairs_breach_their_triple() -> None:
    """Three sets that hold two of three items each, half of each taken, breach that triple; whole sets breach none."""
    pairs = columns((0, 1), (1, 2), (0, 2), (3, 4))
    none = Triples.none(5)
    halves = breached_triples(pairs, np.array([0.5, 0.5, 0.5, 1.0]), none, most=10)
    assert [sorted(triple) for triple in halves.tolist()] == [[0, 1, 2]]
    assert len(breached_triples(pairs, np.array([1.0, 0.0, 0.0, 1.0]), none, most=10)) == 0


def test_a_set_of_all_three_counts_once() -> None:
    """A set that holds all three items of a triple pays its price once, one with a single item pays nothing."""
    asked = Paying(triples=Triples(items=np.array([[0, 1, 2]]), num_items=5), price=np.array([2.0]))
    assert asked.paid(columns((0, 1, 2), (1, 2, 3), (2, 3, 4), (0,))).tolist() == [2.0, 2.0, 0.0, 0.0]
