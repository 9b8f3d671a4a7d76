"""From the current alignment to a new one in weekly waves: what moves, what limits a week, and the fewest weeks.

Owns the question and its bounds. A rep who counts gives at most ``cap`` accounts a week and receives at most ``cap``;
accounts of a family go in the same week; nothing goes before its release. The schedule itself is made in
:mod:`optimizer.transition_schedule`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.exceptions import InvalidProblem
from optimizer.frozen import ReadOnly, frozen_array

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NOBODY = -1


@dataclass(frozen=True, eq=False, kw_only=True)
class Transition(ReadOnly):
    """Everything that moves, one line an account.

    Attributes
    ----------
    source, goal
        The rep before and after, −1 for nobody. Shape ``(moves,)``.
    given, taken
        What leaves the source, and what reaches the goal. Shape ``(moves, measures)``.
    family
        Moves of one number go in the same week. Shape ``(moves,)``.
    release
        The first week, from 0, in which it may go. Shape ``(moves,)``.
    is_urgent
        Goes before what is not, as far as the caps allow. Shape ``(moves,)``.
    load
        Loads before the first week. Shape ``(reps, measures)``.
    counts
        Whether the cap holds for a rep; a rep who has left hands nothing over. Shape ``(reps,)``.
    """

    source: Integers
    goal: Integers
    given: Floats
    taken: Floats
    family: Integers
    release: Integers
    is_urgent: Flags
    load: Floats
    counts: Flags

    def __post_init__(self) -> None:
        for name in ("source", "goal", "family", "release"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int64))
        for name in ("given", "taken", "load"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))
        for name in ("is_urgent", "counts"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.bool_))
        moves = len(self.source)
        if any(len(getattr(self, name)) != moves for name in ("goal", "given", "taken", "family", "release")):
            raise InvalidProblem("the arrays of a transition must have one line a move")
        if moves and (self.release.min() < 0 or max(self.source.max(), self.goal.max()) >= self.num_reps):
            raise InvalidProblem("a release is below week 0, or a rep is not there")
        if np.any(self.source == self.goal):
            raise InvalidProblem("a move must change the rep")

    @property
    def num_moves(self) -> int:
        """The number of moves."""
        return len(self.source)

    @property
    def num_reps(self) -> int:
        """The number of reps."""
        return len(self.load)

    @property
    def sides(self) -> tuple[Integers, Integers]:
        """Source and goal, −1 also where the cap does not hold. Shape ``(moves,)`` each."""
        source, goal = (
            np.where((rep >= 0) & self.counts[np.maximum(rep, 0)], rep, NOBODY) for rep in (self.source, self.goal)
        )
        return source, goal

    def final_load(self) -> Floats:
        """Return the loads after the last week. Shape ``(reps, measures)``."""
        load = self.load.copy()
        has_source, has_goal = self.source >= 0, self.goal >= 0
        np.subtract.at(load, self.source[has_source], self.given[has_source])
        np.add.at(load, self.goal[has_goal], self.taken[has_goal])
        return load

    def ceiling(self) -> Floats:
        """Return the larger of the loads before and after: what no week in between should exceed."""
        return np.maximum(self.load, self.final_load())


def weeks_needed(rep: Integers, release: Integers, *, cap: int, week: int = 0) -> int:
    """Return how many weeks one side needs at least, from a week on.

    Parameters
    ----------
    rep
        Who gives (or receives) each move, −1 where nobody is limited. Shape ``(moves,)``.
    release
        First week of each move. Shape ``(moves,)``.
    cap
        Moves of a rep in a week, ≥ 1.
    week
        The week that is counted from.

    Notes
    -----
    The n moves of one rep that are released at r or later take ceil(n / cap) weeks from r on. O(moves log moves).
    """
    waits = np.maximum(release - week, 0)
    needed = int(waits.max(initial=-1)) + 1
    limited = np.flatnonzero(rep >= 0)
    if not len(limited):
        return needed
    order = limited[np.lexsort((-waits[limited], rep[limited]))]
    ordered = rep[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    rank = np.arange(1, len(order) + 1) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    return max(needed, int((waits[order] + -(-rank // cap)).max()))


def fewest_weeks(transition: Transition, *, cap: int) -> int:
    """Return the last week, counted from 1, that no schedule can do without; 0 without moves.

    Notes
    -----
    Without families and releases it is reached: a bipartite multigraph of degree at most ``weeks · cap`` falls apart
    into ``weeks`` parts of degree at most ``cap`` (D. Kőnig, "Über Graphen und ihre Anwendung auf Determinantentheorie
    und Mengenlehre", Mathematische Annalen 77, 1916, doi 10.1007/BF01456961).
    """
    release = family_release(transition)
    return max(weeks_needed(side, release, cap=cap) for side in transition.sides)


def fewest_waves(transition: Transition, *, cap: int) -> int:
    """Return the fewest weeks with a move that the caps alone allow; 0 without moves."""
    unreleased = np.zeros(transition.num_moves, dtype=np.int64)
    return max(weeks_needed(side, unreleased, cap=cap) for side in transition.sides)


def family_release(transition: Transition) -> Integers:
    """Return the first week in which each move's whole family may go. Shape ``(moves,)``."""
    _, number = np.unique(transition.family, return_inverse=True)
    latest = np.zeros(int(number.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(latest, number, transition.release)
    released: Integers = latest[number]
    return released


def families_over_cap(transition: Transition, *, cap: int) -> list[tuple[int, int, int]]:
    """Return (family, rep, accounts) wherever one family alone exceeds a rep's cap, largest first."""
    found: list[tuple[int, int, int]] = []
    for side in transition.sides:
        limited = side >= 0
        pairs, count = np.unique(np.stack([transition.family[limited], side[limited]]), axis=1, return_counts=True)
        found += [(int(pairs[0, at]), int(pairs[1, at]), int(count[at])) for at in np.flatnonzero(count > cap)]
    return sorted(found, key=lambda entry: (-entry[2], entry[0], entry[1]))


def loads_by_week(transition: Transition, week: Integers, weeks: Integers) -> Floats:
    """Return the loads at the end of each of some rising weeks. Shape ``(weeks, reps, measures)``."""
    change = np.zeros((len(weeks), *transition.load.shape))
    place = np.searchsorted(weeks, week)
    has_source, has_goal = transition.source >= 0, transition.goal >= 0
    np.subtract.at(change, (place[has_source], transition.source[has_source]), transition.given[has_source])
    np.add.at(change, (place[has_goal], transition.goal[has_goal]), transition.taken[has_goal])
    load: Floats = transition.load + np.cumsum(change, axis=0)
    return load
