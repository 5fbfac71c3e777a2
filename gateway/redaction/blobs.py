"""Whole texts written in code: base 64, base 32, hexadecimal, binary and decimal codes, MIME words. Pure.

Where each byte stands for itself (hexadecimal, binary, decimal) a value in it is found to the byte. Base 64, base 32
and compressed data are taken whole: what is found in them means all of them, for nothing else could be put back.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from gateway.redaction.facts import Facts
from gateway.redaction.packed import Budget, texts, whole_text
from gateway.redaction.rewrite import BREAK, Edit

__all__ = ["Budget", "blob_edits"]

# Base 64 of ASCII text shows in every group of four characters: the first two hold the high bits of letters.
_GROUP: Final = r"[CDI-Za-f][AQgwC-HS-Xi-n0-3yz][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]"
_SEED: Final = re.compile(rf"{_GROUP}\s?{_GROUP}\s?{_GROUP}(?:\s?{_GROUP})*")
_SIX: Final = r"[A-Za-z0-9+/_-]"
_LONG_RUN: Final = re.compile(rf"{_SIX}{{12,}}={{0,2}}")
_LEAST_RUN: Final = 12
"""Characters of the shortest run of base 64 or hexadecimal digits."""
_LOOK: Final = 32
_LONG: Final = 2000
_AROUND: Final = 400
_TAIL: Final = re.compile(rf"({_SIX}*)((?:=3[Dd]){{1,2}}|={{0,2}})")
"""The rest of a run, and its padding, also as quoted-printable writes it."""
_NEXT_LINE: Final = re.compile(
    rf"[ \t]{{0,2}}(?:\r?\n|\\n|\\r\\n| )[ \t>|]{{0,4}}({_SIX}{{2,}}={{0,2}})(?=\s|\\|$|[\"'),;<])"
)
_NOT_SIX: Final = re.compile(r"[^A-Za-z0-9+/]+")
_URL_SAFE: Final = str.maketrans("-_", "+/")
_MAGIC: Final = re.compile(r"H4sI|eJ[w-z]|eN[o-r]|eA[E-H]|eF[4-7]|QlpoO|/Td6WFo")
_LONGEST_LINE: Final = 1000

_HEX_RUN: Final = re.compile(r"[0-9a-fA-F]{12,}")
_HEX_GAP: Final = r"(?:[ \t]?\r?\n[ \t]?|[ \t:,;_-]{1,2})(?:0[xX]|\\x)?"
_HEX_SPREAD: Final = re.compile(
    rf"[0-9a-fA-F]{{2}}(?:{_HEX_GAP}[0-9a-fA-F]{{2}}){{5,}}(?![0-9A-Za-z])"
    rf"|[0-9a-fA-F]{{4}}(?:{_HEX_GAP}[0-9a-fA-F]{{4}}){{2,}}(?:{_HEX_GAP}[0-9a-fA-F]{{2}})?(?![0-9A-Za-z])"
)
_HEX_PAIRS: Final = re.compile(
    r"[0-9a-fA-F]{2}(?<![0-9A-WYZa-wyz]..)(?:[0-9a-fA-F]{2})?[ \t:,;_\r\n-]{1,4}(?:0[xX]|\\x)?[0-9a-fA-F]{2}"
    r"(?:[0-9a-fA-F]{2})?[ \t:,;_\r\n-]{1,4}(?:0[xX]|\\x)?[0-9a-fA-F]{2}"
)
_HEX_UNIT: Final = re.compile(r"(?:0[xX]|\\x)?([0-9a-fA-F]{2}|[0-9a-fA-F]{4})")
_ZERO_X: Final = ("0x", "0X", "\\x")
_PRINTABLE: Final = re.compile(
    rb"(?:[\t\n\r\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}){6,}"
)
_LONG_ENOUGH: Final = 12
_HINT: Final = re.compile(
    rb"[\t\n\r\x20-\x7e]{6}|(?:[\xc2-\xdf][\x80-\xbf]){4}|(?:[\xe0-\xef][\x80-\xbf]{2}){3}|\x1f\x8b\x08|(?:[\x20-\x7e]\0){4}"
)
_GZIP: Final = b"\x1f\x8b\x08"
_WIDE: Final = re.compile(rb"(?:[\t\n\r\x20-\x7e]\x00){6,}|(?:\x00[\t\n\r\x20-\x7e]){6,}")
_BINARY: Final = re.compile(r"[01]{8}(?:[ ,\n]{0,2}[01]{8}){5,}(?![0-9])")
_EIGHT: Final = re.compile(r"[01]{8}")
_DECIMAL: Final = re.compile(r"[13-9]\d{1,2}(?:[ \t]{0,2}[,; ][ \t]{0,2}[13-9]\d{1,2}){7,}(?![\d.])")
_LEAST_DECIMALS: Final = 16
"""Digits of the shortest row of decimal codes."""
_NUMBER: Final = re.compile(r"\d+")
_LEAST_THIRTY_TWO: Final = 16
_THIRTY_TWO: Final = re.compile(r"[A-Z2-7]{16,}={0,6}(?![A-Za-z0-9])")
_MIME: Final = re.compile(
    r"=\?([\w-]{2,20})(?:\*[\w-]{2,10})?\?([bBqQ])\?([^?\s]{1,2000})\?=(?:[ \t\r\n]{1,3}(?==\?))?"
)
_QUOTED: Final = re.compile(r"=([0-9A-Fa-f]{2})")


def blob_edits(text: str, budget: Budget, facts: Facts | None = None) -> list[Edit]:
    """Every stretch of `text` that is a text in code, with this. Raises ContentRefused when it unpacks to too much."""
    known = facts or Facts(text)
    found = [*_base64(text, budget, known), *_hexadecimal(text, budget, known)]
    if "=?" in text:
        found += _mime(text)
    if "01" in text:
        found += _binary(text)
    if known.digits >= _LEAST_DECIMALS:
        found += _decimal(text)
    if known.longest_word >= _LEAST_THIRTY_TWO:
        said = list(_base32(text, budget))
        # Read as base 64, the same stretch may hold a few letters by chance; all of it is a text in base 32.
        found = [one for one in found if one.exact or not any(_meet(one, edit) for edit in said)]
        found += said
    return found


def _meet(one: Edit, other: Edit) -> bool:
    return one.start < other.end and other.start < one.end


# ---------------------------------------------------------------------------------------------------------- base 64


def _base64(text: str, budget: Budget, facts: Facts) -> Iterator[Edit]:
    done = 0
    for seed in _SEED.finditer(text):
        if seed.start() >= done:
            start, chunks, done = _run(text, seed)
            if edit := _base64_edit(text, start, done, chunks, budget):
                yield edit
    if facts.longest_word < _LEAST_RUN and not facts.has("+/_-"):
        return
    # Without such a group a run may be text all the same: in another script, in UTF-16, or compressed.
    for match in _LONG_RUN.finditer(text):
        run = match[0]
        if run.islower() or run.isupper() or run.isdigit() or _SEED.search(run):
            continue
        if _MAGIC.match(run) or _speaks(run.rstrip("=")[:_LOOK]):
            start, chunks, end = _run(text, match)
            if edit := _base64_edit(text, start, end, chunks, budget):
                yield edit


def _speaks(head: str) -> bool:
    """Whether the beginning of a run says something in UTF-8 or UTF-16."""
    data = _sixes(head[: len(head) // 4 * 4])
    return any(len(data) - cut >= 6 and whole_text(data[: len(data) - cut]) is not None for cut in range(4))


def _run(text: str, match: re.Match[str]) -> tuple[int, list[str], int]:
    """Where the base 64 around a match begins, its lines without what divides them, and where it ends."""
    start = match.start()
    least = max(0, start - 200_000)
    while start > least and (text[start - 1].isascii() and (text[start - 1].isalnum() or text[start - 1] in "+/_-")):
        start -= 1
    at = match.start()
    chunks = [text[start:at]]
    # Groups may stand apart from each other: `amFu ZUBh Y21l`.
    body = match[0].rstrip().rstrip("=")
    chunks[0] += "".join(body.split())
    at += len(body)
    tail = _TAIL.match(text, at)
    if tail:
        chunks[0] += tail[1] + "=" * tail[2].count("=")
        at = tail.end()
    while not chunks[-1].endswith("=") and (following := _NEXT_LINE.match(text, at)):
        if len(following[1]) > _LONGEST_LINE or (following[0][0] == " " and len(following[1].rstrip("=")) % 4 > 2):
            break
        if not _continues(chunks, following[1]):
            break
        chunks.append(following[1])
        at = following.end()
    return start, chunks, at


def _continues(chunks: list[str], line: str) -> bool:
    """Whether a line is more of the same: as long as those before, or shorter and the last; no word of a sentence."""
    before = len(chunks[-1])
    if len(line) > before and len(chunks) > 1:
        return False
    body = line.rstrip("=")
    return len(line) == before or line != body or not body.isalpha() or not (body.islower() or body.istitle())


def _base64_edit(text: str, start: int, end: int, chunks: list[str], budget: Budget) -> Edit | None:
    body = "".join(chunks)
    # What follows the padding at once is no part of what was said.
    behind = BREAK if body.endswith("=") and text[end : end + 1].isalnum() else ""
    said: list[str] = []
    for piece in _readable(body):
        for one in texts(_sixes(piece), budget):
            if one not in said:
                said.append(one)
        if piece is body and len(said) == 1 and whole_text(_sixes(body)) is not None:
            return Edit(start, end, _apart(said[0]) + behind)
    return Edit(start, end, BREAK.join(said) + behind, exact=False) if said else None


def _apart(said: str) -> str:
    """A text that may begin with a label begins a line of its own."""
    return f"\n{said}\n" if ":" in said or "\n" in said else said


def _readable(body: str) -> Iterator[str]:
    """The pieces of a run to decode: all of it, from each of the four places where a group may begin.

    A long run with few groups of text is an image or the like: only what is around those groups is decoded.
    """
    if len(body) > _LONG and _MAGIC.match(body) is None:
        seeds = list(_SEED.finditer(body))
        if sum(len(seed[0]) for seed in seeds) * 8 < len(body):
            yield body[:_LONG]
            done = 0
            for seed in seeds:
                if seed.start() >= done:
                    first = max(seed.start() % 4, seed.start() - _AROUND)
                    done = seed.end() + _AROUND
                    yield body[first:done]
            return
    yield body
    if _MAGIC.match(body) is None:
        for offset in (1, 2, 3):
            yield body[offset:]


def _sixes(text: str) -> bytes:
    body = _NOT_SIX.sub("", text.translate(_URL_SAFE))
    over = len(body) % 4
    if over == 1:
        body = body[:-1]
    return binascii.a2b_base64(body + "=" * (-len(body) % 4))


# ------------------------------------------------------------------------------------------------------ hexadecimal


def _hexadecimal(text: str, budget: Budget, facts: Facts) -> Iterator[Edit]:
    for match in _HEX_RUN.finditer(text) if facts.longest_word >= _LEAST_RUN else ():
        source, at = match[0], match.start()
        for shift in (0, 1):
            data = bytes.fromhex(source[shift : len(source) - (len(source) - shift) % 2])
            if _HINT.search(data):
                pairs = [(at + one, at + one + 2) for one in range(shift, len(source) - 1, 2)]
                yield from _hex_edits(text, at, match.end(), data, pairs, budget)
    at = 0
    while hint := _HEX_PAIRS.search(text, at):
        spread = _HEX_SPREAD.match(text, hint.start())
        if spread is None:
            at = hint.start() + 1
            continue
        at = spread.end()
        units = [one.span(1) for one in _HEX_UNIT.finditer(text, *spread.span())]
        pairs = [(at, at + 2) for start, end in units for at in range(start, end, 2)]
        data = bytes(int(text[start:end], 16) for start, end in pairs)
        if _HINT.search(data):
            yield from _hex_edits(text, *spread.span(), data, pairs, budget)


def _hex_edits(
    text: str, start: int, end: int, data: bytes, pairs: list[tuple[int, int]], budget: Budget
) -> Iterator[Edit]:
    if text[max(0, start - 2) : start] in _ZERO_X:
        pairs[0] = (pairs[0][0] - 2, pairs[0][1])
        start -= 2
    for first, last, apart, said in _said_in_bytes(data, budget):
        if not apart:
            yield Edit(start, end, said, exact=False)
            continue
        places = [(pairs[first + a][0], pairs[first + b - 1][1]) for a, b in _byte_places(said, last - first)]
        yield Edit(places[0][0], places[-1][1], said, places)


def _said_in_bytes(data: bytes, budget: Budget) -> Iterator[tuple[int, int, bool, str]]:
    """First byte, last, and text of each text in `data`, and whether its characters have bytes of their own."""
    packed = data.find(_GZIP)
    if packed >= 0 and (unpacked := budget.unpack(data[packed:])) is not None:
        if said := BREAK.join(texts(unpacked, budget)):
            yield 0, len(data), False, said
        return
    if b"\0" in data and (wide := _WIDE.search(data)):
        yield wide.start(), wide.end(), True, wide[0].replace(b"\0", b"").decode()
        return
    for run in _PRINTABLE.finditer(data):
        said = run[0].decode("utf-8", "replace")
        if len(run[0]) >= _LONG_ENOUGH or "@" in said or sum(c.isdigit() for c in said) >= 7:
            yield run.start(), run.end(), True, said


def _byte_places(said: str, size: int) -> Iterator[tuple[int, int]]:
    """Which of its `size` bytes each character of a text takes: those of UTF-8, or two or four each."""
    wide = size >= 2 * len(said)
    at = 0
    for character in said:
        width = (4 if character > "\uffff" else 2) if wide else len(character.encode())
        yield at, at + width
        at += width


def _binary(text: str) -> Iterator[Edit]:
    for match in _BINARY.finditer(text):
        units = [(match.start() + one.start(), match.start() + one.end()) for one in _EIGHT.finditer(match[0])]
        yield from _coded(text, units, 2)


def _decimal(text: str) -> Iterator[Edit]:
    for match in _DECIMAL.finditer(text):
        units = [(match.start() + one.start(), match.start() + one.end()) for one in _NUMBER.finditer(match[0])]
        codes = [int(text[start:end]) for start, end in units]
        letters = sum(65 <= code < 127 or code == 32 for code in codes)
        if letters * 4 > len(codes) * 3 or (64 in codes and letters * 2 > len(codes)):
            yield from _coded(text, units, 10)


def _coded(text: str, units: list[tuple[int, int]], base: int) -> Iterator[Edit]:
    codes = [int(text[start:end], base) for start, end in units]
    if all(32 <= code < 127 or code in (9, 10, 13) for code in codes):
        yield Edit(units[0][0], units[-1][1], "".join(map(chr, codes)), units)


def _base32(text: str, budget: Budget) -> Iterator[Edit]:
    for match in _THIRTY_TWO.finditer(text):
        body = match[0].rstrip("=")
        body = body[: len(body) - (len(body) % 8 in (1, 3, 6))]
        try:
            data = base64.b32decode(body + "=" * (-len(body) % 8))
        except binascii.Error:
            continue
        if said := whole_text(data):
            yield Edit(match.start(), match.end(), _apart(said))
        elif unpacked := budget.unpack(data):
            yield Edit(match.start(), match.end(), BREAK.join(texts(unpacked, budget)))


def _mime(text: str) -> Iterator[Edit]:
    for match in _MIME.finditer(text):
        charset, kind, body = match[1], match[2].lower(), match[3]
        try:
            if kind == "b":
                data = _sixes(body)
            else:
                plain = body.replace("_", " ").encode("latin-1", "replace").decode("latin-1")
                data = _QUOTED.sub(lambda m: chr(int(m[1], 16)), plain).encode("latin-1", "replace")
            said = data.decode(charset, "replace")
        except (LookupError, binascii.Error, ValueError):
            continue
        yield Edit(match.start(), match.end(), said)
