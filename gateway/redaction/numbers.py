"""Numbers of countries that Presidio has no recognizers for: patterns, check digits, and words that raise the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gateway.redaction.national import CHECKS
from gateway.redaction.presidio import load


@dataclass(frozen=True, slots=True)
class Number:
    """One kind of number. Scores are those of a match whose check holds; a word of `context` near it adds 0.35."""

    patterns: tuple[tuple[str, float], ...]
    check: str = ""
    """Name in `national.CHECKS`; a match whose check fails is none."""
    context: tuple[str, ...] = ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_PASS: Final = _words("passport passeport paspoort passaporto pasaporte reisepass pass passnummer passnr")
_CARD: Final = _words("identity identité carte card id identidad identità kaart identiteitskaart ausweis")

# Digits alone prove little where one in ten passes the check: such a match needs a word (score below the threshold).
NUMBERS: Final[dict[str, Number]] = {
    "US_EIN": Number(
        ((r"(?<![\w-])\d{2}-\d{7}(?![\w-])", 0.1),),
        context=_words("ein fein tin taxpayer tax employer irs"),
    ),
    "VIN": Number(
        ((r"(?<![\w-])(?=[A-Z0-9]*\d)(?-i:[A-HJ-NPR-Z0-9]{8}[\dX][A-HJ-NPR-Z0-9]{4}\d{4})(?![\w-])", 0.6),),
        "vin",
        _words("vin vehicle chassis car fahrgestellnummer fin"),
    ),
    "FR_NIR": Number(
        ((r"(?<!\w)[1-478] ?\d{2} ?[0-9]{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3}[ -]?\d{2}(?!\w)", 0.85),),
        "fr_nir",
        _words("nir sécurité sociale social security assuré insee vitale"),
    ),
    "FR_TAX_NUMBER": Number(
        ((r"(?<!\w)[0-3]\d ?\d{2} ?\d{3} ?\d{3} ?\d{3}(?!\w)", 0.6),),
        "fr_tax",
        _words("fiscal spi impôt impôts tax"),
    ),
    "FR_SIREN": Number(
        ((r"(?<![\w.])\d{3}[ .]?\d{3}[ .]?\d{3}(?:[ .]?\d{5})?(?!\w)", 0.1),),
        "siren",
        _words("siren siret rcs entreprise"),
    ),
    "FR_PASSPORT": Number(((r"(?<!\w)\d{2}[A-Z]{2}\d{5}(?!\w)", 0.1),), context=_PASS),
    "FR_ID_CARD": Number(
        ((r"(?<!\w)(?:\d{12}|(?-i:(?=[A-Z]*\d)[A-Z0-9]{9}))(?!\w)", 0.1),), context=_words("cni identité")
    ),
    "NL_BSN": Number(
        (
            (r"(?<![\w.-])\d{9}(?![\w-])", 0.1),
            (r"(?<![\w.-])\d{3}\.\d{3}\.\d{3}(?![\w-])", 0.3),
            (r"(?<![\w.-])\d{4}[ .]\d{2}[ .]\d{3}(?![\w-])", 0.3),
        ),
        "nl_bsn",
        _words("bsn burgerservicenummer sofinummer sofi persoonsnummer citizen"),
    ),
    "NL_DOCUMENT": Number(
        ((r"(?<!\w)(?-i:[A-NP-Z]{2}[A-NP-Z0-9]{6}\d)(?!\w)", 0.1),),
        context=(*_PASS, *_words("identiteitskaart identiteitsbewijs rijbewijs")),
    ),
    "BE_NATIONAL_NUMBER": Number(
        (
            (r"(?<![\w.-])\d{2}\.\d{2}\.\d{2}-\d{3}[.-]\d{2}(?![\w-])", 0.85),
            (r"(?<![\w.-])\d{6}[ -]?\d{3}[ -]?\d{2}(?![\w-])", 0.5),
        ),
        "be_national",
        _words("rijksregisternummer rijksregister national register registre insz niss nrn"),
    ),
    "AT_SVNR": Number(
        ((r"(?<![\w.-])\d{4} ?\d{6}(?![\w-])", 0.3),),
        "at_svnr",
        _words("svnr sozialversicherungsnummer versicherungsnummer sv-nr sozialversicherung ecard"),
    ),
    "PT_NIF": Number(
        ((r"(?<![\w.-])\d{3} ?\d{3} ?\d{3}(?![\w-])", 0.1),),
        "pt_nif",
        _words("nif contribuinte fiscal niss cartão cidadão"),
    ),
    "IE_PPS": Number(((r"(?<!\w)\d{7}[A-W][A-IW]?(?!\w)", 0.5),), "ie_pps", _words("pps ppsn social")),
    "DK_CPR": Number(
        ((r"(?<![\w.-])\d{6}-\d{4}(?![\w-])", 0.5), (r"(?<![\w.-])\d{6} ?\d{4}(?![\w-])", 0.1)),
        "dk_cpr",
        _words("cpr cpr-nr personnummer cprnr"),
    ),
    "NO_FNR": Number(
        ((r"(?<![\w.-])\d{6} ?\d{5}(?![\w-])", 0.5),),
        "no_fnr",
        _words("fødselsnummer fodselsnummer personnummer fnr"),
    ),
    "CH_AHV": Number(
        ((r"(?<![\w.-])756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}(?![\w-])", 0.85),),
        "ch_ahv",
        _words("ahv avs ahv-nummer sozialversicherungsnummer"),
    ),
    "CZ_BIRTH_NUMBER": Number(
        ((r"(?<![\w./-])\d{6}/\d{4}(?![\w/-])", 0.6), (r"(?<![\w.-])\d{10}(?![\w-])", 0.1)),
        "cz_birth",
        _words("rodné číslo rč rodne cislo birth"),
    ),
    "RO_CNP": Number(((r"(?<![\w.-])[1-9]\d{12}(?![\w-])", 0.5),), "ro_cnp", _words("cnp personal numeric")),
    "BG_EGN": Number(((r"(?<![\w.-])\d{10}(?![\w-])", 0.1),), "bg_egn", _words("егн egn")),
    "HR_OIB": Number(((r"(?<![\w.-])(?:HR)?\d{11}(?![\w-])", 0.1),), "hr_oib", _words("oib")),
    "EE_PERSONAL_CODE": Number(
        ((r"(?<![\w.-])[1-8]\d{10}(?![\w-])", 0.3),), "ee_lt_code", _words("isikukood personal code")
    ),
    "LT_PERSONAL_CODE": Number(
        ((r"(?<![\w.-])[1-8]\d{10}(?![\w-])", 0.3),), "ee_lt_code", _words("asmens kodas personal code")
    ),
    "HU_TAJ": Number(((r"(?<![\w.-])\d{3}[ -]?\d{3}[ -]?\d{3}(?![\w-])", 0.1),), "hu_taj", _words("taj tajszám")),
    "GR_AMKA": Number(((r"(?<![\w.-])\d{11}(?![\w-])", 0.3),), "gr_amka", _words("αμκα amka")),
    "BR_CPF": Number(
        ((r"(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])", 0.85), (r"(?<![\w.-])\d{11}(?![\w-])", 0.1)),
        "br_cpf",
        _words("cpf contribuinte"),
    ),
    "BR_CNPJ": Number(
        ((r"(?<![\w.-])\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}(?![\w-])", 0.85), (r"(?<![\w.-])\d{14}(?![\w-])", 0.1)),
        "br_cnpj",
        _words("cnpj"),
    ),
    "MX_CURP": Number(((r"(?<!\w)[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d(?!\w)", 0.85),), "mx_curp", _words("curp")),
    "CL_RUT": Number(
        ((r"(?<![\w.-])\d{1,2}\.\d{3}\.\d{3}-[\dK](?![\w-])", 0.6), (r"(?<![\w.-])\d{7,8}-[\dK](?![\w-])", 0.3)),
        "cl_rut",
        _words("rut run"),
    ),
    "CN_RESIDENT_ID": Number(
        ((r"(?<![\w.-])[1-9]\d{16}[\dX](?![\w-])", 0.85),), "cn_id", _words("身份证 identity resident id")
    ),
    "JP_MY_NUMBER": Number(
        ((r"(?<![\w.-])\d{4}[ -]?\d{4}[ -]?\d{4}(?![\w-])", 0.1),),
        "jp_number",
        _words("マイナンバー individual number my"),
    ),
    "IL_ID_NUMBER": Number(((r"(?<![\w.-])\d{9}(?![\w-])", 0.1),), "il_id", _words("teudat zehut identity תז")),
}
"""Entity type -> its number."""


def recognizer(type_: str) -> Any:
    """A Presidio recognizer of one of these types."""
    presidio = load()
    number = NUMBERS[type_]
    check = CHECKS.get(number.check)

    class NumberRecognizer(presidio.PatternRecognizer):  # type: ignore[misc, name-defined]
        """Patterns whose matches must pass a check."""

        def invalidate_result(self, pattern_text: str) -> bool:
            """True for what fails the check."""
            return check is not None and not check(pattern_text)

    return NumberRecognizer(
        supported_entity=type_,
        name=f"gateway {type_}",
        supported_language="en",
        patterns=[presidio.Pattern(f"{type_} {n}", regex, score) for n, (regex, score) in enumerate(number.patterns)],
        context=list(number.context),
    )
