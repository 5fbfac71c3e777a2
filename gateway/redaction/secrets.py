"""Secrets by their own form or by the label before them: keys, private keys, JWTs, connection strings, passwords. Pure.

Each finder yields spans. What only stands for a secret (`YOUR_API_KEY`, `sk-xxxx`, `${TOKEN}`, `<password>`) is none.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

Found = tuple[int, int]

_LEFT: Final = r"(?<![A-Za-z0-9])"
_PROVIDERS: Final = (
    r"sk-[A-Za-z0-9_-]{20,250}",  # OpenAI, Anthropic, OpenRouter and those who do as they do
    r"(?:sk|rk|pk)_(?:live|test|prod)_[A-Za-z0-9]{16,250}|whsec_[A-Za-z0-9+/=]{24,100}",  # Stripe
    r"(?:AKIA|ASIA|AGPA|AIDA|AROA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])",  # AWS
    r"gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255}",
    r"gl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_.-]{20,255}",
    r"xox[abceoprs]-[A-Za-z0-9-]{10,250}|xapp-\d-[A-Za-z0-9-]{20,250}",
    r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,200}",
    r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,200}",
    r"AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,250}|GOCSPX-[\w-]{28}",  # Google
    r"[\w~.-]{3}\dQ~[\w~.-]{31,34}",  # Azure client secret
    r"SG\.[\w-]{16,32}\.[\w-]{16,64}|key-[0-9a-f]{32}(?![0-9a-f])|[0-9a-f]{32}-us\d{1,2}\b",
    r"npm_[A-Za-z0-9]{36}|pypi-AgEI[\w-]{40,250}|dckr_pat_[\w-]{20,60}|rubygems_[0-9a-f]{48}",
    r"hf_[A-Za-z0-9]{30,64}|api_org_[A-Za-z0-9]{34}|gsk_[A-Za-z0-9]{40,64}|xai-[A-Za-z0-9]{60,90}",
    r"r8_[A-Za-z0-9]{37,40}|pplx-[A-Za-z0-9]{40,64}|lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
    r"do[opr]_v1_[0-9a-f]{64}|dapi[0-9a-f]{32}(?:-\d)?|hv[sbr]\.[\w-]{24,250}|[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,70}",
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0[a-z]{3}-[\w-]{22,43}|EAAA[\w-]{60}|lin_api_[A-Za-z0-9]{32,48}",
    r"ntn_[A-Za-z0-9]{40,60}|secret_[A-Za-z0-9]{43}|gls?a_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/=]{32,400}",
    r"sntry[su]_[A-Za-z0-9+/=_-]{40,250}|NRAK-[A-Z0-9]{27}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|sbp_[0-9a-f]{40}",
    r"ATATT3[\w=-]{60,250}|pscale_(?:tkn|pw|oauth)_[\w.-]{32,64}|dp\.(?:pt|st|ct)\.[\w.-]{40,50}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{58}|\d{8,10}:AA[\w-]{33}|gw_[A-Za-z0-9_-]{20,100}",
)
_PROVIDER: Final = re.compile(_LEFT + "(?:" + "|".join(_PROVIDERS) + ")")
PROVIDER_MARKS: Final = (
    *("sk-", "k_live_", "k_test_", "k_prod_", "whsec_", "akia", "asia", "agpa", "aida", "aroa", "abia", "acca", "ghp_"),
    *("gho_", "ghu_", "ghs_", "ghr_", "github_pat", "xox", "xapp-", "hooks.slack", "discord", "aiza", "ya29."),
    *("gocspx", "q~", "sg.", "key-", "-us", "npm_", "pypi-", "dckr_", "rubygems_", "hf_", "api_org_"),
    *("xai-", "r8_", "pplx-", "lsv2_", "_v1_", "dapi", "hvs.", "hvb.", "hvr.", "atlasv1", "shp", "sq0", "eaaa"),
    *("lin_api", "ntn_", "secret_", "sntry", "nrak-", "pmak-", "sbp_", "atatt3", "pscale_", "dp.", "age-secret"),
    *(":aa", "gw_", "gsk_", "glpat-", "gloas-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-"),
    *("glsoat-", "glffct-", "glsa_", "gla_", "glc_"),
)
"""One of these stands in every key of a provider, in small letters."""

_SEP: Final = r"[\"'`*]{0,3}\s{0,3}(?::=|=>|[:=|])\s{0,3}(?:[bruf]{0,2}[\"'`*]{1,3})?"
_LABELLED: Final = re.compile(
    r"(?i)(?:api[ _-]?(?:key|token|secret)|access[ _-]?(?:key|token)(?:[ _-]?id)?|secret[ _-]?(?:access[ _-]?)?key"
    r"|auth(?:entication|orization)?[ _-]?token|client[ _-]?secret|security[ _-]?token|session[ _-]?token"
    r"|refresh[ _-]?token|bearer[ _-]?token|private[ _-]?token|encryption[ _-]?key|signing[ _-]?(?:key|secret)"
    r"|account[ _-]?key|webhook[ _-]?secret|app[ _-]?secret|(?<![A-Za-z])(?:token|secret|apikey))"
    rf"(?:{_SEP}|[ \t]{{1,2}}(?:is[ \t]|was[ \t]|[:=][ \t]*)?[\"'`]?)"
    r"(?P<value>[A-Za-z0-9_+/=.~-]{16,400})"
)
_BEARER: Final = re.compile(r"(?i)\bbearer[ \t]+(?P<value>[A-Za-z0-9_+/=.~-]{20,2000})")
_BEFORE: Final = re.compile(r"[A-Za-z0-9]+[_.-]?\Z")
_NO_SECRET_BEFORE: Final = frozenset(
    (
        "next",
        "page",
        "continuation",
        "sync",
        "cursor",
        "start",
        "end",
        "resume",
        "public",
        "max",
        "num",
        "design",
        "nextpage",
    )
)
_STANDS_FOR: Final = re.compile(
    r"(?i)x{4,}|\*{3,}|\.{3,}|_{4,}|your|example|sample|placeholder|change[_-]?me|dummy|redacted|replace|insert|todo"
    r"|^(?:test|fake|demo|none|null|undefined)[-_]|<|\$\{|\$\(|\{\{|%\(|0{8,}|1234567890?abc|abcdef1234"
)


def provider_keys(text: str) -> Iterator[Found]:
    """API keys by the form their provider gives them."""
    for match in _PROVIDER.finditer(text):
        if _is_random(match[0], least=2.5):
            yield match.span()


_SHORT: Final = re.compile(r"(?<![A-Za-z0-9])(?:(?:SK|AC)[0-9a-f]{32}|pat[A-Za-z0-9]{14}\.[0-9a-f]{64})(?![0-9a-f])")


def short_keys(text: str) -> Iterator[Found]:
    """Keys whose beginning is too common to look for it: Twilio's and Airtable's."""
    for match in _SHORT.finditer(text):
        if _is_random(match[0], least=2.5):
            yield match.span()


KEY_MARKS: Final = ("key", "token", "secret", "bearer")


def labelled_keys(text: str) -> Iterator[Found]:
    """Random characters after a label that says what they are."""
    for match in _LABELLED.finditer(text):
        before = _BEFORE.search(text, max(0, match.start() - 20), match.start())
        value = match["value"].rstrip(".")
        said = before[0].strip("_.- ").lower() if before else ""
        if said not in _NO_SECRET_BEFORE and _is_secret(value):
            yield match.start("value"), match.start("value") + len(value)
    for match in _BEARER.finditer(text):
        value = match["value"].rstrip(".")
        if _is_secret(value):
            yield match.start("value"), match.start("value") + len(value)


def _is_secret(value: str) -> bool:
    """Whether a value after a label is one: long, random, and of letters and digits both."""
    digits = sum(c.isdigit() for c in value)
    mixed = digits >= 2 and any(c.isalpha() for c in value)
    return mixed and not re.fullmatch(r"[\d.:TZ+-]+|v?\d+(?:\.\d+)+[\w.-]*", value) and _is_random(value, least=3.0)


def _is_random(value: str, least: float) -> bool:
    """Whether the characters are spread as chance spreads them (`least` bits each), and stand for nothing else."""
    if _STANDS_FOR.search(value) or not any(c.isdigit() or c.isupper() for c in value):
        return False
    words = re.findall(r"[a-z]{4,}", value)
    if sum(map(len, words)) > 0.75 * len(value) and not any(c.isdigit() for c in value):
        return False
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) >= least


_PEM_HEAD: Final = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY: Final = re.compile(
    r"(?:(?:\\r)?\\n|\s)*(?:(?:Version|Comment|Proc-Type|DEK-Info)[^\n]{0,200}\s+)*"
    r"(?:(?:[A-Za-z0-9+/=]{16,}|[A-Za-z0-9+/]{1,80}={0,2}(?=\s|\\|-|\Z))(?:(?:\\r)?\\n|\s)*)*"
)
_PEM_END: Final = re.compile(r"(?:\.{3}|\u2026)?\s*-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----")


def private_keys(text: str) -> Iterator[Found]:
    """PEM and PGP private keys whole, or as far as they go when the end is missing."""
    at = 0
    while (head := _PEM_HEAD.search(text, at)) is not None:
        body = _PEM_BODY.match(text, head.end())
        end = body.end() if body else head.end()
        if tail := _PEM_END.match(text, end):
            at = tail.end()
        else:
            at = end - (len(text[head.start() : end]) - len(text[head.start() : end].rstrip()))
        if at - head.end() >= 16:
            yield head.start(), at
        at = max(at, head.end())


_JWT: Final = re.compile(r"(?<![\w-])eyJ[\w-]{6,2000}\.[\w-]{2,8000}(?:\.[\w-]{0,8000}){0,3}")


def tokens(text: str) -> Iterator[Found]:
    """JSON Web Tokens whose header can be read."""
    for match in _JWT.finditer(text):
        head = match[0].partition(".")[0]
        try:
            header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        except (binascii.Error, ValueError):
            continue
        if isinstance(header, dict) and ("alg" in header or "enc" in header):
            yield match.span()


_CREDENTIALS: Final = re.compile(
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}://(?P<user>[^\s/:@\"'<>`]{0,128}):"
    r"(?P<password>[^\s/@\"'<>`]{1,256})"
    r"@[^\s\"'<>`)\]},;]{1,500}"
)
_SETTINGS: Final = re.compile(
    r"(?i)(?<![\w.])(?:jdbc:[\w:]{2,30}:)?(?=(?:server|data source|host|hostname|addr(?:ess)?|network address|endpoint"
    r"|defaultendpointsprotocol|accountname|provider|driver|database|initial catalog|user(?: ?id|name)?|uid|dsn|port"
    r"|blobendpoint)\s?=)(?:[A-Za-z][A-Za-z ]{1,30}=[^;\"'\n=]{0,200};\s?){1,20}"
    r"(?:password|pwd|accountkey|sharedaccesskey)=(?P<password>[^;\s\"']{1,256})"
    r"(?:;[ \t]?[A-Za-z][A-Za-z ]{1,30}=[^;\"'\n]{0,200}(?=;)){0,20}"
    r"(?:;[ \t]?[A-Za-z][A-Za-z ]{1,30}=[^;\s\"']{1,200})?;?"
)
_SETTING: Final = re.compile(r"(?i)(?:password|pwd|accountkey|sharedaccesskey)=")
_JDBC: Final = re.compile(
    r"jdbc:[\w:]{2,30}[:/@][^\s\"'<>`]{0,300}[?&;](?:password|pwd)=(?P<password>[^&;\s\"'<>`]{1,256})[^\s\"'<>`]{0,300}"
)
CONNECTION_MARKS: Final = ("://", "password=", "pwd=", "key=")
_OPEN: Final = re.compile(r"\A(?:\$|\{|<|%[({s]|\*+\Z|x{3,}\Z|\[)|\A(?:redacted|hidden|masked)\Z", re.IGNORECASE)


def connections(text: str) -> Iterator[Found]:
    """Addresses and settings of databases and services that carry a password."""
    found = []
    if "://" in text and "@" in text:
        found.append(_CREDENTIALS)
    if ";" in text and _SETTING.search(text):
        found.append(_SETTINGS)
    if "jdbc:" in text:
        found.append(_JDBC)
    for pattern in found:
        for match in pattern.finditer(text):
            if not _OPEN.search(match["password"]):
                yield match.start(), match.start() + len(match[0].rstrip(".:!?*_"))


_PASSWORD: Final = re.compile(
    r"(?i)(?:(?<![A-Za-z])|(?-i:(?<=[a-z])(?=P)))(?P<label>password|passwd|passwort|kennwort|passphrase"
    r"|passcode|pwd|pass|pw|mot[ ]de[ ]passe|contrase\u00f1a|wachtwoord|parola[ ]d'ordine|pin(?:[ _-]?(?:code|number))?"
    r"|psw|(?:initial|client|app|shared|api)[ _-]?secret|wi-?fi|wlan)"
    r"(?:[ ](?:for|to|of)[ ](?:the[ ])?[\w.@-]{1,40}(?:[ ][\w.@-]{1,20})?)?"
    r"(?:(?P<sep>[\"'`*]{0,3}\s{0,2}(?:=>|:=|[:=])\s{0,2})|[ \t]+(?P<verb>(?:is|was|to|ist|lautet|est|es|\u00e8"
    r"|will[ ]be)[ \t]*:?[ \t]+)?)"
    r"(?P<quote>[\"'`*]{0,3})(?P<value>[^\s\"'`]{4,128})"
)
PASSWORD_MARKS: Final = (
    "pass",
    "pw",
    "kennwort",
    "contrase",
    "wachtwoord",
    "parola",
    "pin",
    "psw",
    "secret",
    "wifi",
    "wi-fi",
    *(f"{one} code" for one in ("door", "gate", "entry", "alarm", "safe", "box", "garage")),
    "t\u00fcrcode",
    "wlan",
)
_NO_PASSWORD: Final = re.compile(
    r"(?i)(?:required|optional|string|str|text|none|null|nil|true|false|empty|changed?|reset|expired?|incorrect|invalid"
    r"|wrong|hidden|secret|field|input|protected|protection|policy|hash(?:ed)?|manager|here|below|above|unknown|missing"
    r"|default|not|must|should|cannot|will|with|for|and|from|this|that|your|only|please|varchar|type|prompt"
    r"|bool(?:ean)?"
    r"|length|auth(?:entication)?|based|less|rotation|request(?:ed)?|update[ds]?|value|encrypted|stored|correct|failed"
    r"|verification|email|username|user|name|login|int|integer|number|undefined|password|passwd|self|args|ok|n/a)"
    r"[.,;:)\]}?!]*"
)
_CODE: Final = re.compile(
    r"[a-z_][\w.]{2,}[(\[].*|[A-Z_]{3,}[A-Z0-9_]*[,;)]?"
    r"|(?:os|process|self|config|settings|env|args|params|this|req)\.\w.*|!\w+.*|\\.*"
    r"|[a-z]\w*(?:\.\w+){1,6}[,;)]?|[{}()\[\],;:<>|=]+.*|&\w+|-{1,2}[a-z-]+|//.*|[A-Za-z]+\[.*"
)


_DOOR: Final = re.compile(
    r"(?i)(?<![^\W_])(?:door|gate|entry|alarm|key[ ]?safe|lock[ ]?box|garage|t\u00fcr|portail)[ ]?code"
    r"(?:[ ](?:is|ist|est)|:)?[ ]{1,2}(?P<value>\#?\d{4,8}\#?)(?!\w)"
)
_WIFI: Final = re.compile(
    r"(?i)(?<![^\W_])(?:wi-?fi|wlan)\b[^\n]{0,20}\b(?:pw|pass(?:word)?|code|key)\b[^\n]{0,20}\n{1,2}"
    r"(?:[^\n:]{1,30}:[ ])?(?:(?:sure|yes|yep|its|it['\u2019]s|here)[,:]?[ ]){0,3}"
    r"(?P<value>(?=[^\s]*\d)[^\s]{8,40})(?=[ \t]*(?:\n|\Z))"
)
_BESIDE_USER: Final = re.compile(
    r"(?i)(?:user(?:name)?|login|wi-?fi|wlan|network|ssid|netz(?:werk)?|usuario|e-?mail)\b[^\n]{0,60}\Z"
)
_FAR: Final = 90


def passwords(text: str) -> Iterator[Found]:
    """Passwords after a label such as `password:`."""
    for match in _PASSWORD.finditer(text):
        value = match["value"]
        start = match.start("value")
        if not match["quote"]:
            value = re.sub(r"[.,;:]+$", "", value)
        if value.count(")") > value.count("(") and value.endswith(")"):
            value = value[:-1]
        if _OPEN.search(value) or _NO_PASSWORD.fullmatch(value) or len(value) < 4 or len(set(value)) < 3:
            continue
        if _STANDS_FOR.search(value) or (_CODE.fullmatch(value) and not match["quote"] and not _is_strong(value)):
            continue
        if match["sep"] is None and match["verb"] is None and _beside_user(text, match, value):
            yield start, start + len(value)
            continue
        sure, said = match["sep"] is not None, match["verb"] is not None
        if _plausible(value, match["label"].lower(), sure=sure, said=said, ends=_ends(text, start + len(value))):
            yield start, start + len(value)
    lowered = text.lower()
    for pattern, needed in ((_DOOR, "code"), (_WIFI, "wi-fi"), (_WIFI, "wifi"), (_WIFI, "wlan")):
        for match in pattern.finditer(text) if needed in lowered else ():
            yield match.span("value")


def _beside_user(text: str, match: re.Match[str], value: str) -> bool:
    """Whether a word with digits stands right behind `password` in a line that names a user or a network before it."""
    return (
        match["label"].lower() in ("password", "passwort", "pw", "pwd", "pass")
        and len(value) >= 6
        and sum(map(str.isdigit, value)) >= 2
        and any(map(str.isalpha, value))
        and text[match.start() - 2 : match.start()] in (", ", "/ ", "; ", "| ")
        and _BESIDE_USER.search(text, max(0, match.start() - _FAR), match.start()) is not None
    )


def _is_strong(value: str) -> bool:
    """Whether nothing but a password is so mixed, whatever mark it begins with."""
    return (
        len(value) >= 8
        and any(c.isdigit() for c in value)
        and any(c.isupper() for c in value)
        and any(c.islower() for c in value)
        and not re.match(r"[a-zA-Z_][\w.]{2,}[(\[]|[\w.]+\Z|\\", value)
    )


def _plausible(value: str, label: str, *, sure: bool, said: bool, ends: bool) -> bool:
    kinds = sum((any(c.islower() for c in value), any(c.isupper() for c in value), any(c.isdigit() for c in value)))
    kinds += any(not c.isalnum() and c not in "-_/." for c in value)
    if label.startswith("pin"):
        return value.isdigit() and 4 <= len(value) <= 8
    if label in {"pass", "psw"} and not sure:
        return False
    if said and not sure and value.isalnum():
        return len(value) >= 6 and not value.isdigit() and any(map(str.isdigit, value))
    if not sure:
        return kinds >= 3 and len(value) >= 6 and any(c.isdigit() for c in value)
    if value.isalpha() and (value.islower() or value.istitle()):
        return ends and len(value) >= 6
    return kinds >= 2 or value.isdigit()


def _ends(text: str, at: int) -> bool:
    """Whether nothing but marks follows on the line, so that the value is no first word of a sentence."""
    return re.match(r"[\"'`*,;.)}\]]*[ \t]*(?:\n|\Z|\\n|[,;|\"'])", text[at : at + 12]) is not None
