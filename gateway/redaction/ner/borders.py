"""Where a name begins and ends, when the model has seen a part of it: initials, elided halves, `Roe, Jane`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.model import Span
from gateway.redaction.ner.called import ROLES

_GLUE: Final = ("'", "\u2019", "-", "\u2010", "\u2011")
_HALF: Final = re.compile(
    r"(?<![^\W\d_])(?<!['\u2019\u2010\u2011-])(?:[^\W\d_]*[^\W\d_a-z\u00df-\u00ff]['\u2019\u2010\u2011-])+\Z"
)
"""`D'`, `THANH-`: the first half of a word, in capitals at its end."""
_LONGEST: Final = 40
_ON: Final = re.compile(
    r"[-\u2010\u2011](?:de|van|von|el|al|del|della|du|der|den|ter|di|da|le|la)[ ]"
    r"(?:(?:der|den|de|la)[ ])?[^\W\d_a-z][^\W\d_]+"
)
"""`-de Wit`, behind a name of two parts."""
_INITIALS: Final = re.compile(r"(?<![\w.])(?:[A-Z]\.[ -]?){1,3}\Z")
_BARE_INITIALS: Final = re.compile(r"(?<![\w.'\u2019&-])(?:(?:[A-Z] ){2,3}|[B-HJ-WYZ] )\Z")
"""`A J Strickett`; one letter alone may be an article or a pronoun."""
_ROLE_BEHIND: Final = re.compile(rf"(?:,?[ ](?:{'|'.join(sorted(ROLES, key=len, reverse=True))})\.?)+\Z", re.IGNORECASE)
_REACH: Final = 12

_CAPITALS: Final = re.compile(
    r"(?:[ ](?!(?:DOB|SSN|NHS|PHD|ESQ|LLC|INC|LTD|LLP|PLC|DBA|AKA|FKA|JUDGE|JUSTICE|APPELLANT|RESPONDENT|PLAINTIFF"
    r"|FRICS|CEO|CFO|CTO|THE|AND|FOR|WITH|FROM|TEL|FAX)\b)[^\W\d_a-z\u00df-\u00ff]{3,}"
    r"(?:-[^\W\d_a-z\u00df-\u00ff]{2,})*(?![\w'\u2019.-])){1,2}"
)
"""`Jane ROE`"""
_SUFFIX: Final = re.compile(r",?[ ](?:Jr|Sr)\b\.?|[ ](?:III|II|IV)(?!\w)|(?<=Doe)[ ]\d\b")
_FRENCH: Final = re.compile(r"(?<!\w)(?:Mme|Mlle|Ma\u00eetre|n\u00e9e|Attendu|tribunal)(?!\w)")
_AROUND: Final = 2_000
"""Characters looked at to tell the language: a whole text for each name would take time that grows with its square."""
_SPANISH: Final = re.compile(r"(?<!\w)(?:D[\u00f1n]a|D\.\u00aa|Magistrad[oa]|Procurador|Letrad[oa]|Ilmo|Sra?)(?!\w)")
_ON_BEHALF: Final = re.compile(r"(?<![^\W\d_])[iI]\.[ ]?\Z")
"""`i. A.` for *im Auftrag*"""
_LED: Final = re.compile(r"(?:^|[\n(;\t\u2022]|[ ]{2}|: )[ ]?\Z")
"""What stands before a family name that comes first."""
_ENDED: Final = re.compile(
    r"[ ]?(?:$|[\n\t;)<(\[]|[ ]{2}|,[ ](?:née|born|previously|of|aged|DOB|\d)|[ ](?:DOB|born|née))"
)
"""What stands behind the given names that follow it."""
_LINK: Final = re.compile(
    r"[ ](?:bin|bint|ibn|ben|al|el|o|van|van der|van den|von|von der|ter|ten)[ ]|[ ](?:o|O)['\u2019]?[ ]?"
)
_INITIAL: Final = re.compile(r"[ ][A-Z](?:\.|(?![\w.]))")
_MOST_WORDS: Final = 3


def whole_name(text: str, start: int, end: int) -> tuple[int, int]:
    """A name with the letters that touch it, initials before it, the half behind a particle; without a role."""
    if text[start - 1 : start] in _GLUE and (half := _HALF.search(text, max(0, start - _LONGEST), start)):
        start = half.start()
    if text[start : start + 3] == "A. " and _ON_BEHALF.search(text, max(0, start - 4), start):
        start += 3  # `i.A.`, before a signature
    else:
        for pattern in (_INITIALS, _BARE_INITIALS):
            initials = pattern.search(text, max(0, start - _REACH), start)
            if initials and not _is_title(text, initials):
                start = initials.start()
    if rest := _ON.match(text, end):
        end = rest.end()
    if text[start].isupper() and not text[start:end].isupper() and (capitals := _CAPITALS.match(text, end)):
        end = capitals.end()
    if suffix := _SUFFIX.match(text, end):
        end = suffix.end()
    if role := _ROLE_BEHIND.search(text, start, end):
        end = role.start()
    return start, end


def _is_title(text: str, initials: re.Match[str]) -> bool:
    """Whether `M.` or `D.` is a title (in a text that speaks of a Madame, or of a Dona, too), or `A.` is of `i. A.`."""
    at = initials.start()
    signs = {"M. ": _FRENCH, "D. ": _SPANISH}.get(initials[0])
    if initials[0] == "A. ":
        return _ON_BEHALF.search(text, max(0, at - 4), at) is not None
    return signs is not None and signs.search(text, max(0, at - _AROUND), at + _AROUND) is not None


def turned(text: str, spans: Sequence[Span]) -> list[Span]:
    """Spans in order, those of `Roe, Jane` and of `Jane bint Roe` made one."""
    out: list[Span] = []
    for span in spans:
        if (
            out
            and out[-1].type == span.type == "PERSON"
            and span.start - out[-1].end < _REACH
            and _LINK.fullmatch(text, out[-1].end, span.start)
        ):
            before = out.pop()
            out.append(Span(before.start, span.end, span.type, max(before.score, span.score)))
        elif out and _is_turned(text, out[-1], span):
            before = out.pop()
            initial = _INITIAL.match(text, span.end)
            end = initial.end() if initial else span.end
            out.append(Span(before.start, end, before.type, max(before.score, span.score)))
        else:
            out.append(span)
    return out


def _is_turned(text: str, family: Span, given: Span) -> bool:
    if family.type != "PERSON" or given.type != "PERSON" or text[family.end : given.start] != ", ":
        return False
    names = text[family.start : family.end], text[given.start : given.end]
    if any("," in name or "\n" in name or len(name.split()) > _MOST_WORDS for name in names):
        return False
    if _LED.search(text, max(0, family.start - 4), family.start) is None:
        return False
    if names[0].isupper() and not names[1].isupper() and len(names[0]) > _MOST_WORDS:
        return True
    initial = _INITIAL.match(text, given.end)
    return len(names[0].split()) <= 2 and _ENDED.match(text, initial.end() if initial else given.end) is not None
