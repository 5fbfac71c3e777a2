"""Numbers of cases and files of courts and offices: after a label, in the forms of courts, and in lists. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from gateway.redaction.facts import Facts
from gateway.redaction.led import Led

Found = tuple[int, int]

_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_OF_CASE: Final = r"(?:(?:file|docket|numbers?(?:\(s\))?|no\(s\)|nos?\.?|nr\.?|n\.?[o\u00ba\u00b0]|\#)[ ]?){1,2}"
_CASE_LABEL: Final = (
    r"(?:(?:application|case|docket|court[ ]file|file|petition|complaint|claim|appeal|matter|suit|cause|index|record"
    r"|reference|incident|report|warrant|action|indictment|investigation|decision|judgment|proceeding|protocol|probate"
    rf"|citation)s?|appl\.|ref\.?|crim\.|civ\.|cr\.|misc\.|adv\.[ ]proc\.)[ _-]?\(?{_OF_CASE}"
    r"|(?:your|our|my|their|onze|uw|ons|notre|votre|nuestra|su|unser|ihr)[ ](?:ref(?:erence|erentie|\.|\b)|r\u00e9f\.?"
    r"|zeichen|kenmerk)(?:[ ]is)?|sous[ ]le[ ]n(?:um\u00e9ro|\u00b0)"
    r"|(?:juicio|procedimiento|diligencias|rollo|ejecutoria|sumario)(?:[ ](?:ordinario|verbal|oral|previas|abreviado"
    r"|de[ ]apelaci\u00f3n|de[ ]sala))?(?=[ ]\d{1,5}/(?:19|20)\d\d)"
    r"|aktenzeichen|gesch\u00e4ftszeichen|gesch\u00e4fts-?(?:nummer|nr\.?)|\baz\.|\bgz\."
    rf"|(?:requ\u00eate|dossier|pourvoi|affaire|arr\u00eat|procedimiento|recurso|sentencia|sentenza|rollo)s?"
    rf"(?:[ ]de[ ]\w{{4,12}})?[ ]"
    r"n(?:os?\b|\.?[o\u00ba\u00b0]|\.|\u00fam\.?)\.?|expediente(?:[ ]n\.?[o\u00ba\u00b0]\.?)?|zaaknummer|rolnummer"
    r"|procedimento[ ]n\.|causa[ ]n\.|\bn[o\u00ba\u00b0]\.?[ ]?r\.?g\.?"
    r"|\br\.?g\.?[ ]?n[.\u00b0]|\br\.?g\.|(?<=\()ref\.?:?"
    r"|\bautos[ ]n\.?[o\u00ba\u00b0]"
)
_BIT: Final = r"(?:\d[\dA-Z]*|[A-Z]{1,4}\d{0,4}|cv|cr|mc|md|mj|bk|ap|po|civ|crim)"
_CASE_VALUE: Final = (
    r"(?-i:\d{1,6}[ ]of[ ](?:19|20)\d\d\b|"
    # `II K 482/03`, `L 7 AS 241/12 B ER`, `I-4 U 120/08`
    r"(?:(?:[A-Z]{1,3}|[IVX]{1,6}|\d{1,3}[a-z]?)[ -]){1,3}(?:[A-Z][A-Za-z]{0,4}[ ])?\d{1,6}/\d{2,4}"
    r"(?:[ ][A-Z]{1,2}\b){0,2}"
    # `36244/06`, `3:17-cv-00482-RBL`, `A-2417-19T3`, `U-III-2117/2004`, `HQ14X03127`, `2003-2210 B5`
    rf"|(?:[A-Z]{{1,5}}(?:[ ./-]|\.[ ])?(?:[IVX]{{1,5}}[ /-])?)?"
    rf"\d[\dA-Z]*(?:[/.:-]{_BIT}|[ ]?[/-][ ]?(?=\d){_BIT}){{0,6}}"
    r"(?:[ ]/[ ](?:HA|KG|FA)[ ](?:ZA|RK)[ ]\d\d-\d{1,5})?(?:[ ][A-Z]\d\b|[ ](?:JR|SS|SP|COS|MCA|CA|IA)\b"
    r"|[ ]?\([A-Z]{2,4}\))?)"
)
_CASE: Final = Led(
    rf"(?i)(?<![^\W_])(?:{_CASE_LABEL})(?!(?<=[^\W\d_])[^\W\d_])"
    rf"[\"'`*]{{0,2}}[ \t]*[:=#(]?[ \t]*[\"'`*]{{0,2}}(?P<value>{_CASE_VALUE})(?![\w])"
)
_MORE_CASES: Final = re.compile(
    r"(?:,[ ]|;[ ]|,?[ ](?:and|et|und|y|e|en)[ ]|[ ]?&[ ]?)(?P<value>(?:[A-Z]{1,4}[ /-])?\d{1,6}[/-]\d{2,4})(?![\w/])"
)
_SLASHED: Final = re.compile(
    r"(?i:(?<![^\W_])nos?\.[ ]?|\b(?:esas|karar)(?:[ ]no)?[:.]?[ ]|(?-i:\b[EK]\.[ ]?(?=\d{4}/\d)))"
    r"(?P<value>\d{3,6}/\d{2}(?:\d{2,4})?)(?![\w/])"
)
_DASHED: Final = Led(
    r"(?<![^\W_])(?i:nos?\.|case)[ ](?P<value>(?:19|20)?\d{2}-[A-Z]{1,3}-\d{3,6}(?:-[A-Z]{1,3})?)(?![\w-])"
)
_GERMAN_CASE: Final = re.compile(
    r"(?<![\w.])\d{1,2}[ ][KV][ ]\d{1,5}/\d{2}[ ](?:AO|EZ|EW|ER|Kg|E|F|G|U|Z)(?![\w/])"
    r"|(?<![\w.])(?:I{1,2}-)?(?:[IVX]{1,5}|\d{1,3})(?:[ ]?[a-z])?[ ](?:ZR|StR|ZB|BvR|BvL|BvF|BvE|BvQ|AZR|AZB|AZN|ABR|KR"
    r"|StE|ARs?|StV|Js|Ks|Ls|Ds|Cs|UF|WF|SchH|Verg|EnVR|NotZ|AnwZ|BLw|BJs|OJs|ZA|VA|UFH"
    r"|KLs|NBs|Qs|Ss|Ws|OWi|Gs|XII[ ]ZB|O|U|W|C|K|L|A|S|B|R|F|T|Ca|Sa|Ta|BGs|VG"
    r"|OVG)[ ]\d{1,5}/\d{2}(?:[ ]?\([A-Z0-9]{1,4}\))?(?![\w/])"
    r"|(?<![\w.])[IVX]{1,5}[ ][A-Z][A-Za-z]{0,4}(?:/[A-Z][a-z]{1,2})?[ ]\d{1,5}/\d{2}(?:\d\d)?(?![\w/])"
    r"|(?<![\w.])[SLB][ ]\d{1,2}[a-z]?[ ](?:A[LSY]|B[AKL]?|E[GL]|K[ANR]|LW|P|R|S[BFO]|U|V[ES]?)[ ]\d{1,5}/\d{2}"
    r"(?:[ ](?:B|R|WA|BH|KL|C|D))?(?:[ ]ER)?(?![\w/])"
)
_OTHER_CASES: Final = (
    ("ecli", re.compile(r"\bECLI:[A-Z]{2}:[A-Za-z0-9]{1,10}:\d{4}:[A-Z0-9]{2,20}(?:\.[A-Z0-9]{1,12}){0,3}\b")),
    (":", re.compile(r"(?<![\w-])\d{1,2}:\d{2}-(?:cv|cr|mc|md|mj|bk|ap|po)-\d{3,6}(?:-[A-Z]{2,5}){0,3}(?![\w-])")),
    (
        "[",
        re.compile(
            r"\[(?:19|20)\d\d\][ ](?:\d{1,2}[ ])?[A-Z][A-Za-z]{1,7}"
            r"(?:[ ](?:[A-Z]{2,4}|Civ|Crim|Admin|Fam|Ch|Comm|Pat))?[ ]\d{1,5}(?![\w/])"
            r"(?:[ ]\((?:Admin|Fam|Ch|QB|KB|Comm|Pat|TCC|IPEC|TC|AAC|LC|IAC|B)\))?"
        ),
    ),
    (
        "20",
        re.compile(
            r"(?<![\w/.-])(?:19|20)\d\d[ ](?:SCC|FCA?|TCC|CanLII|(?:ON|BC|AB|SK|MB|QC|NS|NB|NL|PE|YK|NW)"
            r"(?:SC|CA|CJ|QB|KB|PC|CQ|CS|TD|SCDC|LTB|HRT|CRT))[ ]\d{1,6}(?![\w/])"
            r"|(?<![\w-])(?:CRI|CIV|MVT|FAM)-?20\d\d-\d{3}-\d{3,6}(?![\w-])"
        ),
    ),
    (
        "no.",
        re.compile(
            r"(?<![^\W_])Nos?\.[ ](?P<value>\d{2}[ ](?:CR|CV|C|Civ|Cr)[ ]\d{2,6}"
            r"|(?=[A-Z0-9/-]*[A-Z/-])(?=(?:[A-Z/-]*\d){5})[A-Z0-9]{2,8}(?:[/-][A-Z0-9]{1,6}){1,3})"
            r"(?![\w/-]|[ ](?:JR|SS|SP|COS|MCA|CA|IA)\b)"
        ),
    ),
    ("-000", re.compile(r"(?<![\w-])(?:CA|ADJ|DEC)-\d{8}(?:-\d{3})?(?![\w-])")),
    ("|", re.compile(r"\|[ ](?P<value>\d{3,6}/\d{2})(?=[ ]\|)")),
    (
        "no.",
        re.compile(r"(?<![^\W_])NO\.[ ](?P<value>(?=[A-Z]{0,5}\d{5})[A-Z]{0,5}\d{5,9}(?:-[A-Z0-9]{1,4})?)(?![\w/-])"),
    ),
    (
        "n\u00b0",
        re.compile(
            r"(?i)(?<!\w)(?:n[\u00b0\u00ba][ ]?(?:minute|parquet|portalis|r\.?g\.?|dossier)|minute[ ]n[\u00b0\u00ba])"
            r"[ ]?:?[ ]?(?P<value>(?-i:[A-Z0-9][A-Z0-9/-]{4,24}))(?![\w/-])"
        ),
    ),
    (
        "no.",
        re.compile(
            r"(?m)(?<![^\n])[ \t]*Nos?\.:?[ ](?P<value>(?=[\w -]*\d{3})[A-Z0-9][A-Z0-9 -]{4,24}[A-Z0-9])[ \t]*$"
        ),
    ),
    ("/", re.compile(r"(?<![\w/.-])[A-Z]{2,6}/\d{2}/\d{3,6}(?![\w/])")),
    ("c-", re.compile(r"(?<![\w-])C-\d{1,4}/\d{2}(?:[ ]P\b)?(?![\w/-])")),
)
CASE_MARKS: Final = (
    *(
        "/",
        "[19",
        "[20",
        "ecli",
        "-cv-",
        "-cr-",
        "-mc-",
        "-md-",
        "-mj-",
        "-bk-",
        "-ap-",
        "-po-",
        "cri",
        "civ",
        "mvt",
        "fam",
    ),
    *(
        "-000",
        "|",
        "n\u00b0",
        "n\u00ba",
        "no. ",
        "nos. ",
        "minute",
        "canlii",
        " scc ",
        " fc",
        " tcc",
        " on",
        " bc",
        " ab",
    ),
    *(" sk", " mb", " qc", " ns", " nb", " nl", " pe", " yk", " nw"),
)
CASE_LED: Final = (_CASE, _DASHED)
_SLASH: Final = re.compile(r"\d/\d\d")


def cases(text: str) -> Iterator[Found]:
    """Numbers of cases and files of courts and offices, each number of a list by itself."""
    return cases_where(Facts(text))(text)


def cases_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`cases` for parts of a text of which this is known."""
    words, dashed = _CASE.among(facts), _DASHED.among(facts)
    return lambda text: iter(dict.fromkeys(_cases(text, words, dashed)))


def _cases(text: str, words: frozenset[str] | None, dashed: frozenset[str] | None) -> Iterator[Found]:
    lowered = text.lower()
    for match in _CASE.matches(text, words):
        value = match["value"].rstrip(" .:-")
        digits = sum(c.isdigit() for c in value)
        if digits >= 3 and not _YEAR.fullmatch(value) and (digits >= 4 or any(c in "/-:." for c in value)):
            yield match.start("value"), match.start("value") + len(value)
            yield from _others(text, match.end("value"))
    if _SLASH.search(text):
        for match in _SLASHED.finditer(text):
            yield match.span("value")
            yield from _others(text, match.end("value"))
        for match in _GERMAN_CASE.finditer(text):
            yield match.span()
    for match in _DASHED.matches(text, dashed):
        yield match.span("value")
    for mark, pattern in _OTHER_CASES:
        if mark in lowered:
            for match in pattern.finditer(text):
                yield match.span(match.lastgroup or 0)


def _others(text: str, at: int) -> Iterator[Found]:
    """The numbers of a list that follow its first: `, 30442/04 and 31005/05`."""
    while match := _MORE_CASES.match(text, at):
        yield match.span("value")
        at = match.end("value")
