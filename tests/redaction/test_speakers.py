"""Who speaks in chats, and who is logged in."""

from __future__ import annotations

import pytest

from gateway.redaction.speakers import nicks, people

CHAT = """\
[21:47] xx_noodle_xx: anyone there
[21:48] Agent: yes
12/03/2024, 21:14 - Ngozi: abeg
23:59:55 oldtimer: hey
[03.02.24, 14:11] Jule Roe: wer kommt
Lars-Erik  11:06 AM
Daulet Auto, [26.03.2024 9:31]
[10:02] Customer: no
12:30: lunch
"""


def test_speakers_of_a_chat() -> None:
    assert [CHAT[a:b] for a, b in people(CHAT)] == ["Ngozi", "Jule Roe", "Lars-Erik", "Daulet Auto"]
    assert [CHAT[a:b] for a, b in nicks(CHAT)] == ["xx_noodle_xx", "oldtimer"]


@pytest.mark.parametrize(
    ("line", "user"),
    [
        ("sshd[88]: Failed password for invalid user oracle_x from 192.0.2.1 port 22", "oracle_x"),
        ("sshd[88]: Accepted publickey for jroe from 192.0.2.1", "jroe"),
        ("bastion sudo: jroe : TTY=pts/3", "jroe"),
        ('192.0.2.7 - j.roe [08/Feb/2024:13:55:36 +0100] "GET / HTTP/1.1" 200', "j.roe"),
        ("TODO(jroe): mend this", "jroe"),
        ('return login("svc_dialler", pw)', "svc_dialler"),
    ],
)
def test_users_in_logs(line: str, user: str) -> None:
    assert [line[a:b] for a, b in nicks(line)] == [user]


@pytest.mark.parametrize(
    "text",
    [
        "10:30 Meeting: budget",
        "Arrival: 12:30",
        "at 12:30 the system: down",
        "[12:00] ERROR: disk full",
        "USER=root",
        "a - b [draft]",
    ],
)
def test_nobody_speaks(text: str) -> None:
    assert [*people(text), *nicks(text)] == []


def test_nicks_that_speak_again() -> None:
    text = "gardenmike74: anyone here?\nsunny_acres: yes me\ngardenmike74: good to know\nmax_tokens: 5 or so\n"
    assert [text[a:b] for a, b in nicks(text)] == ["gardenmike74", "gardenmike74"]


def test_nicks_are_found_where_they_say_one_word_and_with_their_tag() -> None:
    text = "xx_ghost_xx: anyone up for it\nbenji#4471: gimme 10\nxx_ghost_xx: fine\n"
    assert [text[a:b] for a, b in nicks(text)] == ["xx_ghost_xx", "xx_ghost_xx", "benji#4471"]
