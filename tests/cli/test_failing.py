"""How commands end when they fail: words, an exit code, no traceback."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.cli.failing import guarded
from gateway.errors import Invalid, Refused


def ending(fault: BaseException) -> int:
    def main() -> None:
        raise fault

    return guarded(main)


def test_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(Invalid("bad", hint="mend it")) == 2
    assert ending(Refused("no")) == 1
    assert capsys.readouterr().err == "error: bad\nhint: mend it\nerror: no\n"


def test_a_path_that_cannot_be_used_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a file").write_text("")
    assert guarded((tmp_path / "a file" / "house").mkdir) == 2
    said = capsys.readouterr().err
    assert f"error: cannot use {tmp_path / 'a file' / 'house'}: not a directory" in said
    assert "hint:" in said


def test_a_fault_tells_its_kind_and_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(ValueError("a secret")) == 1
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "a secret" not in said


def test_an_error_of_the_system_without_a_path_tells_its_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(OSError(5, "broken")) == 1
    assert "OSError" in capsys.readouterr().err


def test_a_command_stopped_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        guarded(lambda: sys.exit(130))
    assert ended.value.code == 130
    assert ending(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "stopped\nstopped\n"


def test_any_other_end_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        guarded(lambda: sys.exit(3))
    assert capsys.readouterr().err == ""
