"""The language of a text, from a sentence on."""

from __future__ import annotations

import pytest

from gateway.redaction.language import KNOWN, language_of

SENTENCES = {
    "en": ["Please send the report to my colleague before Friday.", "What did they say about the contract?"],
    "de": ["Bitte senden Sie den Bericht bis Freitag an meine Kollegin.", "Wer hat den Vertrag unterschrieben?"],
    "fr": ["Merci d'envoyer le rapport à ma collègue avant vendredi.", "Qui a signé le contrat avec nous ?"],
    "es": ["Por favor, envíe el informe a mi colega antes del viernes.", "¿Quién firmó el contrato con nosotros?"],
    "it": ["Per favore invii la relazione alla mia collega entro venerdì.", "Chi ha firmato il contratto con noi?"],
    "nl": ["Stuur het rapport alstublieft voor vrijdag naar mijn collega.", "Wie heeft het contract met ons getekend?"],
    "pt": ["Por favor, envie o relatório para a minha colega até sexta-feira.", "Quem assinou o contrato com a gente?"],
    "sv": ["Skicka rapporten till min kollega före fredag, tack.", "Vem har skrivit under avtalet med oss?"],
    "pl": ["Proszę wysłać raport do mojej koleżanki przed piątkiem."],
    "el": ["Παρακαλώ στείλτε την αναφορά στη συνάδελφό μου."],
    "ko": ["금요일 전에 보고서를 보내 주세요."],
    "ja": ["金曜日までに報告書を送ってください。"],
    "ru": ["Пожалуйста, отправьте отчёт до пятницы."],
}


@pytest.mark.parametrize(("language", "sentence"), [(k, s) for k, ss in SENTENCES.items() for s in ss])
def test_a_sentence_tells(language: str, sentence: str) -> None:
    assert language_of(sentence) == language
    assert language in KNOWN


@pytest.mark.parametrize("text", ["", "12345", "xkcd qwrt", "0x7f", "\u2063\u2063"])
def test_what_does_not_tell_is_empty(text: str) -> None:
    assert language_of(text) == ""


def test_only_the_beginning_is_read() -> None:
    assert (
        language_of("The cat is on the mat and it was there. " * 100 + "Der Hund ist unter dem Tisch. " * 100_000)
        == "en"
    )
