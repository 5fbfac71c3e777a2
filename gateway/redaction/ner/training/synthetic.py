"""Templates filled: texts with exact spans, in six languages, as people write them and as they should not."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.redaction.ner.training.corpora import ADR, JOB, LOC, NRP, ORG, PER, Example, Labelled
from gateway.redaction.ner.training.pools import Pools
from gateway.redaction.ner.training.templates_en import GROUPS
from gateway.redaction.ner.training.templates_eu import LANGUAGES

_SLOT: Final = re.compile(r"\{\{|\}\}|\{(\w+)\}")
_SHARE: Final = {"chat": 5, "mail": 5, "office": 6, "news": 4, "data": 3, "yard": 7, "plain": 4}


def fill(template: str, pools: Pools) -> Example:
    """One text of one template."""
    out: list[str] = []
    spans: list[Labelled] = []
    at = length = 0

    def put(piece: str) -> None:
        nonlocal length
        out.append(piece)
        length += len(piece)

    template = template.replace("\\n", "\n").replace("\\t", "\t")
    for match in _SLOT.finditer(template):
        put(template[at : match.start()])
        at = match.end()
        name = match[1]
        if name is None:
            put(match[0][0])
            continue
        kind, value = _value(name, pools)
        if kind:
            spans.append((length, length + len(value), kind))
        put(value)
    put(template[at:])
    return Example("".join(out), tuple(spans), (), frozenset(), f"synthetic {pools.language}")


def english(count: int, pools: Pools) -> Iterator[Example]:
    """Texts of every group, each group by its share."""
    groups = {name: text.splitlines() for name, text in GROUPS.items()}
    names = list(groups)
    weights = [_SHARE[name] for name in names]
    for _ in range(count):
        yield fill(pools.rng.choice(groups[pools.rng.choices(names, weights)[0]]), pools)


def other(count: int, pools: Pools) -> Iterator[Example]:
    """Texts of another language."""
    lines = LANGUAGES[pools.language].splitlines()
    for _ in range(count):
        yield fill(pools.rng.choice(lines), pools)


def _value(name: str, pools: Pools) -> tuple[str, str]:
    if name in _LABELLED:
        kind, make = _LABELLED[name]
        return kind, make(pools)
    return "", _FILLER[name](pools)


_LABELLED: Final[dict[str, tuple[str, Callable[[Pools], str]]]] = {
    "PER": (PER, Pools.person),
    "FULL": (PER, lambda p: p.person() if p.rng.random() < 0.3 else p.full()),
    "FIRST": (PER, Pools.first),
    "LAST": (PER, Pools.last),
    "REV": (PER, Pools.reversed),
    "INITIAL_LAST": (PER, lambda p: f"{p.first()[0]}. {p.last()}" if p.rng.random() < 0.6 else f"{p.last()[0]}."),
    "first_low_PER": (PER, lambda p: p.first().lower()),
    "city_low_LOC": (LOC, lambda p: p.city().lower()),
    "LOC": (LOC, Pools.place),
    "CITY": (LOC, Pools.city),
    "ORG": (ORG, Pools.organisation),
    "ADR": (ADR, Pools.address),
    "NRP": (NRP, Pools.nationality),
    "JOB": (JOB, Pools.job),
    "first_lower": (PER, lambda p: p.first().lower()),
    "full_low": (PER, lambda p: p.full().lower()),
    "org_low": (ORG, lambda p: p.organisation().lower()),
    "FULL_UP": (PER, lambda p: p.full().upper()),
    "LOC_UP": (LOC, lambda p: p.place().upper()),
    "CITY_UP": (LOC, lambda p: p.city().upper()),
    "street_ADR": (
        ADR,
        lambda p: str(p.own().street_name()) if p.rng.random() < 0.6 else str(p.own().street_address()).split("\n")[0],
    ),
}


def _digits(pools: Pools, count: int) -> str:
    return "".join(pools.rng.choice(string.digits) for _ in range(count))


def _date(pools: Pools) -> str:
    return str(
        pools.own().date(pattern=pools.rng.choice(("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y")))
    )


def _email(pools: Pools) -> str:
    one: Any = pools.own()
    return (
        f"{pools.first().lower()}.{pools.last().lower()}@{one.domain_name()}"
        if pools.rng.random() < 0.6
        else str(one.email())
    )


_WORDS: Final = (
    "login printer refund delivery password payroll onboarding invoice contract network screen update backup shipping "
    "warranty insurance holiday training meeting claim"
).split()

_FILLER: Final[dict[str, Callable[[Pools], str]]] = {
    "email": _email,
    "phone": lambda p: str(p.own().phone_number()),
    "date": _date,
    "time": lambda p: f"{p.rng.randrange(24)}:{p.rng.randrange(60):02}",
    "year": lambda p: str(p.rng.randrange(1950, 2027)),
    "num": lambda p: _digits(p, p.rng.choice((3, 4, 5, 6, 8))),
    "num2": lambda p: str(p.rng.randrange(1, 99)),
    "money": lambda p: p.rng.choice(("$", "EUR ", "£", "USD ")) + f"{p.rng.randrange(10, 99999):,}",
    "id": lambda p: "".join(p.rng.choice(string.ascii_uppercase) for _ in range(2)) + "-" + _digits(p, 6),
    "iban": lambda p: str(p.own().iban()),
    "card": lambda p: str(p.own().credit_card_number()),
    "ip": lambda p: ".".join(str(p.rng.randrange(256)) for _ in range(4)),
    "ssn": lambda p: f"{_digits(p, 3)}-{_digits(p, 2)}-{_digits(p, 4)}",
    "zip": lambda p: _digits(p, 5),
    "word": lambda p: p.rng.choice(_WORDS),
    "ticket": lambda p: p.rng.choice(("INC", "JIRA-", "OPS-", "#", "REQ")) + _digits(p, 5),
    "version": lambda p: f"{p.rng.randrange(9)}.{p.rng.randrange(30)}.{p.rng.randrange(9)}",
    "flight": lambda p: p.rng.choice(("BA", "LH", "AF", "KL")) + _digits(p, 3),
    "hex": lambda p: f"{p.rng.getrandbits(80):020x}",
    "user": lambda p: p.first().lower() + _digits(p, 2),
    "initials": lambda p: p.first()[0].lower() + p.last()[0].lower(),
    "Title": lambda p: p.rng.choice(("Mr.", "Mrs.", "Ms.", "Dr.", "Miss")),
    "him": lambda p: p.rng.choice(("him", "her", "them")),
    "he": lambda p: p.rng.choice(("he", "she", "they")),
    "his": lambda p: p.rng.choice(("his", "her", "their")),
    "she": lambda p: p.rng.choice(("she", "he")),
}


def swap(example: Example, pools: Pools) -> Example:
    """The same sentence about somebody else: mentions replaced by others of their kind."""
    out: list[str] = []
    spans: list[Labelled] = []
    unknown: list[tuple[int, int]] = []
    at = length = 0
    marks = sorted([*((s, e, k) for s, e, k in example.spans), *((s, e, "?") for s, e in example.unknown)])
    for start, end, kind in marks:
        if start < at:
            continue
        out.append(example.text[at:start])
        length += start - at
        old = example.text[start:end]
        new = _like(old, kind, pools) if pools.rng.random() < 0.8 else old
        if kind == "?":
            unknown.append((length, length + len(new)))
        else:
            spans.append((length, length + len(new), kind))
        out.append(new)
        length += len(new)
        at = end
    out.append(example.text[at:])
    return Example("".join(out), tuple(spans), tuple(unknown), example.absent, example.source + " swapped")


def _like(old: str, kind: str, pools: Pools) -> str:
    rng = pools.rng
    if kind == PER:
        new = pools.full() if " " in old else (pools.first() if rng.random() < 0.5 else pools.last())
    elif kind == LOC and not any(c.isdigit() for c in old):
        new = pools.place()
    elif kind == ORG and rng.random() < 0.7:
        new = pools.organisation()
    elif kind == ADR:
        new = pools.address()
    else:
        return old
    return new.lower() if old.islower() else new.upper() if old.isupper() and len(old) > 4 else new


def recase(example: Example, rng: random.Random) -> Example:
    """The same text in lower case, in capitals or in title case. Lengths stay."""
    draw = rng.random()
    text = example.text
    new = text.lower() if draw < 0.6 else text.upper() if draw < 0.85 else text.title()
    if len(new) != len(text):
        return example
    return Example(new, example.spans, example.unknown, example.absent, example.source + " recased")
