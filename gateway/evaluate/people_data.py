"""Letters, contracts and tickets about invented people, with questions by name and without: the same for one seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.evaluate.retrieval_data import Entry, Judged, Question

FIRST: Final = re.findall(
    r"\w+",
    "Jane Peter Amelia Tobias Ingrid Marco Sofia Henrik Clara Daniel Yusuf Mei Laura Stefan Nadia Oliver Hannah "
    "Pavel Greta Thomas Leila Victor Emma Rafael Judith Samuel Anna Erik Miriam Paul ",
)
LAST: Final = re.findall(
    r"\w+",
    "Roe Lindqvist Okafor Bauer Marchetti Novak Haddad Petersen Kowalski Fischer Dubois Tanaka Alvarez "
    "Schneider Moreau Ivanova Keller Rossi Jansen Weber Costa Nielsen Horvat Becker Laurent Yamada Ortega "
    "Krause Lehmann Sorensen Brandt Ferrari Molnar Virtanen Duarte Hoffmann Lambert Castellano Vogel Andersson "
    "Papadakis Richter Fournier Zielinski Engel Barros Kaminski Winkler Salvatore Berglund Demir Hartmann "
    "Leclerc Popescu Seidel Tavares Ullmann Vasquez Wagner Zimmermann Albrecht Bertrand Conti Dahl Eriksen "
    "Fontana Graf Heinz Iversen Jorgensen Kuhn Lorenz ",
)
FIRMS: Final = (
    *("Northgate Pumps", "Halden Freight", "Brightwater Labs", "Cedar Insurance", "Ostmark Tools", "Lakeside Bakery"),
    *("Vantor Systems", "Meridian Textiles", "Polar Foods", "Quarry Stone", "Sunfield Energy", "Tidewater Marine"),
)
MATTERS: Final[dict[str, tuple[str, ...]]] = {
    "a late delivery": ("the pallets came nine days late", "the carrier had closed its depot over the holidays"),
    "a broken compressor": ("the compressor stops after twenty minutes", "a worn gasket lets the oil escape"),
    "a rent increase": ("the rent of the warehouse rises by four percent", "the lease allows it every second spring"),
    "a training course": ("the course on safe lifting was booked out", "a second date in autumn is offered"),
    "a wrong invoice": ("the invoice charges the freight twice", "a credit note for the difference is asked for"),
    "parental leave": ("the leave begins in June and lasts seven months", "a colleague takes over the customers"),
    "a water leak": ("water came through the ceiling of the archive", "the insurer wants photographs of the shelves"),
    "a software licence": ("the licence covers twelve seats only", "the design team needs three more until spring"),
    "a recall of kettles": ("the handle of the kettle loosens when hot", "customers get a new one without asking"),
    "noise at night": ("the cooling plant hums until dawn", "the neighbours have measured fifty decibels"),
    "a parking permit": ("the permit for the yard has run out", "visitors now park behind the loading ramp"),
    "a pension statement": ("two years of contributions are missing", "the fund asks for the old payslips"),
    "a price list": ("the new price list leaves out the spare parts", "discounts begin at fifty pieces"),
    "an apprenticeship": ("the apprentice starts in the tool shop", "the first exam is taken after a year"),
    "a lost parcel": ("the parcel was last seen in the sorting centre", "it held samples of glazed tiles"),
    "a fire inspection": ("two extinguishers were out of date", "the emergency door in the hall sticks"),
}
KINDS: Final = ("full name", "surname", "e-mail", "first name and company", "name and matter", "no name")
_SHAPES: Final = {
    "Letter": (
        """{name}
{firm}
{mail}

Dear Sir or Madam,

I write about {matter} at {firm}. You should know that {one}. Besides, {two}. Please confirm by the end of the month
what will be done.

Yours faithfully
{name}
""",
        """Dear {name},

Thank you for your letter about {matter}. We have looked into it: {one}, and {two}. {firm} will hear from us within ten
days. We write to {mail} unless you prefer the post.

Kind regards
Customer service
""",
    ),
    "Contract": (
        """This agreement is made between {firm}, represented by {name}, and the supplier. Its subject is {matter}. The
parties state that {one} and that {two}. Notices go to {mail}. It may be ended with three months' notice in writing.
""",
    ),
    "Ticket": (
        """Ticket from {name} ({mail}), {firm}

Subject: {matter}

{name} reports that {one}. On asking, it turned out that {two}. Priority: normal. Next step: call back on Thursday.
""",
        """Note on a call: Ms or Mr {last} of {firm} rang about {matter}. According to {first} {last}, {one}; it was
added that {two}. An answer to {mail} was promised.
""",
    ),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is not."""

    first: str
    last: str
    firm: str

    @property
    def name(self) -> str:
        """First name and surname."""
        return f"{self.first} {self.last}"

    @property
    def mail(self) -> str:
        """An address at the firm."""
        return f"{self.first}.{self.last}@{self.firm.split()[0]}.example".lower()


def people_set(documents: int = 300, seed: int = 1) -> tuple[Judged, dict[str, str]]:
    """A set of so many documents, and question id -> its kind, one of `KINDS`.

    A surname belongs to one person; first names, firms and matters to many.
    """
    draw = random.Random(seed)  # noqa: S311 - invented texts
    firsts = draw.sample(FIRST, len(FIRST))
    people = [
        Person(firsts[at % len(firsts)], last, FIRMS[(at * 5 + at // len(firsts)) % len(FIRMS)])
        for at, last in enumerate(draw.sample(LAST, len(LAST)))
    ]
    written: dict[str, tuple[Person, str]] = {}
    entries: list[Entry] = []
    for at in range(documents):
        person, matter = people[at % len(people)], draw.choice(list(MATTERS))
        kind = draw.choice(list(_SHAPES))
        one, two = MATTERS[matter]
        text = draw.choice(_SHAPES[kind]).format(
            name=person.name,
            first=person.first,
            last=person.last,
            firm=person.firm,
            mail=person.mail,
            matter=matter,
            one=one,
            two=two,
        )
        entries.append(Entry(f"d{at}", f"{kind} {at + 1}", text))
        written[f"d{at}"] = person, matter
    questions: list[Question] = []
    kinds: dict[str, str] = {}
    for kind, text, wanted in _questions(people, written):
        found = {document: 1 for document, held in written.items() if wanted(*held)}
        if found:
            questions.append(Question(f"q{len(questions)}", text, found))
            kinds[questions[-1].id] = kind
    return Judged(tuple(entries), tuple(questions)), kinds


def _if(said: Callable[[Person, str], object], asked: object) -> Callable[[Person, str], bool]:
    """Whether what is said of a document's person and matter is what is asked."""
    return lambda who, what: said(who, what) == asked


def _questions(
    people: list[Person], written: dict[str, tuple[Person, str]]
) -> Iterator[tuple[str, str, Callable[[Person, str], bool]]]:
    """(kind, text, whether a document about this person and matter answers it)."""
    for person in people:
        him = _if(lambda who, _: who, person)
        yield KINDS[0], f"{person.name}", him
        yield KINDS[1], f"What did {person.last} want from us?", him
        yield KINDS[2], f"everything from {person.mail}", him
        text = f"What do we know about {person.first} at {person.firm}?"
        yield KINDS[3], text, _if(lambda who, _: (who.first, who.firm), (person.first, person.firm))
    for person, matter in dict.fromkeys(written.values()):
        text = f"What has {person.name} to do with {matter}?"
        yield KINDS[4], text, _if(lambda who, what: (who, what), (person, matter))
    for matter in MATTERS:
        for firm in FIRMS:
            text = f"Which papers of {firm} are about {matter}?"
            yield KINDS[5], text, _if(lambda who, what: (who.firm, what), (firm, matter))
