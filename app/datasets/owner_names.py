"""Owners who are told by name or email, as CRM exports do: the rep's id takes the place of what names the rep.

HubSpot writes a company's owner as a name, an email or both; Salesforce's reports write names. Owns the matching of
such references in uploaded files; a name that two reps have matches neither, and ids stay byte for byte.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.datasets.tables import ATTRIBUTE_PREFIX, DatasetTables

_NAME_AND_EMAIL = re.compile(r"^(?P<name>.*?)\s*[(<](?P<email>[^()<>\s]+@[^()<>\s]+)[)>]$")
_EMAILS = frozenset({"email", "useremail", "username"})
_FIRST, _LAST = "firstname", "lastname"


def with_named_owners(tables: DatasetTables) -> DatasetTables:
    """Return the tables; reps have whole names, and owners who are told by name or email are told by id."""
    reps = _with_whole_names(tables.reps)
    column = tables.accounts["current_rep_id"]
    known = pc.is_in(column, value_set=pa.concat_arrays([reps["id"].combine_chunks()]))
    unknown = np.flatnonzero(column.is_valid().to_numpy() & ~known.to_numpy())
    called = _reps_by_word(reps) if unknown.size else {}
    if not called:
        return replace(tables, reps=reps)
    texts = column.to_pylist()
    for row in unknown.tolist():
        found = {called[word] for word in _words(texts[row]) if word in called}
        texts[row] = found.pop() if len(found) == 1 else texts[row]
    position = tables.accounts.column_names.index("current_rep_id")
    accounts = tables.accounts.set_column(position, "current_rep_id", pa.array(texts, pa.string()))
    return replace(tables, accounts=accounts, reps=reps)


def _with_whole_names(reps: pa.Table) -> pa.Table:
    """Return the reps, named by their first and last names where no column has the whole name."""
    first, last = _attribute(reps, _FIRST), _attribute(reps, _LAST)
    if reps["name"].null_count < reps.num_rows or first is None or last is None:
        return reps
    names = [" ".join(part.strip() for part in both if part) or None for both in zip(first, last, strict=True)]
    return reps.set_column(reps.column_names.index("name"), "name", pa.array(names, pa.string()))


def _reps_by_word(reps: pa.Table) -> dict[str, str]:
    """Return the id of each rep by every name and email that only this rep has."""
    columns = [reps["name"].to_pylist()]
    columns += [
        reps[name].to_pylist()
        for name in reps.column_names
        if name.startswith(ATTRIBUTE_PREFIX) and _plain(name.removeprefix(ATTRIBUTE_PREFIX)) in _EMAILS
    ]
    pairs = {
        (_word(text), rep_id)
        for column in columns
        for text, rep_id in zip(column, reps["id"].to_pylist(), strict=True)
        if text and rep_id
    }
    times = Counter(word for word, _ in pairs)
    return {word: rep_id for word, rep_id in pairs if times[word] == 1}


def _words(text: str) -> Iterator[str]:
    """Yield what an owner's cell may be: a name or an email, or both in one."""
    yield _word(text)
    both = _NAME_AND_EMAIL.match(text.strip())
    if both is not None:
        yield _word(both["email"])
        yield _word(both["name"])


def _attribute(table: pa.Table, plain: str) -> list[str | None] | None:
    for name in table.column_names:
        if name.startswith(ATTRIBUTE_PREFIX) and _plain(name.removeprefix(ATTRIBUTE_PREFIX)) == plain:
            texts: list[str | None] = table[name].to_pylist()
            return texts
    return None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _word(text: str) -> str:
    return " ".join(text.split()).casefold()
