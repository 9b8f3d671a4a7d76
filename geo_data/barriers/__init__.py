"""Barriers: water and mountains that travel may not cross, or crosses at a cost, and the shortest way around them.

Everything happens on the sphere: edges of polygons and straight ways are arcs of great circles between unit vectors,
so that the antimeridian and the poles are places like any other.
"""

from geo_data.barriers.outline import BarrierShapeError, barrier_polygons
from geo_data.barriers.ways import Barrier, Barriers, Ways, barriers_of

__all__ = ["Barrier", "BarrierShapeError", "Barriers", "Ways", "barrier_polygons", "barriers_of"]
