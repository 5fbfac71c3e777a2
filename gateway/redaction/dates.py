"""Dates and times as people write them in seven languages, dates of birth, and ages. Pure patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

Found = tuple[int, int]
Scored = tuple[int, int, float]

SURE: Final = 0.6
LIKELY: Final = 0.4

_MONTHS: Final = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|januar|j\u00e4nner|februar|m\u00e4rz|maerz|mai|juni|juli|oktober|dezember"
    "|janvier|f\u00e9vrier|fevrier|mars|avril|juin|juillet|ao\u00fbt|aout|septembre|octobre|novembre|d\u00e9cembre"
    "|decembre"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre"
    "|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre"
    "|januari|februari|maart|mei|augustus"
    "|janeiro|fevereiro|mar\u00e7o|maio|junho|julho|setembro|outubro|novembro|dezembro"
)
_SHORT: Final = (
    "jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec|okt|dez|janv|f\u00e9vr|avr|juil|d\u00e9c|ene|abr|ago|dic|gen|mag"
    "|giu|lug|set|ott|mrt|mrz"
)
_DAYS: Final = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    "|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag"
    "|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    "|lunes|martes|mi\u00e9rcoles|jueves|viernes|s\u00e1bado|domingo"
    "|luned\u00ec|marted\u00ec|mercoled\u00ec|gioved\u00ec|venerd\u00ec|sabato|domenica"
    "|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag"
)
_MONTH: Final = rf"(?:{_MONTHS}|(?:{_SHORT})\b\.?)"
_DAY: Final = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|er|\u00ba|\u00aa|\.)?"
_YEAR: Final = r"(?:1[5-9]\d\d|20\d\d)"
_SHORT_YEAR: Final = r"(?:'\d\d|\u2019\d\d)"
_OF: Final = r"(?:of|de|del|di|do|d')"
_ZONE: Final = r"(?:[ ]?(?:Z|UTC|GMT|CES?T|[ECMP][SD]T|[+-][01]\d:?[0-5]\d)\b)?"
_CLOCK: Final = (
    r"(?:[01]?\d|2[0-3])(?:[:h][0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?:[ ]?[ap]\.?m\b\.?)?"
    r"|(?:\.[0-5]\d)?[ ]?[ap]\.?m\b\.?)" + _ZONE
)
_NUMERIC: Final = (
    rf"(?:{_YEAR}(?:-(?:1[0-2]|0?[1-9])-(?:3[01]|[12]\d|0?[1-9])|/(?:1[0-2]|0?[1-9])/(?:3[01]|[12]\d|0?[1-9])"
    r"|\.(?:1[0-2]|0[1-9])\.(?:3[01]|[12]\d|0[1-9]))"
    r"|(?:3[01]|[12]\d|0?[1-9])(?P<mark>[ ]?[-/.][ ]?)(?:3[01]|[12]\d|0?[1-9])(?P=mark)(?:(?:1[5-9]|20)\d\d|\d\d))"
)
_WRITTEN: Final = (
    rf"(?:(?:{_DAY}(?:,[ ]{_DAY}){{0,4}}(?:,?[ ](?:and|und|et|y|e)[ ]|[ ]?[-\u2013][ ]?))?"
    rf"{_DAY}[ -]{{0,2}}(?:{_OF}[ ]?)?{_MONTH}(?:[ ,-]{{1,2}}(?:{_OF}[ ])?(?:{_YEAR}|{_SHORT_YEAR}|\d\d\b)|\b)"
    rf"|{_MONTH}[ -](?:the[ ])?{_DAY}\b(?!:\d)(?:,?[ -](?:{_OF}[ ])?(?:{_YEAR}|{_SHORT_YEAR}))?"
    rf"|{_MONTH}[ ,/-]{{1,2}}(?:{_OF}[ ])?(?:{_YEAR}|{_SHORT_YEAR})|(?:{_SHORT})-\d\d\b"
    rf"|{_DAY}[ ](?:day[ ])?(?:of[ ]){_MONTH}\b(?:,?[ ]{_YEAR})?)"
)
_DATE: Final = (
    rf"(?:(?:(?:{_DAYS})|(?:mon|tue|wed|thu|fri|sat|sun)\b\.?),?[ ](?:the[ ]|le[ ]|el[ ]|den[ ])?)?"
    rf"(?:{_WRITTEN}|{_NUMERIC})"
)
_JOIN: Final = r"(?:T|,?[ ]{1,2}(?:at[ ]|um[ ]|\u00e0[ ]|a[ ]las[ ]|alle[ ](?:ore[ ])?|om[ ])?)"
_MOMENT: Final = re.compile(
    rf"(?i)(?<![\w.,/:@-])(?<!\d )(?P<date>{_DATE})(?:{_JOIN}{_CLOCK}(?:[ ]?Uhr)?)?(?![\w/]|[.,:-]\d)"
)
_SERVER: Final = re.compile(
    r"(?<![\w/])\d{2}/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/\d{4}(?::\d{2}){3}(?:[ ][+-]\d{4})?(?!\w)"
)
"""As web servers write it."""
_HOURS: Final = re.compile(
    r"(?i)(?<![\w.,/-])(?:[01]?\d|2[0-3])(?:[.:][0-5]\d[ ](?:uhr|uur|h)|[ ](?:uhr|uur|heures?)(?:[ ][0-5]\d)?)(?!\w)"
)
_CLOCK_ALONE: Final = re.compile(rf"(?i)(?<![\w.:,/-]){_CLOCK}(?![\w:/]|\.\d)")
_DAY_ALONE: Final = re.compile(rf"(?i)(?<![\w-])(?:{_DAYS})(?![\w-])")
_YEAR_ALONE: Final = re.compile(
    r"(?i)\b(?:in|since|from|between|the|until|till|by|before|after|during|year|summer|winter|spring|autumn|fall"
    r"|seit|im[ ]jahre?|en"
    r"|depuis|dal|nel|desde|sinds|anno|and|to|of|early|late|mid)[ -](?P<year>(?:1[6-9]\d\d|20[0-4]\d)(?:s|er)?)"
    r"(?![\w/%]|[.,:-]\d|[ ](?:%|eur|usd|euros?|dollars?|people|ms|mb|gb|kb|items?|rows?|tokens?|words?|bytes?)\b)"
)
_MONTH_ALONE: Final = re.compile(
    r"(?<![\w-])(?i:in|since|until|till|by|from|before|during|last|next|early|late|mid|end[ ]of|im|seit|ab"
    r"|bis|anfang|ende"
    r"|en|depuis|desde|hasta|sinds|tot|vanaf)[ -](?P<month>(?i:"
    + "|".join(sorted(set(_MONTHS.split("|")) - {"march", "may", "august", "mars", "mai", "set"}))
    + r")|March|May|August|Mars|Mai)(?![\w-]|[ ]\d|,[ ]\d)"
)
_MONTH_DIGITS: Final = re.compile(r"(?i)(?<![\w./-])(?:1[0-2]|0?[1-9])/(?:19|20)\d\d(?![\w/-])")
_MONTH_SIGN: Final = re.compile(rf"(?i)(?:{_MONTHS}|\b(?:{_SHORT})\b)")
_NUMBER_SIGN: Final = re.compile(r"\d[ ]?[-/.][ ]?\d")


def moments(text: str) -> Iterator[Scored]:
    """Dates, times, weekdays, and years after a word that says so; each with how sure it is."""
    if any(c.isdigit() for c in text):
        if _NUMBER_SIGN.search(text) or _MONTH_SIGN.search(text):
            for match in _MOMENT.finditer(text):
                yield match.start(), _without_stop(text, *match.span()), SURE
        for match in _YEAR_ALONE.finditer(text):
            yield *match.span("year"), LIKELY
        for pattern in (_CLOCK_ALONE, _MONTH_DIGITS, _SERVER, _HOURS):
            for match in pattern.finditer(text):
                yield match.start(), _without_stop(text, *match.span()), LIKELY
    for match in _MONTH_ALONE.finditer(text):
        yield *match.span("month"), LIKELY
    for match in _DAY_ALONE.finditer(text):
        yield *match.span(), LIKELY


def _without_stop(text: str, start: int, end: int) -> int:
    """The end without the stop of a sentence: that of `9.20 pm.`, and not of `9.20 p.m.`."""
    return end - 1 if _STOPPED.search(text, start, end) else end


_STOPPED: Final = re.compile(r"(?i)\d[ ]?[ap]m\.\Z")
_GLUE: Final = (
    r"[ \t]*[\"'*_`]{0,3}(?:[ \t]*(?:[:=|(]|(?:is|was|on|in|am|le|el|il|op|the)\b)){0,4}[ \t|]*[\"'*_`]{0,3}[ \t]*"
)
_BIRTH: Final = re.compile(
    r"(?i)(?<![^\W_])(?:(?:date[ ]of[ ]birth|geburtsdatum)[ ][^\d\n:?.;]{1,40}?(?=:[ ])"
    r"|date[ _-]?of[ _-]?birth|birth[ _-]?date|d\.?o\.?b\b\.?|birthday|born|geburtsdatum|geb\b\.?"
    r"|geboren(?:[ ]am)?"
    r"|date[ ]de[ ]naissance|n\u00e9(?:e|\(e\))?[ ]le|fecha[ _]de[ _]nacimiento|nacid[oa](?:[ ]el)?"
    r"|data[ _]di[ _]nascita|nat[oa][ ](?:an?[ ][^\W\d_][^\d\n,;]{1,30}?,?[ ])?il"
    r"|(?:geboren|born|n\u00e9e?|nacid[oa])[ ](?:te|in|at|\u00e0|en)[ ][^\d\n,;:]{2,30}?,?[ ](?:op|am|on|le"
    r"|el)(?:[ ]d\u00eda)?"
    r"|geboortedatum|geboren[ ]op|data[ ]de[ ]nascimento)"
    rf"{_GLUE}(?P<date>{_DATE}|(?:{_MONTH}[ ])?{_YEAR}|\d{{1,2}}[ ]\d{{1,2}}[ ](?:19|20)\d\d)(?![\w/]|[.,:-]\d)"
)
_BORN_ON: Final = re.compile(rf"(?i)\bam[ ](?P<date>{_DATE})[ ](?:in[ ][^\W\d_]{{2,20}}[ ])?geboren(?:e[rnms]?)?(?!\w)")
_BIRTH_ASKED: Final = re.compile(
    r"(?i)\b(?:date[ ](?:of[ ]birth|de[ ]naissance)|d\.?o\.?b\.?|birthday|geburtsdatum"
    r"|fecha[ ]de[ ]nacimiento|data[ ]di[ ]nascita|geboortedatum)(?!\w)[^\n\d]{0,60}\n{1,2}"
    r"[ \t]{0,8}(?:[\[(<]?[^\n:>\]]{1,40}[:>\])][ \t]{0,4}){0,2}"
    rf"(?:[^\W\d_]{{1,12}}(?:['\u2019][a-z]{{1,2}})?[,.:]?[ ]){{0,5}}(?P<date>{_DATE})(?![\w/]|[.,:-]\d)"
)
_BORN_TOO: Final = re.compile(
    rf"(?:,[ ]|,?[ ]and[ ])(?:on[ ]|in[ ])?(?P<date>{_DATE}|{_YEAR})(?=(?:(?:,[ ]|,?[ ]and[ ])(?:on[ ]|in[ ])?"
    rf"(?:{_DATE.replace('?P<mark>', '?:').replace('(?P=mark)', '[-/.]')}|{_YEAR})){{0,6}},?[ ]respectively\b)",
    re.IGNORECASE,
)
BIRTH_MARKS: Final = (
    *(
        "birth",
        "dob",
        "d.o.b",
        "born",
        "geb",
        "naissance",
        "n\u00e9",
        "nacim",
        "nacid",
        "nascita",
        "nato il",
        "nata il",
        "nato a",
        "nata a",
    ),
    *("nascim", "geboort", "d.ob", "do.b"),
)


def births(text: str) -> Iterator[Found]:
    """Dates that a label marks as a date of birth."""
    for match in _BIRTH.finditer(text):
        yield match.span("date")
        other = _BORN_TOO.match(text, match.end("date"))
        while other:
            yield other.span("date")
            other = _BORN_TOO.match(text, other.end("date"))
    lowered = text.lower()
    for pattern, needed in ((_BORN_ON, "gebor"), (_BIRTH_ASKED, "\n")):
        for match in pattern.finditer(text) if needed in lowered else ():
            yield match.span("date")


_AGE: Final = r"(?P<age>1[01]\d|[1-9]?\d)"
_BEFORE_WORD: Final = (
    r"(?:[ -]{1,2}(?:years?|yrs?\.?|months?|weeks?|days?)[ -]{1,2}(?:old|of[ ]age)\b|[ ]?y/?o\b|[ ]ans(?!\w)"
    r"|[ ]a\u00f1os(?!\w)(?![ ]de[ ](?!edad))|[ ]anni(?!\w)|[ ]jahre?[ ]alt\b|[- ]?j\u00e4hrige?[rnms]?\b"
    r"|[ ]jaar[ ]oud\b|-jarige?\b|[ ]anos[ ]de[ ]idade)"
)
_AFTER_LABEL: Final = (
    r"(?<![\w-])(?:aged?|alter|edad|et\u00e0|\u00e2ge|leeftijd)(?:[ ]of|[ ]is)?"
    r"[ \t]*[\"'*_`]{0,3}[ \t]*[:=|]?[ \t]*[\"'*_`]{0,3}[ \t]*"
)
_AFTER_PHRASE: Final = (
    r"\b(?:im[ ]alter[ ]von|at[ ]the[ ]age[ ]of|\u00e2g\u00e9e?[ ]de|de[ ]edad[ ]de|op[ ]leeftijd[ ]van"
    r"|all'et\u00e0[ ]di|turn(?:ed|s|ing))[ ]"
)
_NO_TIME: Final = r"(?![\w%/:]|[.,-]\d|[ ](?:%|ms|s|sec|seconds?|minutes?|hours?|days?|weeks?|months?|tage?|stunden)\b)"
_AGES: Final = (
    re.compile(rf"(?i)(?<![\w.,:/-]){_AGE}{_BEFORE_WORD}"),
    re.compile(rf"(?i){_AFTER_LABEL}{_AGE}{_NO_TIME}"),
    re.compile(rf"(?i){_AFTER_PHRASE}{_AGE}(?![\w%/:]|[.,-]\d)"),
)
_BARE_AGE: Final = re.compile(
    r"(?<![\w.,:/$\u20ac\u00a3+-])(?P<age>1[01]\d|[1-9]\d?)"
    r"(?:(?=[.,;)!?\n](?!\d))|(?=[ ](?:(?:and|when|but|so|with|years?|at[ ]the[ ]time)\b|\())|(?=[MF][,;) ])|(?=\Z))"
)
_OF_SOMEBODY: Final = re.compile(
    r"(?i)(?:(?<![\w'\u2019])(?:i['\u2019]?m|i[ ]am|you[ ]are|(?:s?he|who)(?:['\u2019]s|[ ](?:is|was)))"
    r"|\b(?:mother|father|mom|mum|dad|son|daughter|wife|husband|brother|sister|nan|gran(?:dma|dpa|ny)?|uncle|aunt(?:ie|y)?"
    r"|partner|child|baby|decedent|deceased|claimant|plaintiff|defendant|applicant|appellant|victim|patient)"
    r"(?:[ ](?-i:[A-Z])[\w-]+)?[ ](?:is|was)|\b(?:man|woman|boy|girl|widow(?:er)?|pensioner|lady|gentleman)[ ]of"
    r"|(?-i:[A-Z][a-z]+[ ][A-Z][a-z]+(?:-[A-Z][a-z]+)?)[ ](?:is|was))[ ]"
    r"(?:now|only|just|already|then|about|almost|nearly|turning)?[ ]?\Z|\bI[ ]\(\Z"
)
"""What stands before a number that nothing else calls an age."""
_FAR: Final = 60
AGE_MARKS: Final = (
    *(
        "age",
        "old",
        "y/o",
        "yo",
        " ans",
        "a\u00f1os",
        "anni",
        "j\u00e4hrig",
        "jahre",
        "jaar",
        "jarig",
        "anos",
        "alter",
        "edad",
    ),
    *(
        "et\u00e0",
        "\u00e2g",
        "turn",
        " is ",
        " was ",
        "'m ",
        "im ",
        "\u2019m ",
        " am ",
        "'s ",
        "\u2019s ",
        " are ",
        " of ",
        " (",
    ),
)


def ages(text: str) -> Iterator[Found]:
    """Ages of people, the number alone."""
    for pattern in _AGES:
        for match in pattern.finditer(text):
            yield match.span("age")
    for match in _BARE_AGE.finditer(text):
        if _OF_SOMEBODY.search(text, max(0, match.start() - _FAR), match.start()):
            yield match.span("age")
