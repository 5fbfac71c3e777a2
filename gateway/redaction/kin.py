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
_PARTICLE: Final = r"(?:(?:[Vv]an|[Dd]e|[Dd]el|[Dd]i|[Ee]l|[Tt]er)[ ](?:(?:de[rn]?|la)[ ])?)?"
_ROLE: Final = Led(
    r"(?<![^\W_])(?:[Tt]estigos?|[Aa]cusad[oa]|[Pp]erit[oa]|[Ll]etrad[oa]|[Pp]rocuradora?|[Tt]este|[Tt]estimone"
    r"|[Ii]mputat[oa]|avv\.|[Dd]ott\.(?:ssa)?|notaio|[Gg]etuige|[Vv]erdachte|[Nn]otaris|[Rr]aadsheer|[Mm]evr\.|[Mm]w\."
    r"|[Dd]hr\.|[Tt]\u00e9moin|[Pp]r\u00e9venue?|[Gg]reffi(?:er|\u00e8re)|[Aa]vocate?[ ]g\u00e9n\u00e9rale?"
    r"|[Aa]lumn[oa]|[Aa]lunn[oa]|[Pp]aciente|[Pp]aziente|\u00e9l\u00e8ve|[Ll]eerling|[Ll]e[ ](?:atiende|habla)"
    r"|[Zz]i[ao]|[Tt]ante|[Oo]nkel|[Tt]onton|[Tt]\u00ed[oa]|[Oo]om|[Uu]ncle|[Aa]unt(?:ie|y)?|[Nn]onn[ao]"
    r"|[Aa]buel[oa]|(?:Estimad[oa]|[Ee]l|[Aa]l|[Dd]el)[ ]Sr\.?|Nurse|Gesch\u00e4digte[rn]?"
    r"(?=[ ][^\W\d_a-z][^\W\d_]+[ ][^\W\d_a-z]))[ ]"
    rf"(?:(?:D\.|D\u00f1a\.?|don|do\u00f1a|Sra?\.)[ ])?(?P<name>{_PARTICLE}{_NAME})(?![\w])"
)
"""What somebody is to a court, or how he is addressed, in languages that write such words small."""
_CHILD: Final = Led(
    rf"(?<![^\W_])(?:hij[oa]|figli[oa]|fils|fille|mam[\u00e1a]|pap[\u00e1a]|maman|mamma|madre|m\u00e8re"
    rf"|p\u00e8re|moeder|Mutter|Mama)[ ]"
    rf"(?:de|di|d['\u2019]|von|van)[ ]?(?P<name>{_NAME})"
    rf"(?:[ ](?:y|e|et)[ ](?:(?:de|di)[ ])?(?P<other>{_NAME}))?(?![\w])"
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
_REACHED: Final = Led(
    r"(?i)(?<![^\W_])(?:ring|call|text|txt|msg|message|ping|phone|whatsapp)[ ]"
    r"(?P<name>(?-i:[^\W\d_]{2,15}))[ ](?:on|at)[ ](?=[+(]?\d[\d ]{6})"
)
"""`ring gaz on 0161 ...`"""
_PAIR: Final = re.compile(rf"(?m)^(?P<name>{_WORD})[ ]?/[ ]?(?P<other>{_WORD})(?:,|:| [-\u2013])?[ ]*\n[ ]*\n")
"""Whom a letter speaks to: `Gus / Sunil,`"""
_I_AM: Final = Led(r"(?i)(?<![\w'\u2019])i(?:['\u2019]?m|[ ]am)[ ](?P<name>(?-i:[a-z]{3,15})),[ ]\d{2}(?![\w:.])")
"""`im zuri, 23, from leicester`"""
_SMALL: Final = Led(
    r"(?<![^\W_])(?:mrs?|dr|dokter|coach|uncle|aunt(?:ie|y)|t[i\u00ed][oa]|tata|tonton|profe)\.?[ ]"
    r"(?P<name>(?:van[ ](?:de[rn]?[ ])?)?[a-z\u00df-\u00ff][a-z\u00df-\u00ff'\u2019-]{1,20})(?![\w])"
)
"""As it is typed in a chat: `mr ng`."""
_SMALL_WORDS: Final = frozenset(
    (
        *("mr", "mrs", "dr", "dokter", "coach", "uncle", "auntie", "aunty", "tio", "t\u00edo", "tia", "t\u00eda"),
        *("tata", "tonton", "profe"),
    )
)
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
_NO_SMALL: Final = frozenset(
    (
        *("to", "in", "on", "at", "of", "for", "from", "with", "as", "by", "if", "when", "what", "how", "why", "but"),
        *("so", "then", "than", "just", "only", "also", "too", "now", "has", "had", "have", "does", "did", "do", "can"),
        *("will", "would", "could", "should", "says", "said", "told", "thinks", "thought", "wants", "came", "went"),
        *("gave", "got", "called", "comes", "goes", "are", "were", "be", "been", "my", "your", "his", "her", "our"),
        *("their", "all", "again", "today", "tomorrow", "yesterday", "never", "always", "appointment", "appt", "appts"),
        *("appointments", "visit", "visits", "note", "notes", "office", "pepper", "bill", "bills", "name", "training"),
        *("class", "trip", "bus", "bag", "seats", "station", "driver", "jokes", "vibes", "asked", "saw", "made", "met"),
        *("los", "las", "del", "de", "el", "la", "le", "les", "que", "qui", "est", "es", "y", "et", "a", "en", "se"),
        *("me", "te", "no", "si", "pas", "ne", "mu", "su", "mia", "mio", "heeft", "zegt", "zei", "was", "wil", "kan"),
        *("die", "der", "dat", "dus", "al", "ook", "als", "about", "there", "an", "up", "out", "off", "still", "got"),
        *("him", "her", "them", "us", "our", "support", "reception", "us", "you", "back", "mum", "gran", "someone"),
    )
)
"""Words in small letters behind `dr` or `ring` that are nobody there."""
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
    patterns = [_PAIR] if "/" in facts.chars and "\n" in facts.chars else []
    patterns += [_WITH_ME] if any(map(facts.text.__contains__, _ME)) else []
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


_LED: Final = (
    *((_RELATIVE, _RELATIVES), (_MAIDEN, _BORN), (_OFFICER, None), (_SMALL, _SMALL_WORDS), (_I_AM, None)),
    *((_ROLE, None), (_CHILD, None), (_REACHED, None)),
)
"""Patterns, and words of which one stands in all that they find, for those that begin with words of most texts."""
_AS_IT_IS: Final = (_SMALL, _I_AM, _REACHED)


def _found(text: str, matches: Iterable[re.Match[str]], *, as_it_is: bool) -> Iterator[Found]:
    for match in matches:
        first = match["name"].split()[0].lower()
        if first in _NOBODY or (as_it_is and first in _NO_SMALL):
            continue
        if "other" in match.re.groupindex and match["other"]:
            yield match.span("other")
        if as_it_is:
            yield match.span("name")
        elif found := trimmed(text, *match.span("name")):
            yield found
