"""Mutated files of every format through the parser; a program for a long run, and what its short form in the tests uses.

    python -m tests.retrieval.fuzz 600 [seed]

Whatever a file holds, only three things may happen: it is read, it is refused with an error of ours, or its child is
ended and the next file gets a new one. Anything else is printed with the seed that makes it again, and the exit code is 1.
"""

# ruff: noqa: E501

from __future__ import annotations

import asyncio
import io
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import GatewayError
from gateway.retrieval import Parser
from tests.retrieval import files, office
from tests.retrieval.readers.test_mail import mail
from tests.retrieval.readers.test_pdf import scan

ODD = (
    b"\0",
    b"\xff",
    b"<",
    b">",
    b"&",
    b'"',
    b"{",
    b"}",
    b"\\",
    b"(",
    b")",
    b"]]>",
    b"&#x0;",
    b"-1",
    b"99999999999",
    b"\r\n",
)


def samples() -> dict[str, bytes]:
    """A small real file of every format, by a name that says it."""
    letter = mail("Fine.\n\nOn Mon, Bob wrote:\n> old words\n", html="<p>Hi</p><blockquote>old</blockquote>")
    letter.add_attachment(files.CSV, maintype="text", subtype="csv", filename="a.csv")
    body = office.par(office.run("Pumps"), look='<w:pStyle w:val="Heading1"/>') + office.wtable(["A", "B"], ["1", "2"])
    return {
        "a.txt": "Größe und Stärke, plain words.".encode(),
        "a.md": files.MARKDOWN + b"\n| A | B |\n|---|---|\n| 1 | 2 |\n",
        "a.html": files.HTML,
        "a.csv": files.CSV,
        "a.tsv": files.CSV.replace(b",", b"\t"),
        "a.json": b'{"title":"x","people":[{"name":"Ada","tags":["a"]},{"name":"Bob"}]}',
        "a.jsonl": b'{"a":1}\n{"a":[{"b":2}]}\n',
        "a.pdf": files.pdf("page one\nsecond line", "page two"),
        "b.pdf": scan("words", invisible="layer"),
        "a.docx": office.docx(body, {"word/styles.xml": office.xml_part("styles", "<w:style/>")}),
        "a.pptx": office.pptx(
            office.shape("Title", kind="title") + office.slide_table(["A", "B"], ["1", "2"]), notes={1: "n"}
        ),
        "a.xlsx": office.xlsx({"S": office.cells(["Name", "Pay", "City"], ["Ada", 1.5, "Bonn"])}),
        "a.odt": office.odt("<text:h>Pumps</text:h><text:p>words<text:s/></text:p>"),
        "a.epub": office.epub({"a.xhtml": "<html><body><h1>One</h1><p>words</p></body></html>"}),
        "a.rtf": office.RTF,
        "a.eml": letter.as_bytes(),
        "a.msg": office.msg({"0037": "Pump", "1000": "body"}, files=[("a.csv", files.CSV)], inner={"0037": "x"}),
    }


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The file, damaged in one to eight places; archives in a part, so that the damage gets past the checksum."""
    if data.startswith(b"PK") and chance.random() < 0.8:
        return _part_mutated(data, chance)
    made = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(made)) if made else 0
        kind = chance.randrange(6)
        if kind == 0 and made:
            made[at] = chance.randrange(256)
        elif kind == 1:
            made[at:at] = chance.choice(ODD) * chance.choice((1, 1, 1, 50, 5000))
        elif kind == 2:
            del made[at : at + chance.choice((1, 4, 40))]
        elif kind == 3:
            made[at:at] = made[at : at + chance.choice((8, 80, 800))] * chance.choice((1, 2, 200))
        elif kind == 4:
            del made[at:]
        else:
            other = chance.randrange(len(made)) if made else 0
            made[at : at + 16] = made[other : other + 16]
    return bytes(made)


def _part_mutated(data: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(sorted(parts))
    parts[name] = mutated(parts[name], chance)
    return files.archive(dict(parts))


def cases(seed: int) -> Iterator[tuple[int, str, bytes]]:
    """(seed, name, file) without end, every format in turn."""
    given = samples()
    while True:
        for name, data in given.items():
            yield seed, name, mutated(data, random.Random(seed))
            seed += 1


async def run(seconds: float, seed: int, work: Path, count: int | None = None) -> tuple[Counter[str], list[str]]:
    """What became of the files, and what should not have."""
    parser = Parser(work, timeout_s=90, memory_mb=1024, max_text_chars=2_000_000, max_expansion_bytes=50_000_000)
    ends: Counter[str] = Counter()
    bad: list[str] = []
    until = time.monotonic() + seconds
    try:
        for number, (at, name, data) in enumerate(cases(seed)):
            if time.monotonic() > until or number == count:
                break
            try:
                found = await parser.parse(data, name)
                ends["read"] += 1
                if any(not 0 <= start <= end <= len(found.text) for start, end in found.chunks):
                    bad.append(f"seed {at}, {name}: a passage lies outside the text")
            except GatewayError as error:
                broken = "broke down" in error.message or "longer than" in error.message
                ends["child ended" if broken else error.code] += 1
                if broken:
                    bad.append(f"seed {at}, {name}: {error.message}")
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                bad.append(f"seed {at}, {name}: {type(error).__name__}")
        assert (await parser.parse(b"still here", "z.txt")).text == "still here"
    finally:
        await parser.close()
    return ends, bad


def main() -> int:
    """Seconds to run, and a seed."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory() as work:
        ends, bad = asyncio.run(run(seconds, seed, Path(work)))
    print(", ".join(f"{count} {end}" for end, count in ends.most_common()))
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
