"""The language a text is written in, told offline from its commonest words, word endings and letters. Pure.

Some hundred function words of each language are enough for a sentence; word endings and letters that few languages
have help with shorter texts. Nothing is learned and nothing is loaded.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_LOOK: Final = 2_000
"""Characters from the beginning that are looked at."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:'(?=[^\W\d_]))?")
_LEAST: Final = 0.6
"""Less evidence than a word that this language has and another one has, too, is none."""
_LATIN: Final = "\u036f"
"""Letters beyond it belong to other scripts."""
_ENOUGH: Final = 60
"""Different words after which endings are not looked at: function words have told by then."""

_COMMON: Final = {
    "en": """
        the of and to in is was that for it with as on be at by this had not are but from or have an they which one
        you were all her she there would their we him been has when who will no more if out so said what up its
        about into than them can only other new some could time these two may then do first any my now such like our
        over me even most made after also did many before must through where your should because each just those how
        please thanks i he his does why whose whom during between while since until against under both being having
    """,
    "de": """
        der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er
        hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur
        bis mehr durch man sein wurde sei ich wir ihr ihre seine kann gegen vom können schon wenn habe ihm unter
        soll ohne sowie bitte danke sehr diese dieser dieses keine mein meine uns wurden beim jedoch zwischen herr
        frau geehrte welche welcher welches welchen wer was wo wann warum wieviel viele viel hatte hatten waren gab
        gibt geht etwa neben sowohl gegenüber laut seit während wegen deren dessen nannte heißt machte bekannt ihren
        ihrem ihres seinem seinen einigen diesem dort jede jeder jedes alle allen allem zwei drei teil jahr jahre
        jahren
    """,
    "fr": """
        de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec ils elle
        mais ou comme je nous vous cette être aux son ses leur tout fait été ont sa aussi était bien peut ces sans
        deux où même très donc dont entre après avait faire si mon votre notre leurs ainsi depuis chez merci bonjour
        monsieur madame c'est d' l' qu' n' j' s' quand contre encore avant pendant lors selon plusieurs celui celle
        ceux quel quelle quels comment pourquoi combien elles autres chaque jusqu'
    """,
    "es": """
        de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin
        sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque
        qué sólo han yo hay vez puede todos así nos ni parte tiene él uno donde bien tiempo mismo ese ahora cada
        otro después usted gracias señor nuestro nuestra estaba sido presenta presentó realizó realiza paciente tras
        mediante según meses edad tratamiento días fueron unos unas cual cuales ante hacia durante además cm mg
        dolor izquierda derecha ambos
    """,
    "it": """
        di e che la il un a per in una sono mi si ho lo non ma ha le ti i con cosa no da come se io questo ci qui
        hai sei del tu bene della al nel più gli dei alla anche delle era essere dal è suo sua loro dalla nella
        questa quello stato perché quando molto ancora dopo prima ogni dove sul degli può fatto solo senza tra
        nostro vostro grazie signor signora l' dell' nell' un' all' sull' c'è sia quale quali quanto quanti mentre
        inoltre presso secondo anni mesi paziente stata stati fu furono verso durante
    """,
    "nl": """
        de van het een en in is dat op te zijn met voor niet die aan er om ook als dan maar bij uit nog naar heeft
        door over ze zich ik hij deze tot je worden werd geen of was wat we moet had kan meer veel al haar onder zou
        wordt hebben na dit zo hun wel zij mijn u uw onze omdat tegen waar toch alle andere wij daar moeten graag
        bedankt mevrouw meneer welke wie waarom wanneer hoe hoeveel tijdens volgens tussen sinds terwijl jaar jaren
        werden
    """,
    "pt": """
        de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu
        sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos
        ter seus quem nas me esse eles estão você tinha foram essa num nem suas meu às minha obrigado são
    """,
    "sv": """
        och i att det som en på är av för med den till inte om ett har de jag han var från vi så kan när men ska
        eller hade nu man efter vid här över upp mycket skulle bara också alla mot under finns utan ut bli måste
        någon inga hej tack
    """,
    "da": """
        og i at det er en til af på for med der de ikke som den et har han var jeg men fra vi om kan så efter hun
        skal eller være nu ved havde også bliver ud hvor over blev man sig mange noget meget kun mig dig tak hej
    """,
    "no": """
        og i det er en på til som for med at av ikke jeg har den han var men et fra vi om så kan etter hun skal
        eller være nå ved hadde også blir ut hvor over ble man seg noe meg deg mye bare takk hei
    """,
    "pl": """
        w i z na się do nie że to jest o jak po od za przez dla są ale co tym był oraz tak przy które już może jego
        jej czy być ze ich go było będzie tylko pan pani dziękuję proszę która który
    """,
    "fi": """
        ja on ei se että hän oli mutta kun ovat myös jos niin kuin joka tai mitä sen ole minä olen sitä vain nyt
        mukaan vielä hyvin kiitos hei jonka sekä
    """,
    "tr": """
        ve bir bu da de için ile çok daha olarak gibi ne kadar olan var sonra ama en ben sen o değil mi her şey biz
        siz bana teşekkürler merhaba
    """,
    "cs": """
        a se na je v že to s z o i do k jako ale by za pro jsou jsem podle od které byl bylo při není tak už jen
        nebo však aby děkuji prosím
    """,
    "ro": """
        și de în la cu a pe nu că este o un pentru din se mai ce sunt au fost care ca sau prin dar după
    """,
    "hu": """
        a az és hogy nem is egy van volt de meg csak ez mint már kell ha még el vagy mert lehet
    """,
}
_ENDINGS: Final = {
    "en": "ing tion ness ght ould ther",
    "de": "ung keit heit schaft lich isch ungen chen straße ß",
    "fr": "aient eux ement ique eur euse ée és oire",
    "es": "ción dad mente ando iendo aron ía ón",
    "it": "zione mente ità ato ata ello ezza zioni tto",
    "nl": "ijk ijn heid aar oor tje lijk isch ij",
    "pt": "ção ções dade ões ão inho",
    "sv": "ning arna erna ött ått",
    "da": "ede else erne øre",
    "no": "ene else øre",
    "pl": "ość ego ych ów owi ski",
    "fi": "nen ssa ssä lla llä sta kaan inen",
    "tr": "lar ler d\u0131r yor lar\u0131 mek mak",
    "cs": "ení ých ová ost ého",
    "ro": "ului ilor ție ește uri",
    "hu": "ság ség nak nek ban ben",
}
_MARKS: Final = {
    "de": "\xdf",
    "de sv fi": "\xe4",
    "de sv fi tr hu": "\xf6",
    "de tr hu": "\xfc",
    "es": "\xf1\xbf\xa1",
    "fr pt tr": "\xe7",
    "fr": "\u0153",
    "fr pt": "\xea",
    "fr it": "\xe8\xf9",
    "fr it pt": "\xe0",
    "it": "\xec\xf2",
    "pt": "\xe3\xf5",
    "sv da no": "\xe5",
    "da no": "\xf8\xe6",
    "pl": "\u0142\u0105\u0119\u015b\u017c",
    "cs": "\u0159\u011b\u016f",
    "tr": "\u015f\u011f\u0131",
    "ro": "\u0103\u021b",
    "hu": "\u0151\u0171",
    "nl fr": "\xeb\xef",
    "fr es": "\xe9",
    "es pt hu cs": "\xed",
    "es pl pt hu": "\xf3",
    "es hu pt cs": "\xe1",
    "es pt hu": "\xfa",
}
"""Languages -> letters that they and few others have."""
_SCRIPTS: Final = (
    (0x0370, 0x03FF, "el"),
    (0x0400, 0x04FF, "ru"),
    (0x0590, 0x05FF, "he"),
    (0x0600, 0x06FF, "ar"),
    (0x0900, 0x097F, "hi"),
    (0x0E00, 0x0E7F, "th"),
    (0x3040, 0x30FF, "ja"),
    (0xAC00, 0xD7AF, "ko"),
    (0x1100, 0x11FF, "ko"),
    (0x4E00, 0x9FFF, "zh"),
)
KNOWN: Final = (*_COMMON, *dict.fromkeys(language for *_, language in _SCRIPTS))
"""Languages that can be told."""

Worth = Mapping[str, tuple[tuple[str, float], ...]]


def language_of(text: str) -> str:
    """The language's code (ISO 639-1), one of `KNOWN`; empty when the beginning of the text does not tell."""
    text = text[:_LOOK]
    if not text.isascii():
        text = text.replace("\u2019", "'")
        if max(text) > _LATIN and (other := _script(text)):
            return other
    scores = _scores(text.lower())
    if not scores:
        return ""
    best = max(scores, key=lambda language: scores[language])
    most = scores.pop(best)
    return best if most >= _LEAST and most > 1.05 * max(scores.values(), default=0.0) else ""


def _scores(text: str) -> dict[str, float]:
    words, endings, letters = _tables()
    scores: dict[str, float] = defaultdict(float)
    counted = Counter(_WORD.findall(text))
    for word, times in counted.items():
        for language, worth in words.get(word, ()):
            scores[language] += worth * min(times, 5)
    if len(counted) < _ENOUGH:
        for word in counted:
            for size in range(2, min(7, len(word) - 2)):
                for language, worth in endings.get(word[-size:], ()):
                    scores[language] += worth
    if not text.isascii():
        for letter in letters.keys() & set(text):
            for language, worth in letters[letter]:
                scores[language] += worth * min(text.count(letter), 10)
    return scores


@lru_cache(maxsize=1)
def _tables() -> tuple[Worth, Worth, Worth]:
    """Word, ending and letter -> the languages it speaks for, and how much: the fewer have it, the more."""
    owners: dict[str, list[str]] = defaultdict(list)
    for languages, marks in _MARKS.items():
        for mark in marks:
            owners[mark] += languages.split()
    letters = {mark: tuple((one, 0.5 / len(of)) for one in of) for mark, of in owners.items()}
    return _shared(_COMMON, 1.0), _shared(_ENDINGS, 0.3), letters


def _shared(lists: Mapping[str, str], worth: float) -> Worth:
    owners: dict[str, list[str]] = defaultdict(list)
    for language, entries in lists.items():
        for entry in dict.fromkeys(entries.split()):
            owners[entry].append(language)
    return {entry: tuple((one, worth / len(of) ** 1.5) for one in of) for entry, of in owners.items()}


def _script(text: str) -> str:
    """The language of a text most of whose letters are of a script that few languages use."""
    counts: dict[str, int] = defaultdict(int)
    letters = 0
    for character in text:
        if character.isalpha():
            letters += 1
            if character > _LATIN:
                point = ord(character)
                counts[next((language for low, high, language in _SCRIPTS if low <= point <= high), "")] += 1
    if counts["ja"]:
        counts["ja"] += counts.pop("zh", 0)
    counts.pop("", None)
    best = max(counts, key=lambda language: counts[language], default="")
    return best if best and counts[best] * 2 > letters else ""
