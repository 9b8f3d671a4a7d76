"""Borders and coasts that ship with the package; source and license stand in this folder's README."""

from geo_data.boundaries.atlas import countries, us_counties, us_nation, us_states
from geo_data.boundaries.topojson import TopologyFeature, read_topology

__all__ = ["TopologyFeature", "countries", "read_topology", "us_counties", "us_nation", "us_states"]
