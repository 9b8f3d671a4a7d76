"""Limits that the import check keeps."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CheckLimits:
    """Limits that the check keeps; each is a setting of the service.

    Parameters
    ----------
    max_rows
        Most rows of each table, by its name.
    max_measures
        Most measures.
    max_account_rep_pairs
        Largest product of accounts and active reps.
    max_id_characters, max_name_characters, max_text_characters
        Longest id, name and other text.
    coordinates_confirmed
        The caller vouches for coordinates that look swapped.
    """

    max_rows: dict[str, int]
    max_measures: int
    max_account_rep_pairs: int
    max_id_characters: int
    max_name_characters: int
    max_text_characters: int
    coordinates_confirmed: bool = False
