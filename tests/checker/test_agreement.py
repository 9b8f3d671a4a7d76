"""One account goes, two accounts go."""

import pytest

from checker.agreement import agreeing


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("go to 'R go ', who is not active", "goes to 'R go ', who is not active"),
        ("stay without a rep", "stays without a rep"),
        ("are locked to 'are ' and go elsewhere", "is locked to 'are ' and goes elsewhere"),
        ("require a skill that 'R' lacks", "requires a skill that 'R' lacks"),
        ("enter or leave 'R', who is frozen", "enters or leaves 'R', who is frozen"),
        ("may not go to 'R and go elsewhere'", "may not go to 'R and go elsewhere'"),
    ],
)
def test_one_account_takes_the_singular(plural: str, singular: str) -> None:
    """The verbs change, ids and what is said of many do not."""
    assert agreeing(1, plural) == singular
    assert agreeing(2, plural) == plural
