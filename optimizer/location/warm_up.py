"""Compile the search for centers before a clock starts: few questions have free centers."""

from dataclasses import replace

import numpy as np

from optimizer.location.bound import lower_bound
from optimizer.location.params import LocationParams
from optimizer.location.question import LocationQuestion
from optimizer.location.search import locate


def compile_location() -> None:
    """Run every compiled step once, in the precision of the service, on a line of eight items."""
    at = np.arange(8)
    near = np.argsort(np.abs(at[:, None] - at[None]), axis=1, kind="stable")[:, 1:4]
    question = LocationQuestion(
        cost=np.abs(at[:, None] - at[None]).astype(np.float32),
        amount=np.ones((8, 1)),
        lower=np.full((2, 1), 3.0),
        upper=np.full((2, 1), 5.0),
        center=np.array([-1, -1]),
        place_of=at,
        near=near,
        near_places=near,
    )
    found = locate(question, params=LocationParams(starts=1, trials=100, steps=2, threads=1))
    lower_bound(question, known=found.cost)
    lower_bound(replace(question, is_exclusive=True), known=found.cost)
