"""Compile the search for centers before a clock starts: few questions have free centers."""

from dataclasses import replace

import numpy as np

from optimizer.location.bound import lower_bound
from optimizer.location.column_generation import generate
from optimizer.location.params import LocationParams
from optimizer.location.question import LocationQuestion
from optimizer.location.region_sets import list_columns
from optimizer.location.rows import rows_of
from optimizer.location.search import locate


def compile_location() -> None:
    """Run the compiled steps of a job once, in the precision of the service, on a line of eight items."""
    question = _line_of_eight()
    found = locate(question, params=LocationParams(starts=1, trials=100, steps=2, threads=1))
    lower_bound(question, known=found.cost)
    lower_bound(replace(question, is_exclusive=True), known=found.cost)


def compile_regions() -> None:
    """Run every compiled step of :func:`optimizer.location.answer.answer` once, in double precision."""
    line = _line_of_eight()
    question = replace(line, cost=line.cost.astype(np.float64), is_exclusive=True)
    found = locate(question, params=LocationParams(starts=1, trials=100, steps=2, threads=1))
    lower_bound(question, known=found.cost)
    rows = rows_of(question)
    if rows is not None:
        most = np.full(question.num_items, found.cost + 1.0)
        made = generate(rows, np.ones(question.num_items), known=found.cost + 1.0, most_price=most, close=0.0, rounds=1)
        list_columns(rows, made.priced, below=made.priced.bound + 1.0, most=100, paying=made.paying)


def _line_of_eight() -> LocationQuestion:
    at = np.arange(8)
    near = np.argsort(np.abs(at[:, None] - at[None]), axis=1, kind="stable")[:, 1:4]
    return LocationQuestion(
        cost=np.abs(at[:, None] - at[None]).astype(np.float32),
        amount=np.ones((8, 1)),
        lower=np.full((2, 1), 3.0),
        upper=np.full((2, 1), 5.0),
        center=np.array([-1, -1]),
        place_of=at,
        near=near,
        near_places=near,
    )
