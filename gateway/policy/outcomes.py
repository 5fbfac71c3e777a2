"""Running the tests that stand beside the policies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gateway.policy.bundle import Bundle, build
from gateway.policy.findings import shown


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """One row of a test file, run. `status` is `passed`, `failed` or `skipped`."""

    __test__ = False

    where: str
    """`access_test.yaml:17`."""
    name: str
    """What the row asks."""
    status: str
    expected: str
    got: str
    reason: str = ""
    """For an access row: the decision's reason and the rule that settled it."""


def run_tests(files: Mapping[str, bytes], detect: Callable[[str], set[str]] | None = None) -> list[TestOutcome]:
    """Build the files and run their tests.

    `detect` gives the entity types found in a text; without it the privacy rows are skipped. Raises BadPolicy as
    `build` does.
    """
    return run_tests_of(build(files), detect)


def run_tests_of(bundle: Bundle, detect: Callable[[str], set[str]] | None = None) -> list[TestOutcome]:
    """The same for a bundle already built."""
    return [*_access(bundle), *_routing(bundle), *_privacy(bundle, detect)]


def _outcome(where: str, name: str, expected: str, got: str, reason: str = "") -> TestOutcome:
    return TestOutcome(where, name, "passed" if expected == got else "failed", expected, got, reason)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"


def _access(bundle: Bundle) -> Iterable[TestOutcome]:
    for case in bundle.cases.access:
        decision = bundle.decide(case.principal, case.object, case.action)
        reason = f"{decision.reason} ({decision.rule})" if decision.rule else decision.reason
        name = f"{case.principal.name}: {case.action} {case.object}"
        got = "allow" if decision else "deny"
        yield _outcome(case.where, name, "allow" if case.allowed else "deny", got, reason)


def _routing(bundle: Bundle) -> Iterable[TestOutcome]:
    for case in bundle.cases.routing:
        facts = (
            *sorted(case.sensitivity.labels),
            *sorted(case.sensitivity.entities),
            *sorted(case.sensitivity.unscannable),
        )
        got = bundle.zones(case.sensitivity)
        yield _outcome(case.where, f"zones for {', '.join(facts) or 'nothing'}", _listed(case.zones), _listed(got))


def _privacy(bundle: Bundle, detect: Callable[[str], set[str]] | None) -> Iterable[TestOutcome]:
    for case in bundle.cases.privacy:
        name = f"types in: {shown(case.text, 40)}"
        if detect is None:
            yield TestOutcome(case.where, name, "skipped", _listed(case.types), "", "no detector at hand")
        else:
            yield _outcome(case.where, name, _listed(case.types), _listed(detect(case.text)))
