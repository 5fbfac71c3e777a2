"""How results and messages look: what others wrote is shown as it is, and a pipe breaks no line."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.text import Text

from gateway.cli import show

ODD = (r"[draft] plan [/red]", r"a \[/x] b", ":bug: and [bold]", "[PERSON_5vxgthc6w4xf]")


@pytest.mark.parametrize("title", ODD)
def test_what_others_wrote_is_shown_as_it_is(title: str, capsys: pytest.CaptureFixture[str]) -> None:
    show.table(("id", "title"), [("1", title)])
    assert capsys.readouterr().out.splitlines()[1].split(maxsplit=1)[1].strip() == title
    show.facts({"title": title})
    assert capsys.readouterr().out == f"title  {title}\n"
    show.say(title)
    assert capsys.readouterr().err == f"{title}\n"


def test_an_address_is_said_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show.say("gateway listens on http://[2001:db8:a:b::1]:8080")
    assert capsys.readouterr().err == "gateway listens on http://[2001:db8:a:b::1]:8080\n"


def test_a_row_is_one_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    row = ("01a2073d9acff440218d76f07fde2bad", "A title that is rather long " * 5, "sha256:" + "0" * 64)
    show.table(("id", "title", "digest"), [row])
    heading, line = capsys.readouterr().out.splitlines()
    assert heading == heading.rstrip()
    assert heading.startswith("id ")
    assert all(cell.strip() in line for cell in row)


def test_a_terminal_keeps_the_first_column_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "60")
    show.table(("id", "title"), [("01a2073d9acff440218d76f07fde2bad", "A title that is rather long " * 5)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 2
    assert "01a2073d9acff440218d76f07fde2bad" in lines[1]
    assert all(cell_len(Text.from_ansi(line).plain) <= 60 for line in lines)


def test_lists_and_what_is_not_there_are_shown_without_signs_of_python(capsys: pytest.CaptureFixture[str]) -> None:
    show.facts({"allow": ("group:hr", "user:ada"), "deny": (), "expires_at": None, "counts": {"PERSON": 2}})
    assert capsys.readouterr().out.splitlines() == [
        "allow       group:hr, user:ada",
        "deny        ",
        "expires_at  ",
        'counts      {"PERSON":2}',
    ]


MEAN = "plan\x1b[2K\r\x1b]0;x\x07\x9b1A \u202egnp.exe\u2066"


def test_nothing_that_others_wrote_is_obeyed_by_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show.table(("id", "title"), [(1, MEAN)])
    show.facts({"title": MEAN, "counts": {"a": MEAN}})
    show.say(MEAN)
    show.text(MEAN)
    said = capsys.readouterr()
    # Bold is our own.
    out = said.out.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert not {"\x1b", "\r", "\x07", "\x9b", "\u202e", "\u2066"} & {*out, *said.err}
    assert "plan\u241b[2K\u240d" in said.out
    assert "gnp.exe" in said.err


def test_a_result_in_a_pipe_is_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show.text(MEAN)
    assert capsys.readouterr().out == MEAN + "\n"
