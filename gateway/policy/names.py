"""The words policy files may use, and the grammar of the objects that access rules speak about."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

MODEL_FILE: Final = "model.conf"
ACCESS_FILE: Final = "access.csv"
ROUTING_FILE: Final = "routing.yaml"
PRIVACY_FILE: Final = "privacy.yaml"
ACCESS_TESTS: Final = "access_test.yaml"
ROUTING_TESTS: Final = "routing_test.yaml"
PRIVACY_TESTS: Final = "privacy_test.yaml"

REQUIRED_FILES: Final = (MODEL_FILE, ACCESS_FILE, ROUTING_FILE, PRIVACY_FILE)
FILES: Final = (*REQUIRED_FILES, ACCESS_TESTS, ROUTING_TESTS, PRIVACY_TESTS)
MAX_FILE_BYTES: Final = 1_000_000

ACTIONS: Final[dict[str, tuple[str, ...]]] = {
    "model": ("use",),
    "collection": ("read", "write", "delete"),
    "label": ("read",),
    "entity": ("reveal",),
    "admin": ("read", "edit", "activate", "verify"),
}
"""Kind of object -> the actions that can be asked about it."""

ADMIN_ACTIONS: Final[dict[str, tuple[str, ...]]] = {
    "policy": ("read", "activate"),
    "keys": ("read", "edit"),
    "audit": ("read", "verify"),
    "models": ("read",),
}
"""Area of administration -> the actions that are asked about it."""

ENTITY_TYPES: Final = (
    *("PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "DATE_OF_BIRTH", "DATE_TIME", "URL", "IP_ADDRESS", "MAC_ADDRESS"),
    *("IBAN_CODE", "CREDIT_CARD", "CRYPTO", "MEDICAL_LICENSE", "UUID"),
    *(
        "US_SSN",
        "US_ITIN",
        "US_PASSPORT",
        "US_DRIVER_LICENSE",
        "US_BANK_NUMBER",
        "US_MBI",
        "US_NPI",
        "ABA_ROUTING_NUMBER",
    ),
    *("UK_NHS", "UK_NINO", "UK_PASSPORT", "UK_POSTCODE", "UK_DRIVING_LICENCE"),
    *("DE_TAX_ID", "DE_TAX_NUMBER", "DE_VAT_ID", "DE_PASSPORT", "DE_ID_CARD", "DE_SOCIAL_SECURITY"),
    *("DE_HEALTH_INSURANCE", "DE_FUEHRERSCHEIN", "DE_PLZ"),
    *("ES_NIF", "ES_NIE", "ES_PASSPORT", "IT_FISCAL_CODE", "IT_DRIVER_LICENSE", "IT_VAT_CODE", "IT_PASSPORT"),
    *("IT_IDENTITY_CARD", "PL_PESEL", "FI_PERSONAL_IDENTITY_CODE", "SE_PERSONNUMMER", "AU_TFN", "AU_MEDICARE"),
    *("CA_SIN", "SG_NRIC_FIN", "KR_RRN", "IN_PAN", "IN_AADHAAR", "TH_TNIN", "TR_NATIONAL_ID", "ZA_ID_NUMBER"),
)
"""The types that built-in recognizers find (a test holds this equal to the redaction room's list). Others are legal,
since a custom recognizer may bring its own, but draw a warning where none does."""

MAX_NAME: Final = 200
_ENTITY: Final = re.compile(r"[A-Z][A-Z0-9_]*@[^@]+")
_TYPE: Final = re.compile(r"[A-Z][A-Z0-9_]*")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word a typo most likely meant, or None when nothing is near."""
    choices = sorted(set(known))
    folded = {choice.casefold(): choice for choice in reversed(choices)}
    found = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint naming the nearest known word, else the few that exist."""
    choices = list(dict.fromkeys(known))
    near = nearest(word, choices)
    if near is not None:
        return f"did you mean {near}?"
    return "known: " + ", ".join(choices[:12]) + (", ..." if len(choices) > 12 else "") if choices else ""


def is_entity_type(text: str) -> bool:
    """Whether a text has the form of an entity type: capitals, digits, underscores."""
    return _TYPE.fullmatch(text) is not None


def well_formed(obj: str) -> bool:
    """Whether a request's object is one a rule can speak about.

    `kind:name`, the name 1 to 200 printable characters without `*`; an entity is `TYPE@collection` and a collection
    holds no `@`, so that no collection can be named in a way that borrows another's restore rights.
    """
    kind, _, name = obj.partition(":")
    if kind not in ACTIONS or not 0 < len(name) <= MAX_NAME or "*" in name or not name.isprintable():
        return False
    if kind == "entity":
        return _ENTITY.fullmatch(name) is not None
    return kind != "collection" or "@" not in name


@lru_cache(maxsize=8192)
def _pieces(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.split("*"))


def glob(text: str, pattern: str) -> bool:
    """Whether `pattern` covers the whole text; `*` stands for any run of characters, everything else for itself.

    Casbin's own globMatch treats `/` as a path separator, and model names hold slashes. Runs in linear time.
    """
    pieces = _pieces(pattern)
    if len(pieces) == 1:
        return text == pattern
    first, last = pieces[0], pieces[-1]
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in pieces[1:-1]:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
