"""The bars of the printed report."""

import pytest

from app.exchange.report.balance_chart import index_text


@pytest.mark.parametrize(
    ("index", "tolerance", "text"),
    [(104.2, 0.05, "104"), (105.0, 0.05, "105"), (110.04, 0.1, "110.04"), (89.6, 0.1, "89.6"), (150.4, 0.1, "150")],
)
def test_an_index_reads_as_on_its_side_of_the_edge(index: float, tolerance: float, text: str) -> None:
    """Whole numbers as far as they go; one that is outside by a hair has the decimals that say so."""
    assert index_text(index, tolerance) == text


def test_a_breach_of_nothing_that_can_be_printed_stays_short() -> None:
    """Three decimals are the most."""
    assert index_text(110.00001, 0.1) == "110.000"
