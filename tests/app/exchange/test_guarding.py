"""Guarding text against being run as a formula."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.exchange.guarding import guard, guarded_column, unguard


@pytest.mark.parametrize("text", ["=SUM(A1)", "+48 22", "-5", "@cmd", "\tx", "\rx", "'=SUM(A1)"])
def test_dangerous_text_gets_an_apostrophe(text: str) -> None:
    """Whatever a spreadsheet could run, or take for a guarded text, gains one apostrophe."""
    assert guard(text) == "'" + text


@pytest.mark.parametrize("text", ["", "007", "A-1", "O'Neill", "'quoted'", "株式会社", "a=b"])
def test_harmless_text_is_left_alone(text: str) -> None:
    """Text that no spreadsheet runs is not changed."""
    assert guard(text) == text


@settings(deadline=None)
@given(st.text())
def test_guarding_can_be_undone(text: str) -> None:
    """Unguarding gives back every text exactly."""
    assert unguard(guard(text)) == text


@settings(deadline=None)
@given(st.lists(st.none() | st.text(alphabet=st.characters(exclude_categories=["Cs"]))))
def test_a_column_is_guarded_like_its_cells(texts: list[str | None]) -> None:
    """The column's guard does to each cell what the cell's guard does, nulls kept."""
    column = pa.chunked_array([pa.array(texts, type=pa.string())])
    assert guarded_column(column).to_pylist() == [None if text is None else guard(text) for text in texts]
