"""A mailbox over IMAP, read only: nothing in it is marked, moved or deleted. The library's own client, in a thread.

A message is named by its Message-ID, so that a server that numbers its mailbox anew (another UIDVALIDITY) does not make
every message a new document; UIDVALIDITY and UID together say that a message is the one known from before, since the
content behind a UID never changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.parser
import email.policy
import imaplib
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from gateway.crypto import Secret
from gateway.crypto.digest import sha256
from gateway.errors import TooLarge, Unavailable
from gateway.ingest.sources.nouns import Fetched, Gone, Item

T = TypeVar("T")

TIMEOUT_S: Final = 60.0
STEP: Final = 200
"""Messages whose heads are asked for at a time."""
_HEAD: Final = "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
_UID: Final = re.compile(rb"\bUID (\d+)")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)")


class Mailbox:
    """One mailbox of one account."""

    def __init__(
        self,
        host: str,
        *,
        user: str,
        password: Secret,
        port: int = 993,
        mailbox: str = "INBOX",
        ca_file: Path | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._host = host
        self._port = port
        self._user = user
        self._password = password
        self._mailbox = mailbox
        self._ca_file = ca_file
        self._timeout_s = timeout_s
        self._client: imaplib.IMAP4_SSL | None = None
        self._validity = ""
        self._turn = asyncio.Lock()

    async def items(self, known: Mapping[str, str]) -> AsyncIterator[Item]:
        """Every message that is not marked deleted. Heads are fetched only of those not known from before."""
        by_mark = {mark: key for key, mark in known.items()}
        for item in await self._run(lambda client: self._listed(client, by_mark)):
            yield item

    async def fetch(self, item: Item, mark: str, limit: int) -> Fetched | None:
        """The whole message, as it was sent."""
        if item.size is not None and item.size > limit:
            raise TooLarge(f"the message has more than {limit} bytes", hint="leave it out, or raise the limit")
        if item.mark == mark:
            return None
        validity, _, uid = item.mark.partition(":")
        return await self._run(lambda client: self._fetched(client, validity, uid))

    async def close(self) -> None:
        """Log out."""
        async with self._turn:
            client, self._client = self._client, None
            if client is not None:
                await asyncio.to_thread(_leave, client)

    async def _run(self, work: Callable[[imaplib.IMAP4_SSL], T]) -> T:
        """One conversation at a time, in a thread; one that broke off is begun anew next time."""
        async with self._turn:
            try:
                if self._client is None:
                    self._client = await asyncio.to_thread(self._opened)
                return await asyncio.to_thread(work, self._client)
            except (imaplib.IMAP4.error, OSError) as fault:
                client, self._client = self._client, None
                if client is not None:
                    with contextlib.suppress(OSError):
                        client.shutdown()
                # The server's words may quote whoever wrote.
                raise _failed(fault) from None

    def _opened(self) -> imaplib.IMAP4_SSL:
        context = ssl.create_default_context(cafile=self._ca_file)
        client = imaplib.IMAP4_SSL(self._host, self._port, ssl_context=context, timeout=self._timeout_s)
        try:
            client.login(self._user, self._password.reveal())
            _good(client.select(_quoted(self._mailbox), readonly=True)[0])
            found = client.response("UIDVALIDITY")[1][0]
            self._validity = found.decode() if isinstance(found, bytes) else ""
        except BaseException:
            with contextlib.suppress(OSError):
                client.shutdown()
            raise
        return client

    def _listed(self, client: imaplib.IMAP4_SSL, by_mark: Mapping[str, str]) -> list[Item]:
        # What arrived since the mailbox was opened is told with the answer to this.
        client.noop()
        status, found = client.uid("SEARCH", "UNDELETED")
        _good(status)
        uids = (found[0] or b"").decode().split() if found else []
        items, unknown = [], []
        for uid in uids:
            mark = f"{self._validity}:{uid}"
            if (key := by_mark.get(mark)) is not None:
                items.append(Item(key, mark, None, f"{_short(key)}.eml"))
            else:
                unknown.append(uid)
        for at in range(0, len(unknown), STEP):
            items.extend(self._heads(client, unknown[at : at + STEP]))
        # Two copies of one message are one document.
        return list({item.key: item for item in items}.values())

    def _heads(self, client: imaplib.IMAP4_SSL, uids: list[str]) -> list[Item]:
        status, found = client.uid("FETCH", ",".join(uids), _HEAD)
        _good(status)
        items = []
        for line in found:
            if not isinstance(line, tuple):
                continue
            uid, size = _UID.search(line[0]), _SIZE.search(line[0])
            if uid is None:
                continue
            number = uid[1].decode()
            key = _message_id(line[1]) or f"{self._validity}:{number}"
            items.append(Item(key, f"{self._validity}:{number}", int(size[1]) if size else None, f"{_short(key)}.eml"))
        return items

    def _fetched(self, client: imaplib.IMAP4_SSL, validity: str, uid: str) -> Fetched:
        if validity != self._validity:
            raise Gone
        status, found = client.uid("FETCH", uid, "(UID BODY.PEEK[])")
        _good(status)
        for line in found:
            if isinstance(line, tuple):
                return Fetched(line[1], f"{validity}:{uid}")
        raise Gone


def _good(status: str) -> None:
    if status != "OK":
        raise imaplib.IMAP4.error


def _message_id(head: bytes) -> str:
    found = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(head).get("message-id", "")
    return re.sub(r"\s+", "", str(found))[:400]


def _short(key: str) -> str:
    """A message id holds host names and more; a document's name need only be the same next time."""
    return sha256(key.encode("utf-8", "surrogateescape")).hex()[:24]


def _quoted(mailbox: str) -> str:
    return '"' + mailbox.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _leave(client: imaplib.IMAP4_SSL) -> None:
    with contextlib.suppress(imaplib.IMAP4.error, OSError):
        client.logout()


def _failed(fault: Exception) -> Unavailable:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return Unavailable("the mail server's certificate is not trusted", hint="set ca_file of the source")
    if isinstance(fault, OSError):
        return Unavailable("the mail server cannot be reached", hint="check host and port of the source")
    return Unavailable("the mail server refused", hint="check user, password and mailbox of the source")
