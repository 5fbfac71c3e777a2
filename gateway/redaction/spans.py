"""Overlapping findings made into spans that follow each other. Pure and deterministic."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from gateway.model import Span

_KEY: Final = re.compile(
    r"(?i)(?:e-?mail|mail|user(?:name)?|login|to|from|cc|bcc|recipient|sender|address|contact)=(?=[^=])"
)


def resolve(text: str, found: Iterable[Span], taken: Sequence[tuple[int, int]] = ()) -> list[Span]:
    """Spans in order, none overlapping another or a stretch of `taken` (sorted, disjoint).

    The longest wins, then the higher score, then the type's name, then the earlier. What remains of a loser outside
    the winners is personal data all the same and stays a span by itself.
    """
    won: list[Span] = []
    # What overlaps nothing needs no comparing: groups are as small as texts allow, however long they are.
    group: list[Span] = []
    reach = at = 0
    for span in sorted({_trimmed(text, span) for span in found}, key=lambda s: (s.start, s.end)):
        if group and span.start >= reach:
            at = _settle(text, group, taken, at, won)
            group = []
        group.append(span)
        reach = max(reach, span.end) if len(group) > 1 else span.end
    if group:
        _settle(text, group, taken, at, won)
    return won


def joined(text: str, spans: Sequence[Span]) -> list[Span]:
    """Spans in order, the parts of a postal address made one: street, and a town with its postcode."""
    out: list[Span] = []
    for span in spans:
        if out and out[-1].type == _ADDRESS and _goes_on(text, out[-1], span):
            before = out.pop()
            out.append(Span(before.start, span.end, _ADDRESS, max(before.score, span.score)))
        else:
            out.append(span)
    return out


def _goes_on(text: str, address: Span, span: Span) -> bool:
    between = _BESIDE.fullmatch(text, address.end, span.start)
    if between is None or span.type not in _OF_ADDRESS:
        return False
    if span.type != "LOCATION" or between["code"] is not None or _POSTCODE.match(text, span.end):
        return True
    return any(map(str.isdigit, text[span.start : span.end]))


_ADDRESS: Final = "STREET_ADDRESS"
_OF_ADDRESS: Final = frozenset((_ADDRESS, "LOCATION", "ZIP_CODE"))
_BESIDE: Final = re.compile(r"(?:\.?,?[ ]|,?[ ]?\n[ ]{0,8})(?P<code>(?:\d{4,5}|\d{2}-\d{3}|\d{3}[ ]\d{2})[ ])?")
_POSTCODE: Final = re.compile(
    r"(?:,?[ ](?:[A-Z][a-z]+|[A-Z]{2}))?,?[ ](?:[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}|\d{4,6}(?:-\d{4})?)(?!\w)"
)


def _trimmed(text: str, span: Span) -> Span:
    """Without what does not belong to it: a bracket that nothing closes, `email=`, quotes, the stop of a sentence."""
    start = span.start
    if span.type == "PHONE_NUMBER":
        if text[start : start + 1] == "(" and ")" not in text[start : span.end]:
            return replace(span, start=start + 1)
    elif span.type == "URL":
        value = text[start : span.end].lstrip("\"'<(")
        start = span.end - len(value)
        value = value.rstrip("\"'>.,;:!?")
        if value.endswith(")") and "(" not in value:
            value = value[:-1]
        if value:
            return replace(span, start=start, end=start + len(value))
    elif span.type == "EMAIL_ADDRESS" and (key := _KEY.match(text, start, span.end)):
        return replace(span, start=key.end())
    return span


def _settle(text: str, group: list[Span], taken: Sequence[tuple[int, int]], at: int, won: list[Span]) -> int:
    """Resolve spans that overlap one another; `at`: the first of `taken` that can matter. Returns the next such."""
    first, last = group[0].start, max(span.end for span in group)
    while at < len(taken) and taken[at][1] <= first:
        at += 1
    until = at
    while until < len(taken) and taken[until][0] < last:
        until += 1
    if len(group) == 1 and at == until:
        won.append(group[0])
        return at
    starts = [start for start, _ in taken[at:until]]
    ends = [end for _, end in taken[at:until]]
    settled: list[Span] = []
    for span in sorted(group, key=lambda s: (s.start - s.end, -s.score, s.type, s.start)):
        for start, end in _free(span.start, span.end, starts, ends):
            left, right = (start, end) if (start, end) == (span.start, span.end) else _shrink(text, start, end)
            if left >= right:
                continue
            settled.append(Span(left, right, span.type, span.score))
            place = bisect_left(starts, left)
            starts.insert(place, left)
            ends.insert(place, right)
    won.extend(sorted(settled, key=lambda s: s.start))
    return at


def _free(start: int, end: int, starts: list[int], ends: list[int]) -> list[tuple[int, int]]:
    """The stretches of [start, end) that nothing occupies."""
    free = []
    at = bisect_left(ends, start + 1)
    while at < len(starts) and starts[at] < end:
        if start < starts[at]:
            free.append((start, starts[at]))
        start = ends[at]
        at += 1
    if start < end:
        free.append((start, end))
    return free


def _shrink(text: str, start: int, end: int) -> tuple[int, int]:
    """Without anything but letters and digits at its edges; empty when nothing is left."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return start, end
