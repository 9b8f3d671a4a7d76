"""Measure how good and how fast the optimizer is; never part of the tests."""
