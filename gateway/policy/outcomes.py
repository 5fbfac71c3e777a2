"""Running the tests that stand beside the policies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.model import Span
from gateway.policy.bundle import Bundle, build
from gateway.policy.findings import shown

Detect = Callable[[str], Sequence[Span]]
"""Text -> what is found in it, in order."""


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


def run_tests(files: Mapping[str, bytes], detect: Detect | None = None) -> list[TestOutcome]:
    """Build the files and run their tests.

    `detect` gives what is found in a text; without it the privacy rows are skipped. Raises BadPolicy as `build` does.
    """
    return run_tests_of(build(files), detect)


def run_tests_of(bundle: Bundle, detect: Detect | None = None) -> list[TestOutcome]:
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


def _privacy(bundle: Bundle, detect: Detect | None) -> Iterable[TestOutcome]:
    for case in bundle.cases.privacy:
        name = f"found in: {shown(case.text, 40)}"
        if detect is None:
            yield TestOutcome(case.where, name, "skipped", "", "", "no detector at hand")
            continue
        spans = detect(case.text)
        if case.types is not None:
            got = {span.type for span in spans}
            yield _outcome(case.where, f"types {name}", _listed(case.types), _listed(got))
        if case.values is not None:
            values = [(span.type, case.text[span.start : span.end]) for span in spans]
            yield _outcome(case.where, name, _pairs(case.values), _pairs(values))
        for piece in case.kept:
            touched = {span.type for span in spans for at in _places(case.text, piece) if _meets(span, at, len(piece))}
            yield _outcome(case.where, f"left alone: {shown(piece, 40)}", _listed(()), _listed(touched))


def _pairs(values: Iterable[tuple[str, str]]) -> str:
    return _listed(f"{kind} {shown(value)}" for kind, value in values)


def _places(text: str, piece: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(piece, at)]


def _meets(span: Span, at: int, length: int) -> bool:
    return span.start < at + length and at < span.end
