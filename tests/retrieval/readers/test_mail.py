"""E-mail files."""

# ruff: noqa: E501

from __future__ import annotations

from email.message import EmailMessage

import pytest

from gateway.errors import UnsupportedMedia
from tests.retrieval.files import archive, pdf
from tests.retrieval.readers.reading import headings, read


def mail(text: str = "Hello.", *, html: str = "", charset: str = "utf-8") -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Ann Lee <ann@example.org>"
    made["To"] = "bob@example.org"
    made["Subject"] = "Grüße"
    made["Date"] = "Mon, 02 Nov 2026 10:00:00 +0000"
    made.set_content(text, charset=charset)
    if html:
        made.add_alternative(html, subtype="html")
    return made


def test_head_and_body() -> None:
    found = read(mail("Für alle.", charset="iso-8859-15").as_bytes(), "eml")
    assert found.title == "Grüße"
    assert found.text == (
        "Subject: Grüße\nFrom: Ann Lee <ann@example.org>\nTo: bob@example.org\n"
        "Date: Mon, 02 Nov 2026 10:00:00 +0000\n\nFür alle.\n"
    )


def test_the_page_counts_before_the_plain_text_and_hides_nothing() -> None:
    found = read(mail("other words", html="<p>Hi</p><p style='display:none'>secret</p>").as_bytes(), "eml")
    assert found.text.endswith("\n\nHi\n")
    assert "other words" not in found.text
    assert found.hidden == {"style": 6}
    assert found.secret == "secret"


def test_quotations_are_marked_and_not_repeated() -> None:
    line = "Shall we meet at ten, in the small room on the second floor?"
    body = f"Fine.\n\nOn Mon, 1 Nov 2026, Bob wrote:\n> {line}\n>\n> > {line}\n> Best\n\nBye.\n"
    found = read(mail(body).as_bytes(), "eml")
    assert headings(found) == [("Quoted message", 2)]
    assert found.text.count(line) == 1
    assert found.text.index("Fine.") < found.text.index("## Quoted message") < found.text.index("Best")


@pytest.mark.parametrize(
    "mark",
    ["-----Original Message-----", "-------- Weitergeleitete Nachricht --------", "Am 1.11.2026 um 10:00 schrieb Bob:"],
)
def test_quotations_by_other_marks(mark: str) -> None:
    found = read(mail(f"Fine.\n\n{mark}\nFrom: Bob\n\nOld words.\n").as_bytes(), "eml")
    assert headings(found) == [("Quoted message", 2)]


def test_attachments_are_read_or_named() -> None:
    inner = mail("inner words")
    made = mail()
    made.add_attachment(b"name,city\nAda,Bonn\n", maintype="text", subtype="csv", filename="a.csv")
    made.add_attachment(pdf("page words"), maintype="application", subtype="pdf", filename="b.pdf")
    made.add_attachment(b"MZ\x90", maintype="application", subtype="octet-stream", filename="run.exe")
    made.add_attachment(archive({"x": "y"}), maintype="application", subtype="zip", filename="fake.docx")
    made.add_attachment(inner)
    found = read(made.as_bytes(), "eml")
    for words in ("name: Ada\ncity: Bonn", "page words", "Attachment not read: run.exe", "not read: fake.docx"):
        assert words in found.text
    assert ("Attachment: a.csv", 1) in headings(found)
    assert ("Attached message: Grüße", 1) in headings(found)
    assert "inner words" in found.text
    assert found.notes == {"attachments_read": 3, "attachments_not_read": 2}


def test_messages_in_messages_end_somewhere() -> None:
    made = mail("innermost")
    for _ in range(8):
        outer = mail()
        outer.add_attachment(made)
        made = outer
    found = read(made.as_bytes(), "eml")
    assert "innermost" not in found.text
    assert found.notes["attachments_not_read"] == 1


def test_broken_and_hostile_messages() -> None:
    with pytest.raises(UnsupportedMedia, match="head of a message"):
        read(b"just words\n\nand more", "eml")
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000))
    with pytest.raises(UnsupportedMedia):
        read(b"From: a@example.org\r\nTo: b@example.org\r\n" + deep, "eml")
    odd = b"From: =?x?q?=ZZ?=\r\nTo: <\r\nSubject: =?utf-8?b?!!?=\r\nContent-Type: text/plain; charset=nowhere\r\n\r\n\xff\xfe\xfd words"
    assert "words" in read(odd, "eml").text or read(odd, "eml").text
