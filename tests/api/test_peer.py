"""Where a request comes from, and that nobody can say it of himself."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from gateway.api.peer import FORWARDED, X_FORWARDED_FOR, Peers
from gateway.audit.masking import DOTS
from gateway.cli.root import OPERATOR
from gateway.errors import BadSettings
from gateway.settings import load
from tests.world import World

INSIDE = ("10.0.0.0/8", "fd00::/8", "192.0.2.7")
CALLER = "198.51.100.4"


def asked(peers: Peers, peer: str | None, *lines: str, name: str = X_FORWARDED_FOR) -> str:
    headers = [(b"host", b"gateway"), *((name.encode(), line.encode("latin-1")) for line in lines)]
    return peers.client({"type": "http", "client": (peer, 1234) if peer else None, "headers": headers})


def test_without_trusted_proxies_it_is_the_other_end_of_the_connection() -> None:
    peers = Peers()
    assert asked(peers, CALLER, "203.0.113.9") == CALLER
    assert asked(peers, "2001:db8::1", "203.0.113.9") == "2001:db8::1"
    assert asked(peers, "::ffff:198.51.100.4") == CALLER
    assert asked(peers, "fe80::1%eth0") == "fe80::1"
    assert asked(peers, None, "203.0.113.9") == ""
    assert peers.ignored == 0


@pytest.mark.parametrize(
    ("peer", "lines", "client"),
    [
        (CALLER, ["10.1.1.1"], CALLER),  # not a proxy of ours: what it says counts for nothing
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [CALLER], CALLER),
        ("10.0.0.1", [f"{CALLER}, 10.0.0.2, fd00::2"], CALLER),
        ("10.0.0.1", ["203.0.113.9", f"127.0.0.1, {CALLER}", "10.0.0.2"], CALLER),  # several lines, and an invention
        ("10.0.0.1", [f"10.0.0.9, {CALLER}"], CALLER),  # somebody outside claims to be inside
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),  # all of them ours: the first
        ("192.0.2.7", [f"{CALLER}:51234"], CALLER),
        ("192.0.2.8", [CALLER], "192.0.2.8"),
        ("::ffff:10.0.0.1", ["2001:db8::5"], "2001:db8::5"),
        ("fd00::1", ["[2001:db8::5]:443"], "2001:db8::5"),
        ("10.0.0.1", [" , ,"], "10.0.0.1"),
    ],
)
def test_the_list_is_read_from_its_end_as_far_as_proxies_are_trusted(peer: str, lines: list[str], client: str) -> None:
    peers = Peers(INSIDE)
    assert asked(peers, peer, *lines) == client
    assert peers.ignored == 0


@pytest.mark.parametrize(
    "junk", ["unknown", "1.2.3", "10.0.0.300", "<script>", "[::1", "caf\xe9", "1.2.3.4.5:80", "::g"]
)
def test_what_is_no_address_is_ignored_and_counted(junk: str) -> None:
    peers = Peers(INSIDE)
    assert asked(peers, "10.0.0.1", f"{CALLER}, {junk}, 10.0.0.2") == "10.0.0.2"
    assert peers.ignored == 1


@pytest.mark.parametrize(
    ("line", "client"),
    [
        (f"for={CALLER}", CALLER),
        (f"for={CALLER};proto=https;by=10.0.0.1", CALLER),
        ('By=10.0.0.1; For="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
        (f'for=203.0.113.9;host="a,b;for=1.2.3.4", for={CALLER}', CALLER),
        (f'for="{CALLER}:80", for=10.0.0.2', CALLER),
        ('for="198.51.100.\\4"', CALLER),
        (f'for=203.0.113.9;host="a\\\\", for="{CALLER}"', CALLER),
        (f'for=203.0.113.9;host="a\\",", for="{CALLER}"', CALLER),
    ],
)
def test_the_standard_header_is_read_by_its_grammar(line: str, client: str) -> None:
    peers = Peers(INSIDE, FORWARDED)
    assert asked(peers, "10.0.0.1", line, name=FORWARDED) == client
    assert peers.ignored == 0


@pytest.mark.parametrize("line", ["for=unknown", "for=_hidden", "proto=https", 'for="broken', "=;=,="])
def test_an_element_without_an_address_ends_the_list(line: str) -> None:
    peers = Peers(INSIDE, FORWARDED)
    assert asked(peers, "10.0.0.1", f"for={CALLER}, {line}", name=FORWARDED) == "10.0.0.1"
    assert peers.ignored == 1


@pytest.mark.parametrize(
    "open_", ['for=203.0.113.9;x="', 'for="', 'x="\\', 'for=203.0.113.9;x="\\"', '"', 'for=203.0.113.9, "']
)
@pytest.mark.parametrize("added", [f'for="{CALLER}:80"', f"for={CALLER}", f'proto=https;for="{CALLER}";by="_p"'])
def test_a_quote_that_a_caller_leaves_open_takes_nothing_in(open_: str, added: str) -> None:
    """What the proxy adds stands behind it, on the same line or one of its own."""
    peers = Peers(INSIDE, FORWARDED)
    assert asked(peers, "10.0.0.1", f"{open_}, {added}", name=FORWARDED) == CALLER
    assert asked(peers, "10.0.0.1", open_, added, name=FORWARDED) == CALLER
    assert peers.ignored == 0


@pytest.mark.parametrize("line", ["for=203.0.113.9;for=203.0.113.8", 'for="203.0.113.99', 'for=203.0.113.9"', 'for="'])
def test_an_element_that_is_not_of_the_form_says_nothing(line: str) -> None:
    peers = Peers(INSIDE, FORWARDED)
    assert asked(peers, "10.0.0.1", line, name=FORWARDED) == "10.0.0.1"
    assert peers.ignored == 1


@pytest.mark.parametrize("junk", ['"\\', '"', ",", ";", "\\", "for=10.0.0.2,", "for"])
def test_a_long_header_takes_time_in_proportion_to_its_length(junk: str) -> None:
    started = time.process_time()
    asked(Peers(INSIDE, FORWARDED), "10.0.0.1", junk * (200_000 // len(junk)), name=FORWARDED)
    assert time.process_time() - started < 10


def test_only_the_configured_header_is_read() -> None:
    """A proxy that writes one lets the other through as the caller sent it."""
    assert asked(Peers(INSIDE), "10.0.0.1", f"for={CALLER}", name=FORWARDED) == "10.0.0.1"
    assert asked(Peers(INSIDE, FORWARDED), "10.0.0.1", CALLER) == "10.0.0.1"


def test_a_proxy_on_a_unix_socket_can_be_trusted() -> None:
    assert asked(Peers((*INSIDE, "unix")), None, f"{CALLER}, 10.0.0.2") == CALLER
    assert asked(Peers(INSIDE), None, CALLER) == ""


def test_settings_name_networks_and_one_header(tmp_path: Path) -> None:
    environ = {"GATEWAY_SERVER__TRUSTED_PROXIES": "10.0.0.0/8 fd00::1 unix"}
    assert load(None, environ, tmp_path).settings.server.trusted_proxies == ("10.0.0.0/8", "fd00::1", "unix")
    for wrong in ("10.0.0.1/8", "proxy.example.org", "10.0.0.0/8,fd00::1"):
        with pytest.raises(BadSettings, match="expected networks like"):
            load(None, {"GATEWAY_SERVER__TRUSTED_PROXIES": wrong}, tmp_path)


def test_records_say_where_a_request_came_from_sealed_and_masked(world: World) -> None:
    """Here nobody is trusted, so what a caller writes about himself counts for nothing."""
    spoofed = {X_FORWARDED_FOR: CALLER, FORWARDED: f"for={CALLER}"}
    body = {"model": "house", "messages": [{"role": "user", "content": "Hello"}]}
    calls = [
        httpx.post(f"{world.url}/v1/chat/completions", json=body, headers=world.headers("hana") | spoofed, timeout=60),
        httpx.get(f"{world.url}/admin/api/keys", headers=world.headers("root") | spoofed, timeout=60),
    ]
    for answer in calls:
        assert answer.status_code == 200, answer.text
        request = answer.headers["x-gateway-request-id"]
        told = world.records(request)
        # An outcome leaves it to its intent to say who it was.
        assert {one["detail"].get("client", "127.0.0.1") for one in told} == {"127.0.0.1"}
        assert "client" in told[0]["detail"]
        page = world.run(world.house.log.about("look", OPERATOR, request, reason="a test"))
        assert {one["detail"].get("client", DOTS) for one in page["records"]} == {DOTS}
