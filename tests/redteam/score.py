"""What a run has counted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Score:
    """Counts of one run. Problems name kinds and types, never values."""

    talks: int = 0
    requests: int = 0
    found: Counter[str] = field(default_factory=Counter)
    leaked: Counter[str] = field(default_factory=Counter)
    put_in: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    restored: int = 0
    """Answers whose text must come back exactly."""
    exact: int = 0
    wrong: int = 0
    """Answers that held a value which did not belong there."""
    withheld: int = 0
    """Values of documents that somebody without the right asked for."""
    shown: int = 0
    """Of those, how many he saw."""
    attacks: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    imitated: Score | None = None
    """The same where zones receive invented values."""

    @property
    def clean(self) -> bool:
        """Nothing leaked, nothing was restored wrongly or shown, and no attack worked."""
        if self.imitated is not None and not self.imitated.clean:
            return False
        return not (sum(self.leaked.values()) or self.wrong or self.shown or any(self.attacks.values()))

    def as_json(self) -> dict[str, Any]:
        """Everything, with rates."""
        return {
            "talks": self.talks,
            "requests": self.requests,
            "seconds": round(self.seconds, 1),
            "found": dict(self.found),
            "leaked": dict(self.leaked),
            "leak_rate": _rate(sum(self.leaked.values()), sum(self.found.values())),
            "put_in": dict(self.put_in),
            "missed": dict(self.missed),
            "miss_rate": {kind: _rate(self.missed[kind], n) for kind, n in sorted(self.put_in.items())},
            "refused": dict(self.refused),
            "answers": self.restored,
            "restored_exactly": self.exact,
            "restore_fidelity": _rate(self.exact, self.restored),
            "wrong_restores": self.wrong,
            "document_values_withheld": self.withheld,
            "document_values_shown": self.shown,
            "attacks": self.attacks,
            "problems": self.problems[:50],
            "imitated": self.imitated.as_json() if self.imitated else None,
        }

    def table(self) -> str:
        """The same for people."""
        lines = [
            f"{self.talks} conversations, {self.requests} requests, {self.seconds:.0f} s",
            "",
            f"{'type':24} {'put in':>8} {'missed':>8} {'rate':>7}   {'found':>8} {'leaked':>7}",
        ]
        for kind in sorted({*self.put_in, *self.found, *self.leaked}):
            rate = _rate(self.missed[kind], self.put_in[kind])
            lines.append(
                f"{kind:24} {self.put_in[kind]:8} {self.missed[kind]:8} {rate:7.1%}   "
                f"{self.found[kind]:8} {self.leaked[kind]:7}"
            )
        found, leaked = sum(self.found.values()), sum(self.leaked.values())
        lines += [
            "",
            f"leak rate of what was found    {leaked} of {found}  ({_rate(leaked, found):.4%})",
            f"restored exactly               {self.exact} of {self.restored}  ({_rate(self.exact, self.restored):.2%})",
            f"wrong values restored          {self.wrong}",
            f"document values shown without right  {self.shown} of {self.withheld}",
            f"refused                        {dict(self.refused) or 'none'}",
            "",
            "attacks",
            *(
                f"  {'held' if not said else 'FAILED':7} {name}" + "".join(f"\n          {s}" for s in said)
                for name, said in self.attacks.items()
            ),
        ]
        if self.problems:
            lines += ["", "problems", *(f"  {problem}" for problem in self.problems[:20])]
        if self.imitated is not None:
            lines += ["", "where invented values are sent", "", self.imitated.table()]
        return "\n".join(lines)

    def dumps(self) -> str:
        """JSON text."""
        return json.dumps(self.as_json(), indent=1)


def _rate(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
