"""The plain sentences on robustness: amounts that are off, the largest accounts, and any one rep who leaves.

Owns the wording; every number comes from the answer that the sentences stand in.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.alignments.numerals import counted, percent, quantity

_MOST_NAMES: Final = 5


def sentences(told: Mapping[str, Any]) -> list[str]:
    """Return one sentence each for errors, accounts and reps, from the answer without them."""
    return [_on_errors(told), _on_accounts(told), _on_departures(told)]


def _on_errors(told: Mapping[str, Any]) -> str:
    now, outside, certain = told["now"], told["sampled"]["outside"], told["certain"]
    if not now["reps"]:
        return f"No rep has a target in {told['measure']}, so no balance can be lost."
    sentence = (
        f"On average {quantity(round(outside['mean'], 1))} of {counted(now['reps'], 'rep')} would be "
        f"outside the ±{percent(told['tolerance'])} band if {told['measure']} were off{_off(told['assumed'])} "
        f"({now['outside']:,} today); in 19 of 20 cases not more than {outside['p95']:,.0f}"
    )
    return f"{sentence}." if certain is None else f"{sentence}; {certain['in_band']:,} stay inside whatever is off."


def _off(assumed: Mapping[str, Any]) -> str:
    spread = percent(assumed["spread"])
    size = f" by up to {spread}" if assumed["errors"] == "uniform" else f", mostly within {spread}"
    shared = "account by account" if assumed["shared_by"] is None else f"by {assumed['shared_by']}"
    return f"{size}, {shared}"


def _on_accounts(told: Mapping[str, Any]) -> str:
    top, now = told["top_accounts"], told["now"]
    accounts = [account["account_id"] for account in top["accounts"]]
    if not accounts or top["worst_deviation"] is None:
        return "There is no account whose leaving could be judged."
    names = ", ".join([*accounts[:_MOST_NAMES], *(["…"] if len(accounts) > _MOST_NAMES else [])])
    return (
        f"If the {counted(len(accounts), 'largest account')} ({names}) left, {top['outside']:,} of "
        f"{counted(top['reps'], 'rep')} would be outside the band ({now['outside']:,} today); {top['worst_rep_id']} "
        f"would be farthest off, at {percent(1.0 + top['worst_deviation'])} of its share."
    )


def _on_departures(told: Mapping[str, Any]) -> str:
    departures, measure = told["departures"], told["measure"]
    if departures["reps"] < 2:
        return "There is nobody who could take over."
    many = counted(departures["reps"], "rep")
    if departures["hardest_rep_id"] is None:
        sums = f"Whoever of {many} left, the others together have room for all of its {measure}"
    else:
        sums = (
            f"If one of {many} left, the others together have room for all of its {measure} in "
            f"{counted(departures['with_room'], 'case')}; the hardest is {departures['hardest_rep_id']}, where "
            f"{quantity(departures['largest_short'])} find no room"
        )
    return f"{sums}. {_on_takeover(departures['estimate'])}"


def _on_takeover(estimate: Mapping[str, Any] | None) -> str:
    if estimate is None:
        return "Who could take over cannot be estimated: nobody's distance is known."
    if estimate["hardest_rep_id"] is None:
        return "By an estimate, reps nearby can take over each account."
    sentence = (
        f"By an estimate, reps nearby can take over everything in {counted(estimate['within_room'], 'case')}; the "
        f"hardest is {estimate['hardest_rep_id']}, where {quantity(estimate['without_room'])} find no room nearby"
    )
    if estimate["most_pushed_rep_id"] is None or estimate["highest_index"] is None:
        return f"{sentence}."
    pushed = percent(estimate["highest_index"] / 100.0)
    return f"{sentence}, and {estimate['most_pushed_rep_id']} would end at {pushed} of its share."
