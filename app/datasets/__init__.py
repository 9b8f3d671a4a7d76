"""Datasets: imported, checked, immutable sets of accounts, reps, units and pairs."""
