"""Curves: jobs that answer a question many times, to show what one aim costs in terms of another."""
