"""Take down the peaks of a schedule: weeks in which a rep carries more than both before and after the transition.

Owns the improvement of a schedule that keeps every rule: caps, families, releases, and the weeks that are used. Moves
toward an overloaded rep go to a later week, moves away from it to an earlier one, alone or in exchange for another;
what is urgent is never put off. A peak stays where no such step lowers the sum of all peaks.
"""

from typing import Final

import numpy as np

from optimizer.transition import Floats, Integers, Transition, family_release, loads_by_week

TRIALS: Final = 20_000
"""Steps that are tried at most; a limit in work, so that the answer does not depend on the clock."""
SLACK: Final = 1e-9
"""A load so much above its ceiling, as a fraction, is none."""
PARTNERS: Final = 8
"""Exchanges that are tried for one move."""

Step = tuple[int, int]


class Peaks:
    """A schedule under improvement.

    Parameters
    ----------
    transition
        What moves.
    week
        A schedule that keeps the rules. Shape ``(moves,)``.
    cap
        Accounts that a rep gives, and receives, in a week at most.
    """

    def __init__(self, transition: Transition, week: Integers, *, cap: int) -> None:
        self._transition, self._cap = transition, cap
        self._weeks = np.unique(week)
        self._ceiling = transition.ceiling() * (1 + SLACK)
        self._scale = np.maximum(self._ceiling.mean(axis=0), np.finfo(np.float64).tiny)
        self._load = loads_by_week(transition, week, self._weeks)
        place = np.searchsorted(self._weeks, week)
        self._used = np.zeros((2, len(self._weeks), transition.num_reps), dtype=np.int64)
        self._limited = transition.sides
        for number, side in enumerate(self._limited):
            np.add.at(self._used[number], (place[side >= 0], side[side >= 0]), 1)
        self._make_batches(place)
        self._trials = TRIALS

    def lowered(self) -> Integers:
        """Return a schedule without peaks, as far as steps that keep the rules lead. Shape ``(moves,)``."""
        while self._trials > 0 and sum(self._relieve(place, rep) for place, rep in self._worst_first()):
            continue
        week = np.empty(self._transition.num_moves, dtype=np.int64)
        for batch, members in enumerate(self._members):
            week[members] = self._weeks[self._place[batch]]
        return week

    def _make_batches(self, place: Integers) -> None:
        """Bring together what moves together."""
        transition = self._transition
        _, number = np.unique(transition.family, return_inverse=True)
        number = number.ravel()
        order = np.argsort(number, kind="stable")
        self._members = np.split(order, np.flatnonzero(np.diff(number[order])) + 1) if len(order) else []
        release = family_release(transition)
        self._place = [int(place[members[0]]) for members in self._members]
        self._first = [int(np.searchsorted(self._weeks, release[members[0]])) for members in self._members]
        self._is_urgent = [bool(transition.is_urgent[members].any()) for members in self._members]
        self._gives: list[list[int]] = [[] for _ in range(transition.num_reps)]
        self._receives: list[list[int]] = [[] for _ in range(transition.num_reps)]
        for batch, members in enumerate(self._members):
            for table, reps in ((self._gives, transition.source), (self._receives, transition.goal)):
                for rep in np.unique(reps[members]).tolist():
                    if rep >= 0:
                        table[rep].append(batch)

    def _excess(self, load: Floats, reps: Integers) -> float:
        return float((np.maximum(load - self._ceiling[reps], 0.0) / self._scale).sum())

    def _worst_first(self) -> list[tuple[int, int]]:
        """Return (place of the week, rep) of every peak, the highest first."""
        over = (np.maximum(self._load - self._ceiling, 0.0) / self._scale).sum(axis=2)
        places, reps = np.nonzero(over > 0)
        order = np.lexsort((reps, places, -over[places, reps]))
        return [(int(places[at]), int(reps[at])) for at in order]

    def _relieve(self, place: int, rep: int) -> bool:
        """Lower one peak by the first step that helps; return whether one did."""
        alone = np.array([rep])
        if self._excess(self._load[place, alone], alone) <= 0:
            return False
        late = [b for b in self._receives[rep] if self._place[b] <= place and not self._is_urgent[b]]
        early = [b for b in self._gives[rep] if self._place[b] > place]
        for batch in late:
            if any(self._take([(batch, later)]) for later in range(place + 1, len(self._weeks))):
                return True
        for batch in early:
            if any(self._take([(batch, sooner)]) for sooner in range(place, self._first[batch] - 1, -1)):
                return True
        for batch in late:
            partners = [b for b in (*self._receives[rep], *early) if self._place[b] > place][:PARTNERS]
            if any(self._exchange(batch, other) for other in partners):
                return True
        for batch in early:
            partners = [b for b in self._gives[rep] if self._place[b] <= place][:PARTNERS]
            if any(self._exchange(other, batch) for other in partners):
                return True
        return False

    def _exchange(self, sooner: int, later: int) -> bool:
        """Let two batches change weeks, if that helps and neither rule is broken."""
        if self._is_urgent[sooner] or self._place[sooner] < self._first[later]:
            return False
        return self._take([(sooner, self._place[later]), (later, self._place[sooner])])

    def _take(self, steps: list[Step]) -> bool:
        """Take steps (batch, place) if the caps allow it and the peaks become lower; return whether they were."""
        if self._trials <= 0:
            return False
        self._trials -= 1
        origin = [(batch, self._place[batch]) for batch, _ in steps]
        places = [place for _, place in (*steps, *origin)]
        span = slice(min(places), max(places))
        moved = np.concatenate([self._members[batch] for batch, _ in steps])
        touched = np.unique(np.r_[self._transition.source[moved], self._transition.goal[moved]])
        touched = touched[touched >= 0]
        before = self._excess(self._load[span][:, touched], touched)
        self._shift(steps)
        is_better = self._excess(self._load[span][:, touched], touched) < before * (1 - SLACK)
        if is_better and self._keeps_caps(steps):
            return True
        self._shift(origin)
        return False

    def _keeps_caps(self, steps: list[Step]) -> bool:
        for batch, place in steps:
            for used, side in zip(self._used, self._limited, strict=True):
                reps = side[self._members[batch]]
                if np.any(used[place, reps[reps >= 0]] > self._cap):
                    return False
        return True

    def _shift(self, steps: list[Step]) -> None:
        """Move batches to other weeks, whatever the rules say."""
        transition = self._transition
        for batch, place in steps:
            members, now = self._members[batch], self._place[batch]
            sign = 1 if place < now else -1
            span = slice(min(place, now), max(place, now))
            for move in members.tolist():
                if transition.source[move] >= 0:
                    self._load[span, transition.source[move]] -= sign * transition.given[move]
                if transition.goal[move] >= 0:
                    self._load[span, transition.goal[move]] += sign * transition.taken[move]
                for number, side in enumerate(self._limited):
                    if side[move] >= 0:
                        self._used[number, now, side[move]] -= 1
                        self._used[number, place, side[move]] += 1
            self._place[batch] = place
