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
    "admin": ("read", "edit", "activate", "verify", "release", "erase", "reembed", "prune", "hold"),
}
"""Kind of object -> the actions that can be asked about it."""

ADMIN_ACTIONS: Final[dict[str, tuple[str, ...]]] = {
    "policy": ("read", "activate"),
    "keys": ("read", "edit"),
    "audit": ("read", "reveal", "verify", "erase", "prune", "hold"),
    "models": ("read",),
    "jobs": ("read", "edit"),
    "documents": ("read", "release", "reembed"),
}
"""Area of administration -> the actions that are asked about it."""

ENTITY_TYPES: Final = (
    *("LOCATION", "ORGANIZATION", "NRP", "JOB_TITLE"),
    *("PERSON", "STREET_ADDRESS", "DATE_OF_BIRTH", "EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE", "CREDIT_CARD"),
    *("IP_ADDRESS", "MAC_ADDRESS", "CRYPTO", "ID_NUMBER", "CASE_NUMBER", "LICENSE_PLATE", "VIN", "API_KEY"),
    *("PRIVATE_KEY", "JWT", "CONNECTION_STRING", "PASSWORD", "AGE", "ZIP_CODE", "USERNAME", "DOMAIN_NAME"),
    *("UUID", "URL", "DATE_TIME"),
    *("DE_TAX_NUMBER", "DE_FUEHRERSCHEIN"),
    *("AT_SVNR",),
    *("AU_TFN", "AU_MEDICARE", "AU_ABN", "AU_ACN"),
    *("BE_NATIONAL_NUMBER",),
    *("BG_EGN",),
    *("BR_CPF", "BR_CNPJ"),
    *("CA_SIN", "CA_POSTAL_CODE"),
    *("CH_AHV",),
    *("CL_RUT",),
    *("CN_RESIDENT_ID",),
    *("CZ_BIRTH_NUMBER",),
    *("DE_TAX_ID", "DE_PASSPORT", "DE_ID_CARD", "DE_SOCIAL_SECURITY", "DE_HEALTH_INSURANCE", "DE_VAT_ID"),
    *("DE_KFZ", "DE_HANDELSREGISTER", "DE_LANR", "DE_BSNR", "DE_PLZ"),
    *("DK_CPR",),
    *("EE_PERSONAL_CODE",),
    *("ES_NIF", "ES_NIE", "ES_PASSPORT"),
    *("FI_PERSONAL_IDENTITY_CODE",),
    *("FR_NIR", "FR_TAX_NUMBER", "FR_PASSPORT", "FR_ID_CARD", "FR_SIREN"),
    *("GR_AMKA",),
    *("HR_OIB",),
    *("HU_TAJ",),
    *("IE_PPS",),
    *("IL_ID_NUMBER",),
    *("IN_AADHAAR", "IN_PAN", "IN_VOTER", "IN_PASSPORT", "IN_VEHICLE_REGISTRATION", "IN_GSTIN"),
    *("IT_FISCAL_CODE", "IT_DRIVER_LICENSE", "IT_VAT_CODE", "IT_PASSPORT", "IT_IDENTITY_CARD"),
    *("JP_MY_NUMBER",),
    *("KR_RRN", "KR_FRN", "KR_DRIVER_LICENSE", "KR_PASSPORT", "KR_BRN"),
    *("LT_PERSONAL_CODE",),
    *("MX_CURP",),
    *("NG_NIN", "NG_VEHICLE_REGISTRATION"),
    *("NL_BSN", "NL_DOCUMENT"),
    *("NO_FNR",),
    *("PH_PASSPORT", "PH_TIN", "PH_UMID"),
    *("PL_PESEL",),
    *("PT_NIF",),
    *("RO_CNP",),
    *("SE_PERSONNUMMER", "SE_ORGANISATIONSNUMMER"),
    *("SG_NRIC_FIN", "SG_UEN"),
    *("TH_TNIN",),
    *("TR_NATIONAL_ID", "TR_LICENSE_PLATE"),
    *("UK_NHS", "UK_NINO", "UK_PASSPORT", "UK_DRIVING_LICENCE", "UK_VEHICLE_REGISTRATION", "UK_POSTCODE"),
    *("US_SSN", "US_ITIN", "US_EIN", "US_PASSPORT", "US_DRIVER_LICENSE", "US_BANK_NUMBER", "US_MBI"),
    *("MEDICAL_LICENSE", "US_HEALTH_INSURANCE_MEMBER_ID", "US_CLAIM_NUMBER", "US_PRIOR_AUTHORIZATION_NUMBER"),
    *("US_PRESCRIPTION_NUMBER", "US_REFERRAL_NUMBER", "US_PROVIDER_TAX_ID", "US_NPI", "ABA_ROUTING_NUMBER"),
    *("ZA_ID_NUMBER", "ZA_PASSPORT", "ZA_DRIVER_LICENSE", "ZA_INCOME_TAX_NUMBER", "ZA_TRAFFIC_REGISTER_NUMBER"),
    *("ZA_LICENSE_PLATE", "ZA_VAT_NUMBER", "ZA_COMPANY_REGISTRATION"),
)
"""The types that built-in recognizers find (a test holds this equal to the redaction room's list). Others are legal,
since a custom recognizer may bring its own, but draw a warning where none does."""

ENTITY_GROUPS: Final = ("default", "all")
"""Words that stand for several types under `entities`."""

REGIONS: Final = (
    *("at", "au", "be", "bg", "br", "ca", "ch", "cl", "cn", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr"),
    *("hr", "hu", "ie", "il", "in", "it", "jp", "kr", "lt", "mx", "ng", "nl", "no", "ph", "pl", "pt", "ro", "se"),
    *("sg", "th", "tr", "uk", "us", "za", "eu"),
)
"""Packs of recognizers, `eu` for those of all its countries (a test holds this equal to the redaction room's list)."""

AUTO: Final = "auto"
"""Under `languages`: the language of each text is told from the text."""

METHODS: Final = ("token", "surrogate", "format", "mask", "hash", "drop", "block")
"""What may stand in a zone for a value."""
ON_INSTRUCTIONS: Final = ("allow", "flag", "quarantine")
"""What may become of a document that speaks to a model."""
ON_HIDDEN_TEXT: Final = ("strip", "refuse")
"""What may become of a document with text hidden on purpose."""
ONE_WAY: Final = frozenset(("mask", "hash", "drop"))
"""Methods whose values do not return."""

CHECKSUMS: Final = (*("luhn", "verhoeff", "damm", "ean13", "mod11", "mod11_2", "mod11_10", "mod97", "iban", "mrz"),)
"""Checks of numbers (a test holds this equal to the redaction room's list)."""

MAX_NAME: Final = 200
_ENTITY: Final = re.compile(r"[A-Z][A-Z0-9_]*@[^@]+")
_TYPE: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.ya?ml")


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word a typo most likely meant, or None when nothing is near: 0 is anything, 1 the same."""
    choices = sorted(set(known))
    folded = {choice.casefold(): choice for choice in reversed(choices)}
    found = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=likeness)
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


def is_language(text: str) -> bool:
    """Whether a text has the form of a language code: two or three small letters."""
    return _LANGUAGE.fullmatch(text) is not None


def is_file_name(text: str) -> bool:
    """Whether a text is the bare name of a YAML file, without a folder."""
    return _FILE.fullmatch(text) is not None


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
