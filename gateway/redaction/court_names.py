"""People as courts name them: by initials, and as the parties of a case that is cited. Pure patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.redaction.names import trimmed

Found = tuple[int, int]

_LEGAL: Final = re.compile(
    r"(?i)\b(?:applicants?|plaintiffs?|defendants?|appellants?|respondents?|claimants?|petitioners?|accused|prosecut\w+"
    r"|witness(?:es)?|courts?|tribunal|judge|police|officers?|convicted|arrested|detained|custody|matter[ ]of|minor)\b"
)
_CAPITAL: Final = "[A-Z\u00c0-\u00d6\u00d8-\u00de\u0106\u010c\u011e\u0130\u0141\u015a\u015e\u0160\u0179\u017b\u017d]"
_INITIALS: Final = re.compile(
    rf"(?<![\w.'\u2019-]){_CAPITAL}[a-z]?\.(?:[ -]?{_CAPITAL}\.){{1,3}}(?![\w'\u2019]|[ ]{_CAPITAL}[a-z])"
)
_NO_INITIALS: Final = frozenset(
    (
        *("US", "UK", "EU", "EC", "UN", "SA", "BV", "NV", "AS", "AG", "AE", "DC", "PC", "CJ", "LJ", "JJ", "QC", "KC"),
        *("NY", "NJ", "LA", "SC", "USC", "CFR", "FR", "PM", "AM", "TC", "AD", "BC", "OJ", "PS", "ID", "IP", "LLC"),
        *("USA", "SPA", "LP", "NA", "BA", "MA", "JD", "PO", "RS", "RSC", "DR", "HL", "AC", "WLR", "AIR", "ER", "ECHR"),
    )
)
_LETTER: Final = re.compile(r"(?<=[ ])[A-Z\u00c4\u00d6\u00dc](?:\u2026|\.{3}|\.(?:[ -]?[A-Z]\.){0,2})?(?![\w'\u2019])")
_TITLE: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mme|Mlle|Monsieur|Madame|Herrn?|Frau|Dr|Prof)\.?[ ]\Z")
_ROLE: Final = re.compile(
    r"\b(?:Kl\u00e4ger(?:in|s)?|Beklagte[nr]?|Zeug(?:e|en|in)|Angeklagte[nrs]?|Beschuldigte[nr]?|Antragsteller(?:in|s)?"
    r"|Gesch\u00e4digte[nr]?|Nebenkl\u00e4ger(?:in|s)?|Betroffene[nr]?|Ehe(?:manne?s?|frau)|Nachbar(?:n|s|in)?|Mutter"
    r"|Vaters?|Sohne?s?|Tochter|Bruders?|Schwester|Rechtsanw(?:alts?|\u00e4ltin)|Patentanwalts?)[ ]\Z"
)
_BEFORE: Final = 20
INITIAL_MARKS: Final = (".", "mr", "ms", "miss", "herr", "frau", "dr", "prof", "\u2026")
_PARTY: Final = r"[^\W\d_a-z][^\W\d_]*(?:['\u2019-][^\W\d_]+)*"
_PARTIES: Final = rf"{_PARTY}(?:[ ]{_PARTY}){{0,3}}"
_CITED: Final = (
    r",?[ ](?:\[GC\]|\[(?:19|20)\d\d\]|\((?:dec\.|no\.|[^()\n]{0,30}(?:19|20)\d\d\))|nos?\.[ ]?\d"
    r"|\d{1,4}[ ][A-Z][\w. ]{0,12}[ ]\d)"
)
_VERSUS: Final = re.compile(
    rf"(?P<left>{_PARTIES}?)(?:[ ](?:and|AND)[ ](?:Others|OTHERS))?[ ]v\.?s?\.?[ ](?P<right>(?:the[ ])?{_PARTIES})"
    rf"(?P<cited>{_CITED})?"
)
_JUDGE: Final = re.compile(
    rf"(?<![^\W_])(?P<name>(?:{_PARTY}[ ](?:[A-Z]\.[ ])?)?{_PARTY}),[ ](?:(?:Chief|Presiding|Senior|Acting|Deputy)[ ])?"
    r"(?:(?:(?:(?:United[ ]States|U\.S\.)[ ])?"
    r"(?:District|Circuit|Magistrate|Bankruptcy|Administrative[ ]Law|High[ ]Court)"
    r"|Associate|Vice)[ ])?(?:(?:Judges?|Justices?)(?![^\W_])|C\.[ ]?J\.|JJ?\.(?=[,:) \n])|L\.?JJ?\b)"
)
_OFFICES: Final = frozenset(("district", "circuit", "magistrate", "court", "chief", "associate", "state", "united"))
JUDGE_MARKS: Final = ("judge", "justice", ", j", ", l", "c.j.", "c. j.")
_STATES: Final = frozenset(
    (
        *(
            "albania",
            "andorra",
            "armenia",
            "austria",
            "azerbaijan",
            "belgium",
            "bosnia",
            "bulgaria",
            "croatia",
            "cyprus",
        ),
        *("denmark", "estonia", "finland", "france", "georgia", "germany", "greece", "hungary", "iceland", "ireland"),
        *("italy", "latvia", "liechtenstein", "lithuania", "luxembourg", "malta", "moldova", "monaco", "montenegro"),
        *(
            "netherlands",
            "norway",
            "poland",
            "portugal",
            "romania",
            "russia",
            "serbia",
            "slovakia",
            "slovenia",
            "spain",
        ),
        *("sweden", "switzerland", "turkey", "ukraine", "kingdom"),
    )
)
_BODIES: Final = frozenset(
    (
        *("republic", "state", "states", "united", "commonwealth", "people", "crown", "r", "ltd", "inc", "llc", "plc"),
        *(
            "gmbh",
            "ag",
            "sa",
            "corp",
            "co",
            "company",
            "bank",
            "council",
            "commission",
            "committee",
            "minister",
            "party",
        ),
        *("ministry", "secretary", "department", "board", "authority", "association", "union", "university", "school"),
        *("hospital", "city", "county", "borough", "director", "office", "agency", "service", "services", "group"),
        *("trust", "church", "attorney", "government", "federation"),
    )
)


def initials(text: str) -> Iterator[Found]:
    """People of whom courts leave initials: `officers A.K. and M.D.`, `Frau W.`, `Mr X`."""
    several = [match for match in _INITIALS.finditer(text) if re.sub(r"\W", "", match[0]) not in _NO_INITIALS]
    if several and _LEGAL.search(text):
        yield from (match.span() for match in several)
    for match in _LETTER.finditer(text):
        first = max(0, match.start() - _BEFORE)
        if _TITLE.search(text, first, match.start()) or (
            len(match[0]) > 1 and _ROLE.search(text, first, match.start())
        ):
            yield match.span()


def parties(text: str) -> Iterator[Found]:
    """The people of a case's name, where it is against a state or cited: `Roe v. Poland`, `Roe v Doe [2015] EWHC 1`."""
    for match in _VERSUS.finditer(text):
        right = _words(match["right"])
        if match["cited"] or right & _STATES:
            for side in ("left", "right"):
                words = _words(match[side])
                if not words & _STATES and not words & _BODIES and (found := trimmed(text, *match.span(side))):
                    yield found


def judges(text: str) -> Iterator[Found]:
    """Who decides, as decisions say it: `ROE, District Judge`, `Roe, J., dissenting`."""
    for match in _JUDGE.finditer(text):
        if not _words(match["name"]) & _OFFICES and (found := trimmed(text, *match.span("name"))):
            yield found


def _words(name: str) -> set[str]:
    return {word.strip(".,").lower() for word in name.split()}
