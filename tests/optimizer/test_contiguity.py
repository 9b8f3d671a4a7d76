"""Connected territories: what counts as one piece, and what the validation says."""

import numpy as np
import pytest

from optimizer.contiguity import num_pieces, pieces_around, shared_units
from optimizer.criteria import Contiguity, Criteria
from optimizer.exceptions import InvalidProblem
from optimizer.graph import graph_of
from optimizer.items import items_of
from optimizer.units import Units
from optimizer.validation import violations
from tests.optimizer.small_problems import alignment_to, line_of_four

ROOK = Criteria(contiguity=Contiguity.ROOK)


def row(num_units: int, unit: list[int]) -> Units:
    """Return units side by side in a row."""
    first = np.arange(num_units - 1, dtype=np.int32)
    return Units(num_units=num_units, unit=np.array(unit), first=first, second=first + 1)


def test_a_graph_forgets_loops_and_repetitions() -> None:
    """Edges count once, whatever their order and direction."""
    graph = graph_of(3, np.array([0, 1, 2, 2]), np.array([1, 0, 2, 1]))
    assert [graph.neighbors(node).tolist() for node in range(3)] == [[1], [0, 2], [1]]


def test_pieces_are_counted_by_rep() -> None:
    """0 1 0 1 in a row: both territories are in two pieces."""
    pieces = num_pieces(row(4, [0, 1, 2, 3]), alignment_to([0, 1, 0, 1]), num_reps=3)
    assert pieces.tolist() == [2, 2, 0]


def test_empty_units_connect_whoever_needs_them() -> None:
    """0 . 0 1 . 1: the empty units belong to the territories around them."""
    units = row(6, [0, 2, 3, 5])
    assert num_pieces(units, alignment_to([0, 0, 1, 1]), num_reps=2).tolist() == [1, 1]
    assert num_pieces(units, alignment_to([0, 1, 0, 1]), num_reps=2).tolist() == [2, 2]


def test_accounts_without_unit_or_rep_need_no_connection() -> None:
    """An account outside all units, and one without a rep, take no territory apart."""
    units = row(3, [0, 1, 2, -1])
    assert num_pieces(units, alignment_to([0, -1, 1, 0]), num_reps=2).tolist() == [1, 1]


def test_a_unit_that_several_reps_share_is_found() -> None:
    """Two accounts of one unit with different reps share it; nobody is no rep."""
    units = row(2, [0, 0, 1, 1])
    assert shared_units(units, alignment_to([0, 1, 1, -1])).tolist() == [0]


def test_validation_names_the_territory_and_the_unit() -> None:
    """On a line of four accounts, West with both ends is in two pieces; a shared unit is named with its accounts."""
    problem = line_of_four().replace(units=row(4, [0, 1, 2, 3]))
    (found,) = violations(problem, ROOK, alignment_to([0, 1, 1, 0]))
    assert (found.criterion, found.rep, found.value, found.by) == ("contiguity", 0, 2.0, 1.0)
    problem = line_of_four().replace(units=row(2, [0, 0, 1, 1]))
    (found,) = violations(problem, ROOK, alignment_to([0, 1, 1, 1]))
    assert (found.criterion, found.accounts) == ("unit", (0, 1))
    assert violations(problem, Criteria(), alignment_to([0, 1, 1, 1])) == ()


def test_items_are_units_with_the_families_of_their_accounts() -> None:
    """Accounts 0 and 1 share a unit, 1 and 2 a family: one item; without contiguity only the family is."""
    problem = line_of_four().replace(units=row(3, [0, 0, 1, 2]), family=np.array([0, 1, 1, 3]))
    assert items_of(problem, ROOK).item_of_account.tolist() == [0, 0, 0, 1]
    assert items_of(problem, Criteria()).item_of_account.tolist() == [0, 1, 1, 2]


def test_units_out_of_range_are_refused() -> None:
    """A neighbor or an account's unit that is not there is an error."""
    with pytest.raises(InvalidProblem):
        Units(num_units=2, unit=np.array([0]), first=np.array([0]), second=np.array([2]))
    with pytest.raises(InvalidProblem):
        Units(num_units=2, unit=np.array([2]), first=np.array([0]), second=np.array([1]))


def test_a_unit_whose_accounts_have_no_rep_connects_nobody() -> None:
    """0 . 0 in a row: a unit without accounts in the middle connects, one with an unassigned account does not."""
    assert num_pieces(row(3, [0, 2]), alignment_to([0, 0]), num_reps=1).tolist() == [1]
    assert num_pieces(row(3, [0, 1, 2]), alignment_to([0, -1, 0]), num_reps=1).tolist() == [2]


def test_pieces_are_told_without_and_with_an_account() -> None:
    """0 0 0 1 1 in a row: without its middle 0 is in two pieces, 1 with it, too; at the border nothing parts."""
    units, alignment = row(5, [0, 1, 2, 3, 4]), alignment_to([0, 0, 0, 1, 1])
    without, with_item = pieces_around(units, alignment, np.array([1]), num_reps=2)
    assert (without.tolist(), with_item.tolist()) == ([2, 1], [1, 2])
    without, with_item = pieces_around(units, alignment, np.array([2]), num_reps=2)
    assert (without.tolist(), with_item.tolist()) == ([1, 1], [1, 1])
