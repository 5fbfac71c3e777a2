"""Who speaks and who is logged in: at the head of a chat's lines, and in what servers write about sessions. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

Found = tuple[int, int]

_CLOCK: Final = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[ ]?[AaPp]\.?[Mm]\.?)?"
_DAY: Final = r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4},?[ ]"
_WHEN: Final = rf"(?:\[(?:{_DAY})?{_CLOCK}(?:[ ]UTC)?\]|(?:{_DAY})?{_CLOCK}(?:[ ][-\u2013])?)"
_CAPITAL: Final = r"[^\W\d_a-z\u00df-\u00f6\u00f8-\u00ff]"
_WORD: Final = rf"{_CAPITAL}[^\W\d_]*(?:['\u2019.-][^\W\d_]+)*\.?"
_NAME: Final = rf"{_WORD}(?:[ ]{_WORD}){{0,3}}"
_NICK: Final = r"[A-Za-z][\w.|\[\]-]{2,30}"
_STAMPED: Final = re.compile(
    rf"(?m)^[ \t>]{{0,4}}{_WHEN}[ ]{{1,3}}(?:<[@+ ]?|\*[ ])?(?P<who>{_NAME}|{_NICK})(?:>|:|[ ](?=waves\b))"
)
_BEFORE_STAMP: Final = re.compile(
    rf"(?m)^(?P<who>{_NAME}|{_NICK})(?:[ ]{{1,8}}{_CLOCK}|,?[ ]\[(?:{_DAY})?{_CLOCK}\]:?)[ \t]*$"
)
_PLAIN: Final = re.compile(rf"(?m)^(?P<who>{_NICK}):[ ](?=[^\n]*[ ])")
"""A line that somebody says. A key of a file does not come twice at the edge of it."""
_ANY_LINE: Final = re.compile(rf"(?m)^(?P<who>{_NICK}):[ ]")
_TAGGED: Final = re.compile(r"(?m)^(?P<who>[\w.]{2,32}\#\d{4}):[ ]")
"""As Discord writes them: `jroe#1234: hi`."""
_LOGGED: Final = re.compile(
    r"(?:(?:password|publickey|keyboard-interactive(?:/pam)?|session opened|session closed)[ ]for[ ](?:invalid[ ])?"
    r"(?:user[ ])?"
    r"|sudo(?:\[\d+\])?:[ ]{1,4}|CRON\[\d+\]:[ ]\(|\bUSER=|\bPOSTED[ ]BY[ ]|\bposted[ ]by[ ]|TODO\(|FIXME\(|-!-[ ]"
    r"|\blog(?:ged)?[ ]?in\([\"']|[ ]-[ ](?=[\w.-]{2,30}[ ]\[\d{2}/[A-Z][a-z]{2}/\d{4}:))"
    r"(?P<who>[A-Za-z][\w.-]{1,30}[A-Za-z0-9_])(?![\w@(])"
)
_ROLES: Final = frozenset(
    (
        *(
            "agent",
            "customer",
            "user",
            "assistant",
            "system",
            "bot",
            "you",
            "me",
            "support",
            "operator",
            "caller",
            "note",
        ),
        *(
            "patient",
            "doctor",
            "nurse",
            "client",
            "admin",
            "moderator",
            "host",
            "guest",
            "speaker",
            "interviewer",
            "error",
        ),
        *(
            "info",
            "warning",
            "debug",
            "warn",
            "total",
            "start",
            "end",
            "update",
            "notes",
            "from",
            "to",
            "subject",
            "date",
        ),
        *("therapist", "teacher", "student", "advisor", "adviser", "rep", "human", "ai", "chatbot", "model", "root"),
        *("cliente", "agente", "kunde", "kundin", "berater", "klant", "medewerker", "conseiller", "conseill\u00e8re"),
        *("moi", "ich", "yo", "io", "ik", "mitarbeiter", "service", "hotline", "team", "staff", "manager", "lunch"),
        *("breakfast", "dinner", "meeting", "call", "break", "arrival", "departure", "check", "closed", "open", "time"),
    )
)
_SHAPED: Final = re.compile(r"[\d_.|\[\]]")


def people(text: str) -> Iterator[Found]:
    """Names at the head of a chat's lines, before or behind the time."""
    for match in _heads(text):
        if not _is_nick(match["who"]):
            yield match.span("who")


def nicks(text: str) -> Iterator[Found]:
    """Nicknames at the head of a chat's lines, and users in logs."""
    plain = [match for match in _PLAIN.finditer(text) if _SHAPED.search(match["who"])]
    if plain:
        said = {match["who"] for match in plain}
        lines = list(_ANY_LINE.finditer(text))
        often = Counter(match["who"] for match in lines)
        yield from (match.span("who") for match in lines if match["who"] in said and often[match["who"]] > 1)
    if "#" in text:
        for match in _TAGGED.finditer(text):
            yield match.span("who")
    for match in _heads(text):
        if _is_nick(match["who"]):
            yield match.span("who")
    for match in _LOGGED.finditer(text):
        if match["who"].lower() not in _ROLES:
            yield match.span("who")


def _heads(text: str) -> Iterator[re.Match[str]]:
    for pattern in (_STAMPED, _BEFORE_STAMP):
        for match in pattern.finditer(text):
            if match["who"].split()[0].strip(".").lower() not in _ROLES and not match["who"].isupper():
                yield match


def _is_nick(who: str) -> bool:
    return " " not in who and (who[0].islower() or _SHAPED.search(who) is not None)
