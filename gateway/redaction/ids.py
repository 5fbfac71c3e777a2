"""Identifiers that a label gives away: documents, files, plates, user names; and wallets and hosts by form. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gateway.redaction.checksums import mod11
from gateway.redaction.facts import Facts
from gateway.redaction.keccak import keccak256
from gateway.redaction.led import Led

Found = tuple[int, int]
Words = frozenset[str] | None

_SEP: Final = (
    r"[\"'`*_]{0,3}(?:[ \t]*(?:[:=#]|\bis\b|\bist\b|\bes\b|\best\b|\u00e8|\blautet\b|\bwas\b"
    r"|n[\u00ba\u00b0o]\.?|nr\.?|no\.?s?|num(?:ber|mer"
    r"|ero)?|n\u00famero|\||\()){0,3}"
    r"[ \t]*[\"'`*_#(]{0,3}[ \t]*"
)
_NUMBER: Final = (
    r"(?:number|numbers|no\.?|nos\.?|nr\.?|num\.?|id|code|\#|nummer|n[\u00ba\u00b0]|n\u00famero|num\u00e9ro|numero)"
)
_ID: Final = Led(
    rf"(?i)(?<![^\W_])(?:"
    # Documents
    rf"passport(?:[ _-]?{_NUMBER})?|passeport|reisepass(?:nummer)?|pasaporte|passaporto|paspoort(?:nummer)?"
    rf"|(?:national|government|state|citizen|resident|alien|identity|identification)[ _-]?(?:id(?:entity)?|card"
    rf"|registration)?[ _-]?(?:card[ _-]?)?{_NUMBER}"
    r"|(?:id(?:entity)?|identification)[ _-]?card(?:[ _-]?(?:number|no\.?|\#))?|personalausweis(?:nummer|[ ]nr\.?)?"
    r"|ausweisnummer|dni|nie"
    r"|carte[ ](?:nationale[ ])?d['\u2019]identit\u00e9|carta[ ]d['\u2019]identit\u00e0|identiteitskaart(?:nummer)?"
    r"|visa[ _-]?(?:number|no\.?)"
    rf"|(?:driv(?:er|ing|er['\u2019]s|ers)[ _-]?)(?:licen[cs]e|permit)(?:[ _-]?{_NUMBER})?|licen[cs]e[ _-]?(?:number"
    rf"|no\.?|\#)|f\u00fchrerschein(?:nummer)?|permis[ ]de[ ]conduire"
    # Tax and insurance
    rf"|(?:tax|taxpayer|vat|ein|tin|itin)[ _-]?(?:payer[ _-]?)?(?:id(?:entification)?[ _-]?)?(?:{_NUMBER})"
    rf"|steuer-?(?:id|nummer|identifikationsnummer)|ust-?id(?:-?nr\.?)?"
    r"|num\u00e9ro[ ]fiscal|nif|cif|codice[ ]fiscale|c\.[ ]?f\.|cod\.[ ]?fisc\.|partita[ ]iva|btw-?nummer"
    r"|bsn(?:-?nummer)?|burgerservicenummer|rijksregisternummer|nric|n\.i\.e\.|d\.n\.i\.|kennitala|carte[ ]vitale"
    rf"|nhs[ _-]?{_NUMBER}|(?:gmc|nmc)(?:[ ](?:number|no\.?|reference(?:[ ]number)?))?"
    rf"|(?:social[ _-]?(?:security|insurance)|national[ _-]?insurance|health[ _-]?(?:insurance|card|plan)"
    rf"|insurance)[ _-]?{_NUMBER}"
    r"|(?:sozial|renten|kranken)?versicherten?-?(?:nummer|nr\.?)|sozialversicherungsnummer"
    r"|n[o\u00ba\u00b0]\.?[ ]de[ ](?:s\u00e9cu(?:rit\u00e9[ ]sociale)?|ss)"
    r"|(?:council[ ]tax|tax|account|payment)[ ]ref(?:erence|\.)?"
    r"|(?:kunden|kd\.|vertrags|mitglieds|personal|versicherungs|patienten)-?[ ]?(?:nr\.?|nummer)"
    r"|vers\.-?[ ]?nr\.?|versicherungs-?(?:nummer|nr\.?)|pps(?:n|[ ](?:number|no\.?|card))"
    r"|iqama(?:[ ](?:number|no\.?))?"
    r"|num\u00e9ro[ ]de[ ]s\u00e9curit\u00e9[ ]sociale"
    # Health
    rf"|(?:patient|medical[ _-]?record|chart|hospital|admission|beneficiary|subscriber|enrollee)[ _-]?{_NUMBER}|mrn"
    rf"|nhc|historia[ ]cl\u00ednica|cipa?|nass|episodio|n[\u00ba\u00b0o]\.?[ ]?col(?:\.|egiad[oa])?|colegiad[oa]"
    rf"|n[\u00ba\u00b0o]\.?[ ]de[ ](?:afiliaci[o\u00f3]n|colegiad[oa]|p[o\u00f3]liza|historia)|tarjeta[ ]sanitaria"
    # People in an organisation
    rf"|(?:employee|staff|personnel|payroll|badge|worker|student|matriculation|enroll?ment|pupil|member(?:ship)?"
    rf"|loyalty|frequent[ ]flyer|policy(?:holder)?|voter|prisoner|inmate|detainee|offender|participant)[ _-]?{_NUMBER}"
    rf"|(?:booking|confirmation|reservation)[ _-]?(?:ref(?:erence)?\b\.?|{_NUMBER})|a-number"
    rf"|bar[ ]{_NUMBER}|ni[ ]{_NUMBER}|(?:my|his|her)[ ]licen[cs]e"
    r"|personalnummer|matrikelnummer|mitarbeiternummer|kundennummer|mitgliedsnummer|versicherungsschein(?:nummer)?"
    rf"|(?:bank[ _-]?account|account|acct?\.?|a/c)[ _-]?(?:number|no\.?|\#)|kontonummer|num\u00e9ro[ ]de[ ]compte"
    rf"|n\u00famero[ ]de[ ]cuenta"
    rf"|(?:cust(?:omer)?|client)[ _-]?{_NUMBER}|claim[ _-]?(?:number|no\.?|\#)|imei(?:[ _-]?number)?"
    r"|serial[ ]number[ ]of[ ]the[ ]device"
    rf")(?![^\W_]){_SEP}(?P<value>(?:nhc-)?(?-i:[A-Z]{{1,3}}(?:-[A-Z]{{1,2}})?[ ](?=\d{{3}}))?"
    rf"(?:(?=[A-Z./-]*\d)[A-Z0-9][A-Z0-9./-]{{2,28}}[A-Z0-9](?:[ ](?=\d)\d{{2,6}}){{0,4}}"
    rf"|\d{{3}}[ ]\d{{3}}[ ]\d{{4}}|\d{{1,3}}(?:[ ]\d{{3}}){{2,4}}|\d\d[ -]\d\d[ -]\d{{4,6}}|\d\d[ ]\d{{7,8}}"
    rf"(?:[ ]\d\d)?"
    rf"|[A-Z]{{2}}(?:[ ]\d\d){{3}}(?:[ ][A-D])?|\d{{2}}[ ]\d{{6}}[ ][A-Z][ ]\d{{2,3}}"
    rf"|[12][ ]\d\d[ ]\d\d[ ]\d[\dAB][ ]\d{{3}}[ ]\d{{3}}(?:[ ]\d\d)?))"
    rf"(?![\w])"
)
_PLATE: Final = Led(
    r"(?i)(?<![^\W_])(?:(?:licen[cs]e|number|vehicle|registration|car"
    r"|vehicle[ ]registration)[ _-]?plates?(?:[ _-]?(?:number|no\.?|\#))?"
    r"|plates?(?=[ ](?:was[ ]|is[ ])?[\"'(]?(?-i:[A-Z0-9-]{4,9}|[A-Z0-9]{1,4}[ -](?=[A-Z]*\d)[A-Z0-9]{2,6})\b)"
    r"|plate[ _-]?(?:number|no\.?|\#)"
    r"|(?:vehicle|car)[ _-]?(?:registration|reg\.?)(?:[ _-]?(?:number|no\.?|mark"
    r"|plate))?|kennzeichen|nummernschild"
    r"|plaque[ ]d['\u2019]immatriculation|immatricul\u00e9e?|immatriculation|matr\u00edcula|targa|kenteken)"
    r"(?!(?<=[^\W\d_])[^\W\d_])(?:[ \t]*(?:[:=|#]|\bis\b|\bist\b|\bof\b|\bwas\b|\breads?\b)){0,2}[ \t]*[\"'`*(]{0,3}"
    r"(?P<value>(?-i:[A-Z\u00c4\u00d6\u00dc0-9]{1,7}(?:[ .\u00b7-][A-Z0-9]{1,7}){0,3}))(?!\w)"
)
_REGISTERED: Final = Led(
    r"(?i)(?<![^\W_])registration[ ](?:number|no\.?|mark)[ \t]*(?:[:=]|\bis\b|\bwas\b)?[ \t]*[\"'(]?(?-i:(?P<value>"
    r"\d{2}[ -]?[A-Z]{1,3}[ -]?\d{2,4}|[A-Z]{2}\d\d[ ]?[A-Z]{3}|[A-Z]{1,3}[ -]\d{1,4}(?:[ -][A-Z]{1,2})?"
    r"|[A-Z]{1,3}[ -][A-Z]{1,2}[ -]?\d{1,4}))(?![\w-])"
)
"""Of a vehicle, by its form: companies and products are registered too."""
_VEHICLE: Final = Led(
    r"(?i)(?<![^\W_])(?:car|van|vehicle|lorry|truck|taxi|cab|scooter|motorbike|motorcycle|registration|reg"
    r"|plates?|tagged|tag|pkw|auto|wagen|voiture|fourgon|v\u00e9hicule|coche|furgoneta|macchina|furgone|ticketed|yaris"
    r"|astra|corsa|golf|focus|fiesta|polo|transit|corolla|civic|passat|clio|kangoo|megane|tesla|bmw|audi|ford|toyota|honda|nissan|renault|vauxhall"
    r"|volkswagen|vw|skoda|fabia|octavia|peugeot|mercedes|opel|kia|hyundai|mazda|volvo|fiat|citro[e\u00eb]n|subaru|jeep"
    r"|chevrolet|chevy|dodge|altima|camry|prius|accord|silverado|tacoma|sprinter|malibu|highlander)(?![^\W_])"
    r"[ ]?(?:van|car|estate|truck)?(?:,?[ ](?:registration|reg|plates?|tag|with|number|no|is|the|el|ist|est|\u00e8|de"
    r"|location|bearing|licence|license|es|mine)\b\.?){0,4}[ ]?[:(,]?[ ]?[\"'(]?"
    r"(?!(?-i:ISO|RFC|DIN|REL|VER)\b)(?P<value>(?-i:[A-Z]{2}\d\d[ ]?[A-Z]{3}"
    r"|[A-Z]{1,3}-[A-Z]{1,2}[ ]?\d{1,4}|[A-Z]{2}[ -]?\d{3}[ -]?[A-Z]{2}"
    r"|\d{4}[ ]?[B-DF-HJ-NP-TV-Z]{3}|[A-Z]{3}[ -]\d{3,4}[A-Z]{0,2}|\d{2}[ ][A-Z]{1,3}[ ]\d{2,4}"
    r"|\d{1,3}-[A-Z]{1,3}-\d{1,5}|[A-Z]{2,3}[ ]\d{4,5}[A-Z]?|[A-Z]{2}-\d{3}-[A-Z]|[A-Z]{3}[ ][A-Z]\d{2}"
    r"|[A-Z][ ]\d{3}[ ][A-Z]{3}))(?![\w-])"
)
"""Behind a vehicle, by the forms that plates have."""
_MARKS: Final = re.compile(r"[\W_]+")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_FRACTION: Final = re.compile(r"\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?")


def labelled(text: str) -> Iterator[Found]:
    """Numbers of documents, tax, insurance, patients, staff and accounts after a label that names them."""
    return labelled_where(Facts(text))(text)


def labelled_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`labelled` for parts of a text of which this is known."""
    words = _ID.among(facts)
    return lambda text: _labelled(_ID.matches(text, words))


def _labelled(matches: Iterable[re.Match[str]]) -> Iterator[Found]:
    for match in matches:
        value = match["value"]
        core = _MARKS.sub("", value)
        digits = sum(c.isdigit() for c in core)
        written = value.upper() == value
        if (digits >= 3 and len(core) >= 5 and (written or digits * 2 > len(core))) or (
            digits and written and len(core) >= 6
        ):
            yield match.span("value")


def plates(text: str) -> Iterator[Found]:
    """Plates of vehicles near a word that says so."""
    return plates_where(Facts(text))(text)


def plates_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`plates` for parts of a text of which this is known."""
    words, registered, vehicle = (pattern.among(facts) for pattern in PLATE_LED)

    def find(text: str) -> Iterator[Found]:
        others = (*_REGISTERED.matches(text, registered), *_VEHICLE.matches(text, vehicle))
        return iter(dict.fromkeys(_plates(_PLATE.matches(text, words), others)))

    return find


def _plates(matches: Iterable[re.Match[str]], registered: Iterable[re.Match[str]]) -> Iterator[Found]:
    for match in matches:
        value = match["value"]
        core = _MARKS.sub("", value)
        if 4 <= len(core) <= 10 and any(c.isdigit() for c in core) and not _YEAR.fullmatch(core):
            yield match.span("value")
    for match in registered:
        yield match.span("value")


_USER: Final = Led(
    r"(?i)(?<![^\W_])(?:user[ _-]?name|user[ _-]?id|login(?:[ _-]?name)?|screen[ _-]?name|nick(?:name)?|handle"
    r"|benutzer(?:name|kennung)"
    r"|nom[ ]d['\u2019]utilisateur|nombre[ ]de[ ]usuario|usuario|nome[ ]utente|gebruikersnaam"
    r"|users?|accounts?|usernames|nutzernamen?|compte|cuenta|konto|profile?|alias|under[ ]the[ ]name|ig"
    r"|insta)"
    r"(?:[\"'`*_]{0,3}[ \t]*(?::=|[:=]|\bis\b|\bist\b)[ \t]*[\"'`*_]{0,3}|(?<=name)[ ](?!is\b|and\b|or\b|for\b)"
    r"|[ ](?=[\w.-]*[\d_]))"
    r"(?P<value>[A-Za-z][\w.-]{2,38}[A-Za-z0-9])(?![\w@/(])"
)
_HANDLE: Final = re.compile(r"(?<![\w@./:-])@[A-Za-z_][A-Za-z0-9_.-]{1,38}[A-Za-z0-9_](?![\w@/]|\.\w)")
_NO_USER: Final = frozenset(
    (
        "true",
        "false",
        "none",
        "null",
        "required",
        "optional",
        "string",
        "admin",
        "root",
        "name",
        "user",
        "param",
        "return",
        "media",
        "import",
        "override",
        "property",
        "dataclass",
        "staticmethod",
        "classmethod",
        "pytest",
        "test",
        "app",
        "types",
        "id",
    )
)


_NAMED: Final = r"(?P<value>(?-i:(?:live:)?[a-z][a-z0-9_.-]{2,30}[a-z0-9_](?:\#\d{4})?))(?![\w@/(])"
_SERVICE: Final = (
    r"(?:insta(?:gram)?|snap(?:chat)?|discord|telegram|twitter|tiktok|steam|skype|twitch|reddit|github|gitlab|mastodon)"
)
_SURE_USERS: Final = Led(
    rf"(?i)(?<![^\W_])(?:(?:log(?:ged|ging)?[ ]?in|sign(?:ed|ing)?[ ]?in|authenticated)[ ]as"
    rf"|ssh[ ](?:in)?to[ ][\w.-]{{3,40}}[ ]as"
    rf"|(?:my|his|her|their)[ ]{_SERVICE}(?:[ ](?:name|handle|id|tag|is|:))*|(?:on|via)[ ]{_SERVICE}:|skype:?"
    r"|(?:activate|unlock|reset|disable|suspend|delete|lock)[ ]the[ ]account[ ](?:for|of))[ ](?:user[ ])?"
    rf"{_NAMED}"
)
_LIKELY_USERS: Final = Led(
    r"(?i)(?<![^\W_])(?:(?:account|password|token|key|access|login)\b[^\n;]{0,60}?[ ](?:for|to)|customer"
    rf"|issued[ ]to)[ ](?P<user>user[ ])?{_NAMED}"
)
_AT_SERVICE: Final = Led(
    r"(?i)(?<![^\W_])(?:(?<=, )|(?:(?:me|us)(?:[ ]on|:)|on|or|and|via|my|his|her|their)[ ])(?:insta(?:gram)?"
    r"|ig|snap(?:chat)?|discord|tiktok"
    r"|telegram|venmo|cash[ ]?app|psn|xbox|skype|steam)(?:[ ](?:is|name|handle|id|tag)\b|:){0,2}[ ]"
    r"(?!oauth2|(?-i:\w*_(?:id|ids|token|key|url|api|bot|hook|webhook)\b))"
    r"(?P<value>(?-i:(?=[a-z0-9.-]*(?:_|\d))[a-z][a-z0-9_.-]{2,30}[a-z0-9_](?:\#\d{4})?))(?![\w@/(])"
)
_GIVEN_AWAY: Final = re.compile(r"[ ](?:registered[ ]to|at[ ][\w.+-]+@|\(e-?mail|with[ ]password|\(id\b)")
_NICK: Final = re.compile(r"(?m)^(?:\[[^\]\n]{1,20}\][ ])?<(?P<value>[A-Za-z](?=[\w-]*[\d_])[\w-]{3,20})>[ ]")
USER_MARKS: Final = ("<", "@")
"""One of these stands in what is found without a label."""


def users(text: str) -> Iterator[Found]:
    """User names after a label, and handles such as @jroe."""
    return users_where(Facts(text))(text)


def users_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`users` for parts of a text of which this is known."""
    words = [pattern.among(facts) for pattern in USER_LED]
    return lambda text: iter(dict.fromkeys(_users(text, *words)))


def _users(text: str, words: Words, sure: Words, likely: Words, service: Words) -> Iterator[Found]:
    for match in _USER.matches(text, words):
        if match["value"].lower() not in _NO_USER:
            yield match.span("value")
    for match in (*_SURE_USERS.matches(text, sure), *_AT_SERVICE.matches(text, service)):
        if match["value"] not in _NO_USER:
            yield match.span("value")
    for match in _LIKELY_USERS.matches(text, likely):
        value = match["value"]
        marked = any(c.isdigit() or c == "_" for c in value)
        if value not in _NO_USER and (match["user"] or marked or _GIVEN_AWAY.match(text, match.end())):
            yield match.span("value")
    if "<" in text:
        for match in _NICK.finditer(text):
            yield match.span("value")
    if "@" in text:
        for match in _HANDLE.finditer(text):
            if match[0][1:].lower() not in _NO_USER:
                yield match.span()


_NHS: Final = Led(r"(?i)(?<![^\W_])nhs(?![^\W_])[^0-9\n]{0,24}(?P<value>\d{3}[- ]?\d{3}[- ]?\d{4})(?![\w-])")


def nhs(text: str) -> Iterator[Found]:
    """Numbers with a right checksum that are said to be the NHS's, however they are grouped."""
    return nhs_where(Facts(text))(text)


def nhs_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`nhs` for parts of a text of which this is known."""
    words = _NHS.among(facts)
    return lambda text: (match.span("value") for match in _NHS.matches(text, words) if mod11(match["value"]))


NHS_LED: Final = (_NHS,)
ID_LED: Final = (_ID,)
PLATE_LED: Final = (_PLATE, _REGISTERED, _VEHICLE)
USER_LED: Final = (_USER, _SURE_USERS, _LIKELY_USERS, _AT_SERVICE)

_HOST: Final = re.compile(
    r"(?i)(?<![\w.@/-])(?:https?://)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}"
    r"(?P<top>com|org|net|edu|gov|mil|int|info|biz|io|dev|app|ai|co|me|tv|eu|name|xyz|online|site|shop|cloud|tech"
    r"|store|blog|local|internal|example"
    r"|test|lan|corp|ac|[a-z]{2})(?![\w@-]|\.[a-z0-9])/?"
)
_FILE: Final = frozenset(
    "py js ts md sh rs rb cc hs pl go so gz ps db tf vb kt cs".split()  # noqa: SIM905  a list of words
)


def hosts(text: str) -> Iterator[Found]:
    """Names of hosts and domains standing alone."""
    for match in _HOST.finditer(text):
        if match["top"].lower() not in _FILE and any(c.isalpha() for c in match[0].split(".")[0]):
            yield match.span()


_ETHER: Final = re.compile(r"(?<!\w)0x[0-9a-fA-F]{40}(?!\w)")
_BASE58: Final = re.compile(r"(?<![A-Za-z0-9])[1-9A-HJ-NP-Za-km-z]{26,35}(?![A-Za-z0-9])")
_MONERO: Final = re.compile(r"(?<![A-Za-z0-9])[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}(?![A-Za-z0-9])")
_BECH: Final = re.compile(r"(?<![A-Za-z0-9])(?:ltc1|tb1|addr1|cosmos1|bc1p)[02-9ac-hj-np-z]{30,110}(?![A-Za-z0-9])")
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def wallets(text: str) -> Iterator[Found]:
    """Addresses of crypto currencies: base58 and Ethereum's mixed case with a right checksum, Monero's, and bech32."""
    for match in _BASE58.finditer(text):
        if _base58(match[0]):
            yield match.span()
    for sign, pattern in (("0x", _ETHER), ("4", _MONERO), ("8", _MONERO), ("1", _BECH)):
        if sign in text:
            for match in pattern.finditer(text):
                if pattern is not _ETHER or _eip55(match[0][2:]):
                    yield match.span()


def _eip55(digits: str) -> bool:
    """Whether the case of an Ethereum address says what its digest says (EIP-55); one case alone says nothing."""
    if digits.islower() or digits.isupper() or digits.isdigit():
        return True
    digest = keccak256(digits.lower().encode()).hex()
    return all(c.isdigit() or c.isupper() == (int(d, base=16) > 7) for c, d in zip(digits, digest, strict=False))


def _base58(value: str) -> bool:
    if (
        not any(c.isdigit() for c in value)
        or not any(c.islower() for c in value)
        or not any(c.isupper() for c in value)
    ):
        return False
    number = 0
    for character in value:
        number = number * 58 + _ALPHABET.index(character)
    if number.bit_length() > 200:
        return False
    data = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]
