"""Postal addresses by their form: a number, a street's name and a word for street, in six languages. Pure patterns.

A complement to a trained detector: streets without such a word are not seen here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from gateway.redaction.facts import Facts
from gateway.redaction.marks import Marks, MarkSet

Found = tuple[int, int]

# Words that make an address with a number before them; the others, which are ordinary words too, need more around them.
_STREET: Final = (
    "Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Terrace|Crescent|Cres|Parkway|Pkwy"
    "|Highway|Hwy"
    "|Gardens|Mews|Broadway|Expressway|Turnpike|Freeway"
)
_ALSO: Final = (
    "Alley|Annex|Arcade|Bayou|Beach|Bend|Bluffs?|Bottom|Branch|Bridge|Brooks?|Burgs?|Bypass|Camp|Canyon|Cape|Causeway"
    "|Centers?|Centres?|Circles?|Cliffs?|Close|Club|Common|Corners?|Course|Courts|Coves?|Creek|Crest|Crossing|Crossroad"
    "|Curve|Dale|Dam|Divide|Drives|Estates?|Extensions?|Falls?|Ferry|Fields?|Flats?|Fords?|Forest|Forges?|Forks?|Fort"
    "|Garden|Gateway|Glens?|Greens?|Groves?|Harbors?|Haven|Heights|Hills?|Hollow|Inlet|Islands?|Isle|Junctions?|Keys?"
    "|Knolls?|Lakes?|Land|Landing|Lights?|Loaf|Locks?|Lodge|Loop|Mall|Manors?|Meadows?|Mills?|Mission|Motorway|Mount"
    "|Mountains?|Neck|Orchard|Oval|Overpass|Parks?|Parkways|Pass|Passage|Path|Pike|Pines?|Place|Plains?|Plaza|Points?"
    "|Ports?|Prairie|Radial|Ramp|Ranch|Rapids?|Rest|Ridges?|River|Roads|Route|Row|Rue|Run|Shoals?|Shores?|Skyway"
    "|Springs?|Spurs?|Squares?|Station|Stravenue|Stream|Streets|Summit|Throughway|Trace|Track|Trafficway|Trail|Tunnel"
    "|Underpass|Unions?|Valleys?|Viaduct|Views?|Villages?|Ville|Vista|Walks?|Wall|Ways?|Wells?|Wharf"
)
_STATES: Final = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois"
    "|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri"
    "|Montana"
    "|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon"
    "|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington"
    "|West Virginia|Wisconsin|Wyoming"
    "|A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[TA]"
    "|W[AVIY]"
    "|AB|BC|MB|NB|NL|NS|ON|PE|QC|SK|NSW|VIC|QLD|TAS|ACT"
)
_UP: Final = r"[A-Z\u00c0-\u00de]"
_LET: Final = r"[\w\u00c0-\u024f'\u2019.-]"
_NAME: Final = rf"{_UP}{_LET}{{0,24}}"
_GAP: Final = r"(?:,[ \t]?\n?[ \t]*|[ \t]*\n[ \t]*|[ \t]{1,2})"
_UK: Final = r"[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}"
_UNIT: Final = (
    r"(?:(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|Building|Bldg"
    r"|Block)\b\.?[ ]?#?[ ]?[A-Z]?-?\d{0,5}[A-Z]?\b"
    r"|\#[ ]?\d{1,5}[A-Z]?\b)"
)
# A stop behind four letters ends a sentence.
_TOWN: Final = rf"{_NAME}(?:(?<![^\W\d_]{{4}}\.)[ -]{_NAME}){{0,3}}"
_TAIL: Final = (
    rf"(?:{_GAP}{_UNIT})?"
    rf"(?:{_GAP}{_TOWN}(?:,[ \t]?\n?[ ]?{_TOWN})?{_GAP}(?:(?:{_STATES})\b\.?(?:{_GAP}\d{{5}}(?:-\d{{4}})?\b)?|{_UK}\b)"
    rf"|{_GAP}{_TOWN},?[ ]\d{{4,5}}(?:-\d{{4}})?\b|{_GAP}(?:{_UK}|\d{{5}}(?:-\d{{4}})?)\b)?"
)
_COMPASS: Final = r"(?:(?:[NSEW]|N[EW]|S[EW])\b\.?|North|South|East|West|Northeast|Northwest|Southeast|Southwest)"
_HOUSE: Final = r"(?:\d{1,6}[A-Za-z]?(?:[-/]\d{1,4}[A-Za-z]?)?)"
_ENGLISH: Final = re.compile(
    rf"(?<![\w.,$\u20ac\u00a3#/-])(?P<house>{_HOUSE}),?[ ]{{1,2}}(?:{_COMPASS}[ ])?"
    rf"(?P<name>(?:(?:{_NAME}|\d{{1,3}}(?:st|nd|rd|th))[ ]){{1,3}}?)(?:(?P<sure>(?:{_STREET})\b\.?)"
    rf"|(?P<also>(?:{_ALSO})\b))"
    rf"(?:[ ]{_COMPASS}(?![\w]))?(?P<tail>{_TAIL})"
)
_ENGLISH_SIGN: Final = re.compile(
    r"\d(?<![\w.,$\u20ac\u00a3#/-].)\d{0,5}[A-Za-z]?(?:[-/]\d{1,4}[A-Za-z]?)?,?[ ]{1,2}(?=[A-Z\u00c0-\u00de\d])"
)
_SMALL: Final = re.compile(
    r"(?<![\w.,$\u20ac\u00a3#/:-])\d{1,5}[a-z]?[ ](?:[nsew]\.?[ ])?"
    r"(?P<name>(?:(?!(?:of|the|and|an?|in|to|per|miles?|km|meters?|metres?|feet|ft|new|other|more|different|minutes?|hours?"
    r"|days?|years?|way|lanes?|for|on|at|from|is)\b)(?:[a-z][a-z'\u2019-]{1,20}|\d{1,3}(?:st|nd|rd|th))[ ]){1,3}?)"
    r"(?:(?P<sure>blvd|boulevard|ave|avenue|rd|ln|lane|pkwy|parkway|hwy|gdns|cres|crescent|terrace|street|road)"
    r"|(?P<also>st|drive|dr|court|ct|close|way|place|pl|mews|gardens|square))\b\.?"
    r"(?:,?[ ](?:apt|apartment|unit|flat|suite|ste|\#)\.?[ ]?\#?[a-z]?\d{0,4}[a-z]?\b)?"
    r"(?:(?:,[ ][a-z]{3,20}(?:[ ][a-z]{2,20}){0,2})?,?[ ](?:[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}"
    r"|[a-z]{1,2}\d[a-z\d]?[ ]\d[a-z]{2}"
    r"|[a-z]{2}[ ]\d{5})\b)?"
)
"""An address as it is typed in a chat: `4410 bellaire blvd`."""
_LIVES: Final = re.compile(
    r"(?i)(?:\b(?:at|live[sd]?[ ](?:at|on|in)|address(?:[ ]is|[ ]to)?|home[ ]is|moved[ ]to|ship(?:ped)?[ ](?:it[ ])?to"
    r"|deliver(?:ed)?[ ](?:it[ ])?to|residing[ ]at)[:]?)[ ]\Z"
)
_UNIT_BEFORE: Final = re.compile(rf"{_UNIT},?[ ]\Z")
_BEFORE: Final = re.compile(
    r"(?i)(?:\b(?:at|from|to|address(?:es)?|lives?|living|resid\w+|located|office|ship(?:ped)?|deliver\w*|near|of|is"
    r"|on|visit)"
    r"[:,]?|[,:])[\s\"'*_]{1,3}\Z"
)
_IN: Final = re.compile(rf"(?:,[ ]?|[ ]in[ ]|\n){_UP}")
_GERMAN: Final = re.compile(
    rf"(?<![\w-])(?:{_NAME}[ -]){{0,2}}(?:{_UP}?[\w-]{{2,30}}(?:stra(?:\u00df|ss)e|str\.|gasse|allee|chaussee|damm"
    rf"|ufer|steig|pfad|promenade)"
    rf"|{_UP}[a-z\u00e4\u00f6\u00fc\u00df]{{2,20}}(?:weg|platz|ring|markt)|Stra(?:\u00df|ss)e|Str\."
    rf"|[a-z\u00e4\u00f6\u00fc\u00df]{{4,20}}[ ]str(?:\.|a(?:\u00df|ss)e)|Allee|Platz|Weg"
    rf"|(?:Am|An[ ]de[rnm]|Auf[ ]de[rnm]|Im|In[ ]de[rnm]|Zum|Zur|Unter[ ]den"
    rf"|Hinter[ ]de[rnm])(?:[ ]{_UP}[\w-]{{2,20}}){{1,2}}(?=[ ]\d{{1,3}}[ ]?[a-z]?,?[ \n]{{1,2}}\d{{5}}))"
    rf"[ ](?:des[ ][\w. ]{{3,20}}[ ])?\d{{1,4}}(?:[ ]?[a-h]\b)?(?:[ ]?[-/\u2013][ ]?\d{{1,4}}[a-h]?)?(?![\w%]|[.,:]\d)"
    rf"(?:(?:,[ ]?|[ ]?\n[ ]?|,?[ ]in[ ]|[ ])(?:(?:D|A|CH)-)?\d{{4,5}}[ ]{_TOWN})?"
)
_GERMAN_HOME: Final = re.compile(
    r"\b(?:[Ww]ohn(?:haft|t|te|ung|sitz)|Anschrift|Adresse|Anwesen|Grundst\u00fcck)\b[^\d\n.;]{0,25}?[ ]"
    r"(?P<value>(?:Am|An[ ]de[rnm]|Auf[ ]de[rnm]|Im|In[ ]de[rnm]|Zum|Zur|Unter[ ]den|Hinter[ ]de[rnm])"
    rf"(?:[ ]{_UP}[\w-]{{2,20}}){{1,2}}[ ]\d{{1,3}}[ ]?[a-h]?)(?![\w%]|[.,:]\d)"
)
_FRENCH: Final = re.compile(
    r"\d(?<![\w.,-].)\d{0,3}(?:[ ]?(?:bis|ter|quater|[A-D]\b))?,?[ ](?i:rue|avenue|av\.|boulevard|bd|blvd|place|chemin"
    r"|all\u00e9e|impasse|quai"
    r"|route|cours|square|passage|faubourg|villa|sentier|esplanade)[ ]"
    rf"(?:(?:de[ ]la|de[ ]l['\u2019]|du|des|de|d['\u2019]|la|le|les|l['\u2019])[ ]?)?{_NAME}"
    rf"(?:[ -](?:(?:de|du|des|la|le|et|d['\u2019]|l['\u2019])[ ]?)?{_NAME}){{0,3}}"
    rf"(?:(?:,[ ]?|[ ]?\n[ ]?|[ ]-[ ]|[ ])(?:F-)?\d{{5}}[ ]{_TOWN})?"
)
_SOUTHERN: Final = re.compile(
    rf"(?<![\w-])(?:(?:[Cc]alle|C/|[Aa]vda\.?|[Aa]venida|Av\.|[Pp]laza|Pza\.?|[Pp]aseo|P\u00ba|Camino|Ronda|Traves\u00eda|Carretera"
    rf"|Ctra\.?|[Rr]ua|Pra\u00e7a"
    rf"|Via|(?<=[Ii]n[ ])via|[Vv]iale|V\.le|[Pp]iazza|P\.za|[Pp]iazzale|[Cc]orso|C\.so|Largo|Vicolo|Strada"
    rf"|Lungotevere)[ ]?"
    rf"(?:(?:de[ ]los|de[ ]las|de[ ]la|della|delle|degli|dello|dei|del|dell['\u2019]|de|di|da|do|dos|san|santa|los"
    rf"|las|la|el)[ ]?)*"
    rf"{_NAME}(?:[ ](?:(?:de|del|di|da|y|e|la|los|las|of)[ ])*{_NAME}){{0,3}},?[ ](?:(?:n\u00ba|n[\u00b0.]"
    rf"|n\u00fam\.?|num\.?)[ ]?)?\d{{1,4}}"
    rf"(?:[ ]?[A-Za-z]\b)?(?![\w%]|[.:]\d)(?:,?[ ](?:\d{{1,2}}\.?[\u00ba\u00b0\u00aa]|bajo|dto|esq|izq|izda"
    rf"|dcha|piso|interno|int\."
    rf"|scala)[ ]?\w{{0,3}})*"
    rf"(?:(?:,[ ]?|[ ]?\n[ ]?|[ ]-[ ]|[ ])(?:\d{{5}}|\d{{4}}-\d{{3}})[ ]{_TOWN}(?:[ ]\([A-Z]{{2}}\))?)?)"
)
_DUTCH: Final = re.compile(
    rf"(?<![\w-])(?:{_NAME}[ ]){{0,2}}{_UP}?[a-z\u00e9\u00eb'-]{{2,30}}(?:straat|laan|plein|gracht|kade|dijk|singel"
    rf"|dreef|plantsoen|steeg|weg|hof)"
    rf"[ ]\d{{1,4}}(?:[ -]?[A-Za-z]{{1,2}}\b|[ -]?(?:hs|bis|I{{1,3}})\b)?(?![\w%]|[.,:]\d)(?:(?:,[ ]?|[ ]?\n[ ]?"
    rf"|[ ])\d{{4}}[ ]?[A-Z]{{2}}[ ]{_TOWN})?"
)
_EAST_UP: Final = r"[A-Z\u00c0-\u00de\u0100-\u024f]"
_EASTERN: Final = re.compile(
    r"(?<![\w-])(?:(?:[Uu]l|[Oo]s|[Aa]l|[Pp]l|[Bb]ul|[Vv]ul|[Nn]\u00e1m)\.|[Uu]lica|[Aa]leja|[Oo]dos"
    rf"|[Ll]eoforos|[Cc]alea)[ ](?:[\w.]{{1,12}}[ ]){{0,2}}?{_EAST_UP}[\w-]{{2,24}}(?:[ ][\w.-]{{2,24}}){{0,2}}"
    r"[ ]\d{1,4}[A-Za-z]?(?:/\d{1,4}[A-Za-z]?)?(?:[ ]?(?:m|lok)\.?[ ]?\d{1,4})?(?![\w%]|[.,:]\d)"
    rf"(?:,?[ \n](?:\d{{2}}-\d{{3}}|\d{{3}}[ ]\d{{2}}|\d{{4,6}})[ ]{_EAST_UP}[\w-]{{2,24}})?"
)
"""Polish, Greek, Romanian and other streets: the word for street comes first."""
_BOX: Final = re.compile(
    r"(?i)(?<!\w)(?:P\.?[ ]?O\.?[ ]?Box|Post(?:al)?[ ]Box|Postfach|Postbus|Bo\u00eete[ ]postale"
    r"|Apartado(?:[ ]de[ ]correos)?"
    r"|Casella[ ]postale|PSC|CMR)[ ](?:n[o\u00ba\u00b0]\.?[ ])?\d{1,6}(?:[ ]\d{2,4})?(?!\w)(?:,?[ ](?:APO"
    r"|Box)[ ]\w{1,5}(?:[ ]\d{5})?)?"
)
_MAIL: Final = re.compile(rf"\b(?:USS|USNS|USCGC)[ ]{_NAME},?[\s]{{1,2}}FPO[ ]A[AEP][ ]\d{{5}}")

_MARKED: Final = {
    _GERMAN: (
        *("stra\u00dfe", "strasse", "str.", "gasse", "allee", "chaussee", "damm", "ufer", "steig", "pfad"),
        *(
            "promenade",
            "weg ",
            "platz ",
            "ring ",
            "markt ",
            "Stra\u00dfe",
            "Strasse",
            "Str.",
            "Allee",
            "Platz ",
            "Weg ",
        ),
        *("Am ", "An de", "Auf de", "Im ", "In de", "Zum ", "Zur ", "Unter den", "Hinter de"),
    ),
    _SOUTHERN: (
        *(
            "calle ",
            "n via ",
            "avda",
            "avenida",
            "plaza ",
            "paseo ",
            "rua ",
            "viale ",
            "piazza",
            "corso ",
            "Calle",
            "C/",
            "Avda",
            "Avenida",
            "Av.",
            "Plaza",
            "Pza",
            "Paseo",
            "P\u00ba",
            "Camino",
            "Ronda",
            "Traves",
        ),
        *("Carretera", "Ctra", "Rua", "Pra\u00e7a", "Via", "V.le", "Piazza", "P.za", "Corso", "C.so", "Largo"),
        *("Vicolo", "Strada", "Lungo"),
    ),
    _DUTCH: (
        *("straat ", "laan ", "plein ", "gracht ", "kade ", "dijk ", "singel ", "dreef ", "plantsoen ", "steeg "),
        *("weg ", "hof "),
    ),
    _MAIL: ("FPO",),
}
"""What stands in every address that the pattern finds, as it is written there."""
_MARKED_IN_ANY_CASE: Final = {
    _FRENCH: (
        *("rue ", "avenue ", "av. ", "boulevard ", "bd ", "blvd ", "place ", "chemin ", "all\u00e9e ", "impasse "),
        *("quai ", "route ", "cours ", "square ", "passage ", "faubourg ", "villa ", "sentier ", "esplanade "),
    ),
    _GERMAN_HOME: ("wohn", "anschrift", "adresse", "grundst", "anwesen"),
    _EASTERN: (
        "ul. ",
        "os. ",
        "al. ",
        "pl. ",
        "ulica ",
        "aleja ",
        "odos ",
        "leoforos ",
        "calea ",
        "bul. ",
        "n\u00e1m. ",
    ),
    _BOX: ("box", "postfach", "postbus", "bo\u00eete postale", "apartado", "casella", "psc ", "cmr "),
}
"""The same in small letters, whatever it is written in."""
_SOLID: Final = re.compile(r"[^\W_]+")


def _core(mark: str) -> str:
    return str(max(_SOLID.findall(mark), key=len))


_ALL: Final = (*_MARKED.items(), *_MARKED_IN_ANY_CASE.items())
_CORES: Final = Marks([MarkSet(tuple(_core(mark).lower() for mark in marks)) for _, marks in _ALL])
"""For each pattern, the longest part of each of its marks that stands in one word."""
_SHORT: Final = tuple(tuple(mark for mark in marks if len(_core(mark)) == 1) for _, marks in _ALL)
"""Marks that have no such part."""


def addresses(text: str) -> Iterator[Found]:
    """Street addresses, with flat, town and postcode where they follow."""
    return addresses_where(Facts(text))(text)


def addresses_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`addresses` for parts of a text of which this is known: what cannot be there is not looked for."""
    cores = _CORES.of(facts)
    patterns = []
    for number, (pattern, marks) in enumerate(_ALL):
        where = facts.text if pattern in _MARKED else facts.lowered
        if any(map(where.__contains__, marks if cores >> number & 1 else _SHORT[number])):
            patterns.append(pattern)
    return lambda text: _addresses(text, patterns)


def _addresses(text: str, patterns: Sequence[re.Pattern[str]]) -> Iterator[Found]:
    for sign in _ENGLISH_SIGN.finditer(text):
        match = _ENGLISH.match(text, sign.start())
        if match and (match["sure"] or _is_likely(text, match)):
            unit = _UNIT_BEFORE.search(text, max(0, match.start() - 24), match.start())
            yield (unit or match).start(), match.start() + len(match[0].rstrip(" ,.\n"))
    for match in _SMALL.finditer(text):
        if (match["sure"] and match[0][1] != " ") or _LIVES.search(text, max(0, match.start() - 24), match.start()):
            yield match.start(), match.start() + len(match[0].rstrip(" ,.\n"))
    for pattern in patterns:
        for match in pattern.finditer(text):
            start, end = match.span("value" if pattern is _GERMAN_HOME else 0)
            yield start, start + len(text[start:end].rstrip(" ,.\n"))


def _is_likely(text: str, match: re.Match[str]) -> bool:
    """Whether an address ends in an ordinary word: a long house number, and something around it that says so."""
    if match["tail"]:
        return True
    if len(match["house"]) < 3 or len(match["name"].split()) > 2:
        return False
    return bool(_BEFORE.search(text, max(0, match.start() - 24), match.start()) and _IN.match(text, match.end()))


_US_ZIP: Final = re.compile(
    rf"(?:\b(?:{_STATES})\b[,.]?[ ]{{1,2}}(?!\d{{4}}(?!\d))|\b(?:NSW|VIC|QLD|TAS|ACT)[ ]"
    r"|(?i:\b(?:zip(?:[ -]?code)?|postal[ -]?code|postcode|post[ ]code|plz"
    rf"|postleitzahl|code[ ]postal"
    r"|c\u00f3digo[ ]postal|cap|c\.p\.|cp)(?:[ ]is|[ ]was)?[\"'*`]{0,2}[ \t]*[:=]?[ \t]*[\"'*`]{0,2}))"
    rf"(?P<code>\d{{5}}(?:-\d{{4}})?|{_UK}|[A-Z]\d[A-Z][ ]?\d[A-Z]\d|\d{{4}}[ ]?[A-Z]{{2}}|\d{{3}}-\d{{4}}"
    rf"|\d{{4}})(?![\w-]|[.,]\d)"
)


def postcodes(text: str) -> Iterator[Found]:
    """Postcodes after a state or a word that says so."""
    for match in _US_ZIP.finditer(text):
        yield match.span("code")
