"""Every entity type the gateway can find, with the recognizer that finds it and what must be true for it to try.

`digits` is a necessary condition: a text without so many decimal digits close together cannot match any of the
recognizer's patterns, so it is not run. A test holds the gated result equal to Presidio's own engine without gates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity type."""

    type: str
    what: str
    recognizer: str
    """Name of Presidio's class, or `gateway` for one of our own."""
    digits: int = 0
    default: bool = True
    """Looked for when privacy.yaml names no entities."""
    language: str = ""
    """Looked for by default only when privacy.yaml names this language."""


ENTITIES: Final = (
    Entity("PERSON", "a name after a title or a label, or in a column of names", "gateway"),
    Entity("DATE_OF_BIRTH", "a date after a label such as `DOB:` or `born on`", "gateway", 1),
    Entity("EMAIL_ADDRESS", "an e-mail address, internal domains included", "EmailRecognizer"),
    Entity("PHONE_NUMBER", "a valid number of eight regions, or one with a country code", "gateway", 7),
    Entity("IBAN_CODE", "an IBAN with a right checksum", "IbanRecognizer", 2),
    Entity("CREDIT_CARD", "a card number with a right checksum", "CreditCardRecognizer", 12),
    Entity("IP_ADDRESS", "an IPv4 or IPv6 address", "IpRecognizer"),
    Entity("MAC_ADDRESS", "a hardware address", "MacAddressRecognizer"),
    Entity("CRYPTO", "a Bitcoin address with a right checksum", "CryptoRecognizer", 1),
    Entity("US_SSN", "a US social security number", "UsSsnRecognizer", 9),
    Entity("US_ITIN", "a US individual taxpayer number", "UsItinRecognizer", 9),
    Entity("US_PASSPORT", "a US passport number near a word that says so", "UsPassportRecognizer", 8),
    Entity("US_DRIVER_LICENSE", "a US driving licence number near a word that says so", "UsLicenseRecognizer", 1),
    Entity("US_BANK_NUMBER", "a US bank account number near a word that says so", "UsBankRecognizer", 8),
    Entity("US_MBI", "a US Medicare beneficiary number", "UsMbiRecognizer", 4),
    Entity("MEDICAL_LICENSE", "a US medical (DEA) licence with a right checksum", "MedicalLicenseRecognizer", 6),
    Entity("UK_NHS", "a UK NHS number with a right checksum", "NhsRecognizer", 10),
    Entity("UK_NINO", "a UK national insurance number", "UkNinoRecognizer", 6),
    Entity("UK_PASSPORT", "a UK passport number near a word that says so", "UkPassportRecognizer", 7),
    Entity("UK_DRIVING_LICENCE", "a UK driving licence number", "UkDrivingLicenceRecognizer", 6),
    Entity("DE_TAX_ID", "a German tax identification number with a right checksum", "DeTaxIdRecognizer", 11),
    Entity("DE_PASSPORT", "a German passport number with a right checksum", "DePassportRecognizer", 1),
    Entity("DE_ID_CARD", "a German identity card number", "DeIdCardRecognizer", 1),
    Entity("DE_SOCIAL_SECURITY", "a German pension insurance number", "DeSocialSecurityRecognizer", 11),
    Entity("DE_HEALTH_INSURANCE", "a German health insurance number", "DeHealthInsuranceRecognizer", 9),
    Entity("DE_VAT_ID", "a German VAT number", "DeVatIdRecognizer", 9),
    Entity("DE_TAX_NUMBER", "a German tax number", "DeTaxNumberRecognizer", 9, language="de"),
    Entity("DE_FUEHRERSCHEIN", "a German driving licence number", "DeFuehrerscheinRecognizer", 8, language="de"),
    Entity("ES_NIF", "a Spanish tax number", "EsNifRecognizer", 7, language="es"),
    Entity("ES_NIE", "a Spanish foreigner's number", "EsNieRecognizer", 7, language="es"),
    Entity("ES_PASSPORT", "a Spanish passport number", "EsPassportRecognizer", 6, language="es"),
    Entity("IT_FISCAL_CODE", "an Italian fiscal code", "ItFiscalCodeRecognizer", language="it"),
    Entity("IT_DRIVER_LICENSE", "an Italian driving licence number", "ItDriverLicenseRecognizer", 1, language="it"),
    Entity("IT_VAT_CODE", "an Italian VAT number", "ItVatCodeRecognizer", 11, language="it"),
    Entity("IT_PASSPORT", "an Italian passport number", "ItPassportRecognizer", 7, language="it"),
    Entity("IT_IDENTITY_CARD", "an Italian identity card number", "ItIdentityCardRecognizer", 5, language="it"),
    Entity("PL_PESEL", "a Polish national number", "PlPeselRecognizer", 11, language="pl"),
    Entity("FI_PERSONAL_IDENTITY_CODE", "a Finnish code", "FiPersonalIdentityCodeRecognizer", 9, language="fi"),
    Entity("SE_PERSONNUMMER", "a Swedish personal number", "SePersonnummerRecognizer", 10, language="sv"),
    Entity("TR_NATIONAL_ID", "a Turkish identity number", "TrNationalIdRecognizer", 11, language="tr"),
    Entity("KR_RRN", "a Korean resident number", "KrRrnRecognizer", 13, language="ko"),
    Entity("TH_TNIN", "a Thai identity number", "ThTninRecognizer", 13, language="th"),
    Entity("US_NPI", "a US provider number", "UsNpiRecognizer", 10, default=False),
    Entity("ABA_ROUTING_NUMBER", "a US bank routing number", "AbaRoutingRecognizer", 9, default=False),
    Entity("UK_POSTCODE", "a UK postcode near a word that says so", "UkPostcodeRecognizer", 1, default=False),
    Entity("CA_SIN", "a Canadian social insurance number", "CaSinRecognizer", 9, default=False),
    Entity("AU_TFN", "an Australian tax file number", "AuTfnRecognizer", 9, default=False),
    Entity("AU_MEDICARE", "an Australian Medicare number", "AuMedicareRecognizer", 10, default=False),
    Entity("IN_AADHAAR", "an Indian identity number", "InAadhaarRecognizer", 12, default=False),
    Entity("IN_PAN", "an Indian tax number", "InPanRecognizer", 4, default=False),
    Entity("SG_NRIC_FIN", "a Singaporean identity number", "SgFinRecognizer", 7, default=False),
    Entity("ZA_ID_NUMBER", "a South African identity number", "ZaIdNumberRecognizer", 13, default=False),
    Entity("DE_PLZ", "a German postcode near a word that says so", "DePlzRecognizer", 5, default=False),
    Entity("UUID", "a UUID", "UuidRecognizer", default=False),
    Entity("URL", "a web address", "UrlRecognizer", default=False),
    Entity("DATE_TIME", "a date", "DateRecognizer", 2, default=False),
)
BY_TYPE: Final = {entity.type: entity for entity in ENTITIES}


def wanted(entities: tuple[str, ...], languages: tuple[str, ...]) -> tuple[Entity, ...]:
    """The entities a policy asks for: those it names, or else the default ones and those of its languages."""
    if entities:
        return tuple(BY_TYPE[name] for name in dict.fromkeys(entities) if name in BY_TYPE)
    return tuple(e for e in ENTITIES if e.default and (not e.language or e.language in languages))
