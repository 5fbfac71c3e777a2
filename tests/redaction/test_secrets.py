"""Secrets: found by form and by label, whole; and what only stands for one is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import PrivacyPolicy
from gateway.redaction import secrets
from gateway.redaction.detect import PIECE, Detector

TYPES = ("API_KEY", "PRIVATE_KEY", "JWT", "CONNECTION_STRING", "PASSWORD")
DETECTOR = Detector(PrivacyPolicy(entities=TYPES))


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in DETECTOR.find(text)]


KEYS = [
    "sk-proj-AbC123dEf456GhI789jKl012MnO345pQr678",
    "sk-ant-api03-Zx9fK2mQ7wLp4Tn8Rv1",
    "AKIAZ5GMXQ7N2PLKWR4T",
    "ghp_a8Xk29fLq0PzT7vRm4Ws1YcB6nDe3HjGu5Ki",
    "github_pat_11AB4XQ0Y0a8Xk29fLq0Pz",
    "glpat-a8Xk29fLq0PzT7vRm4Ws",
    "xoxb-291847561023-a8Xk29fLq0PzT7",
    "rk_live_a8Xk29fLq0PzT7vRm4Ws",
    "AIzaSyA8Xk29fLq0PzT7vRm4Ws1YcB6nDe3HjGu",
    "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",
    "npm_a8Xk29fLq0PzT7vRm4Ws1YcB6nDe3HjGu5Ki",
    "hf_a8Xk29fLqPzTvRmWsYcBnDeHjGuKiOpLm",
    "dop_v1_" + "0a1b2c3d4e5f6789" * 4,
    "SK" + "0a1b2c3d4e5f6789" * 2,
    "gw_a1b2c3d4_" + "a8Xk29fLq0PzT7vRm4Ws1YcB6nDe3HjG" + "_x1Y2z3",
]


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_known_by_their_provider_s_form(key: str) -> None:
    assert found(f"we leaked {key} today") == [("API_KEY", key)]
    assert ("API_KEY", key) in found(f'{{"value":"{key}"}}')


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("API_KEY=9fK2mQ7wLp4Tn8Rv1Zx", "9fK2mQ7wLp4Tn8Rv1Zx"),
        (
            "aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYzq8Q2h7Lw0Ad",
            "wJalrXUtnFEMIK7MDENGbPxRfiCYzq8Q2h7Lw0Ad",
        ),
        ("Authorization: Bearer 8f3kd92ld93kd03jd83jf93kd0", "8f3kd92ld93kd03jd83jf93kd0"),
        ("Security token YZMEPGTHCW81XE6VA05G1X3J1L7R was issued", "YZMEPGTHCW81XE6VA05G1X3J1L7R"),
    ],
)
def test_random_characters_after_a_label_are_a_key(text: str, value: str) -> None:
    assert found(text) == [("API_KEY", value)]


@pytest.mark.parametrize(
    "text",
    [
        "api_key: YOUR_API_KEY_HERE_1234",
        "api_key = ${API_KEY}",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxx",
        "next_token=9fK2mQ7wLp4Tn8Rv1Zx",
        "sk-learn-something-with-a-long-name",
        "the token count is 1234567890123456",
        "secret version 1.20.3-alpine3.18.4.x86",
        "AKIAIOSFODNN7EXAMPLE",
        "password: required",
        "password: ${DB_PASS}",
        "password = os.environ['X']",
        "password = get_password()",
        "password: string",
        "def f(password: str = None)",
        "the password is incorrect",
        "password reset link",
        "pass the salt",
        "postgres://${U}:${P}@h/db",
        "https://user:***@h/",
        "https://acme.example/a:b@c",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
        "eyJmb29iYXI.abc.def",
    ],
)
def test_what_stands_for_a_secret_or_is_none_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("password: hunter2", "hunter2"),
        ("Password: swordfish\n", "swordfish"),
        ("my password is Tr0ub4dor&3.", "Tr0ub4dor&3"),
        ("DB_PASSWORD=s3cr3t!x", "s3cr3t!x"),
        ("Passwort: geheim12", "geheim12"),
        ("contraseña: Gato2019", "Gato2019"),
        ("PIN: 4711", "4711"),
        ("Wifi: casa_roe, password bacalhau2024. Door", "bacalhau2024"),
        ("user mroe2 / pw Tulip4471x", "Tulip4471x"),
        ("can u send me the wifi pw again\nsure its Mango_tree88\nty", "Mango_tree88"),
        ("The door code is 4471#.", "4471#"),
        ('{"password": "x7Q!zz"}', "x7Q!zz"),
    ],
)
def test_passwords_after_a_label(text: str, value: str) -> None:
    assert found(text) == [("PASSWORD", value)]


@pytest.mark.parametrize(
    "value",
    [
        "postgres://admin:s3cret@db.internal:5432/app",
        "mongodb+srv://u:p%40ss@c.acme.example/db?x=1",
        "redis://:pw123@cache:6379/0",
        "jdbc:mysql://h:3306/db?user=root&password=abc123",
        "Server=tcp:x.acme.example,1433;Database=app;User ID=sa;Password=Pa55w0rd;Encrypt=true;",
        "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=abcdEFGH1234==;EndpointSuffix=acme.example",
    ],
)
def test_connection_strings_go_whole(value: str) -> None:
    assert found(f"use {value} now") == [("CONNECTION_STRING", value)]


def test_a_private_key_is_found_whole_escaped_cut_off_and_across_pieces() -> None:
    body = "\n".join("MIIEpAIBAAKCAQEA7bVr2Xk9" + f"{n:04d}" + "qLwE8sYtUiOpAsDfGhJkLzXcVbNm" for n in range(60))
    whole = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"
    assert found(f"key:\n{whole}\nend") == [("PRIVATE_KEY", whole)]
    escaped = whole.replace("\n", "\\n")
    assert found(f'{{"k": "{escaped}"}}') == [("PRIVATE_KEY", escaped)]
    cut = whole[:900]
    assert found(f"{cut}\n") == [("PRIVATE_KEY", cut.rstrip())]
    long = "word " * ((PIECE - 1000) // 5) + whole
    assert found(long) == [("PRIVATE_KEY", whole)]


def test_a_web_token_is_found_by_its_readable_header() -> None:
    token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJqYW5lIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
    assert found(f"see {token} there") == [("JWT", token)]


FINDERS: list[Callable[[str], Iterator[tuple[int, int]]]] = [
    *(secrets.provider_keys, secrets.short_keys, secrets.labelled_keys, secrets.private_keys, secrets.tokens),
    *(secrets.connections, secrets.passwords),
]
hostile = st.lists(
    st.sampled_from(
        [
            "password",
            "=",
            ":",
            " ",
            "sk-",
            "A1b2",
            "-----BEGIN PRIVATE KEY-----",
            "\\n",
            "://",
            "@",
            ";",
            "eyJ",
            ".",
            "key",
        ]
    ),
    max_size=60,
).map("".join)


@settings(max_examples=100, deadline=None)
@given(hostile)
def test_spans_lie_in_the_text(text: str) -> None:
    for find in FINDERS:
        assert all(0 <= start < end <= len(text) for start, end in find(text))
