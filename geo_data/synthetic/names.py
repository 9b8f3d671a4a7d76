"""Names of companies and people in the scripts of the countries where they are."""

from collections.abc import Sequence

import numpy as np

from geo_data.synthetic.words import SCRIPT_BY_COUNTRY, SCRIPTS, Script

__all__ = ["company_names", "person_names"]

_SHARE_ELSEWHERE = 0.12  # those who came from abroad and kept their name


def company_names(countries: Sequence[str], industries: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Name one company per country code and line of business (``health``, ``industry``, ``other``)."""
    return [
        script.company.format(
            owner=_pick(script.family + script.brand, owner), trade=_pick(getattr(script, industry), trade)
        )
        for (script, owner, trade), industry in zip(_draws(countries, rng), industries, strict=True)
    ]


def person_names(countries: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Name one person per country code."""
    return [
        script.person.format(family=_pick(script.family, family), given=_pick(script.given, given))
        for script, family, given in _draws(countries, rng)
    ]


def _pick(words: Sequence[str], draw: float) -> str:
    return words[int(draw * len(words))]


def _draws(countries: Sequence[str], rng: np.random.Generator) -> list[tuple[Script, float, float]]:
    every = tuple(SCRIPTS)
    drawn = []
    for country, draws in zip(countries, rng.random((len(countries), 4)).tolist(), strict=True):
        abroad, which, first, second = draws
        home = SCRIPT_BY_COUNTRY.get(country, "latin_diacritics")
        key = _pick(every, which) if abroad < _SHARE_ELSEWHERE else home
        drawn.append((SCRIPTS[key], first, second))
    return drawn
