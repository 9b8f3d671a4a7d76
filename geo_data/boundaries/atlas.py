"""The atlas that ships with the package: world countries, US states and counties.

Owns where the files lie. Each reader decodes its file once per process; what it returns is immutable.
"""

import gzip
import json
from functools import cache
from importlib import resources
from typing import Any

from geo_data.boundaries.topojson import TopologyFeature, read_topology

__all__ = ["countries", "us_counties", "us_nation", "us_states"]


@cache
def countries() -> tuple[TopologyFeature, ...]:
    """Return the world's countries at 1:50 million, cut at ±180; ids are ISO 3166-1 numeric."""
    return read_topology(_topology("countries-50m.json.gz"), "countries")


@cache
def us_nation() -> tuple[TopologyFeature, ...]:
    """Return the United States with its territories at 1:10 million as one feature."""
    return read_topology(_topology("us-counties-10m.json.gz"), "nation")


@cache
def us_states() -> tuple[TopologyFeature, ...]:
    """Return the US states and territories at 1:10 million; ids are two-digit FIPS codes."""
    return read_topology(_topology("us-counties-10m.json.gz"), "states")


@cache
def us_counties() -> tuple[TopologyFeature, ...]:
    """Return the US counties at 1:10 million; ids are five-digit FIPS codes."""
    return read_topology(_topology("us-counties-10m.json.gz"), "counties")


def _topology(file_name: str) -> Any:
    packed = resources.files(__package__).joinpath(file_name).read_bytes()
    return json.loads(gzip.decompress(packed))
