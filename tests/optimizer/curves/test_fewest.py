"""Where accounts go that have to go somewhere, by hand."""

import numpy as np
import pytest

from optimizer.criteria import Criteria
from optimizer.curves.fewest import fewest_possible, settled, stay
from tests.optimizer.small_problems import grid_3x3, line_of_four


def test_what_has_to_go_goes_to_the_nearest() -> None:
    """R1 of three has left: each account of the middle row is as far from R0 as from R2 and goes to the first."""
    problem = grid_3x3(active=np.array([True, False, True]))
    assert stay(problem).rep.tolist() == [0, 0, 0, -1, -1, -1, 2, 2, 2]
    assert settled(problem, Criteria()).rep.tolist() == [0, 0, 0, 0, 0, 0, 2, 2, 2]
    closed = Criteria(forbid=((4, 0),))
    assert settled(problem, closed).rep.tolist() == [0, 0, 0, 0, 2, 0, 2, 2, 2]


def test_a_family_goes_where_the_fewest_of_it_move() -> None:
    """A0 never had a rep; its family's other member A2 is with R1, so A0 goes there, though R0 is nearer."""
    problem = line_of_four(current=np.array([-1, 0, 1, 1]), family=np.array([0, 1, 0, 3]))
    assert settled(problem, Criteria()).rep.tolist() == [1, 0, 1, 1]


def test_no_question_is_asked_where_nothing_else_has_to_move() -> None:
    """The accounts of a rep who has left find a place without a move, so that none is needed without a search."""
    problem = grid_3x3(active=np.array([True, False, True]))
    dialogue = fewest_possible(problem, Criteria(travel_weight=1.0), measure="accounts")
    with pytest.raises(StopIteration) as ended:
        next(dialogue)
    assert ended.value.value.alignment.rep.tolist() == [0, 0, 0, 0, 0, 0, 2, 2, 2]
