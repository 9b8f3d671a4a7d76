"""Units that ship with the package, by name: US states and counties, and the countries of the world."""

from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from geo_data.boundaries import TopologyFeature, countries, us_counties, us_states
from geo_data.layer import Layer

__all__ = ["BUNDLED_NAMES", "bundled_layer"]


def bundled_layer(name: str) -> Layer:
    """Return bundled units.

    Parameters
    ----------
    name
        ``us_states`` or ``us_counties``, whose ids are FIPS codes, or ``world_countries``, whose ids are ISO
        3166-1 numeric codes, and names where a country has none of its own.

    Raises
    ------
    KeyError
        When nothing of that name is bundled.
    """
    features = [feature for feature in _SOURCES[name]() if not feature.geometry.is_empty]
    seen = Counter(feature.id for feature in features)
    ids = []
    for feature in features:
        is_own = feature.id and (seen[feature.id] == 1 or feature.id not in ids)
        ids.append(feature.id if is_own else feature.name)
    return Layer(
        ids=tuple(ids),
        names=tuple(feature.name for feature in features),
        geometry=np.array([*(feature.geometry for feature in features), None], dtype=object)[:-1],
        properties=tuple(_properties(name, feature) for feature in features),
    )


def _properties(name: str, feature: TopologyFeature) -> Mapping[str, Any]:
    properties = dict(feature.properties)
    if name == "us_counties":
        states = {state.id: state.name for state in us_states()}
        properties["state"] = states.get(feature.id[:2])
    return properties


_SOURCES: Mapping[str, Callable[[], tuple[TopologyFeature, ...]]] = MappingProxyType(
    {"us_states": us_states, "us_counties": us_counties, "world_countries": countries}
)
BUNDLED_NAMES = tuple(_SOURCES)
"""What can be asked for."""
