"""The line that the hand-made tests are solved on.

Four accounts and two reps on the equator, one degree apart::

    lon   0     1     2     3
          A     B     C     D      workload 10 20 30 40, potential 1 2 3 4
          W                 E      reps West at 0, East at 3
"""

from typing import Any

DEGREE_KM = 6371.0088 * 3.141592653589793 / 180


def accounts(**changes: Any) -> dict[str, Any]:
    """Return the four accounts; a change replaces a column (``__`` stands for the colon)."""
    table: dict[str, Any] = {
        "id": ["A", "B", "C", "D"],
        "lat": [0.0, 0.0, 0.0, 0.0],
        "lon": [0.0, 1.0, 2.0, 3.0],
        "current_rep_id": ["W", "W", "E", "E"],
        "measure:workload": [10.0, 20.0, 30.0, 40.0],
        "measure:potential": [1.0, 2.0, 3.0, 4.0],
    }
    return table | {name.replace("__", ":"): column for name, column in changes.items()}


def reps(**changes: Any) -> dict[str, Any]:
    """Return the two reps; a change replaces a column."""
    table: dict[str, Any] = {"id": ["W", "E"], "lat": [0.0, 0.0], "lon": [0.0, 3.0]}
    return table | {name.replace("__", ":"): column for name, column in changes.items()}


CURRENT: list[str | None] = ["W", "W", "E", "E"]
