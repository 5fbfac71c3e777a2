"""Messages of a word or two that name nobody: `ja`, `danke!`, `price?`. The model has nothing around them to go by."""

from __future__ import annotations

import re
from typing import Final

from gateway.redaction.people_words import COMMON


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST: Final = 40
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_MOST: Final = 3

_ORDINARY: Final = _words(
    """
    aber absolutely accord account achso adesso adiós adres adresse again agreed ahora aide aiuto algo alles allora
    alors alright alsjeblieft also alstublieft altijd altro always an anche ancora andere another answer antes
    antwoord any anyone anything aquí arrivederci arrête arrêter asunto attends au auch aucun auf aujourd'hui aussi
    autre autres avec awesome ayer ayuda back balance bald basta bedankt bene bericht bestelling bestellung betaling
    beter bien bientôt bis bitte bitteschön bogus bon bonjour bonne bonsoir brb buena buenas bueno buenos buona
    buonasera buongiorno buono bye cancel cancelar case cela certo change che check chi chose ciao claro code codice
    combien come commande comment como compris compte confirm continue conto cool correct cosa cost così coucou
    cuando cuál cuándo cuánto código cómo d'accord da daarom dag dank danke dankeschön dankjewel dankuwel dann das
    data date davvero de deal dein delete demain dernier después details doch doei doen domani done dopo dove désolé
    días dónde echt eerste ein einde eine einfach ejemplo ella email en encore ende endlich enough entiendo
    entschuldigung erklären erreur error errore erst ersten esatto esempio espera esto et even everything exact
    exactement exactly example exemple explain explique factura facture factuur falsch false fattura faux fecha
    fehler fertig file fin fine fini finish finito first fix forget format forse fout frage fragen frei für gaan
    ganz geen genau gerne gestern giusto gleich go goed goede goedemiddag goedemorgen goedenavond good goodbye graag
    gracias grazie great groetjes gut gute guten hab haha hallo hallootjes hasta hello help heute hey hi hier hilfe
    history hoe hoeveel hoi hola how hoy hulp ici idk ieri iets igual ihr image immer indirizzo info insert instead
    invalid invoice it ja jamais jamás jawel je jein jetzt joke juist juste kan kaufen kein keine klaar klar klopt
    kosten kündigen kündigung la laatste last later legal leider lekker letzte lieferung lijst list lista liste
    listo literally livraison loading login logout loin lol luego löschen mai maintenant mais mal male math maths
    maybe mañana meer meglio mehr meine mejor mensaje menu merci message messaggio mich mille mir misschien mist
    mitte moi moin moins molto more morgen morning mot much muchas mucho más na naam nachricht nada name namen names
    natürlich ne nee nein nessuno never next nice nicht nichts niemals niente niet niets nieuw no noch noches
    nochmal nog nom nombre nome non nooit nope not nothing nouveau now nu nuevo nulla number numero nummer numéro
    nunca nur número oder of offline oggi ok okay oké omg one only ook open ora order ordine other otra otro ouais
    oui over page paid para pardon parfait pas passt password passwort payment pedido perché perdón perfect perfecto
    perfekt perfetto pero però peut-être phone piacere please plus poem poi point por porque porqué pourquoi precies
    precio prego pregunta preis preise prepare press prezzo price pricing prijs prima prix probleem problem problema
    problème proceed pronto proof prossimo quale quand quando quanto quel quelle questo qui quit quién quoi qué
    random rapport ready really recette rechnung recipe refund regards repeat repite reset restart resume resumen
    riassunto ricetta richtig rien right salut salve same samenvatten samenvatting save sbagliato schade schluss
    schnell schon schön scusa scusi search seguro sehr seite select sempre send sera servus settings shipping si
    sicher sick siempre siguiente snel so sofort solo soms sorry source sowieso spam spedizione später start status
    stimmt stop stopp story straks stuff subito subject submit suche suite summarise summarize summary super support
    sure sì sí sûr tabel tabella tabelle tabla table tal tant tanto tard tarde tardes tekst terug test testo text
    texte texto thank thanks that then these thing this ticket time title today todo todos toll tomorrow tonight top
    tot total totally toujours tout translate trop true try très tschüss tutto tú uhrzeit uitleg uitleggen un und
    undo une update urgent va vale valid vandaag verdad verder vero version verstanden vertrag verzending viel
    vielen vielleicht vite voilà volgende von voorbeeld vraag vragen vrai waar waarom wait wann wanneer warten warum
    was wat weather weer weiter wel welche welcome welke well wer wetter what whatever when where which who why wie
    wieder wieso with wo woher wohin wort wow wrong wtf ya yeah yep yes yesterday yet yo you yup zeker zurück
    zusammen zusammenfassen zusammenfassung ça
    """
)
_CAPITAL: Final = _words("dag ella mai nada ora prima sera tal vale")
"""Of these, such as are a name with a capital, as those of `COMMON` are."""


def says_nobody(text: str) -> bool:
    """Whether a text is one to three ordinary words and nothing else; with a capital only such as are no names."""
    if len(text) > _LONGEST:
        return False
    words = _WORD.findall(text)
    return 0 < len(words) <= _MOST and all(map(_ordinary, words))


def _ordinary(word: str) -> bool:
    lowered = word.lower()
    return lowered in _ORDINARY and (word == lowered or lowered not in COMMON | _CAPITAL)
