"""Check an alignment from raw data, sharing no code with the optimizer; numpy and the standard library alone."""

from checker.certificate import Verdict, certify, verify_certificate
from checker.check import Examined, check, examine
from checker.claims import Discrepancy, check_claims
from checker.exceptions import CheckInputError
from checker.files import Audit, verify
from checker.hashes import dataset_sha256, scenario_sha256
from checker.prices import CertificateRefusedError
from checker.report import CheckReport, Target, Term, Violation

__all__ = [
    "Audit",
    "CertificateRefusedError",
    "CheckInputError",
    "CheckReport",
    "Discrepancy",
    "Examined",
    "Target",
    "Term",
    "Verdict",
    "Violation",
    "certify",
    "check",
    "check_claims",
    "dataset_sha256",
    "examine",
    "scenario_sha256",
    "verify",
    "verify_certificate",
]
