"""Data with more reps: copies of who is there, with their pairs, behind all others."""

import pyarrow as pa

from app.jobs.hiring import with_added_pairs, with_added_reps

ADDED = [{"rep_id": "NEW-1", "like": "R1", "name": "New rep like Çelik"}]


def test_a_new_rep_is_a_copy_without_a_smallest_load() -> None:
    """Place, skills and largest load are those of the rep it is like; id, name and smallest load are not."""
    reps = pa.table(
        {
            "id": ["R1", "R2"],
            "name": ["Çelik", None],
            "skills": [["medical"], []],
            "max:workload": [20.0, None],
            "min:workload": [5.0, 1.0],
        }
    )
    rows = with_added_reps(reps, ADDED).to_pylist()
    assert rows[:2] == reps.to_pylist()
    assert rows[2] == {
        "id": "NEW-1",
        "name": "New rep like Çelik",
        "skills": ["medical"],
        "max:workload": 20.0,
        "min:workload": None,
    }


def test_pairs_are_copied_with_their_rep() -> None:
    """Costs of the rep who is there stand for the new one, too."""
    pairs = pa.table({"account_id": ["a1", "a1"], "rep_id": ["R1", "R2"], "cost": [1.5, 2.0]})
    rows = with_added_pairs(pairs, ADDED).to_pylist()
    assert rows[2:] == [{"account_id": "a1", "rep_id": "NEW-1", "cost": 1.5}]
