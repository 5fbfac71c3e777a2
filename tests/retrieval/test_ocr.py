"""Reading scans with Tesseract: a stand-in on PATH, and the real one where it is installed."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from gateway.errors import Invalid, TooLarge
from gateway.retrieval import Parser
from gateway.retrieval.ocr import find_recogniser
from tests.retrieval.readers.test_pdf import scan

READS = """
data = sys.stdin.buffer.read()
width, height = map(int, data.split(b"255", 1)[0].split()[1:3])
print("page of", len(data.partition(b"255\\n")[2]) == width * height, " ".join(sys.argv[1:]))
"""


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a program of that name on PATH."""

    def put(code: str) -> None:
        path = tmp_path / "bin" / "tesseract"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{code}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")

    return put


@pytest.fixture
async def parser(tmp_path: Path, tesseract: Callable[[str], None]) -> AsyncIterator[Parser]:
    tesseract(READS)
    made = Parser(tmp_path / "work", recogniser=find_recogniser(languages="eng+deu", max_pages=2))
    yield made
    await made.close()


async def test_scanned_pages_are_read_in_their_place(parser: Parser) -> None:
    found = await parser.parse(scan("written words"), "a.pdf")
    assert found.text == "page of True stdin stdout -l eng+deu\n\nwritten words\n"
    assert found.report.notes == {"recognised_pages": 1}
    assert found.page_at(found.text.index("written")) == 2
    with pytest.raises(TooLarge, match="2 scanned pages"):
        await parser.parse(three_scans(), "b.pdf")
    assert (await parser.parse(b"good", "c.txt")).text == "good"


def three_scans() -> bytes:
    import io  # noqa: PLC0415

    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    from tests.retrieval.readers.test_pdf import gradient  # noqa: PLC0415

    target = io.BytesIO()
    made = Canvas(target)
    for _ in range(3):
        made.drawImage(gradient(), 0, 0, 595, 842)
        made.showPage()
    made.save()
    return target.getvalue()


async def test_without_tesseract_a_scan_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_recogniser() is None
    made = Parser(tmp_path / "work", recogniser=find_recogniser())
    try:
        with pytest.raises(Invalid, match="are pictures") as refused:
            await made.parse(scan(), "a.pdf")
        assert "Tesseract" in refused.value.hint
    finally:
        await made.close()


async def test_failing_and_hanging_programs(tesseract: Callable[[str], None]) -> None:
    tesseract("sys.exit(1)")
    recogniser = find_recogniser()
    assert recogniser is not None
    with pytest.raises(Invalid, match="cannot read") as refused:
        await recogniser.read(b"P5 1 1 255\n\0")
    assert "ingest.ocr_languages" in refused.value.hint
    before = set(psutil.Process().children(recursive=True))
    tesseract("time.sleep(100)")
    slow = find_recogniser(timeout_s=0.5)
    assert slow is not None
    with pytest.raises(Invalid, match="longer than 0"):
        await slow.read(b"P5 1 1 255\n\0")
    assert set(psutil.Process().children(recursive=True)) <= before


async def test_it_may_not_take_all_memory(tesseract: Callable[[str], None]) -> None:
    tesseract("x = bytearray(1 << 30); print('took it')")
    recogniser = find_recogniser(memory_mb=256)
    assert recogniser is not None
    with pytest.raises(Invalid, match="cannot read"):
        await recogniser.read(b"P5 1 1 255\n\0")


async def test_it_sees_little_of_our_environment(
    tesseract: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_SECRET", "hunter2")
    tesseract("print(sorted(os.environ))")
    recogniser = find_recogniser()
    assert recogniser is not None
    assert "GATEWAY_SECRET" not in await recogniser.read(b"")


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
async def test_the_real_one() -> None:
    from PIL import Image, ImageDraw  # noqa: PLC0415

    image = Image.new("L", (600, 120), 255)
    ImageDraw.Draw(image).text((40, 40), "QUIET PUMP", fill=0, font_size=40)
    recogniser = find_recogniser()
    assert recogniser is not None
    text = await recogniser.read(b"P5 600 120 255\n" + image.tobytes())
    assert "PUMP" in text
