"""Numbers of what an organisation numbers (a policy, an order, a badge), by their form behind its word. Pure.

Such a word alone stands in every text, so the number must look like one: many digits, or capitals among digits. What
only looks like one (standards, versions, tickets of a tracker) is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from gateway.redaction.facts import Facts
from gateway.redaction.led import Led

Found = tuple[int, int]

_THINGS: Final = (
    r"(?:polic(?:y|ies)|bookings?|orders?|invoices?|claims?|customers?|clients?|members?(?:hip)?|mbr|charts?|badges?|collar"
    r"|warrant|staff|crew|permits?|licen[cs]e|passports?|ppt|visa|consignment|tracking|parcels?|shipment|locator|pnr"
    r"|reservations?|confirmation|registration|ref(?:erence)?|accounts?|acct?|loan|mortgage|subscription"
    r"|certificate|student|employee|patient|hosp(?:ital)?|consular[ ]card|seamans?[ ]book|id[ ]card|laissez-passer"
    r"|delay[ ]claim|company|charity|union|enrol?ment|matter|receipt|voucher|donor|case|prisoner|inmate|detainee"
    r"|abn|acn|c?dl|vat(?:[ ]registration)?|credential|irp|foreigner's[ ]card|tazkira|zeichen|quoting|passcode|force"
    r"|shoulder|item|qid|care[ ]card|reg|buch(?:nummer|nr)|file|sin|pesel|cpf|curp|rut|aadhaar|aadhar|pan|ahv"
    r"|emp|serial|inv|(?-i:PO)|tickets?|siniestro|vin|chip|meter|prescription|access[ ]code|cert"
    r"|(?:schaden|vertrags|kunden|mitglieds|personal|auftrags|rechnungs|bestell|buchungs|vorgangs|patienten|policen"
    r"|versicherungs|mandats|ausweis|dienst|konto|matrikel|sendungs)-?(?:nummer|nr)|buchung|bestellung|rechnung"
    r"|auftrag"
    r"|dossier|contrat|adh\u00e9rent(?:e)?|commande|police|sinistre|facture|s\u00e9cu"
    r"|p\u00f3liza|pedido|expediente|incidencia|cliente|contrato|factura|c\u00e9dula|dni"
    r"|(?:num\u00e9ro|n\u00b0)[ ]de[ ](?:suivi|commande|contrat|facture|colis)"
    r"|n\u00famero[ ]de[ ](?:pedido|seguimiento|contrato|factura)"
    r"|polizza|pratica|sinistro|fattura|ordine|documento|contratto|tessera"
    r"|polis(?:nummer)?|klant(?:nummer)?|melding|bestelling|factuur)"
)
_NUMBER: Final = (
    r"(?:[ _-]?(?:numbers?|no|nos|num|nr|n[o\u00ba\u00b0]|id|code|ref(?:erence)?|card|(?:nuevo|nuovo)[ ]numero|numero"
    r"|n\u00famero|num\u00e9ro)\b\.?|[ ]?\#|[ ]?n\u00b0){0,2}"
)
_BETWEEN: Final = (
    r"[\"'`*_]{0,3}(?:[ \t]*(?:[:=#(]|\.{2,40}|\b(?:is|was|ist|lautet|est|es|\u00e8|la|die|der|le|de)\b)){0,3}"
    r"[ \t]*[\"'`*_#(]{0,3}"
)
_CODE: Final = (
    r"(?P<value>(?-i:(?=(?:[A-Z ./-]{0,6}\d){3})(?:[A-Z0-9]{1,8}(?:[ ](?=\d))?)?[A-Z0-9][A-Z0-9./-]{2,26}[A-Z0-9]"
    r"|[12](?=(?:[ ]\d{2,3}){5})|(?:[A-Z]{2}[ ])?\d{2,4}(?=(?:[ -]\d{2,4}){2}))(?:[ -]\d{2,6}(?![\w.,:/-]\d)){0,6})"
)
_NUMBERED: Final = Led(
    rf"(?i)(?<![^\W_]){_THINGS}(?!(?<=[^\W\d_])[^\W\d_])(?P<said>{_NUMBER}){_BETWEEN}{_CODE}"
    r"(?![\w@%]|[.,:/-]\w|[ ]?(?:EUR|USD|GBP|km|kg)\b)"
)
_CALLED: Final = Led(
    r"(?i)(?<![^\W_])(?<!line )(?<!page )(?<!build )(?<!port )(?<!row )(?<!version )(?<!issue )(?<!block )"
    r"(?:numbers?|no|nr)(?!(?<=[^\W\d_])[^\W\d_])\.?(?:[ ](?:is|was|should[ ]be))?[ ]?[:#]?[ ]?"
    r"(?P<value>(?-i:[A-Z]{0,3}-?\d{6,14}))(?![\w@%/-]|[.,:]\d|[ ]?(?:EUR|USD|GBP|km|kg)\b)"
)
"""A long number that is called one, whatever it is of."""
_SORT_CODE: Final = Led(r"(?i)(?<![^\W_])sort[ ]?code(?:[ ]is)?[ ]?:?[ ]?(?P<value>\d\d-\d\d-\d\d)(?![\w-])")
LED: Final = (_NUMBERED, _CALLED, _SORT_CODE)
_BARE: Final = re.compile(
    r"(?<![\w/.\\-])(?!KB\d|CVE|ISO|RFC)(?:[A-Z]{2,3}\d{7,9}|[A-Z]{2}\d{9,10}[A-Z]{2}"
    r"|[A-Z]{1,3}/\d{5,9}/[A-Z0-9]{1,3})(?![\w/\\-]|\.\w)"
)
"""Nothing but a number of somebody's has this form."""
_STANDARD: Final = re.compile(
    r"(?:RFC|ISO|IEC|CVE|DIN|EN|UTF|SHA|MD|HTTP|IEEE|PEP|KB|TLS|AES|RSA|RS|FIPS|NIST|MIL|X|Q)[ -]?\d"
)
_TICKET: Final = re.compile(r"[A-Z][A-Z0-9]{1,9}-\d{1,6}")
"""As trackers number what they track."""
_DATE: Final = re.compile(
    r"(?:19|20)\d\d([./-]\d{1,2}){0,2}|\d{1,2}[./-]\d{1,2}([./-]\d{2,4})?|\d{1,3}(?:[.,]\d{3})+|\d+[.,]\d{1,2}"
    r"|(?:19|20)\d\d(?:[/-](?:19|20)?\d\d)"
)
_LEAST_DIGITS: Final = 6
"""Of a number without letters that nothing calls a number."""


def numbered(text: str) -> Iterator[Found]:
    """Numbers of policies, orders, badges and the like behind their word."""
    return numbered_where(Facts(text))(text)


def numbered_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`numbered` for parts of a text of which this is known."""
    words, called, sort_code = (pattern.among(facts) for pattern in LED)

    def find(text: str) -> Iterator[Found]:
        return iter(dict.fromkeys(each(text)))

    def each(text: str) -> Iterator[Found]:
        for match in _NUMBERED.matches(text, words):
            spoken = match["value"][0] == "0" and (not match.start() or text[match.start() - 1] == "\n")
            if _is_number(match["value"], said=bool(match["said"])) and (match["said"] or not spoken):
                yield match.span("value")
        for match in (*_CALLED.matches(text, called), *_SORT_CODE.matches(text, sort_code)):
            yield match.span("value")

    return find


def bare(text: str) -> Iterator[Found]:
    """Numbers of people and parcels that no word announces, by their form: `DD9920417`."""
    for match in _BARE.finditer(text):
        yield match.span()


def _is_number(value: str, *, said: bool) -> bool:
    digits = sum(map(str.isdigit, value))
    letters = sum(map(str.isalpha, value))
    if _STANDARD.match(value) or _DATE.fullmatch(value) or (_TICKET.fullmatch(value) and not said):
        return False
    least = _LEAST_DIGITS - 2 * said - (letters > 0)
    return digits + letters >= least if letters else digits >= least
