"""Kinds of conversation in which personal data goes through a gateway: each makes a request, and says what is in it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.redteam.people import Person

Truth = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation as it is sent. `truth`: (type, value) of all that was put in; what stands in no other way."""

    kind: str
    messages: list[dict[str, Any]]
    truth: Truth = field(repr=False)
    more: dict[str, Any] = field(default_factory=dict)


Maker = Callable[[random.Random, Person, Person], Talk]


def _user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def question(chance: random.Random, one: Person, two: Person) -> Talk:
    """Somebody asks, as people ask."""
    text, truth = chance.choice(
        [
            (f"Can you write a short note to {one.name} at {one.email}?", one.truth("name", "email")),
            (f"why did {one.name.lower()} call me from {one.phone} yesterday", one.truth("name", "phone")),
            (f"Is {one.iban} a valid IBAN? It belongs to {one.name}.", one.truth("iban", "name")),
            (f"WHO IS {one.name.upper()}, BORN {one.birth}?", one.truth("name", "birth")),
            (
                f"{one.name} and {two.name} argue about card {two.card}.",
                [*one.truth("name"), *two.truth("name", "card")],
            ),
            (
                f"Dr {one.last} treated Ms {two.name}; her SSN is {two.ssn}.",
                [("PERSON", one.last), *two.truth("name", "ssn")],
            ),
        ]
    )
    return Talk("question", _user(text), truth)


def mail(chance: random.Random, one: Person, two: Person) -> Talk:
    """An e-mail with header, greeting and signature."""
    text = (
        f"From: {one.name} <{one.email}>\nTo: {two.name} <{two.email}>\nSubject: Invoice\n\n"
        f"Dear Ms {two.last},\n\nplease pay to {one.iban}. You reach me at {one.phone}.\n\nKind regards,\n{one.name}\n"
    )
    truth = [*one.truth("name", "email", "iban", "phone"), *two.truth("name", "email")]
    return Talk("e-mail", _user(f"Summarise this mail:\n\n{text}"), truth)


def ticket(chance: random.Random, one: Person, two: Person) -> Talk:
    """A support ticket."""
    text = (
        f"Ticket OPS-{chance.randrange(1000, 9999)}\nReporter: {one.name} ({one.email})\nAssignee: {two.name}\n"
        f"The user's card {one.card} was declined on v2.{chance.randrange(9)}.1; host {two.ip} logged nothing.\n"
    )
    return Talk("ticket", _user(text), [*one.truth("name", "email", "card"), *two.truth("name", "ip")])


def form(chance: random.Random, one: Person, two: Person) -> Talk:
    """A form: a label, a value, a line."""
    colon = chance.choice([": ", " = ", ":\t"])
    rows = [("Name", one.name), ("DOB", one.birth), ("Phone", one.phone), ("E-mail", one.email), ("SSN", one.ssn)]
    text = "\n".join(f"{label}{colon}{value}" for label, value in rows)
    return Talk("form", _user(f"Check this form.\n{text}\n"), one.truth("name", "birth", "phone", "email", "ssn"))


def table(chance: random.Random, one: Person, two: Person) -> Talk:
    """A table in Markdown or CSV."""
    rows = [["name", "email", "iban"], [one.name, one.email, one.iban], [two.name, two.email, two.iban]]
    if chance.random() < 0.5:
        text = "\n".join(",".join(row) for row in rows)
    else:
        text = "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], ["---"] * 3, *rows[1:]])
    return Talk(
        "table", _user(f"Sort this:\n\n{text}\n"), [*one.truth("name", "email", "iban"), *two.truth("name", "email")]
    )


def json_text(chance: random.Random, one: Person, two: Person) -> Talk:
    """JSON pasted into a message."""
    value = {"customer": {"name": one.name, "mail": one.email, "cards": [one.card]}, "note": f"ask {two.email}"}
    text = json.dumps(value, ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 2]))
    return Talk("JSON", _user(f"Is this right?\n{text}"), [*one.truth("name", "email", "card"), *two.truth("email")])


def tools(chance: random.Random, one: Person, two: Person) -> Talk:
    """A tool's arguments and results in the history, and personal data in its declaration."""
    call = {
        "id": "call_a",
        "type": "function",
        "function": {"name": "find", "arguments": json.dumps({"mail": one.email})},
    }
    found = {"owner": {"full_name": one.name, "phone": one.phone}, "backup": two.email}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": f"Look {one.email} up."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_a", "content": json.dumps(found, ensure_ascii=chance.random() < 0.5)},
        {"role": "user", "content": "And now?"},
    ]
    schema = {"type": "object", "properties": {"mail": {"type": "string", "description": f"such as {two.email}"}}}
    tool = {"type": "function", "function": {"name": "find", "description": "Finds people", "parameters": schema}}
    truth = [*one.truth("email", "name", "phone"), *two.truth("email")]
    return Talk("tools", messages, truth, {"tools": [tool]})


def logs(chance: random.Random, one: Person, two: Person) -> Talk:
    """A piece of a log."""
    text = (
        f"2031-04-0{chance.randrange(1, 9)}T10:11:12Z INFO login user={one.email} ip={one.ip} ok\n"
        f"2031-04-02T10:11:13Z WARN smtp to=<{two.email}> relay={two.ip}:25 status=deferred\n"
    )
    return Talk("log", _user(f"What went wrong?\n{text}"), [*one.truth("email", "ip"), *two.truth("email", "ip")])


def system(chance: random.Random, one: Person, two: Person) -> Talk:
    """Personal data in the system prompt and in other fields than messages."""
    role = chance.choice(["system", "developer"])
    messages = [
        {"role": role, "content": f"You help Mr {one.name}, {one.phone}. Escalate to {two.email}."},
        {"role": "user", "name": "someone", "content": "Whom do I call?"},
    ]
    more = {"metadata": {"owner": one.email, "phone": two.phone}, "stop": [two.email]}
    return Talk("system", messages, [*one.truth("name", "phone", "email"), *two.truth("email", "phone")], more)


def history(chance: random.Random, one: Person, two: Person) -> Talk:
    """Several turns; somebody named in full is called by a part of the name later."""
    messages = [
        {"role": "user", "content": f"Mr {one.name} ({one.email}) complained about Mrs {two.name}."},
        {"role": "assistant", "content": f"I am sorry to hear that {one.name} complained."},
        {"role": "user", "content": f"{one.last} called from {one.phone}. What do I tell {two.first}?"},
        {"role": "assistant", "content": "Tell her what happened."},
        {"role": "user", "content": f"Write to {one.name} and copy {two.email}."},
    ]
    return Talk("history", messages, [*one.truth("name", "email", "phone"), *two.truth("name", "email")])


def parts(chance: random.Random, one: Person, two: Person) -> Talk:
    """A message in parts, a value cut over two of them."""
    at = chance.randrange(1, len(one.email))
    pieces = ["Write to ", one.email[:at], one.email[at:], f" and call {two.phone}."]
    messages = [{"role": "user", "content": [{"type": "text", "text": piece} for piece in pieces]}]
    return Talk("parts", messages, [*one.truth("email"), *two.truth("phone")])


def code(chance: random.Random, one: Person, two: Person) -> Talk:
    """Source code, URLs and configuration."""
    text = chance.choice(
        [
            f'OWNER = "{one.email}"\nHOSTS = ["{one.ip}", "{two.ip}"]\n',
            f"curl https://api.example.com/users?mail={one.email}&phone={two.phone.replace(' ', '')}\n",
            f"git commit -m fix\n\nSigned-off-by: {one.name} <{one.email}>\nCo-authored-by: {two.name} <{two.email}>\n",
        ]
    )
    truth = [pair for pair in [*one.truth("email", "ip", "name"), *two.truth("ip", "name", "email")] if pair[1] in text]
    return Talk("code", _user(f"Explain:\n```\n{text}```\n"), truth)


def disguise(chance: random.Random, one: Person, two: Person) -> Talk:
    """Values written so that a careless scanner passes over them."""
    wide = one.email.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)})
    mail = chance.choice(
        [
            one.email.replace("@", "%40"),
            one.email.replace("@", "&#64;"),
            one.email.replace("@", "\\u0040"),
            one.email.replace(".", "\u200b."),
            "".join(c + "\u00ad" * (c == "@") for c in one.email),
            wide,
        ]
    )
    card = chance.choice([two.card.replace(" ", "\u00a0"), two.card.replace(" ", "\u2011"), two.card.replace(" ", "")])
    text = f"The address is {mail} and the card {card} of it."
    return Talk("disguise", _user(text), [*one.truth("email"), *two.truth("card")])


KINDS: tuple[Maker, ...] = (
    *(question, mail, ticket, form, table, json_text, tools, logs, system, history, parts, code, disguise),
)


def talk(chance: random.Random, one: Person, two: Person) -> Talk:
    """A conversation of any kind."""
    return chance.choice(KINDS)(chance, one, two)
