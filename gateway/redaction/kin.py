"""People whom a text names by what they are to somebody: `mein Sohn Jörn`, `née Roe`, `die Richter Roe und Doe`. Pure.

A complement to the trained detector, which reads such phrases well in English and less so in other languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gateway.redaction.facts import Facts
from gateway.redaction.led import Led
from gateway.redaction.names import trimmed

Found = tuple[int, int]

_CAPITAL: Final = r"[^\W\d_a-z\u00df-\u00f6\u00f8-\u00ff]"
_WORD: Final = rf"{_CAPITAL}[^\W\d_]*(?:['\u2019-][^\W\d_]+)*"
_NAME: Final = rf"{_WORD}(?:[ ](?:{_WORD}|{_CAPITAL}\.)){{0,2}}"
_TITLE: Final = r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herrn?|Frau|Mme|Mlle|M|Sra?|Sig|D\u00f1?a?|don|do\u00f1a)\.?[ ])?"
_WHOSE: Final = (
    r"(?:my|his|her|your|our|their|the[ ](?:applicant|claimant|plaintiff|defendant|patient|deceased|victim)['\u2019]s"
    r"|(?:mein|dein|sein|ihr|unser|euer)(?:e[rsmn]?)?|mon|ma|ton|ta|son|sa|notre|votre|leur"
    r"|mi|tu|su|nuestr[oa]|(?:(?:il|la)[ ])?(?:mi[oa]|tu[oa]|su[oa]|nostr[oa]|vostr[oa])|mijn|zijn|haar|uw|onze?|hun)"
)
_KIN: Final = (
    *("wife", "husband", "son", "daughter", "brother", "sister", "mother", "father", "mum", "mom", "dad", "aunt"),
    *("uncle", "cousin", "niece", "nephew", "grandmother", "grandfather", "grandma", "grandpa", "grandson"),
    *("granddaughter", "girlfriend", "boyfriend", "fianc\u00e9", "fianc\u00e9e", "fiance", "fiancee", "roommate"),
    *("flatmate", "neighbour", "neighbor", "landlord", "landlady", "boss", "colleague", "friend", "partner"),
    *("sohn", "tochter", "mann", "ehemann", "ehefrau", "bruder", "schwester", "mutter", "vater", "onkel", "tante"),
    *("oma", "opa", "enkel", "enkelin", "neffe", "neffen", "nichte", "schwager", "schw\u00e4gerin", "cousine"),
    *("partnerin", "freund", "freundin", "kollege", "kollegen", "kollegin", "nachbar", "nachbarn", "nachbarin"),
    *("chef", "chefin", "schwiegermutter", "schwiegervater", "schwiegersohn", "verlobte", "verlobten", "verlobter"),
    *("mari", "femme", "\u00e9poux", "\u00e9pouse", "fils", "fille", "fr\u00e8re", "s\u0153ur", "soeur", "m\u00e8re"),
    *("p\u00e8re", "compagnon", "compagne", "ami", "amie", "oncle", "coll\u00e8gue", "patron", "voisin", "voisine"),
    *("conjoint", "conjointe", "neveu", "ni\u00e8ce", "copain", "copine", "grand-m\u00e8re", "grand-p\u00e8re"),
    *("marido", "mujer", "esposa", "esposo", "hijo", "hija", "hermano", "hermana", "madre", "padre", "novio"),
    *("novia", "pareja", "jefe", "jefa", "amigo", "amiga", "vecino", "vecina", "t\u00edo", "t\u00eda", "primo"),
    *("prima", "abuelo", "abuela", "cu\u00f1ado", "cu\u00f1ada", "suegro", "suegra", "sobrino", "sobrina"),
    *("marito", "moglie", "figlio", "figlia", "fratello", "sorella", "compagno", "compagna", "zio", "zia", "cugino"),
    *("cugina", "amico", "amica", "collega", "capo", "nonno", "nonna", "fidanzato", "fidanzata", "suocera"),
    *("man", "vrouw", "zoon", "dochter", "broer", "zus", "moeder", "vader", "vriend", "vriendin", "oom"),
    *("neef", "nicht", "buurman", "buurvrouw", "baas", "schoonmoeder", "schoonvader"),
)
_RELATIVE: Final = Led(
    rf"(?<![^\W_])(?i:{_WHOSE})[ ]{{1,2}}(?:(?i:older|younger|elder|late|eldest|youngest|best|new|old|former|ex"
    rf"|j\u00fcngerer?|\u00e4lterer?|beste[rn]?|verstorbene[rn]?|neue[rn]?)[ ])?"
    rf"(?i:{'|'.join(sorted(map(re.escape, _KIN), key=len, reverse=True))}),?[ ]{_TITLE}(?P<name>{_NAME})(?![\w])"
)
_MAIDEN: Final = Led(
    rf"(?<![^\W_])(?:n\u00e9e|nee|geb\.|geborene[rn]?|verh\.|verheiratete|epouse|\u00e9pouse|veuve|divorc\u00e9e|divorcee"
    rf"|\u00e9p\.|formerly[ ]known[ ]as|a/?k/?a\.?|alias|genannt)[ ]\"?(?P<name>{_NAME})(?![\w])"
)
_SEVERAL: Final = Led(
    rf"(?<![^\W_])(?:die|den|der|of|by|before)[ ](?:Richter(?:n|innen)?|Rechtsanw\u00e4lten?|Zeugen|Herren|Damen"
    rf"|[Jj]udges|[Jj]ustices|Messrs\.?|[Ww]itnesses)[ ](?P<names>(?:(?:Dr|Prof)\.[ ]){{0,2}}{_NAME}"
    rf"(?:,[ ](?:(?:Dr|Prof)\.[ ]){{0,2}}{_NAME}){{0,8}},?[ ](?:und|sowie|and|&)[ ](?:(?:Dr|Prof)\.[ ]){{0,2}}{_NAME})"
)
_ONE: Final = re.compile(rf"(?:^|,[ ]|[ ](?:und|sowie|and|&)[ ])(?:(?:Dr|Prof)\.[ ]){{0,2}}(?P<name>{_NAME})")
_WITH_ME: Final = re.compile(
    rf"(?<![\w'\u2019-])(?P<name>{_WORD}(?:[ ]{_WORD})?)[ ](?:and|&)[ ](?:I|me|myself)(?![\w'\u2019.-])"
)
_OFFICER: Final = Led(
    rf"(?<![^\W_])(?:W?P[CS]|D[CSI]|Sgt\.?|Officer|Constable|Trooper|Det\.)[ ]#?\d{{2,6}},?[ ](?P<name>{_NAME})(?![\w])"
)
_NICKNAME: Final = re.compile(
    rf"(?<![\w-])(?P<name>{_WORD}(?:[ ]{_WORD})?[ ](?:\"{_WORD}(?:[ ]{_WORD})?\"|\u201c{_WORD}(?:[ ]{_WORD})?\u201d"
    rf"|'{_WORD}'|\({_WORD}\))[ ]{_WORD}(?:[ ](?:III|II|IV|Jr\.?|Sr\.?)(?!\w))?)(?![\w])"
)
"""`Duane "Buck" Petty`: one person."""
_I_AM: Final = Led(r"(?i)(?<![\w'\u2019])i(?:['\u2019]?m|[ ]am)[ ](?P<name>(?-i:[a-z]{3,15})),[ ]\d{2}(?![\w:.])")
"""`im zuri, 23, from leicester`"""
_SMALL: Final = Led(r"(?<![^\W_])mrs?\.?[ ](?P<name>[a-z][a-z'\u2019-]{1,20})(?![\w])")
"""As it is typed in a chat: `mr ng`."""
_NOBODY: Final = frozenset(
    (
        *("you", "he", "she", "they", "we", "mom", "mum", "dad", "mother", "father", "everyone", "everybody", "both"),
        *("god", "this", "that", "it", "who", "someone", "somebody", "nobody", "people", "management", "others"),
        *("customers", "students", "work", "life", "time", "google", "microsoft", "chatgpt", "claude", "arzt"),
        *(
            "\u00e4rztin",
            "lehrer",
            "lehrerin",
            "and",
            "or",
            "is",
            "was",
            "the",
            "right",
            "wrong",
            "big",
            "nice",
            "perfect",
        ),
        *("robot", "president", "chairman", "speaker", "bean", "mrs", "ms", "man", "secretary", "mayor", "moderator"),
        *("fine", "back", "sorry", "here", "ready", "done", "sure", "good", "not", "going", "over", "under", "turning"),
    )
)
_RELATIVES: Final = frozenset(word for name in _KIN for word in name.split("-"))
_BORN: Final = frozenset(
    (
        *("n\u00e9e", "nee", "geb", "geborene", "geborener", "geborenen", "verh", "verheiratete", "epouse"),
        *("\u00e9pouse", "veuve", "divorc\u00e9e", "divorcee", "\u00e9p", "formerly", "aka", "k", "alias", "genannt"),
    )
)
_BENCH: Final = frozenset(
    (
        *("richter", "richtern", "richterinnen", "rechtsanw\u00e4lte", "rechtsanw\u00e4lten", "zeugen", "herren"),
        *("damen", "judges", "justices", "messrs", "witnesses"),
    )
)
_ME: Final = (" and I", " & I", " and me", " & me", " and myself", " & myself")


def relatives(text: str) -> Iterator[Found]:
    """Names behind a word for a relative or friend, of birth or marriage, in rows of judges, and of `Roe and I`."""
    return relatives_where(Facts(text))(text)


def relatives_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`relatives` for parts of a text of which this is known: what cannot be there is not looked for."""
    led = [(one, one.among(facts)) for one, words in _LED if words is None or facts.says(words)]
    several = _SEVERAL.among(facts) if facts.says(_BENCH) else frozenset[str]()
    patterns = [_WITH_ME] if any(map(facts.text.__contains__, _ME)) else []
    if facts.has("\"\u201c'("):
        patterns.append(_NICKNAME)

    def find(text: str) -> Iterator[Found]:
        for one, words in led:
            yield from _found(text, one.matches(text, words), as_it_is=one in _AS_IT_IS)
        for pattern in patterns:
            yield from _found(text, pattern.finditer(text), as_it_is=pattern is _NICKNAME)
        for match in _SEVERAL.matches(text, several):
            start = match.start("names")
            for name in _ONE.finditer(match["names"]):
                if found := trimmed(text, start + name.start("name"), start + name.end("name")):
                    yield found

    return find


_LED: Final = ((_RELATIVE, _RELATIVES), (_MAIDEN, _BORN), (_OFFICER, None), (_SMALL, None), (_I_AM, None))
"""Patterns, and words of which one stands in all that they find, for those that begin with words of most texts."""
_AS_IT_IS: Final = (_SMALL, _I_AM)


def _found(text: str, matches: Iterable[re.Match[str]], *, as_it_is: bool) -> Iterator[Found]:
    for match in matches:
        if match["name"].split()[0].lower() in _NOBODY:
            continue
        if as_it_is:
            yield match.span("name")
        elif found := trimmed(text, *match.span("name")):
            yield found
