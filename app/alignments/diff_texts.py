"""How a diff of two alignments reads: like a diff of code, one hunk a rep, lost accounts before gained ones.

Owns the text. It is stable: the same two alignments give the same bytes. Characters that would break a line or turn
its direction are shown by their code point; letters of every script stay as they are.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from app.alignments.columns import ACCOUNTS
from app.alignments.diffs import AlignmentDiff, DiffLine, DiffSide, RepDiff
from app.alignments.numerals import counted, kilometers, quantity

NOBODY: Final = "(nobody)"
_UNITS: Final = {"workload": " h"}
_JOINERS: Final = "\u200c\u200d"  # Persian words and emoji need them; they turn nothing
_UNSAFE: Final = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def diff_text(diff: AlignmentDiff, *, with_loads: bool = False) -> str:
    """Return the diff as lines of text, each ended by a line feed.

    Parameters
    ----------
    diff
        What changes.
    with_loads
        True to show, under each rep, its loads before and after as lines that begin with a blank.
    """
    return "".join(f"{line}\n" for line in _lines(diff, with_loads=with_loads))


def one_line(text: str) -> str:
    """Return a text that stays on its line and in its direction: other characters stand as their code point."""
    return "".join(
        character
        if character in _JOINERS or unicodedata.category(character) not in _UNSAFE
        else f"\\u{{{ord(character):x}}}"
        for character in text
    )


def _lines(diff: AlignmentDiff, *, with_loads: bool) -> Iterator[str]:
    yield f"--- {_header(diff.first)}"
    yield f"+++ {_header(diff.second)}"
    yield from _summary(diff)
    for rep in diff.reps:
        yield _hunk(rep)
        if with_loads:
            for measure, (before, after) in rep.loads.items():
                unit = _UNITS.get(measure, "")
                yield f"  {one_line(measure)} {_number(before, unit)} → {_number(after, unit)}"
        for line in rep.lines:
            yield _line(line)


def _header(side: DiffSide) -> str:
    objective = "no objective" if side.objective is None else f"objective {side.objective:.6g}"
    return f"{side.id} {one_line(side.name)} (sha256:{side.assignments_sha256}, {objective})"


def _summary(diff: AlignmentDiff) -> Iterator[str]:
    first, second = diff.first, diff.second
    if not diff.num_differing:
        yield f"# the same rep for each of {counted(diff.num_accounts, 'account')}"
        return
    yield f"# {counted(diff.num_differing, 'account')} of {diff.num_accounts:,}, {counted(len(diff.reps), 'rep')}"
    if first.objective is not None and second.objective is not None:
        change = second.objective - first.objective
        yield f"# objective {first.objective:.6g} → {second.objective:.6g} ({change:+.6g})"
    if first.num_violations or second.num_violations:
        yield f"# violations {first.num_violations:,} → {second.num_violations:,}"
    if first.travel_km is not None and second.travel_km is not None:
        yield f"# travel {kilometers(first.travel_km)} → {kilometers(second.travel_km)} a year"


def _hunk(rep: RepDiff) -> str:
    before, after = rep.loads.get(ACCOUNTS, (None, None))
    lost = sum(not line.is_gained for line in rep.lines)
    who = NOBODY if rep.rep_id is None else _named(rep.rep_id, rep.rep_name)
    return f"@@ {who}: {_number(before)} → {_number(after)} accounts (-{lost:,} +{len(rep.lines) - lost:,}) @@"


def _line(line: DiffLine) -> str:
    sign, arrow = ("+", "←") if line.is_gained else ("-", "→")
    other = NOBODY if line.other_rep_id is None else one_line(line.other_rep_id)
    return f"{sign} {_named(line.account_id, line.account_name)} {arrow} {other}{_weight(line.amounts)}"


def _named(identifier: str, name: str) -> str:
    return one_line(identifier if name in ("", identifier) else f"{identifier} {name}")


def _weight(amounts: Mapping[str, float]) -> str:
    told = [f"{quantity(amount)}{_UNITS.get(measure, '')}" for measure, amount in amounts.items()]
    return f" ({', '.join(told)})" if told else ""


def _number(value: float | None, unit: str = "") -> str:
    return "–" if value is None else f"{quantity(value)}{unit}"
