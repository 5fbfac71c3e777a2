"""A receipt holds offline, with one file of this project and nothing else of it; a changed one does not."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.audit import AuditLog
from gateway.audit.receipt import Receipts
from gateway.audit.sealer import Sealer
from gateway.audit.tlog import check
from gateway.audit.tlog.check import NotProven, Proof, VerifierKey, open_receipt
from gateway.audit.tlog.notes import render
from gateway.crypto import KeyRing
from gateway.crypto.sign import Signer
from gateway.errors import NotFound, NotYet
from gateway.store import Store
from tests.audit.support import now, record

STATEMENT = {"policy": "sha256:00", "egress": [{"model": "small", "sha256": "11"}]}


@dataclass
class Written:
    store: Store
    ring: KeyRing
    key: VerifierKey


@pytest_asyncio.fixture
async def written(database: Store, ring: KeyRing) -> AsyncIterator[Written]:
    log = AuditLog(database, ring, now)
    await log.start()
    for n in range(20):
        await log.append(replace(record(n), statement=STATEMENT | {"n": n}))
    await log.append(record(30))
    await log.close()
    yield Written(database, ring, Sealer(database, ring, now).key)


async def seal(written: Written) -> None:
    connection = await written.store.connect()
    assert await Sealer(written.store, written.ring, now).once(connection)
    await connection.close()


async def test_a_receipt_proves_its_statement(written: Written) -> None:
    await seal(written)
    data = await Receipts(written.store, written.ring).receipt("r7")
    found = open_receipt(data, written.key)
    assert found.statement == STATEMENT | {"n": 7}
    assert (found.request, found.kind, found.size) == ("r7", "intent", 22)
    with pytest.raises(NotProven, match="not signed by the log"):
        open_receipt(data, replace(written.key, public=Signer.generate().public))


async def test_before_a_checkpoint_there_is_none_and_of_no_record_never(written: Written) -> None:
    receipts = Receipts(written.store, written.ring)
    with pytest.raises(NotYet):
        await receipts.receipt("r7")
    await seal(written)
    for request in ("r30", "nobody", "\0"):
        with pytest.raises(NotFound):
            await receipts.receipt(request)


async def test_no_field_of_a_receipt_may_change(written: Written) -> None:
    await seal(written)
    data = await Receipts(written.store, written.ring).receipt("r7")
    proof = Proof.parse(data)
    told = json.loads(proof.extra)
    for name, value in told["row"].items():
        bad = told | {"row": told["row"] | {name: 99 if isinstance(value, int) else "00" * 32}}
        with pytest.raises(NotProven):
            open_receipt(render(replace(proof, extra=json.dumps(bad).encode())), written.key)
    for name in ("sealed", "salt", "statement"):
        bad = told | {name: ("1" if told[name][0] != "1" else "2") + told[name][1:]}
        with pytest.raises(NotProven):
            open_receipt(render(replace(proof, extra=json.dumps(bad).encode())), written.key)
    other = Proof.parse(await Receipts(written.store, written.ring).receipt("r8"))
    for bad_proof in (
        replace(proof, index=other.index),
        replace(proof, path=other.path),
        replace(proof, extra=other.extra),
        replace(proof, extra=b""),
        replace(proof, extra=b"[" * 100_000),
        replace(proof, extra=b'{"row":[]}'),
    ):
        with pytest.raises(NotProven):
            open_receipt(render(bad_proof), written.key)


async def test_the_one_file_checks_it_alone(written: Written, tmp_path: Path) -> None:
    await seal(written)
    shutil.copy(check.__file__, tmp_path / "check.py")
    (tmp_path / "answer.tlog-proof").write_bytes(await Receipts(written.store, written.ring).receipt("r7"))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        # -I: nothing of this project can be imported from there.
        return subprocess.run(
            [sys.executable, "-I", "check.py", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    good = run("answer.tlog-proof", "--key", str(written.key))
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["statement"]["n"] == 7
    other = str(replace(written.key, public=Signer.generate().public))
    assert run("answer.tlog-proof", "--key", other).returncode == 1
    witness = VerifierKey("w.example", check.COSIGNATURE, Signer.generate().public)
    absent = run("answer.tlog-proof", "--key", str(written.key), "--witness", str(witness))
    assert absent.returncode == 1
    assert "w.example" in absent.stderr
    assert run("nothing", "--key", str(written.key)).returncode == 1
    (tmp_path / "bad").write_bytes(base64.b64encode(b"x" * 100))
    assert run("bad", "--key", str(written.key)).returncode == 1


def test_the_one_file_needs_nothing_but_cryptography() -> None:
    lines = Path(check.__file__).read_text().splitlines()
    imports = [line for line in lines if line.startswith(("import ", "from "))]
    assert not [line for line in imports if "gateway" in line]
