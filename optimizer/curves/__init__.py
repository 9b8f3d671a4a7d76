"""Curves: what an aim costs in terms of another, as sequences of questions to the optimizer.

A curve knows the problem and what was answered so far, and says what to ask next; it knows neither clocks nor files.
"""
