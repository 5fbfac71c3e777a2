"""Direct identifiers in court text, e-mail and chat, as the usual types of a policy find them.

The texts under `kinds/` are invented for this; `{TYPE|value}` marks what names a person.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

from gateway.model import PrivacyPolicy, Span
from gateway.redaction.detect import Detector
from gateway.redaction.linking import link

FOLDER = Path(__file__).parent / "kinds"
MARKED = re.compile(r"\{([A-Z_]+)\|([^{}|]+)(?:\|([^{}|]+))?\}")


def texts(kind: str) -> list[tuple[str, list[tuple[int, int, str]]]]:
    """(text, [(start, end, type)]) of each line; the third part of a mark is the value where it is not the whole."""
    rows = []
    for line in (FOLDER / f"{kind}.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        source, text, marks, at = line.replace("\\n", "\n"), "", [], 0
        for match in MARKED.finditer(source):
            text += source[at : match.start()]
            value = match[3] or match[2]
            start = len(text) + match[2].index(value)
            marks.append((start, start + len(value), match[1]))
            text += match[2]
            at = match.end()
        rows.append((text + source[at:], marks))
    return rows


@lru_cache(maxsize=1)
def detector() -> Detector:
    return Detector(PrivacyPolicy(entities=("default", "USERNAME")))


def found(text: str) -> list[Span]:
    spans = [detector().find(text)]
    link([text], spans, detector().known_types, lambda: None)
    return spans[0]


@pytest.mark.parametrize("kind", ["court", "mail", "chat"])
def test_direct_identifiers_are_found(kind: str) -> None:
    rows = texts(kind)
    assert len(rows) >= 60
    missed, extra, total, count = [], 0, 0, 0
    for text, marks in rows:
        spans = found(text)
        covered = {at for span in spans for at in range(span.start, span.end)}
        total += len(marks)
        count += len(spans)
        missed += [
            text[start:end]
            for start, end, _ in marks
            if any(text[at].isalnum() and at not in covered for at in range(start, end))
        ]
        extra += sum(all(span.end <= start or end <= span.start for start, end, _ in marks) for span in spans)
    assert len(missed) <= 0.05 * total, missed
    assert extra <= 0.07 * count
