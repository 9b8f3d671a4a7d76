import unicodedata
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from geo_data.distances import check_coordinates, distances_km
from geo_data.exceptions import SettingError, UnknownCountryError
from geo_data.gazetteer import locate_postal_codes
from geo_data.synthetic import SyntheticData, generate


@pytest.fixture(scope="module")
def team() -> SyntheticData:
    return generate(num_accounts=4000, num_reps=40, seed=11)


def families_of(accounts: dict[str, Any]) -> list[list[int]]:
    """Return the members of each tree under parent_id."""
    position = {account_id: index for index, account_id in enumerate(accounts["id"])}

    def root(index: int) -> str:
        parent = accounts["parent_id"][index]
        if parent is None:
            return str(accounts["id"][index])
        return root(position[parent]) if parent in position else str(parent)

    members = defaultdict(list)
    for index in range(len(accounts["id"])):
        members[root(index)].append(index)
    return [family for family in members.values() if len(family) > 1]


def as_lists(columns: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: list(values) for name, values in columns.items()}


def test_same_seed_same_data() -> None:
    """Equal arguments give equal data; another seed gives other data."""
    first, again, other = (generate(num_accounts=300, num_reps=9, seed=seed) for seed in (4, 4, 5))
    assert as_lists(first.accounts) == as_lists(again.accounts)
    assert as_lists(first.reps) == as_lists(again.reps)
    assert as_lists(first.accounts) != as_lists(other.accounts)


@pytest.mark.parametrize(("num_accounts", "num_reps"), [(1, 1), (2, 5), (3, 1), (10, 30), (57, 8)])
def test_any_size(num_accounts: int, num_reps: int) -> None:
    """Every column has one value per row, however small the data and however many the reps."""
    data = generate(num_accounts=num_accounts, num_reps=num_reps, seed=0)
    assert {len(values) for values in data.accounts.values()} == {num_accounts}
    assert {len(values) for values in data.reps.values()} == {num_reps}
    assert any(data.reps["active"])


def test_references_hold(team: SyntheticData) -> None:
    """Ids are unique, current reps exist, and every point is a place."""
    assert len(set(team.accounts["id"])) == 4000
    assert len(set(team.reps["id"])) == 40
    assert {rep for rep in team.accounts["current_rep_id"] if rep is not None} <= set(team.reps["id"])
    check_coordinates(team.accounts["lat"], team.accounts["lon"])
    check_coordinates(team.reps["lat"], team.reps["lon"])


def test_workload_follows_from_visits(team: SyntheticData) -> None:
    """Workload is visits times hours, all positive, and potential goes with it, loosely."""
    accounts = team.accounts
    assert np.allclose(accounts["measure:workload"], accounts["visits_per_year"] * accounts["hours_per_visit"])
    assert accounts["measure:workload"].min() > 0
    correlation = np.corrcoef(accounts["measure:workload"], accounts["measure:potential"])[0, 1]
    assert 0.4 <= correlation <= 0.7


def test_families_are_whole(team: SyntheticData) -> None:
    """About 3 % of the accounts are in families, which share their requirements and fit one rep."""
    families = families_of(team.accounts)
    assert 0.02 <= sum(map(len, families)) / 4000 <= 0.04
    share = team.accounts["measure:workload"].sum() / team.reps["fte"][team.reps["active"]].sum()
    for family in families:
        assert len({tuple(team.accounts["requires"][index]) for index in family}) == 1
        assert team.accounts["measure:workload"][family].sum() < share
        assert not team.accounts["locked"][family].any()


def test_team_has_a_history(team: SyntheticData) -> None:
    """Somebody left with a book, seats are open, one is new, and today is unbalanced."""
    role = np.array(team.reps["attribute:role"])
    assert [int((role == name).sum()) for name in ("left", "new hire", "open seat")] == [2, 1, 1]
    assert np.array_equal(team.reps["active"], role != "left")
    position = {rep_id: index for index, rep_id in enumerate(team.reps["id"])}
    load = np.zeros(40)
    for rep_id, hours in zip(team.accounts["current_rep_id"], team.accounts["measure:workload"], strict=True):
        if rep_id is not None:
            load[position[rep_id]] += hours
    assert (load[np.isin(role, ("new hire", "open seat"))] == 0).all()
    assert (load[role == "left"] > 0).all()
    incumbent = role == "incumbent"
    index = load[incumbent] / team.reps["fte"][incumbent]
    index *= 100 / index.mean()
    assert 0.1 < np.mean(np.abs(index - 100) <= 15) < 0.7


def test_locked_accounts_may_stay(team: SyntheticData) -> None:
    """A locked account has a current rep who serves and has its skills."""
    reps = dict(zip(team.reps["id"], zip(team.reps["active"], team.reps["skills"], strict=True), strict=True))
    locked = np.flatnonzero(team.accounts["locked"])
    assert locked.size
    for index in locked.tolist():
        active, skills = reps[team.accounts["current_rep_id"][index]]
        assert active
        assert set(team.accounts["requires"][index]) <= set(skills)


def test_work_can_be_shared_out(team: SyntheticData) -> None:
    """In aggregate, ±10 % of the fte share is possible: for skills, capacities and single accounts."""
    accounts, reps = team.accounts, team.reps
    workload = accounts["measure:workload"]
    serving = np.flatnonzero(reps["active"])
    share = workload.sum() / reps["fte"][serving].sum()
    assert workload.max() <= 0.21 * share
    for skill in ("medical", "industry", "key_account"):
        needed = sum(hours for hours, wanted in zip(workload, accounts["requires"], strict=True) if skill in wanted)
        able = sum(reps["fte"][rep] for rep in serving if skill in reps["skills"][rep])
        assert needed < 0.5 * able * share
    for rep in serving:
        largest = reps["max:workload"][rep]
        assert largest is None or largest >= 1.25 * share * reps["fte"][rep]


@pytest.mark.parametrize("target", ["fte", "equal"])
@pytest.mark.parametrize(("num_accounts", "num_reps", "seed"), [(100, 5, 0), (500, 10, 1), (2000, 25, 2)])
def test_a_balanced_alignment_exists(num_accounts: int, num_reps: int, seed: int, target: str) -> None:
    """Work, shared out by required skills, fits within ±5 % of every target and every capacity."""
    data = generate(num_accounts=num_accounts, num_reps=num_reps, seed=seed)
    serving = np.flatnonzero(data.reps["active"])
    wanted: dict[tuple[str, ...], float] = defaultdict(float)
    for skills, hours in zip(data.accounts["requires"], data.accounts["measure:workload"], strict=True):
        wanted[tuple(skills)] += hours
    weight = data.reps["fte"][serving] if target == "fte" else np.ones(len(serving))
    share = sum(wanted.values()) * weight / weight.sum()
    largest = np.minimum(1.05 * share, [data.reps["max:workload"][rep] or np.inf for rep in serving])
    loads = np.tile(np.eye(len(serving)), len(wanted))
    totals = np.kron(np.eye(len(wanted)), np.ones(len(serving)))
    bounds = [(0, None if set(skills) <= set(data.reps["skills"][rep]) else 0) for skills in wanted for rep in serving]
    answer = linprog(
        np.zeros(loads.shape[1]),
        A_ub=np.vstack((loads, -loads)),
        b_ub=np.concatenate((largest, -0.95 * share)),
        A_eq=totals,
        b_eq=list(wanted.values()),
        bounds=bounds,
    )
    assert answer.status == 0


def test_accounts_lie_near_their_cities(team: SyntheticData) -> None:
    """ZIP codes of most accounts belong to a point within 30 km, and all are five digits."""
    match = locate_postal_codes(team.accounts["postal_code"], team.accounts["country"])
    assert match.unknown == ()
    distance = distances_km(team.accounts["lat"], team.accounts["lon"], match.lat, match.lon)
    assert np.median(distance) < 10
    assert np.quantile(distance, 0.99) < 60


def test_names_in_many_scripts() -> None:
    """Names of a worldwide team are written in at least ten scripts, without control characters."""
    names = generate(num_accounts=3000, num_reps=30, seed=3, countries=("world",)).accounts["name"]
    scripts = {unicodedata.name(letter).split()[0] for name in names for letter in name if letter.isalpha()}
    wanted = {"LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "CJK", "KATAKANA", "HANGUL"}
    assert wanted <= scripts
    assert all(unicodedata.category(letter) != "Cc" for name in names for letter in name)


def test_countries_can_be_chosen() -> None:
    """Only the chosen countries occur, the European Union is a choice, unknown ones are refused."""
    assert set(generate(num_accounts=50, num_reps=3, seed=0, countries=("jp", "FR")).accounts["country"]) <= {
        "JP",
        "FR",
    }
    assert "US" not in generate(num_accounts=50, num_reps=3, seed=0, countries=("EU",)).accounts["country"]
    with pytest.raises(UnknownCountryError, match="Atlantis"):
        generate(num_accounts=1, num_reps=1, seed=0, countries=("Atlantis",))
    with pytest.raises(UnknownCountryError):
        generate(num_accounts=1, num_reps=1, seed=0, countries=())


@pytest.mark.parametrize(
    ("num_accounts", "num_reps", "seed", "named"),
    [(0, 2, 0, "num_accounts"), (5, 0, 0, "num_reps"), (5, 2, -1, "seed")],
)
def test_refuses_sizes_below_one(num_accounts: int, num_reps: int, seed: int, named: str) -> None:
    """Numbers below their smallest value are refused by name."""
    with pytest.raises(SettingError, match=named):
        generate(num_accounts=num_accounts, num_reps=num_reps, seed=seed)
