import numpy as np
import pytest

from geo_data.exceptions import ArrayShapeError, UnknownCountryError
from geo_data.gazetteer import EUROPEAN_UNION, locate_postal_codes, nearest_us_zip, places_in, supported_countries


def test_zip_codes_as_people_write_them() -> None:
    """Five digits, ZIP+4, a lost zero and blanks around all find Cambridge, Massachusetts."""
    match = locate_postal_codes(["02139", "02139-4307", "2139", " 02139 ", "021394307"])
    assert match.unknown == ()
    assert np.allclose(match.lat, 42.36, atol=0.02)
    assert np.allclose(match.lon, -71.10, atol=0.02)


def test_unknown_codes_are_reported() -> None:
    """Codes that do not exist, are missing or belong to another country are listed and have no point."""
    match = locate_postal_codes(["02139", "00000", None, "75001", "abc"], ["US", "US", "US", "FR", ""])
    assert match.unknown == (1, 2, 3, 4)
    assert np.isnan(match.lat[1:]).all()
    assert np.isnan(match.lon[1:]).all()


def test_codes_of_alaska() -> None:
    """The far towns of Alaska are where they are, not in the middle of the state."""
    match = locate_postal_codes(["99546", "99547", "99692", "99723", "99762"])
    assert np.allclose(match.lat, [51.9, 52.2, 53.9, 71.3, 64.5], atol=0.1)
    assert np.allclose(match.lon, [-176.6, -174.2, -166.5, -156.8, -165.4], atol=0.1)
    assert (match.area_km == 0).all()


def test_unlisted_codes_lie_in_their_area() -> None:
    """A code that is not in the list is placed among those that share its first three digits, and marked."""
    match = locate_postal_codes(["02139", "10001", "10292"])
    assert match.unknown == ()
    assert (match.area_km > 0).tolist() == [False, False, True]
    assert np.allclose([match.lat[2], match.lon[2]], [40.75, -73.99], atol=0.1)
    assert match.area_km[2] < 30


def test_large_areas_stand_for_no_place() -> None:
    """Codes of areas that are too large, or of which hardly anything is known, are unknown."""
    match = locate_postal_codes(["10001", "10002", "10003", "10004", "99601", "96799"], ["US"] * 6)
    assert match.unknown == (4, 5)
    assert np.isnan(match.area_km[4:]).all()


def test_codes_that_look_foreign_are_not_guessed() -> None:
    """Without a country, unlisted codes are placed only where most of the others are US codes; else none is."""
    german = ["80331", "50667", "60311", "10115", "20095", "70173"]
    assert len(locate_postal_codes(german).unknown) == len(german)
    assert len(locate_postal_codes(german, ["US"] * 6).unknown) < len(german)
    assert locate_postal_codes(["10001", "10002", "99601"]).unknown == (2,)


def test_codes_of_a_team_elsewhere_are_none_of_the_united_states() -> None:
    """Who knows that all else lies elsewhere says so: then only codes that tell their country are looked up."""
    assert locate_postal_codes(["10115", "10115"], [None, "US"], is_elsewhere=True).unknown == (0,)


def test_countries_of_the_united_states() -> None:
    """The usual spellings of the United States and no country at all mean US."""
    assert locate_postal_codes(["10001"] * 4, ["us", "USA", None, "United States"]).unknown == ()


def test_refuses_lists_of_different_length() -> None:
    """There is one country per code."""
    with pytest.raises(ArrayShapeError):
        locate_postal_codes(["10001"], [])


def test_nearest_zip() -> None:
    """A place in Manhattan has a Manhattan ZIP code."""
    assert nearest_us_zip([40.7505], [-73.9965])[0].startswith("100")


def test_places_by_country() -> None:
    """The US comes in fine grain, the European Union has 27 members, codes may be in any case."""
    us = places_in(["us"])
    assert len(us.name) > 20_000
    assert set(us.country) == {"US"}
    assert len(EUROPEAN_UNION) == 27
    assert set(places_in(["EU"]).country) == set(EUROPEAN_UNION)
    assert set(places_in(["world"]).country) == set(supported_countries())
    assert us.population.min() >= 1


def test_refuses_unknown_countries() -> None:
    """A code that is no country is refused by name."""
    with pytest.raises(UnknownCountryError, match="XX"):
        places_in(["DE", "XX"])
