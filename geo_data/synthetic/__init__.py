"""Made-up sales organizations on real places, the same for the same seed."""

from geo_data.synthetic.generator import SyntheticData, generate

__all__ = ["SyntheticData", "generate"]
