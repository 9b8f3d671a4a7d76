"""Prices of items that prove a bound: whoever serves an item earns its price, and each item is served once.

Without that demand the rows are knapsacks of their own: fixed columns earn what they can, and the places that earn most
are chosen (Mulvey and Beck 1984, doi 10.1016/0377-2217(84)90155-3). Any prices prove a bound; the volume algorithm
finds good ones (Barahona and Anbil 2000, doi 10.1007/s101070050002).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.location import knapsacks
from optimizer.location.question import Positions
from optimizer.location.rows import Rows
from optimizer.problem import FloatArray

MOST_NODES: Final = 3_000
"""Nodes of one whole knapsack."""
MEMORY: Final = 0.1
"""Largest share of the latest answer in the average of answers."""
PATIENCE: Final = 20
"""Steps without a better bound after which they get shorter."""
SHORTER: Final = 0.66
LONGER: Final = 1.1
LONGEST: Final = 2.0
SHORTEST: Final = 1e-3
NEAR_KNOWN: Final = 0.9
AIM: Final = 1.02
"""Steps aim at the known cost until the bound is near, then only so far above it: the known cost may be far off."""
PLAIN_ROWS: Final = 200
"""With fewer rows one thread is faster."""
MOST_LEVELS: Final = 50


@dataclass(frozen=True, eq=False, kw_only=True)
class Priced:
    """What prices prove.

    Attributes
    ----------
    price
        Shape ``(items,)``.
    bound
        No answer costs less.
    earned
        What each row earns at most. Shape ``(rows,)``.
    critical
        What a unit of its room is worth to each row. Shape ``(rows,)``.
    chosen
        Rows that are chosen, fixed columns first, as often as they are.
    served
        How often the chosen rows serve each item. Shape ``(items,)``.
    """

    price: FloatArray
    bound: float
    earned: FloatArray
    critical: FloatArray
    chosen: Positions
    served: FloatArray


class Pricing:
    """Evaluates prices for the same rows again and again.

    Parameters
    ----------
    rows
        What is priced.
    threads
        Used at the same time.
    """

    def __init__(self, rows: Rows, *, threads: int = 1) -> None:
        self.rows = rows
        self._threads = threads if len(rows.room) >= PLAIN_ROWS else 1

    def evaluate(self, price: FloatArray, *, is_whole: bool = False) -> Priced:
        """Return what prices prove, by whole knapsacks where asked and places are chosen once."""
        rows = self.rows
        earned, critical = np.empty(len(rows.room)), np.empty(len(rows.room))
        edges = np.linspace(0, len(rows.room), self._threads + 1).astype(np.int64)

        def part(number: int) -> None:
            first, last = int(edges[number]), int(edges[number + 1])
            knapsacks.earn(
                rows.start, rows.item, rows.cost, rows.weight, rows.room, price, earned, critical, first, last
            )

        if self._threads == 1:
            part(0)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(part, range(self._threads)))
        served = np.zeros(len(price))
        if is_whole and rows.is_exclusive:
            chosen = self._whole(price, earned, served)
            worth = float(earned[chosen].sum())
        else:
            chosen, worth = self._continuous(price, earned, served)
        return Priced(
            price=price,
            bound=float(price.sum()) - worth,
            earned=earned,
            critical=critical,
            chosen=chosen,
            served=served,
        )

    def _continuous(self, price: FloatArray, earned: FloatArray, served: FloatArray) -> tuple[Positions, float]:
        rows = self.rows
        fixed = np.arange(rows.num_fixed)
        gains, of_row = earned[len(fixed) :], np.arange(len(fixed), len(earned))
        room = rows.room.copy()
        if not rows.is_exclusive and len(gains):
            gains, of_row = self._levels(price, gains, of_row)
        best = np.argsort(-gains, kind="stable")[: rows.num_free]
        times = np.bincount(of_row[best], minlength=len(earned))
        times[fixed] = 1
        for row in np.flatnonzero(times):
            knapsacks.serve(rows.start, rows.item, rows.cost, rows.weight, room[row] * times[row], price, row, served)
        return np.concatenate([fixed, of_row[best]]), float(earned[fixed].sum() + gains[best].sum())

    def _levels(self, price: FloatArray, gains: FloatArray, of_row: Positions) -> tuple[FloatArray, Positions]:
        """Return what a second and further center at the same place adds, behind the first ones."""
        rows, count = self.rows, self.rows.num_free
        added, number = [gains], [of_row]
        active, before = of_row, gains
        for level in range(2, MOST_LEVELS + 1):
            known = np.sort(np.concatenate(added))
            least = known[-count] if len(known) >= count else -np.inf
            wanted = (before >= least) & (before > 0)
            active = active[wanted]
            if not len(active):
                break
            more = np.empty(len(active))
            unused = np.zeros(len(price))
            for position, row in enumerate(active):
                args = rows.start, rows.item, rows.cost, rows.weight
                more[position] = knapsacks.serve(*args, rows.room[row] * level, price, row, unused)
                more[position] -= knapsacks.serve(*args, rows.room[row] * (level - 1), price, row, unused)
            added.append(more)
            number.append(active)
            before = more
        else:
            # the highest level that was looked at stands for all above it
            added.extend([before] * count)
            number.extend([active] * count)
        return np.concatenate(added), np.concatenate(number)

    def _whole(self, price: FloatArray, earned: FloatArray, served: FloatArray) -> Positions:
        """Solve knapsacks whole, those that could be among the best; return the chosen rows and add what they serve."""
        rows, fixed = self.rows, self.rows.num_fixed
        order = fixed + np.argsort(-earned[fixed:], kind="stable")
        taken: dict[int, Positions] = {}
        buffer = np.empty(len(price), dtype=np.int64)
        values: list[float] = []
        for position, row in enumerate([*range(fixed), *order.tolist()]):
            done = position - fixed
            if done >= rows.num_free:
                values.sort(reverse=True)
                del values[rows.num_free :]
                if not values or earned[row] <= values[-1]:
                    break
            earned[row], size = knapsacks.pack(
                rows.start, rows.item, rows.cost, rows.weight, rows.room[row], price, row, MOST_NODES, buffer
            )
            taken[row] = buffer[:size].copy()
            if done >= 0:
                values.append(float(earned[row]))
        places = np.array([row for row in taken if row >= fixed], dtype=np.int64)
        best = places[np.lexsort((places, -earned[places]))][: rows.num_free]
        chosen = np.concatenate([np.arange(fixed), best])
        for row in chosen.tolist():
            served[taken[row]] += 1.0
        return chosen


def raise_prices(
    pricing: Pricing,
    price: FloatArray,
    *,
    known: float,
    steps: int,
    is_whole: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Priced:
    """Return better prices than those given, after so many steps.

    Parameters
    ----------
    pricing
        Of the rows.
    price
        Where to begin. Shape ``(items,)``.
    known
        What a known answer costs: steps aim at it, and end once the bound is there.
    steps
        Evaluations.
    is_whole
        Solve knapsacks whole.
    stop
        Asked between steps; True ends with the best so far.
    """
    most = pricing.rows.most_price
    best = pricing.evaluate(np.clip(price, 0.0, most), is_whole=is_whole)
    average, length, stale, memory = best.served, LONGEST if not is_whole else LONGEST / 4, 0, MEMORY
    for step in range(steps):
        if stop() or length < SHORTEST or best.bound >= known:
            break
        missing = 1.0 - average
        norm = float(missing @ missing)
        if norm < 1e-12:
            break
        aim = known if best.bound < NEAR_KNOWN * known else min(known, best.bound * AIM)
        far = length * max(aim - best.bound, 1e-6 * abs(known)) / norm
        now = pricing.evaluate(np.clip(best.price + far * missing, 0.0, most), is_whole=is_whole)
        average = _averaged(average, now.served, most=memory)
        if now.bound > best.bound:
            if float(missing @ (1.0 - now.served)) >= 0:
                length = min(LONGEST, length * LONGER)
            best, stale = now, 0
            continue
        stale += 1
        if stale >= PATIENCE:
            length, stale = length * SHORTER, 0
        if step % 100 == 99:
            memory = max(0.02, memory * 0.7)
    return best


def _averaged(average: FloatArray, latest: FloatArray, *, most: float) -> FloatArray:
    """Return the mixture of both that serves items most nearly once, with a bounded share of the latest."""
    change = latest - average
    size = float(change @ change)
    share = float((1.0 - average) @ change) / size if size > 0 else most
    return average + min(most, max(most / 10, share)) * change
