"""Real places: populated places and postal codes; source and license stand in this folder's README."""

from geo_data.gazetteer.places import EUROPEAN_UNION, Places, places_in, supported_countries
from geo_data.gazetteer.postal_codes import US_NAMES, PostalMatch, locate_postal_codes, nearest_us_zip

__all__ = [
    "EUROPEAN_UNION",
    "US_NAMES",
    "Places",
    "PostalMatch",
    "locate_postal_codes",
    "nearest_us_zip",
    "places_in",
    "supported_countries",
]
