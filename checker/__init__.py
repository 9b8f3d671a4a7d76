"""Check an alignment from raw data, sharing no code with the optimizer; numpy and the standard library alone."""

from checker.check import check
from checker.claims import Discrepancy, check_claims
from checker.exceptions import CheckInputError
from checker.report import CheckReport, Target, Term, Violation

__all__ = [
    "CheckInputError",
    "CheckReport",
    "Discrepancy",
    "Target",
    "Term",
    "Violation",
    "check",
    "check_claims",
]
