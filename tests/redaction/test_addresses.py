"""Addresses by form, in six languages, with what follows them; and postcodes."""

from __future__ import annotations

import pytest

from gateway.redaction.addresses import addresses, postcodes


@pytest.mark.parametrize(
    "value",
    [
        "221B Baker Street, London NW1 6XE",
        "1600 Pennsylvania Ave NW, Washington, DC 20500",
        "1825 Brittany Bypass, North Judithbury, Connecticut 29158",
        "742 Evergreen Terrace\nSpringfield, IL 62704",
        "Berliner Straße 12, 10115 Berlin",
        "Hauptstr. 5a in 80331 München",
        "Am Markt 5, 99084 Erfurt",
        "12 rue de la Paix, 75002 Paris",
        "Calle de Alcalá 45, 28014 Madrid",
        "Via Roma 12, 00184 Roma",
        "Keizersgracht 123, 1015 CJ Amsterdam",
        "PO Box 1234",
        "Suite 500, 42 Elm Street",
    ],
)
def test_an_address_is_found_whole(value: str) -> None:
    text = f"write to {value}."
    assert [text[a:b] for a, b in addresses(text)] == [value]


def test_a_street_named_by_an_ordinary_word_needs_more_around_it() -> None:
    assert list(addresses("Deliveries are handled from 9356 Zachary Field in Matthewview."))
    assert not list(addresses("we saw 9356 Zachary Field reports"))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "5 New Data Points",
            "3 Worker Ports open",
            "500 Internal Server Error",
            "20 Open Pull Requests on Main Branch",
        ),
        *("version 3 Drive letter", "Step 2 Click Next Page", "the weg 12", "S3 Put Object, 2 Close"),
    ],
)
def test_counts_of_things_are_no_addresses(text: str) -> None:
    assert list(addresses(text)) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("i can drop them at 4410 bellaire blvd on my way", "4410 bellaire blvd"),
        ("i live at 7 west st apt 4b, call me", "7 west st apt 4b"),
        ("its 12 n. harwood rd, ring twice", "12 n. harwood rd"),
        ("my address is 3 rose close", "3 rose close"),
        ("we live at 9 birchfield close, B70 7LT now", "9 birchfield close, B70 7LT"),
        (
            "to 880 orchard park road apt 3c, west seneca ny 14224?",
            "880 orchard park road apt 3c, west seneca ny 14224",
        ),
        ("Ines: kesselsdorfer str. 118, 01159 Dresden", "kesselsdorfer str. 118, 01159 Dresden"),
        ("ahora es avenida de la Constancia 22", "avenida de la Constancia 22"),
        ("domani passo in via Garibaldi 8.", "via Garibaldi 8"),
        ("taxi: Rua da Bica 41, 2.\u00ba dto, Lisboa", "Rua da Bica 41, 2.\u00ba dto"),
        ("ship it to 88 42nd street #5", "88 42nd street #5"),
    ],
)
def test_addresses_in_small_letters(text: str, value: str) -> None:
    assert [text[a:b] for a, b in addresses(text)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "drive 100 miles of road",
        "20 hard drive failures",
        "2 different ways, 3 new roads",
        "it took 15 minutes on the road",
        "version 2 drive and 10 files close",
        "take 40 steps down the lane",
        "there are 12 lanes on that road",
        "wait at 3 st the most",
    ],
)
def test_counts_in_small_letters_are_no_addresses(text: str) -> None:
    assert [text[a:b] for a, b in addresses(text)] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ohio 43210", "43210"),
        ("ZIP code: 43210-1234", "43210-1234"),
        ("postcode SW1A 1AA", "SW1A 1AA"),
        ("PLZ 10115", "10115"),
    ],
)
def test_postcodes_follow_a_state_or_a_word(text: str, code: str) -> None:
    assert [text[a:b] for a, b in postcodes(text)] == [code]
    assert list(postcodes("we sold 43210 boxes")) == []
