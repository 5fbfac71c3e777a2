"""Invented answers to invented documents: what each sentence deserves."""

from __future__ import annotations

from gateway.retrieval.grounding.support import NEUTRAL, PARTLY, SUPPORTED, UNSUPPORTED

PASSAGES = (
    (
        "Leave",
        """Every employee has 29 days of paid annual leave. Leave that is not taken expires on 31 March of the following
        year. Requests go to the manager two weeks ahead. Interns do not receive paid leave.""",
    ),
    (
        "Travel",
        """Rail tickets are booked through the portal. A hotel may cost up to 1,200 EUR for a stay, and 140 EUR a night
        at most. Taxis need the approval of [PERSON_k3f9a2c17qzx]. Flights within Europe are not reimbursed.""",
    ),
    (
        "Weaving mill Orlen",
        """The mill in Brasvik was founded on 12 March 1987 by Tilda Marsh. It employs 340 people and produces 2.5
        million metres of cloth a year. The mill was sold to Kestrel Textiles in 2004.""",
    ),
    (
        "Kündigung",
        """Die Kündigungsfrist beträgt vier Wochen zum Monatsende. Überstunden werden mit 25 % Zuschlag vergütet. Ein
        Anspruch auf Heimarbeit besteht nicht.""",
    ),
)

CASES = (
    # (sentence, verdicts that are right)
    ("Employees get 29 days of paid annual leave [1].", {SUPPORTED}),
    ("You have twenty-nine days of holiday.", {PARTLY, UNSUPPORTED}),
    ("Employees get 30 days of paid annual leave.", {UNSUPPORTED}),
    ("Employees have 29 weeks of paid annual leave.", {UNSUPPORTED}),
    ("Leave not taken expires on 31.03. of the following year.", {SUPPORTED}),
    ("Leave that is not taken expires on March 31st of the following year.", {SUPPORTED}),
    ("Leave that is not taken expires on 30 April of the following year.", {UNSUPPORTED}),
    ("Requests go to your manager 2 weeks ahead.", {SUPPORTED}),
    ("Interns receive paid leave.", {UNSUPPORTED}),
    ("Interns do not receive paid leave.", {SUPPORTED}),
    ("A hotel may cost up to 1200 euros for a stay.", {SUPPORTED}),
    ("A hotel may cost up to 1.200 EUR for a stay.", {SUPPORTED}),
    ("A hotel may cost up to 1,200 USD for a stay.", {UNSUPPORTED}),
    ("Hotels cost at most 140 EUR per night.", {SUPPORTED, PARTLY}),
    ("Taxis need the approval of [PERSON_k3f9a2c17qzx].", {SUPPORTED}),
    ("Taxis need the approval of [PERSON_0000a2c17qzx].", {UNSUPPORTED}),
    ("Flights within Europe are reimbursed.", {UNSUPPORTED}),
    ("The mill was founded in 1987 by Tilda Marsh.", {SUPPORTED}),
    ("The mill was founded on 1987-03-12.", {SUPPORTED}),
    ("The mill was founded on 1987-03-13.", {UNSUPPORTED}),
    ("The mill was founded by Jonas Marsh.", {UNSUPPORTED, PARTLY}),
    ("It employs 340 people.", {SUPPORTED}),
    ("It makes 2,500,000 metres of cloth per year.", {SUPPORTED, PARTLY}),
    ("Kestrel Textiles bought the mill in 2004.", {SUPPORTED, PARTLY}),
    ("The mill was sold to Kestrel Textiles in 2004, and employees get 29 days of paid leave.", {SUPPORTED, PARTLY}),
    ("The canteen serves lunch between noon and two in the afternoon.", {UNSUPPORTED}),
    ("The founder studied chemistry in Vienna.", {UNSUPPORTED}),
    ("The company provides laptops to all new staff.", {UNSUPPORTED}),
    ("Die Kündigungsfrist beträgt 4 Wochen zum Monatsende.", {SUPPORTED}),
    ("Die Kündigungsfrist beträgt sechs Wochen zum Monatsende.", {UNSUPPORTED}),
    ("Für Überstunden wird ein Zuschlag von 25 Prozent vergütet.", {SUPPORTED, PARTLY}),
    ("Es besteht ein Anspruch auf Heimarbeit.", {UNSUPPORTED}),
    ("Die Kantine öffnet um acht Uhr.", {UNSUPPORTED}),
    ("Hello! I hope this helps.", {NEUTRAL}),
    ("I do not know.", {NEUTRAL}),
    ("The documents do not say who pays for the taxi.", {NEUTRAL}),
    ("Would you like to know more about travel?", {NEUTRAL}),
    ("Here is what the passages say:", {NEUTRAL}),
    ("Sorry, I could not find that.", {NEUTRAL}),
    ("Dazu sagen die Dokumente nichts.", {NEUTRAL}),
)
