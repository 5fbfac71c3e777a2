"""The policy room: files into one checked, tested, frozen Bundle that decides; its versions and who runs which."""

from gateway.policy.access import Explanation, MatchedRule
from gateway.policy.bundle import Bundle, build, check, digest_of, load_files
from gateway.policy.current import Current
from gateway.policy.findings import CODES
from gateway.policy.names import FILES
from gateway.policy.outcomes import TestOutcome, run_tests, run_tests_of
from gateway.policy.versions import Activation, Version, Versions

__all__ = [
    "CODES",
    "FILES",
    "Activation",
    "Bundle",
    "Current",
    "Explanation",
    "MatchedRule",
    "TestOutcome",
    "Version",
    "Versions",
    "build",
    "check",
    "digest_of",
    "load_files",
    "run_tests",
    "run_tests_of",
]
