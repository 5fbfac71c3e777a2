"""From bytes to text with pages, headings and a report. Runs in the parser's child process, under its limits.

What comes out is what offsets point into from then on: line ends are line feeds, and there are no zero bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.errors import Invalid
from gateway.retrieval.formats import check, kind_of
from gateway.retrieval.readers.draft import Draft, Extracted, Limits, too_long
from gateway.retrieval.readers.epub import read_epub
from gateway.retrieval.readers.mail import read_eml
from gateway.retrieval.readers.markup import markdown_headings
from gateway.retrieval.readers.opendoc import read_odt
from gateway.retrieval.readers.outlook import read_msg
from gateway.retrieval.readers.pdf import read_pdf
from gateway.retrieval.readers.rtf import read_rtf
from gateway.retrieval.readers.sheets import read_xlsx
from gateway.retrieval.readers.slides import read_pptx
from gateway.retrieval.readers.structured import read_csv, read_json, read_jsonl, read_tsv
from gateway.retrieval.readers.tables import unfold
from gateway.retrieval.readers.text import decode
from gateway.retrieval.readers.web import read_html
from gateway.retrieval.readers.word import read_docx
from gateway.retrieval.report import HIDING

TITLE_BOUND: Final = 4000
"""Characters of a title that leave the child. It is shortened for use once it is redacted: a cut before would leave the
head of a value that nobody recognises."""
SCANNED: Final = "a scan needs text recognition: install Tesseract beside the gateway, or recognise the text before"


def extract(
    data: bytes,
    kind: str,
    limits: Limits,
    *,
    empty: bool = False,
    recognised: dict[int, str] | None = None,
    scans: bool = False,
) -> Extracted:
    """The document's text; `empty` admits one without any.

    recognised: text of scanned pages, by number; scans: admits a document whose text is in pictures still.

    Raises UnsupportedMedia, Invalid or TooLarge; never with content in the message.
    """
    found = read_pdf(data, limits, recognised) if kind == "pdf" else _read(data, kind, limits, 0)
    if not empty and not found.text.strip() and not (scans and found.scans):
        if found.scans:
            raise Invalid(f"no text in this {kind} file, {len(found.scans)} of its pages are pictures", hint=SCANNED)
        unseen = HIDING.intersection(found.hidden)
        raise Invalid(f"no text in this {kind} file", hint="what there is, no reader sees" if unseen else "")
    if len(found.text) > limits.chars:
        raise too_long(limits.chars)
    if not found.title and found.headings:
        start, end, _ = found.headings[0]
        found.title = found.text[start:end]
    found.title = " ".join(found.title.split())[:TITLE_BOUND]
    return found


def _read(data: bytes, kind: str, limits: Limits, depth: int) -> Extracted:
    if kind == "eml":
        return read_eml(data, limits, _attached, depth)
    if kind == "msg":
        return read_msg(data, limits, _attached, depth)
    return _READERS[kind](data, limits)


def _attached(data: bytes, name: str, limits: Limits, depth: int) -> Extracted:
    """A file inside a message, under the same rules as one by itself."""
    kind = kind_of(name)
    check(data, kind, limits.expansion)
    return _read(data, kind, limits, depth)


def _plain(data: bytes, limits: Limits) -> Extracted:
    draft = Draft(limits)
    text = draft.clean(decode(data))
    found = draft.done()
    found.text = text
    return found


def _markdown(data: bytes, limits: Limits) -> Extracted:
    found = _plain(data, limits)
    found.text = unfold(found.text, limits.chars)
    found.headings = markdown_headings(found.text)
    return found


_READERS: Final[Mapping[str, Callable[[bytes, Limits], Extracted]]] = {
    "text": _plain,
    "markdown": _markdown,
    "html": read_html,
    "pdf": read_pdf,
    "docx": read_docx,
    "pptx": read_pptx,
    "xlsx": read_xlsx,
    "odt": read_odt,
    "epub": read_epub,
    "rtf": read_rtf,
    "csv": read_csv,
    "tsv": read_tsv,
    "json": read_json,
    "jsonl": read_jsonl,
}
