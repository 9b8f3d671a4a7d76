"""From the optimizer's prices to a certificate that the checker has verified, and what then counts as proven.

The checker computes the bound again from the raw tables in integer arithmetic. A certificate that it does not confirm
is not shown. Imports neither the web nor the database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checker import (
    CertificateRefusedError,
    Examined,
    certify,
    dataset_sha256,
    scenario_sha256,
    verify_certificate,
)
from optimizer.result import Result

Columns = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What is proven of an objective.

    Parameters
    ----------
    lower_bound
        No alignment that keeps the criteria is below it; None while unknown.
    source
        ``certificate`` or ``search``; None without a bound.
    certified
        The bound of the certificate alone.
    """

    lower_bound: float | None = None
    source: str | None = None
    certified: float | None = None


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What is proven of an alignment's objective.

    Parameters
    ----------
    certificate
        The verified certificate, None where there is none.
    bound
        The best bound that is known, and whence.
    """

    certificate: dict[str, Any] | None = None
    bound: Bound = field(default_factory=Bound)


def prove(
    examined: Examined,
    result: Result,
    *,
    rep_ids: tuple[str, ...],
    tables: Mapping[str, Columns],
    criteria: Mapping[str, Any],
    neighbors: Iterable[tuple[str, str]] | None = None,
) -> Proof:
    """Return the certificate that follows from a result's prices, and the bound that then counts.

    Parameters
    ----------
    examined
        The alignment as the checker read it.
    result
        With ``multipliers``, the priced rows by rep position.
    rep_ids
        The rep of each position.
    tables
        The columns of accounts, reps and, where there are, pairs.
    criteria
        The normalized criteria.
    neighbors
        Pairs of ids of neighboring units where territories must be connected; they are part of what is certified.
    """
    hashes = {
        "dataset_sha256": dataset_sha256(
            tables["accounts"], tables["reps"], tables.get("pairs"), neighbors, detour=examined.data.detour
        ),
        "scenario_sha256": scenario_sha256(criteria),
    }
    certificate = _certificate(examined, result.multipliers, rep_ids=rep_ids, hashes=hashes)
    found = Bound(lower_bound=result.lower_bound, source=result.bound_source)
    if certificate is None:
        source = None if found.lower_bound is None else "search"
        return Proof(bound=Bound(lower_bound=found.lower_bound, source=source))
    certified: float = certificate["lower_bound"]
    if found.source == "search" and found.lower_bound is not None and found.lower_bound > certified:
        return Proof(
            certificate=certificate,
            bound=Bound(lower_bound=found.lower_bound, source="search", certified=certified),
        )
    return Proof(certificate=certificate, bound=Bound(lower_bound=certified, source="certificate", certified=certified))


def _certificate(
    examined: Examined,
    priced_rows: Iterable[Mapping[str, Any]] | None,
    *,
    rep_ids: tuple[str, ...],
    hashes: Mapping[str, str],
) -> dict[str, Any] | None:
    if priced_rows is None:
        return None
    prices = [(_named(entry["row"], rep_ids), entry["side"], entry["price"]) for entry in priced_rows]
    try:
        certificate = certify(examined, prices, **hashes)
    except CertificateRefusedError:
        return None
    return certificate if verify_certificate(examined, certificate, **hashes).is_valid else None


def _named(row: Mapping[str, Any], rep_ids: tuple[str, ...]) -> dict[str, str]:
    """Return a row that names its rep by id instead of position."""
    named = {key: value for key, value in row.items() if key != "rep"}
    return named | {"rep_id": rep_ids[row["rep"]]} if "rep" in row else named
