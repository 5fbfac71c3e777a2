"""Invented people: names of several origins, and numbers that pass their checks. The same seed, the same people."""

from __future__ import annotations

import random
from dataclasses import dataclass

import phonenumbers

from tests.redteam.names import FIRST, LAST


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person; every value is of the type its field is called after."""

    name: str
    email: str
    phone: str
    iban: str
    card: str
    birth: str
    ssn: str
    ip: str

    @property
    def first(self) -> str:
        return self.name.split()[0]

    @property
    def last(self) -> str:
        return self.name.split()[-1]

    def truth(self, *fields: str) -> list[tuple[str, str]]:
        """(entity type, value) of the fields named."""
        return [(TYPES[field], getattr(self, field)) for field in fields]


TYPES = {
    "name": "PERSON",
    "email": "EMAIL_ADDRESS",
    "phone": "PHONE_NUMBER",
    "iban": "IBAN_CODE",
    "card": "CREDIT_CARD",
    "birth": "DATE_OF_BIRTH",
    "ssn": "US_SSN",
    "ip": "IP_ADDRESS",
}


def person(chance: random.Random) -> Person:
    """One more person."""
    origin = chance.choice(sorted(FIRST))
    first, last = chance.choice(FIRST[origin].split()), chance.choice(LAST[origin].split()).replace("_", " ")
    word = "".join(c for c in f"{first}.{last}".lower() if c.isascii() and (c.isalnum() or c == "."))
    return Person(
        name=f"{first} {last}",
        email=f"{word.strip('.') or 'someone'}{chance.randrange(10, 9999)}@{chance.choice(DOMAINS)}",
        phone=_phone(chance),
        iban=_iban(chance),
        card=_spaced(_card(chance)),
        birth=f"{chance.randrange(1, 29):02d}/{chance.randrange(1, 13):02d}/{chance.randrange(1940, 2006)}",
        ssn=f"{chance.randrange(100, 665)}-{chance.randrange(10, 99)}-{chance.randrange(1000, 9999)}",
        ip=f"10.{chance.randrange(1, 255)}.{chance.randrange(1, 255)}.{chance.randrange(1, 255)}",
    )


DOMAINS = ("acme.example", "example.org", "mail.example.com", "kestrel.example", "intern.example.net")


def _phone(chance: random.Random) -> str:
    while True:
        region = chance.choice(("GB", "US", "DE", "FR", "IT"))
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        if example is None:
            continue
        digits = str(example.national_number)
        tail = _digits(chance, 5)
        number = phonenumbers.PhoneNumber(example.country_code, int(digits[:-5] + tail))
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _spaced(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))


def _card(chance: random.Random) -> str:
    body = "4" + _digits(chance, 14)
    doubled = [int(d) * (2 - at % 2) for at, d in enumerate(body)]
    return body + str(-sum(d - 9 * (d > 9) for d in doubled) % 10)


def _iban(chance: random.Random) -> str:
    country, account = chance.choice((("DE", _digits(chance, 18)), ("GB", "NWBK" + _digits(chance, 14))))
    as_number = "".join(str(int(c, 36)) for c in f"{account}{country}00")
    iban = f"{country}{98 - int(as_number) % 97:02d}{account}"
    return _spaced(iban) if chance.random() < 0.5 else iban
