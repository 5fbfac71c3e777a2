"""Annotated texts of our own, made from sentences and invented values: what is measured where no data set is at hand.

Easy beside real text, and the same on every machine: they show that a detector works and what it costs, not how good
it is. No sentence here was used to make one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Final

from gateway.evaluate.rows import Annotated, Mark

ROWS: Final = 400
_SLOT: Final = re.compile(r"<([A-Z_]+)>")

_FIRST: Final = "Amara Bilal Cordelia Dmitri Elif Fionnuala Giorgos Hyun-woo Ines Jaromir Kerubo Lorcan Mireille Noor"
_LAST: Final = (
    "Abernathy Baptiste Castellano Dlamini Eriksen Farrokhzad Grunwald Holloway Ishikawa Jankowski Kavanagh Lindqvist"
)
_TOWNS: Final = "Leeds Utrecht Tampere Ostrava Nantes Bergamo Graz Aarhus Galway Porto"
_STREETS: Final = ("Harbour Lane", "Mill Street", "Quarry Road", "Foundry Avenue", "Elm Close", "Station Road")
_ORGANIZATIONS: Final = (
    "Ostermann Ltd",
    "Blue Heron Logistics",
    "Calloway and Finch",
    "Nordlys Energi AS",
    "Petrel Bank",
)
_NATIONS: Final = "Finnish Portuguese Kenyan Korean Irish Czech"
_JOBS: Final = ("site manager", "payroll clerk", "dental nurse", "crane operator", "tax adviser")
_MONTHS: Final = "January February March April May June July August September October November December"

_SENTENCES: Final = (
    "can you draft a reply to <PERSON>, she is waiting since monday",
    "who approved the travel request of <PERSON>?",
    "Hi <PERSON>,\n\nthanks for the call. My new number is <PHONE_NUMBER>.\n\nBest\n<PERSON>",
    "From: <PERSON> <<EMAIL_ADDRESS>>\nTo: <EMAIL_ADDRESS>\nSubject: lease\n\nI live at <STREET_ADDRESS> now.",
    "Ticket 4711: customer <PERSON> reports that the invoice went to <STREET_ADDRESS>, <LOCATION> by mistake.",
    "This agreement is made between <ORGANIZATION> and <PERSON>, born on <DATE_OF_BIRTH>, of <STREET_ADDRESS>.",
    "Name: <PERSON>\nDate of birth: <DATE_OF_BIRTH>\nE-mail: <EMAIL_ADDRESS>\nPhone: <PHONE_NUMBER>\nIBAN: <IBAN_CODE>",
    "| name | town | e-mail |\n|---|---|---|\n| <PERSON> | <LOCATION> | <EMAIL_ADDRESS> |\n| <PERSON> | <LOCATION> | |",
    "2026-03-01T10:22:07Z WARN login failed user=<EMAIL_ADDRESS> ip=<IP_ADDRESS> attempts=3",
    '{"customer": {"name": "<PERSON>", "email": "<EMAIL_ADDRESS>", "card": "<CREDIT_CARD>"}, "items": 3}',
    "Please charge the card <CREDIT_CARD> and send the receipt to <EMAIL_ADDRESS>.",
    "Her social security number is <US_SSN>, and <PERSON> said the account <IBAN_CODE> is closed.",
    "<PERSON> moved from <LOCATION> to <LOCATION> and works for <ORGANIZATION> as a <JOB_TITLE>.",
    "The <NRP> engineer <PERSON>, <AGE> years old, joined <ORGANIZATION> last spring.",
    "We met <PERSON>, <PERSON> and <PERSON> in <LOCATION>; <PERSON> had the minutes.",
    "Deliver to:\n<PERSON>\n<STREET_ADDRESS>\n<LOCATION>",
    "After the meeting <PERSON>'s draft was sent to the board of <ORGANIZATION>.",
    "WITNESS STATEMENT OF <PERSON>\n\nI am employed by <ORGANIZATION> in <LOCATION>.",
    "The build of version 2.14.3 failed on node c4 because the S3 bucket was read-only.",
    "How do I sort a list of tuples by the second element in Python?",
    "Summarise the following paragraph in two sentences, and keep the figures.",
    "Set the retry limit to 5, the timeout to 30 s and the queue to 128 entries.",
    "Commit 9fceb02d0ae598e95dc970b74767f19372d61af8 fixes ticket 88412 in release 7.0.1.",
)


def samples(rows: int = ROWS, seed: int = 1) -> list[Annotated]:
    """So many annotated texts, the same for the same seed; one in six in lower case, one in twelve in capitals."""
    random = Random(seed)  # noqa: S311  sentences, not secrets
    return [_made(_SENTENCES[number % len(_SENTENCES)], random, number) for number in range(rows)]


def _made(sentence: str, random: Random, number: int) -> Annotated:
    lower, upper = number % 6 == 5, number % 12 == 6
    if "{" in sentence:
        lower = upper = False
    text = ""
    marks: list[Mark] = []
    at = 0
    for slot in _SLOT.finditer(sentence):
        text += sentence[at : slot.start()]
        value = _VALUES[slot[1]](random)
        value = json.dumps(value, ensure_ascii=False)[1:-1] if "{" in sentence else value
        marks.append(Mark(len(text), len(text) + len(value), slot[1]))
        text += value
        at = slot.end()
    text += sentence[at:]
    return Annotated(text.lower() if lower else text.upper() if upper else text, tuple(marks))


def _person(random: Random) -> str:
    first, last = random.choice(_FIRST.split()), random.choice(_LAST.split())
    return random.choice((f"{first} {last}", f"{first} {last}", first, f"{first[0]}. {last}"))


def _email(random: Random) -> str:
    name = f"{random.choice(_FIRST.split())}.{random.choice(_LAST.split())}".lower()
    return f"{name}@{random.choice(('example.com', 'example.org', 'mail.example.net'))}"


def _phone(random: Random) -> str:
    """From the ranges that regulators keep for fiction."""
    end = random.randrange(100)
    return random.choice((f"+44 20 7946 0{end:03}", f"(202) 555-01{end:02}", f"+1 202 555 01{end:02}"))


def _day(random: Random) -> str:
    day, month, year = random.randint(1, 28), random.randint(1, 12), random.randint(1945, 2004)
    return random.choice(
        (f"{day} {_MONTHS.split()[month - 1]} {year}", f"{year}-{month:02}-{day:02}", f"{day:02}/{month:02}/{year}")
    )


def _card(random: Random) -> str:
    digits = [4, *(random.randrange(10) for _ in range(14))]
    doubled = (sum(divmod(2 * digit, 10)) if place % 2 == 0 else digit for place, digit in enumerate(digits))
    number = "".join(map(str, [*digits, -sum(doubled) % 10]))
    return " ".join(re.findall("....", number)) if random.random() < 0.5 else number


def _iban(random: Random) -> str:
    account = f"{random.randrange(10**18):018}"
    check = 98 - int(f"{account}131400") % 97  # D is 13, E is 14
    number = f"DE{check:02}{account}"
    return " ".join(re.findall(".{1,4}", number)) if random.random() < 0.5 else number


def _ssn(random: Random) -> str:
    return f"{random.randint(100, 665):03}-{random.randint(10, 99)}-{random.randint(1000, 9999)}"


_VALUES: Final[dict[str, Callable[[Random], str]]] = {
    "PERSON": _person,
    "EMAIL_ADDRESS": _email,
    "PHONE_NUMBER": _phone,
    "STREET_ADDRESS": lambda random: f"{random.randint(1, 240)} {random.choice(_STREETS)}",
    "LOCATION": lambda random: random.choice(_TOWNS.split()),
    "ORGANIZATION": lambda random: random.choice(_ORGANIZATIONS),
    "NRP": lambda random: random.choice(_NATIONS.split()),
    "JOB_TITLE": lambda random: random.choice(_JOBS),
    "AGE": lambda random: str(random.randint(18, 90)),
    "DATE_OF_BIRTH": _day,
    "CREDIT_CARD": _card,
    "IBAN_CODE": _iban,
    "US_SSN": _ssn,
    "IP_ADDRESS": lambda random: f"203.0.113.{random.randint(1, 254)}",
}
