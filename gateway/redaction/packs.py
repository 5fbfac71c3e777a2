"""Entity types by country: the packs that `regions` of privacy.yaml names, each type with what finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OWN: Final = "gateway"


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity type."""

    type: str
    what: str
    recognizer: str
    """Name of Presidio's class, or `gateway` for one of our own."""
    digits: int = 0
    """So many decimal digits stand close together in whatever its patterns match."""
    default: bool = True
    """Looked for when privacy.yaml names no entities, in its region or language if it has one."""
    language: str = ""
    """Looked for by default when privacy.yaml names this language."""
    region: str = ""
    """Looked for by default when privacy.yaml names this region."""


def _us() -> tuple[Entity, ...]:
    return (
        Entity("US_SSN", "social security number", "UsSsnRecognizer", 9),
        Entity("US_ITIN", "individual taxpayer number", "UsItinRecognizer", 9),
        Entity("US_EIN", "employer or taxpayer number near a word that says so", OWN, 9),
        Entity("US_PASSPORT", "passport number near a word that says so", "UsPassportRecognizer", 8),
        Entity("US_DRIVER_LICENSE", "driving licence near a word that says so", "UsLicenseRecognizer", 1),
        Entity("US_BANK_NUMBER", "account number near a word that says so", "UsBankRecognizer", 8),
        Entity("US_MBI", "Medicare beneficiary number", "UsMbiRecognizer", 4),
        Entity("MEDICAL_LICENSE", "DEA licence with a right checksum", "MedicalLicenseRecognizer", 6),
        Entity(
            "US_HEALTH_INSURANCE_MEMBER_ID",
            "health insurance member number near a word that says so",
            "UsHealthInsuranceMemberIdRecognizer",
            1,
            default=False,
        ),
        Entity("US_CLAIM_NUMBER", "health claim number after a label", "UsClaimNumberRecognizer", 6, default=False),
        Entity(
            "US_PRIOR_AUTHORIZATION_NUMBER",
            "prior authorization number after a label",
            "UsPriorAuthorizationNumberRecognizer",
            6,
            default=False,
        ),
        Entity(
            "US_PRESCRIPTION_NUMBER",
            "prescription number after a label",
            "UsPrescriptionNumberRecognizer",
            6,
            default=False,
        ),
        Entity("US_REFERRAL_NUMBER", "referral number after a label", "UsReferralNumberRecognizer", 6, default=False),
        Entity("US_PROVIDER_TAX_ID", "tax number of a provider", "UsProviderTaxIdRecognizer", 9, default=False),
        Entity("US_NPI", "provider number", "UsNpiRecognizer", 10, default=False),
        Entity("ABA_ROUTING_NUMBER", "bank routing number", "AbaRoutingRecognizer", 9, default=False),
    )


def _uk() -> tuple[Entity, ...]:
    return (
        Entity("UK_NHS", "NHS number with a right checksum", "NhsRecognizer", 10),
        Entity("UK_NINO", "national insurance number", "UkNinoRecognizer", 6),
        Entity("UK_PASSPORT", "passport number near a word that says so", "UkPassportRecognizer", 7),
        Entity("UK_DRIVING_LICENCE", "driving licence number", "UkDrivingLicenceRecognizer", 6),
        Entity(
            "UK_VEHICLE_REGISTRATION", "plate near a word that says so", "UkVehicleRegistrationRecognizer", 1
        ),
        Entity("UK_POSTCODE", "postcode near a word that says so", "UkPostcodeRecognizer", 1, default=False),
    )  # fmt: skip


def _de() -> tuple[Entity, ...]:
    return (
        Entity("DE_TAX_ID", "tax identification number with a right checksum", "DeTaxIdRecognizer", 11),
        Entity("DE_PASSPORT", "passport number with a right checksum", "DePassportRecognizer", 1),
        Entity("DE_ID_CARD", "identity card number", "DeIdCardRecognizer", 1),
        Entity("DE_SOCIAL_SECURITY", "pension insurance number", "DeSocialSecurityRecognizer", 11),
        Entity("DE_HEALTH_INSURANCE", "health insurance number", "DeHealthInsuranceRecognizer", 9),
        Entity("DE_VAT_ID", "VAT number", "DeVatIdRecognizer", 9),
        Entity("DE_KFZ", "plate near a word that says so", "DeKfzRecognizer", 1),
        Entity("DE_HANDELSREGISTER", "company register number", "DeHandelsregisterRecognizer", 1, default=False),
        Entity("DE_LANR", "physician's number", "DeLanrRecognizer", 9, default=False),
        Entity("DE_BSNR", "practice number near a word that says so", "DeBsnrRecognizer", 9, default=False),
        Entity("DE_PLZ", "postcode near a word that says so", "DePlzRecognizer", 5, default=False),
    )


def _spoken() -> tuple[Entity, ...]:
    """Packs of countries whose language brings them, too."""
    return (
        Entity("ES_NIF", "Spanish tax number", "EsNifRecognizer", 7, language="es"),
        Entity("ES_NIE", "Spanish foreigner's number", "EsNieRecognizer", 7, language="es"),
        Entity("ES_PASSPORT", "Spanish passport near a word that says so", "EsPassportRecognizer", 6, language="es"),
        Entity("IT_FISCAL_CODE", "Italian fiscal code", "ItFiscalCodeRecognizer", language="it"),
        Entity("IT_DRIVER_LICENSE", "Italian licence near a word", "ItDriverLicenseRecognizer", 1, language="it"),
        Entity("IT_VAT_CODE", "Italian VAT number", "ItVatCodeRecognizer", 11, language="it"),
        Entity("IT_PASSPORT", "Italian passport near a word that says so", "ItPassportRecognizer", 7, language="it"),
        Entity("IT_IDENTITY_CARD", "Italian identity card near a word", "ItIdentityCardRecognizer", 5, language="it"),
        Entity("PL_PESEL", "Polish national number", "PlPeselRecognizer", 11, language="pl"),
        Entity("FI_PERSONAL_IDENTITY_CODE", "Finnish code", "FiPersonalIdentityCodeRecognizer", 9, language="fi"),
        Entity("SE_PERSONNUMMER", "Swedish personal number", "SePersonnummerRecognizer", 10, language="sv"),
        Entity("TR_NATIONAL_ID", "Turkish identity number", "TrNationalIdRecognizer", 11, language="tr"),
        Entity("TR_LICENSE_PLATE", "Turkish plate near a word", "TrLicensePlateRecognizer", 1, language="tr"),
        Entity("KR_RRN", "Korean resident number", "KrRrnRecognizer", 13, language="ko"),
        Entity("KR_FRN", "Korean foreigner's number", "KrFrnRecognizer", 13, language="ko"),
        Entity("KR_DRIVER_LICENSE", "Korean licence near a word", "KrDriverLicenseRecognizer", 12, language="ko"),
        Entity("KR_PASSPORT", "Korean passport near a word", "KrPassportRecognizer", 1, language="ko"),
        Entity("TH_TNIN", "Thai identity number", "ThTninRecognizer", 13, language="th"),
        Entity("FR_NIR", "French social security number with a right key", OWN, 13, language="fr"),
        Entity("FR_TAX_NUMBER", "French tax number with a right key", OWN, 13, language="fr"),
        Entity("FR_PASSPORT", "French passport near a word that says so", OWN, 5, language="fr"),
        Entity("FR_ID_CARD", "French identity card near a word that says so", OWN, 1, language="fr"),
        Entity("NL_BSN", "Dutch citizen number that passes the eleven test", OWN, 9, language="nl"),
        Entity("NL_DOCUMENT", "Dutch passport or identity card near a word", OWN, 1, language="nl"),
        Entity("PT_NIF", "Portuguese tax number near a word that says so", OWN, 9, language="pt"),
        Entity("DK_CPR", "Danish personal number", OWN, 10, language="da"),
        Entity("NO_FNR", "Norwegian birth number with right check digits", OWN, 11, language="no"),
        Entity("CZ_BIRTH_NUMBER", "Czech or Slovak birth number", OWN, 10, language="cs"),
        Entity("RO_CNP", "Romanian personal code", OWN, 13, language="ro"),
        Entity("BG_EGN", "Bulgarian civil number near a word", OWN, 10, language="bg"),
        Entity("HR_OIB", "Croatian number near a word", OWN, 11, language="hr"),
        Entity("EE_PERSONAL_CODE", "Estonian personal code near a word", OWN, 11, language="et"),
        Entity("LT_PERSONAL_CODE", "Lithuanian personal code near a word", OWN, 11, language="lt"),
        Entity("HU_TAJ", "Hungarian social security number near a word", OWN, 9, language="hu"),
        Entity("GR_AMKA", "Greek social security number near a word", OWN, 11, language="el"),
    )


def _others() -> tuple[Entity, ...]:
    return (
        Entity("BE_NATIONAL_NUMBER", "Belgian national number with a right key", OWN, 11, region="be"),
        Entity("AT_SVNR", "Austrian insurance number near a word that says so", OWN, 10, region="at"),
        Entity("IE_PPS", "Irish public service number with a right check letter", OWN, 7, region="ie"),
        Entity("CH_AHV", "Swiss insurance number with a right checksum", OWN, 13, region="ch"),
        Entity("FR_SIREN", "French company number near a word", OWN, 9, default=False, region="fr"),
        Entity(
            "SE_ORGANISATIONSNUMMER",
            "Swedish company number",
            "SeOrganisationsnummerRecognizer",
            10,
            default=False,
            region="se",
        ),
        Entity("KR_BRN", "Korean business number near a word", "KrBrnRecognizer", 10, default=False, region="kr"),
        Entity("AU_TFN", "Australian tax file number", "AuTfnRecognizer", 9, region="au"),
        Entity("AU_MEDICARE", "Australian Medicare number", "AuMedicareRecognizer", 10, region="au"),
        Entity("AU_ABN", "Australian business number", "AuAbnRecognizer", 11, default=False, region="au"),
        Entity("AU_ACN", "Australian company number", "AuAcnRecognizer", 9, default=False, region="au"),
        Entity("CA_SIN", "Canadian social insurance number", "CaSinRecognizer", 9, region="ca"),
        Entity(
            "CA_POSTAL_CODE", "Canadian postcode near a word", "CaPostalCodeRecognizer", 1, default=False, region="ca"
        ),
        Entity("IN_AADHAAR", "Indian identity number", "InAadhaarRecognizer", 12, region="in"),
        Entity("IN_PAN", "Indian tax number", "InPanRecognizer", 4, region="in"),
        Entity("IN_VOTER", "Indian voter number", "InVoterRecognizer", 7, region="in"),
        Entity("IN_PASSPORT", "Indian passport near a word", "InPassportRecognizer", 7, region="in"),
        Entity("IN_VEHICLE_REGISTRATION", "Indian plate", "InVehicleRegistrationRecognizer", 1, region="in"),
        Entity("IN_GSTIN", "Indian sales tax number", "InGstinRecognizer", 1, default=False, region="in"),
        Entity("SG_NRIC_FIN", "Singaporean identity number", "SgFinRecognizer", 7, region="sg"),
        Entity("SG_UEN", "Singaporean company number", "SgUenRecognizer", 1, default=False, region="sg"),
        Entity("ZA_ID_NUMBER", "South African identity number", "ZaIdNumberRecognizer", 13, region="za"),
        Entity("ZA_PASSPORT", "South African passport near a word", "ZaPassportRecognizer", 8, region="za"),
        Entity("ZA_DRIVER_LICENSE", "South African licence near a word", "ZaDriverLicenseRecognizer", 6, region="za"),
        Entity("ZA_INCOME_TAX_NUMBER", "South African tax number", "ZaIncomeTaxNumberRecognizer", 10, region="za"),
        Entity(
            "ZA_TRAFFIC_REGISTER_NUMBER",
            "South African traffic register number",
            "ZaTrafficRegisterNumberRecognizer",
            1,
            region="za",
        ),
        Entity("ZA_LICENSE_PLATE", "South African plate near a word", "ZaLicensePlateRecognizer", 1, region="za"),
        Entity("ZA_VAT_NUMBER", "South African VAT number", "ZaVatNumberRecognizer", 10, default=False, region="za"),
        Entity(
            "ZA_COMPANY_REGISTRATION",
            "South African company number",
            "ZaCompanyRegistrationRecognizer",
            1,
            default=False,
            region="za",
        ),
        Entity("NG_NIN", "Nigerian identity number", "NgNinRecognizer", 11, region="ng"),
        Entity("NG_VEHICLE_REGISTRATION", "Nigerian plate", "NgVehicleRegistrationRecognizer", 3, region="ng"),
        Entity("PH_PASSPORT", "Philippine passport near a word", "PhPassportRecognizer", 7, region="ph"),
        Entity("PH_TIN", "Philippine tax number near a word", "PhTinRecognizer", 9, region="ph"),
        Entity("PH_UMID", "Philippine identity number", "PhUmidRecognizer", 12, region="ph"),
        Entity("BR_CPF", "Brazilian taxpayer number of a person", OWN, 11, region="br"),
        Entity("BR_CNPJ", "Brazilian taxpayer number of a company", OWN, 14, default=False, region="br"),
        Entity("MX_CURP", "Mexican population key", OWN, 6, region="mx"),
        Entity("CL_RUT", "Chilean identity number", OWN, 7, region="cl"),
        Entity("CN_RESIDENT_ID", "Chinese identity number", OWN, 17, region="cn"),
        Entity("JP_MY_NUMBER", "Japanese individual number near a word", OWN, 12, region="jp"),
        Entity("IL_ID_NUMBER", "Israeli identity number near a word", OWN, 9, region="il"),
    )


_LANGUAGE_REGION: Final = {
    "sv": "se", "ko": "kr", "da": "dk", "cs": "cz", "et": "ee", "el": "gr",
}  # fmt: skip
"""Where a country is not called as its language is."""


_GERMAN_TEXT: Final = (
    Entity("DE_TAX_NUMBER", "tax number", "DeTaxNumberRecognizer", 9, language="de"),
    Entity(
        "DE_FUEHRERSCHEIN", "driving licence near a word that says so", "DeFuehrerscheinRecognizer", 8, language="de"
    ),
)
"""German numbers whose form is too common for other texts: they need the language, the region is not enough."""


def _in(region: str, entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
    return tuple(
        Entity(e.type, e.what, e.recognizer, e.digits, e.default, e.language, region or e.region or _home(e.language))
        for e in entities
    )


def _home(language: str) -> str:
    return _LANGUAGE_REGION.get(language, language)


PACKS: Final = (
    *_in("us", _us()),
    *_in("uk", _uk()),
    *_in("de", _de()),
    *_GERMAN_TEXT,
    *_in("", (*_spoken(), *_others())),
)
"""Every type that belongs to a country."""

REGIONS: Final = tuple(sorted({entity.region for entity in PACKS if entity.region}))
"""Countries that have a pack."""

_EU: Final = frozenset(
    ("at", "be", "bg", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr", "hr", "hu", "ie", "it", "lt", "nl", "pl", "pt")
) | {"ro", "se"}
GROUPS: Final[dict[str, frozenset[str]]] = {"eu": _EU}
"""Names that stand for several countries."""


def spelled_out(regions: tuple[str, ...]) -> frozenset[str]:
    """The countries that `regions` of a policy names, groups opened."""
    return frozenset(country for region in regions for country in GROUPS.get(region, frozenset((region,))))
