"""A mail server that speaks as much of IMAP4rev1 as reading a mailbox takes, over TLS."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import re
import ssl
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "archive", "the password of the archive"
COMMAND = re.compile(rb"(\S+) (UID )?(\S+) ?(.*)", re.DOTALL)


class ImapSimulator:
    """One mailbox, INBOX, holding `messages` by UID. `changed` lists commands that would have changed something."""

    def __init__(self, folder: Path) -> None:
        self.messages: dict[int, bytes] = {}
        self.validity = 7
        self.changed: list[str] = []
        self.fetched: list[str] = []
        self.read_only = False
        self.drop = 0
        """So many connections break off after login."""
        self.ca_file = folder / "imap-ca.pem"
        self._folder = folder
        self._server: asyncio.Server | None = None
        self.port = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            writer.write(b"* OK ready\r\n")
            while line := (await reader.readline()).rstrip(b"\r\n"):
                found = COMMAND.match(line)
                if found is None:
                    break
                tag, uid, name, rest = found[1], bool(found[2]), found[3].upper().decode(), found[4].decode()
                if name != "LOGIN" and self.drop:
                    self.drop -= 1
                    break
                writer.write(self._answer(f"UID {name}" if uid else name, rest, tag))
                await writer.drain()
                if name == "LOGOUT":
                    break
        writer.close()

    def _answer(self, name: str, rest: str, tag: bytes) -> bytes:
        done = tag + f" OK {name} done\r\n".encode()
        if name == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n" + done
        if name == "LOGIN":
            good = rest == f'{USER} "{PASSWORD}"'
            return done if good else tag + b" NO [AUTHENTICATIONFAILED] who is archive@example.org\r\n"
        if name in ("EXAMINE", "SELECT"):
            if rest != '"INBOX"':
                return tag + b" NO no such mailbox\r\n"
            self.read_only = name == "EXAMINE"
            return f"* {len(self.messages)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] valid\r\n".encode() + done
        if name == "UID SEARCH":
            return f"* SEARCH {' '.join(map(str, sorted(self.messages)))}\r\n".encode() + done
        if name == "UID FETCH":
            uids, _, what = rest.partition(" ")
            wanted = [int(uid) for uid in uids.split(",") if int(uid) in self.messages]
            return b"".join(self._fetch(uid, what) for uid in wanted) + done
        if name in ("NOOP", "LOGOUT"):
            return (b"* BYE\r\n" if name == "LOGOUT" else b"") + done
        self.changed.append(name)
        return tag + b" BAD unknown\r\n"

    def _fetch(self, uid: int, what: str) -> bytes:
        message = self.messages[uid]
        if "PEEK" not in what:
            self.changed.append("a fetch that marks as seen")
        if "HEADER.FIELDS" in what:
            head = (
                b"".join(line + b"\r\n" for line in message.splitlines() if line.lower().startswith(b"message-id:"))
                + b"\r\n"
            )
            section = b"BODY[HEADER.FIELDS (MESSAGE-ID)]"
        else:
            self.fetched.append(str(uid))
            head, section = message, b"BODY[]"
        front = f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(message)} ".encode() + section
        return front + f" {{{len(head)}}}\r\n".encode() + head + b")\r\n"

    async def __aenter__(self) -> Self:
        key_file = self._folder / "imap-key.pem"
        _certificate(self.ca_file, key_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key_file)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()


def _certificate(cert_file: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated mail server")])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=10))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
