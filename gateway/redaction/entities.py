"""Every entity type the gateway can find, with the recognizer that finds it and what must be true for it to try.

`digits` is a necessary condition: a text without so many decimal digits close together cannot match any of the
recognizer's patterns, so it is not run. A test holds the gated result equal to Presidio's own engine without gates.
"""

from __future__ import annotations

from typing import Final

from gateway.redaction.packs import OWN, PACKS, Entity, spelled_out

__all__ = ["ALL", "AUTO", "BY_TYPE", "DEFAULT", "ENTITIES", "Entity", "wanted"]

ALL: Final = "all"
DEFAULT: Final = "default"
"""Names under `entities` that stand for groups of types."""
AUTO: Final = "auto"
"""Among a policy's languages: each text's own language, told from the text."""

_GENERIC: Final = (
    Entity("PERSON", "a name, by the name model, a title, a label or a column of names", OWN),
    Entity("STREET_ADDRESS", "a street with its number, and the town after it", OWN, 1),
    Entity("LOCATION", "a city, region or country", OWN, default=False),
    Entity("ORGANIZATION", "a company, authority, school or other body", OWN, default=False),
    Entity("NRP", "a nationality, a religious or a political group", OWN, default=False),
    Entity("JOB_TITLE", "what somebody works as, or a title before a name", OWN, default=False),
    Entity("DATE_OF_BIRTH", "a date after a label such as `DOB:` or `born on`", OWN, 1),
    Entity("EMAIL_ADDRESS", "an e-mail address, internal domains included", "EmailRecognizer"),
    Entity("PHONE_NUMBER", "a valid number of eight regions and the policy's, or one with a country code", OWN, 7),
    Entity("IBAN_CODE", "an IBAN with a right checksum", "IbanRecognizer", 2),
    Entity("CREDIT_CARD", "a card number with a right checksum", "CreditCardRecognizer", 12),
    Entity("IP_ADDRESS", "an IPv4 or IPv6 address", "IpRecognizer"),
    Entity("MAC_ADDRESS", "a hardware address", "MacAddressRecognizer"),
    Entity("CRYPTO", "an address of a crypto currency", "CryptoRecognizer", 1),
    Entity("ID_NUMBER", "a number after a label that names a document, insurance, patient or account", OWN, 1),
    Entity("CASE_NUMBER", "a court's or an office's file number after a label", OWN, 1),
    Entity("LICENSE_PLATE", "a vehicle's plate after a word that says so", OWN, 1),
    Entity("VIN", "a vehicle identification number with a right check digit", OWN, 5),
    Entity("API_KEY", "a key by its provider's form, or random characters after a label", OWN),
    Entity("PRIVATE_KEY", "a PEM or PGP private key, whole or cut off", OWN),
    Entity("JWT", "a JSON Web Token with a readable header", OWN),
    Entity("CONNECTION_STRING", "an address or settings of a service with a password inside", OWN),
    Entity("PASSWORD", "a password after a label", OWN),
    Entity("AGE", "a person's age", OWN, 1, default=False),
    Entity("ZIP_CODE", "a postcode after a state or a word that says so", OWN, 1, default=False),
    Entity("USERNAME", "a user name after a label, or a handle", OWN, default=False),
    Entity("DOMAIN_NAME", "a host's or domain's name", OWN, default=False),
    Entity("UUID", "a UUID", "UuidRecognizer", default=False),
    Entity("URL", "a web address", "UrlRecognizer", default=False),
    Entity("DATE_TIME", "any date, time, weekday, or year after a word that says so", OWN, default=False),
)

ENTITIES: Final = (*_GENERIC, *PACKS)
BY_TYPE: Final = {entity.type: entity for entity in ENTITIES}


def wanted(
    entities: tuple[str, ...], languages: tuple[str, ...], regions: tuple[str, ...] = ("us", "uk", "de")
) -> tuple[Entity, ...]:
    """The entities a policy asks for.

    `entities` names types and groups: `default` (what an empty list means: the default types without a country, and
    those of the policy's regions and languages) and `all`. With `auto` among the languages the types of every language
    are asked for; the text's own language decides later which of them run.
    """
    if ALL in entities:
        return ENTITIES
    named = [BY_TYPE[name] for name in entities if name in BY_TYPE]
    if entities and DEFAULT not in entities:
        return tuple(dict.fromkeys(named))
    countries = spelled_out(regions)
    chosen = [e for e in ENTITIES if e.default and _is_at_home(e, languages, countries)]
    return tuple(dict.fromkeys([*chosen, *named]))


def _is_at_home(entity: Entity, languages: tuple[str, ...], countries: frozenset[str]) -> bool:
    if not entity.region and not entity.language:
        return True
    spoken = bool(entity.language) and (entity.language in languages or AUTO in languages)
    return spoken or entity.region in countries
