"""Folder, bucket, pages and mailbox: what is listed, what is fetched, and what their faults become."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from gateway.crypto import Secret
from gateway.errors import GatewayError, Invalid, TooLarge, Unavailable
from gateway.ingest.sources import Bucket, Folder, Guard, Mailbox, Place, Web
from gateway.ingest.sources.nouns import Fetched, Gone, Item
from tests.simulators.imap import PASSWORD, USER, ImapSimulator
from tests.simulators.s3 import S3Simulator

LIMIT = 1_000_000


async def listed(place: Place, known: dict[str, str] | None = None) -> dict[str, Item]:
    return {item.key: item async for item in place.items(known or {})}


async def content(place: Place, item: Item, mark: str = "", limit: int = LIMIT) -> Fetched:
    found = await place.fetch(item, mark, limit)
    assert found is not None
    return found


# --- folder -----------------------------------------------------------------------------------------------------------


async def test_folder_lists_files_and_follows_no_links(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "hr").mkdir(parents=True)
    (root / "hr" / "leave.md").write_text("Leave.")
    (root / ".hidden").write_text("x")
    (tmp_path / "outside.txt").write_text("secret")
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    (root / "up").symlink_to(tmp_path)
    folder = Folder(root)
    items = await listed(folder)
    assert set(items) == {"hr/leave.md"}
    item = items["hr/leave.md"]
    assert (await content(folder, item)).data == b"Leave."
    assert await folder.fetch(item, item.mark, LIMIT) is None
    (root / "hr" / "leave.md").write_text("Longer leave.")
    assert (await listed(folder))["hr/leave.md"].mark != item.mark
    with pytest.raises(TooLarge):
        await folder.fetch(item, "", 5)
    (root / "hr" / "leave.md").unlink()
    with pytest.raises(Gone):
        await folder.fetch(item, "", LIMIT)
    (root / "hr" / "leave.md").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(Unavailable):
        await folder.fetch(item, "", LIMIT)


async def test_folder_that_is_not_there_is_no_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be listed"):
        await listed(Folder(tmp_path / "unmounted"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
async def test_folder_below_that_cannot_be_listed_stops_the_listing(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(Unavailable):
        await listed(Folder(tmp_path))


# --- bucket -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def s3() -> AsyncIterator[S3Simulator]:
    async with S3Simulator() as made:
        made.objects = {f"hr/{n}.txt": f"Note {n}".encode() for n in range(7)} | {"other/x.txt": b"x"}
        yield made


def bucket(s3: S3Simulator, **named: object) -> Bucket:
    known: dict[str, object] = {"prefix": "hr", "access_key_id": "AKSIM", "secret_access_key": Secret("s3-secret")}
    return Bucket("papers", endpoint=s3.url, **{**known, **named})  # type: ignore[arg-type]


async def test_bucket_lists_every_page_and_fetches_by_etag(s3: S3Simulator) -> None:
    place = bucket(s3)
    items = await listed(place)
    assert set(items) == {f"{n}.txt" for n in range(7)}
    assert s3.listings == 3
    item = items["3.txt"]
    got = await content(place, item)
    assert (got.data, got.mark) == (b"Note 3", item.mark)
    assert await place.fetch(item, item.mark, LIMIT) is None
    s3.objects["hr/3.txt"] = b"Another note"
    assert (await content(place, item, item.mark)).data == b"Another note"
    with pytest.raises(TooLarge):
        await place.fetch(item, "", 3)
    del s3.objects["hr/3.txt"]
    with pytest.raises(Gone):
        await place.fetch(item, "", LIMIT)
    assert s3.unsigned == 0
    await place.close()


async def test_bucket_that_stumbles_is_asked_again(s3: S3Simulator) -> None:
    s3.fail = 2
    assert len(await listed(bucket(s3))) == 7


@pytest.mark.parametrize("named", [{"access_key_id": "WRONG"}, {"secret_access_key": None}])
async def test_bucket_without_the_right_key(s3: S3Simulator, named: dict[str, object]) -> None:
    with pytest.raises(Unavailable, match="credentials") as refused:
        await listed(bucket(s3, **named))
    assert "127.0.0.1" not in str(refused.value)


async def test_bucket_that_is_not_there(s3: S3Simulator) -> None:
    s3.bucket = "another"
    with pytest.raises(Unavailable):
        await listed(bucket(s3))


async def test_bucket_that_keeps_failing_is_not_empty(s3: S3Simulator) -> None:
    s3.fail = 1000
    with pytest.raises(Unavailable, match="cannot be read"):
        await listed(bucket(s3, retries=1))


# --- pages ------------------------------------------------------------------------------------------------------------


class Site:
    """A web server of pages, each a function from request to answer."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str]] = []
        self.answers: dict[str, web.Response] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, request.headers.get("if-none-match", "")))
        found = self.answers.get(request.path)
        if found is None:
            return web.Response(status=404)
        if found.headers.get("etag") and found.headers["etag"] == request.headers.get("if-none-match"):
            return web.Response(status=304)
        return web.Response(body=found.body, status=found.status, headers=found.headers)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def html(text: str, **headers: str) -> web.Response:
    return web.Response(body=text.encode(), headers={"content-type": "text/html; charset=utf-8", **headers})


def pages(site: Site, *paths: str, allowed: tuple[str, ...] = ("127.0.0.1",), robots: bool = False) -> Web:
    return Web([site.url + path for path in paths], guard=Guard(allowed), robots=robots, timeout_s=10)


async def test_page_is_read_again_when_its_etag_changed(site: Site) -> None:
    site.answers["/a"] = html("<p>One</p>", etag='"1"')
    place = pages(site, "/a")
    (item,) = (await listed(place)).values()
    first = await content(place, item)
    assert (first.data, first.mark) == (b"<p>One</p>", 'etag:"1"')
    assert first.name.endswith("/a.html")
    assert await place.fetch(item, first.mark, LIMIT) is None
    site.answers["/a"] = html("<p>Two</p>", etag='"2"')
    assert (await content(place, item, first.mark)).data == b"<p>Two</p>"
    with pytest.raises(TooLarge):
        await place.fetch(item, "", 5)
    del site.answers["/a"]
    with pytest.raises(Gone):
        await place.fetch(item, first.mark, LIMIT)
    await place.close()


async def test_every_redirection_is_guarded(site: Site) -> None:
    site.answers["/in"] = web.Response(status=302, headers={"location": "/a"})
    site.answers["/a"] = html("here")
    site.answers["/out"] = web.Response(status=302, headers={"location": "http://169.254.169.254/latest/meta-data/"})
    site.answers["/file"] = web.Response(status=302, headers={"location": "file:///etc/passwd"})
    site.answers["/loop"] = web.Response(status=302, headers={"location": "/loop"})
    place = pages(site, "/in", "/out", "/file", "/loop")
    items = await listed(place)
    assert (await content(place, items[site.url + "/in"])).data == b"here"
    for path in ("/out", "/file", "/loop"):
        with pytest.raises(Invalid):
            await place.fetch(items[site.url + path], "", LIMIT)
    await place.close()


async def test_page_on_this_machine_is_not_fetched(site: Site) -> None:
    with pytest.raises(Invalid, match="private or local"):
        await listed(pages(site, "/a", allowed=()))
    # A name says nothing yet; where it leads does.
    place = Web([site.url.replace("127.0.0.1", "localhost") + "/a"], guard=Guard(), robots=False)
    (item,) = (await listed(place)).values()
    with pytest.raises(Invalid, match="private or local"):
        await place.fetch(item, "", LIMIT)
    await place.close()
    assert site.asked == []


async def test_robots_txt_is_respected(site: Site) -> None:
    site.answers["/robots.txt"] = web.Response(text="User-agent: *\nDisallow: /private/\n")
    site.answers["/private/x"] = html("x")
    site.answers["/y"] = html("y")
    place = pages(site, "/private/x", "/y", robots=True)
    items = await listed(place)
    with pytest.raises(Invalid, match="does not want"):
        await place.fetch(items[site.url + "/private/x"], "", LIMIT)
    assert (await content(place, items[site.url + "/y"])).data == b"y"
    assert [path for path, _ in site.asked].count("/robots.txt") == 1
    await place.close()


async def test_faults_of_a_page_are_that_page_s(site: Site) -> None:
    site.answers["/down"] = web.Response(status=500)
    site.answers["/packed"] = html("x", **{"content-encoding": "gzip"})
    place = pages(site, "/down", "/packed")
    items = await listed(place)
    for path in ("/down", "/packed"):
        with pytest.raises(GatewayError):
            await place.fetch(items[site.url + path], "", LIMIT)
    await place.close()
    dead = Web(["http://127.0.0.1:9/x"], guard=Guard(["127.0.0.1"]), robots=False, timeout_s=5)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await dead.fetch(Item("http://127.0.0.1:9/x", ""), "", LIMIT)
    await dead.close()


# --- mailbox ----------------------------------------------------------------------------------------------------------


def mail(number: int, *, with_id: bool = True) -> bytes:
    head = f"Message-ID: <m{number}@example.org>\r\n" if with_id else ""
    return f"From: jane.roe@example.org\r\n{head}Subject: Case {number}\r\n\r\nCase {number} is closed.\r\n".encode()


@pytest.fixture
async def imap(tmp_path: Path) -> AsyncIterator[ImapSimulator]:
    async with ImapSimulator(tmp_path) as made:
        made.messages = {uid: mail(uid) for uid in (1, 2, 5)}
        yield made


def mailbox(imap: ImapSimulator, **named: object) -> Mailbox:
    known: dict[str, object] = {"user": USER, "password": Secret(PASSWORD), "ca_file": imap.ca_file, "port": imap.port}
    return Mailbox("127.0.0.1", timeout_s=10, **{**known, **named})  # type: ignore[arg-type]


async def test_mailbox_is_read_and_never_changed(imap: ImapSimulator) -> None:
    place = mailbox(imap)
    items = await listed(place)
    assert set(items) == {f"<m{n}@example.org>" for n in (1, 2, 5)}
    one = items["<m2@example.org>"]
    assert (one.mark, one.name.endswith(".eml")) == ("7:2", True)
    assert "example.org" not in one.name
    assert (await content(place, one)).data == imap.messages[2]
    assert await place.fetch(one, one.mark, LIMIT) is None
    with pytest.raises(TooLarge):
        await place.fetch(one, "", 10)
    del imap.messages[2]
    with pytest.raises(Gone):
        await place.fetch(one, "", LIMIT)
    assert imap.read_only
    assert imap.changed == []
    await place.close()


async def test_mailbox_numbered_anew_holds_the_same_messages(imap: ImapSimulator) -> None:
    place = mailbox(imap)
    before = await listed(place)
    await place.close()
    imap.validity, imap.messages = 8, {uid + 40: text for uid, text in imap.messages.items()}
    after = await listed(place, {key: item.mark for key, item in before.items()})
    assert set(after) == set(before)
    assert {item.mark.partition(":")[0] for item in after.values()} == {"8"}
    await place.close()


async def test_message_without_an_id_is_known_by_its_number(imap: ImapSimulator) -> None:
    imap.messages = {3: mail(3, with_id=False)}
    place = mailbox(imap)
    assert set(await listed(place)) == {"7:3"}
    await place.close()


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"password": Secret("wrong")}, "refused"),
        ({"mailbox": "Nowhere"}, "refused"),
        ({"ca_file": None}, "not trusted"),
        ({"port": 9}, "cannot be reached"),
    ],
)
async def test_mailbox_that_cannot_be_read(imap: ImapSimulator, named: dict[str, object], words: str) -> None:
    place = mailbox(imap, **named)
    with pytest.raises(Unavailable, match=words) as refused:
        await listed(place)
    assert "example.org" not in str(refused.value)
    await place.close()


async def test_connection_that_breaks_off_is_made_anew(imap: ImapSimulator) -> None:
    imap.drop = 1
    place = mailbox(imap)
    with pytest.raises(Unavailable):
        await listed(place)
    assert len(await listed(place)) == 3
    await place.close()
