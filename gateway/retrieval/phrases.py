"""The words by which instructions to a model are told, in English, German, French, Spanish, Italian and Dutch.

Written for text as `instructions.plain` makes it: lower case, no accents. Every pattern is bounded, so that no text
takes longer than its length.
"""

# ruff: noqa: E501 - a pattern is read as one line

from __future__ import annotations

import re
from typing import Final


class Lazy:
    """A pattern that is compiled when it is first used: together they take a good part of a second."""

    __slots__ = ("_pattern", "_source")

    def __init__(self, source: str) -> None:
        self._source = source
        self._pattern: re.Pattern[str] | None = None

    def __call__(self) -> re.Pattern[str]:
        """The pattern."""
        if self._pattern is None:
            self._pattern = re.compile(self._source)
        return self._pattern


def _any(*words: str) -> Lazy:
    return Lazy("|".join(f"(?:{word})" for word in words))


OVERRIDES: Final = (
    (
        _any(
            r"\b(?:ignore|disregard|forget|override|bypass|discard|neglect)\b",
            r"\b(?:do not|don't|never|stop) (?:follow|obey|observe|following|obeying)",
            r"\bpay no attention to\b|\bset aside\b|\bthrow (?:away|out)\b",
        ),
        _any(
            r"\b(?:instruction|prompt|rule|guideline|direction|directive|command|constraint|restriction)s?\b",
            r"\b(?:system messages?|policies|everything|context|training|safeguards?|filters?|what (?:you|i) (?:were|was|have))\b",
        ),
        _any(
            r"\b(?:previous|prior|preceding|earlier|foregoing|above|before|your|so far|until now|you were given)\b",
            r"\ball (?:the )?(?:other )?(?:instruction|rule|prompt|guideline|direction|restriction)s\b",
            r"\b(?:system|initial|original) (?:prompt|message|instruction)s?\b|\bany (?:prior|other) ",
        ),
    ),
    (
        _any(
            r"\b(?:ignorier(?:e|t|en sie)?|missacht(?:e|et|en sie)|vergiss|vergesst|vergessen sie|ubergeh(?:e|t|en sie)"
            r"|verwirf|umgeh(?:e|t|en sie))\b",
            r"\b(?:befolge|beachte|folge)n?(?: sie)?\b[^.]{0,60}\bnicht\b|\bausser (?:kraft|acht)\b|\bignorieren\b",
        ),
        _any(
            r"\b(?:anweisung|instruktion|vorgabe|regel|befehl|richtlinie|anordnung|prompt|systemnachricht)(?:en|n|s|e)?\b"
        ),
        _any(
            r"\b(?:vorherig|vorig|bisherig|obig|vorangegangen|vorstehend|fruher|samtlich|urspruenglich|ursprunglich)",
            r"\b(?:deine|ihre|eure)[nr]?\b|\balle (?:anderen )?(?:anweisung|regel|vorgabe|instruktion|befehl)",
        ),
    ),
    (
        _any(
            r"\b(?:ignore[zr]?|oublie[zr]?|neglige[zr]?)\b|\bne (?:tiens|tenez|suis|suivez) (?:pas|plus)\b",
            r"\b(?:fais|faites) abstraction\b|\bne (?:respecte|respectez) (?:pas|plus)\b",
        ),
        _any(r"\b(?:instruction|consigne|directive|regle|ordre|indication|prompt|invite)s?\b|\btout ce qui\b"),
        _any(
            r"\b(?:precedent|anterieur)e?s?\b|\bci-dessus\b|\bprecede\b|\b(?:tes|vos)\b|\bplus haut\b",
            r"\btoutes les (?:instruction|consigne|directive|regle)s\b",
        ),
    ),
    (
        _any(
            r"\b(?:ignor[ae]n?|ignorar|olvid[ae]n?|olvidar|descart[ae]n?|omite|desobedece)\b",
            r"\b(?:haz|haga|hagan) caso omiso\b|\bno (?:sigas|siga|hagas caso|obedezcas)\b|\bpas[ae] por alto\b",
        ),
        _any(r"\b(?:instruccion|orden|regla|indicacion|directriz|directiva|prompt)(?:es|s)?\b|\btodo lo\b"),
        _any(
            r"\b(?:anterior|previ[ao]|precedente)(?:es|s)?\b|\btus\b|\bsus\b|\bde arriba\b",
            r"\btodas las (?:instruccion|regla|orden|indicacion|directri)",
        ),
    ),
    (
        _any(
            r"\b(?:ignora|ignorate|ignorare|dimentica|dimenticate|trascura|scarta|tralascia)\b",
            r"\bnon (?:seguire|seguite|rispettare|tenere conto|obbedire)\b",
        ),
        _any(
            r"\b(?:istruzion|regol|direttiv|comand|ordin|indicazion|prompt|consegn)[eiao]?\b|\btutto (?:cio|quello)\b"
        ),
        _any(
            r"\b(?:precedent|anterior)[ei]\b|\b(?:tue|tuoi|vostre)\b|\bsopra\b|\bprecede\b",
            r"\btutte le (?:istruzion|regol|direttiv)",
        ),
    ),
    (
        _any(r"\b(?:negeer|negeren|vergeet|overtreed|omzeil)\b|\b(?:volg|houd)\b[^.]{0,50}\b(?:niet|geen)\b"),
        _any(r"\b(?:instructie|opdracht|regel|aanwijzing|richtlijn|bevel|prompt)(?:s|en|n)?\b|\balles wat\b"),
        _any(
            r"\b(?:vorige|voorgaande|eerdere|bovenstaande|voorafgaande|jouw|je|uw)\b",
            r"\balle (?:instructie|regel|opdracht|aanwijzing)",
        ),
    ),
)
"""(verb, what it is done to, which of them), by language."""

WEAK_SCOPE: Final = _any(r"\b(?:all|any|these|every|alle|diese|toutes?|ces|todas?|estas|tutte|queste|deze)\b")

SPARED: Final = re.compile(
    r"(?:\b(?:not|never|who|which|they|we|employees|users|staff|nobody|cannot|if you|when you|should you|n't|nicht|nie"
    r"|niemals|wer|die|jamais|qui|si vous|nunca|quien|no|si usted|mai|chi|non|se|niet|nooit|wie|als u)"
    r"|(?<!you )(?<!model )(?<!assistant )\bto|\bzu|(?<!\bl')\bd') $"
)
"""What before the verb makes a statement of the sentence."""

ABOUT: Final = re.compile(
    r"\b(?:attack|injection|jailbreak|malicious|adversar|for example|for instance|e\.g\.|such as|phrases? like|red.team"
    r"|threat|vulnerab|owasp|mitigat|detect|sanitiz|untrusted|angreif|angriff|beispiel|z\. ?b\.|schadlich|erkenn"
    r"|attaque|par exemple|malveillan|menace|ejemplo|ataque|atacante|malicios|amenaza|esempio|attacc|minacc"
    r"|bijvoorbeeld|voorbeeld|aanval|kwaadaardig|dreiging)"
)

QUOTES: Final = re.compile(
    r"\"[^\"\n]{4,200}\"|\u201c[^\u201d\n]{4,200}\u201d|\u201e[^\u201c\u201d\n]{4,200}[\u201c\u201d]"
    r"|\u00ab[^\u00bb\n]{4,200}\u00bb|\u00bb[^\u00ab\n]{4,200}\u00ab|`[^`\n]{4,200}`|(?<!\w)'[^'\n]{8,200}'(?!\w)"
)

_MODEL = (
    r"(?:ai|llm|chatbot|language model|large language model|ai (?:model|assistant|agent|system)|assistant|chatgpt|copilot"
    r"|ki|ki-(?:modell|assistent|system)|sprachmodell|sprachassistent|ia|assistant (?:ia|virtuel)|modele de langage"
    r"|asistente|modelo de lenguaje|assistente|modello linguistico|taalmodel|ai-assistent|ki-assistenten)"
)
_PEOPLE = r"(?:user|reader|human|anyone|anybody|person|employee|nutzer|benutzer|anwender|leser|niemand|utilisateur|lecteur|personne|usuario|lector|nadie|utente|lettore|nessuno|gebruiker|lezer|niemand)"
_PROMPT = (
    r"(?:system ?-?prompts?|hidden (?:prompt|instructions?)|initial (?:prompt|instructions?)|your (?:instructions|prompt|rules|guidelines)"
    r"|system-?anweisung(?:en)?|deine (?:anweisungen|regeln)|tes (?:instructions|consignes)|vos (?:instructions|consignes)|invite systeme"
    r"|prompt systeme|tus (?:instrucciones|reglas)|prompt del sistema|tue istruzioni|prompt di sistema|jouw instructies|je instructies"
    r"|systeemprompt)"
)
_SECRETS = (
    r"(?:api[ -]?keys?|passwords?|credentials|access tokens?|secrets|passwort(?:er)?|zugangsdaten|mots? de passe|contrasenas?|claves"
    r"|chiavi api|wachtwoord(?:en)?)"
)
_TALK = (
    r"(?:conversation|chat history|chat|context|user'?s? (?:question|data|name|query|message)|documents?|confidential|secret"
    r"|summary|answer|e-?mails?|passwords?|api keys?|personal data|gesprach|verlauf|unterhaltung|dokument|antwort|passwort"
    r"|conversation|historique|contenu|conversacion|historial|respuesta|conversazione|cronologia|risposta|gesprek|antwoord)"
)

SIGNS: Final[tuple[tuple[str, float, Lazy], ...]] = (
    (
        "persona",
        0.4,
        _any(
            r"\byou are (?:now|no longer)\b(?! (?:ready|able|logged|connected|required|eligible|entitled|signed|leaving|in |at |on ))",
            r"\bfrom now on,? (?:you (?:are|will (?:act|answer|respond|only|obey|ignore))|act|answer|respond)\b",
            r"\bpretend (?:to be|you(?:'re| are)|that you)\b|\b(?:dan|developer|god|jailbreak|unrestricted|debug) mode\b",
            r"\bdo anything now\b|\bact as (?:if you|an? (?:unrestricted|unfiltered|evil|different|ai|root|uncensored))\b",
            r"\bdu bist (?:jetzt|nun|ab sofort|nicht (?:mehr|langer))\b|\bab (?:sofort|jetzt) (?:bist|antwortest|handelst|wirst) du\b",
            r"\btu so,? als\b|\bentwicklermodus\b|\bverhalte dich (?:wie|als)\b",
            r"\b(?:tu es|vous etes) (?:maintenant|desormais)\b|\ba partir de maintenant,? (?:tu |vous (?:etes|repond))",
            r"\b(?:fais|faites) comme si\b|\bmode developpeur\b",
            r"\b(?:ahora eres|eres ahora)\b|\ba partir de ahora,? (?:eres|respond|actua)|\bfinge (?:ser|que)\b|\bmodo desarrollador\b",
            r"\b(?:ora|adesso) sei\b|\bd(?:a|')\s?ora in poi,? (?:sei|rispond|agisc)|\bfingi di\b|\bmodalita sviluppatore\b",
            r"\b(?:je|jij|u) bent (?:nu|vanaf nu)\b|\bvanaf nu (?:ben|antwoord|reageer)|\bdoe alsof\b|\bontwikkelaarsmodus\b",
        ),
    ),
    (
        "new_orders",
        0.4,
        _any(
            r"\b(?:new|updated|real|actual|secret|hidden|important|urgent) (?:system )?(?:instructions?|prompt|orders|directives?)"
            r"(?: for (?:the )?(?:ai|assistant|model|llm))? ?:",
            r"\b(?:neue|wichtige|geheime) (?:system)?anweisung(?:en)?\b[^.:\n]{0,40}:|\bnouvelles? (?:instructions?|consignes?)\b[^.:\n]{0,40}:",
            r"\bnuevas? instrucci(?:on|ones)\b[^.:\n]{0,40}:|\bnuov[ae] istruzion[ei]\b[^.:\n]{0,40}:|\bnieuwe instructies?\b[^.:\n]{0,40}:",
            r"\b(?:system|admin|root) (?:override|overwrite|directive)\b|\bend of (?:document|context|prompt|instructions)\b",
            r"\bfollow (?:only )?(?:these|the following|my) (?:new )?instructions? (?:instead|only|from now)",
        ),
    ),
    (
        "addressed",
        0.35,
        _any(
            rf"\b(?:if|when|since|as) you(?:'re| are) (?:an? |the )?{_MODEL}\b|\bas an? (?:ai|llm|language model)\b",
            rf"\b(?:note|message|attention|instructions?|notice|hint|dear|hey|hello|hi|warning|reminder|command)\b[^.:\n]{{0,25}}"
            rf"\b(?:to|for|all)?\s*(?:the |any |all )?{_MODEL}s?\b ?[:,!]",
            rf"\b(?:any|every|all) {_MODEL}s? (?:reading|processing|summari[sz]ing|that reads?|which reads?|must|should|shall)",
            rf"\b(?:hinweis|nachricht|anweisung|achtung|liebe[rs]?|hallo)\b[^.:\n]{{0,25}}\b{_MODEL}\b",
            rf"\b(?:wenn|falls|da) du (?:eine?n? )?{_MODEL}\b|\bals {_MODEL}\b[^.]{{0,20}}\b(?:musst|sollst|wirst)",
            rf"\b(?:note|message|attention|consigne|cher|chere)\b[^.:\n]{{0,25}}\b{_MODEL}\b ?[:,!]|\bsi (?:tu es|vous etes) une? {_MODEL}",
            rf"\b(?:nota|mensaje|atencion|aviso|querid[oa])\b[^.:\n]{{0,25}}\b{_MODEL}\b ?[:,!]|\bsi eres una? {_MODEL}",
            rf"\b(?:nota|messaggio|attenzione|avviso|caro|cara)\b[^.:\n]{{0,25}}\b{_MODEL}\b ?[:,!]|\bse sei una? ?'?{_MODEL}",
            rf"\b(?:opmerking|bericht|let op|beste|instructie)\b[^.:\n]{{0,25}}\b{_MODEL}\b ?[:,!]|\bals je een {_MODEL}",
            rf"(?:^|[.!?\n])\s{{0,4}}{_MODEL} ?[:,!]\s{{0,4}}(?:please|you|ignore|do|always|never|reply|answer|respond)",
        ),
    ),
    (
        "reveal",
        0.5,
        _any(
            rf"\b(?:reveal|print|show|output|repeat|display|disclose|leak|return|dump|tell me|write out|give me|list)\b[^.\n]{{0,40}}\b{_PROMPT}",
            rf"\b(?:gib|zeige?|verrate|nenne|wiederhole|drucke)\b[^.\n]{{0,50}}{_PROMPT}|{_PROMPT}[^.\n]{{0,20}}\b(?:ausgeben|verraten|anzeigen)\b",
            rf"\b(?:revele[zr]?|affiche[zr]?|montre[zr]?|repete[zr]?|divulgue[zr]?|donne[zr]?)\b[^.\n]{{0,40}}{_PROMPT}",
            rf"\b(?:revela|muestra|imprime|repite|divulga|dame)\b[^.\n]{{0,40}}{_PROMPT}",
            rf"\b(?:rivela|mostra|stampa|ripeti|divulga|dammi)\b[^.\n]{{0,40}}{_PROMPT}",
            rf"\b(?:onthul|toon|print|herhaal|geef|laat)\b[^.\n]{{0,40}}{_PROMPT}",
        ),
    ),
    (
        "secrets",
        0.35,
        _any(
            rf"\b(?:reveal|print|show|output|repeat|display|disclose|leak|return|dump|tell me|write out|give me|list)\b[^.\n]{{0,40}}\b{_SECRETS}",
            rf"\b(?:gib|zeige?|verrate|nenne|wiederhole|drucke)\b[^.\n]{{0,50}}{_SECRETS}|{_SECRETS}[^.\n]{{0,20}}\b(?:ausgeben|verraten|anzeigen)\b",
            rf"\b(?:revele[zr]?|affiche[zr]?|montre[zr]?|repete[zr]?|divulgue[zr]?|donne[zr]?)\b[^.\n]{{0,40}}{_SECRETS}",
            rf"\b(?:revela|muestra|imprime|repite|divulga|dame)\b[^.\n]{{0,40}}{_SECRETS}",
            rf"\b(?:rivela|mostra|stampa|ripeti|divulga|dammi)\b[^.\n]{{0,40}}{_SECRETS}",
            rf"\b(?:onthul|toon|print|herhaal|geef|laat)\b[^.\n]{{0,40}}{_SECRETS}",
        ),
    ),
    (
        "unbound",
        0.25,
        _any(
            r"\bwithout (?:any )?(?:filter|restriction|limit|rule)s?\b|\bohne (?:jede )?(?:filter|einschrankung|beschrankung|regeln)",
            r"\bsans (?:aucun )?(?:filtre|restriction|limite)|\bsin (?:filtro|restriccion|limite)|\bsenza (?:filtr|restrizion|limit)",
            r"\bzonder (?:filter|beperking|regels)",
        ),
    ),
    (
        "conceal",
        0.45,
        _any(
            rf"\b(?:do not|don't|never|without)\b[^.\n]{{0,12}}\b(?:tell|mention|inform|notify|alert|telling|mentioning|informing|"
            rf"alerting|letting|warn)\b[^.\n]{{0,40}}\b{_PEOPLE}",
            r"\b(?:do not|don't|never) (?:mention|reveal|disclose|acknowledge|refer to) (?:this|these|that you|the) "
            r"(?:instruction|message|prompt|text|note|were|have|command)?",
            rf"\b(?:sag|sage|erwahne|verrate|teile|informiere)\b[^.\n]{{0,60}}\b(?:nicht|nichts)\b|\bohne\b[^.\n]{{0,40}}\b{_PEOPLE}\b[^.\n]{{0,30}}\bzu\b",
            rf"\b(?:ne (?:dis|dites|mentionne|mentionnez|previens|prevenez|revele|revelez))\b[^.\n]{{0,50}}|\bsans (?:en )?(?:informer|prevenir|avertir)\b[^.\n]{{0,30}}{_PEOPLE}",
            rf"\bno (?:se lo digas|digas|menciones|informes|reveles|avises)\b[^.\n]{{0,40}}|\bsin (?:informar|avisar|decir)\b[^.\n]{{0,30}}{_PEOPLE}",
            rf"\bnon (?:dire|dirlo|menzionare|informare|rivelare|avvisare)\b[^.\n]{{0,40}}|\bsenza (?:informare|avvisare|dirlo)\b[^.\n]{{0,30}}{_PEOPLE}",
            rf"\b(?:vertel|zeg|vermeld|noem|meld)\b[^.\n]{{0,50}}\b(?:niet|niets)\b|\bzonder\b[^.\n]{{0,20}}{_PEOPLE}[^.\n]{{0,20}}\bte\b",
        ),
    ),
    (
        "role",
        0.55,
        _any(
            r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|begin_of_text)\b[^|>]{0,40}\|>",
            r"\[/?inst\]|<</?sys>>|</?(?:passage|document_content|tool_result|function_results?|system_prompt)\b[^>\n]{0,40}>",
            r"</?(?:system|assistant)>",
        ),
    ),
    (
        "role_line",
        0.4,
        _any(
            r"(?:^|\n)[ #*>\[\(]{0,6}(?:system|assistant)(?: (?:prompt|message|note))?[\]\)* ]{0,4}: {0,3}"
            r"(?:you|ignore|disregard|from now|new|always|never|the (?:user|assistant)|override|du |ignorier|tu |vous |eres |sei |je )",
            r"(?:^|\n)#{2,4} ?(?:system|instruction|instructions|response|assistant|human) ?: ?\n",
            r"(?:^|\n)(?:human|user) ?:[^\n]{1,300}\n+(?:assistant|ai) ?:",
        ),
    ),
    (
        "tool",
        0.5,
        _any(
            r"<(?:tool_call|tool_use|function_calls?|invoke)\b",
            r"\{\s{0,4}\"(?:name|tool|function)\"\s{0,4}:\s{0,4}\"[\w.-]{1,60}\"\s{0,4},\s{0,4}\"(?:arguments|parameters|input|args)\"\s{0,4}:",
            r"\"(?:tool_calls|function_call)\"\s{0,4}:",
        ),
    ),
    (
        "tool_order",
        0.3,
        _any(
            r"\b(?:call|invoke|use|run|execute) (?:the |your )?[`\"']?[a-z_]{3,40}[`\"']? (?:tool|function|plugin)\b[^.\n]{0,60}"
            r"\b(?:to (?:send|delete|forward|upload|post|transfer|read)|with)\b",
            r"\b(?:rufe|benutze|nutze)\b[^.\n]{0,40}\b(?:werkzeug|tool|funktion)\b[^.\n]{0,60}\b(?:auf|um)\b",
        ),
    ),
    (
        "exfiltrate",
        0.6,
        _any(
            r"!\[[^\]\n]{0,80}\]\(\s?<?https?://[^)\s]{0,200}(?:\{|\$|%7b|\[|<|=\)|=>?\s?\)|\.\.\.)",
            r"\[[^\]\n]{0,80}\]\(\s?<?https?://[^)\s]{0,200}[?&/=](?:\{|\$\{|%7b|\[|<)[^)\n]{0,60}\)",
            rf"\b(?:append|include|encode|insert|embed|add|put|place|attach)\b[^.\n]{{0,50}}\b{_TALK}[^\n]{{0,60}}\b(?:to|in|into|as|at)\b"
            r"[^\n]{0,40}(?:\burl\b|\blink\b|\bimage\b|\bquery\b|https?:)",
        ),
    ),
    (
        "send",
        0.4,
        _any(
            rf"\b(?:send|forward|post|upload|transmit|exfiltrate|e-?mail|leak)\b[^\n]{{0,50}}\b{_TALK}[^\n]{{0,60}}(?:https?://|\S{{1,60}}@\S)",
            rf"\b(?:sende|schicke|ubermittle|leite|hange?|lade)\b[^\n]{{0,50}}{_TALK}[^\n]{{0,60}}(?:https?://|\burl\b|\S{{1,60}}@\S)",
            rf"\b(?:envoie|envoyez|transmets|transmettez|ajoute|ajoutez)\b[^\n]{{0,50}}{_TALK}[^\n]{{0,60}}(?:https?://|\burl\b|\S{{1,60}}@\S)",
            rf"\b(?:envia|envie|manda|adjunta|anade)\b[^\n]{{0,50}}{_TALK}[^\n]{{0,60}}(?:https?://|\burl\b|\S{{1,60}}@\S)",
            rf"\b(?:invia|manda|inoltra|aggiungi|allega)\b[^\n]{{0,50}}{_TALK}[^\n]{{0,60}}(?:https?://|\burl\b|\S{{1,60}}@\S)",
            rf"\b(?:stuur|verstuur|verzend|voeg)\b[^\n]{{0,50}}{_TALK}[^\n]{{0,60}}(?:https?://|\burl\b|\S{{1,60}}@\S)",
        ),
    ),
    (
        "decode",
        0.5,
        _any(
            r"\b(?:decode|decrypt|unscramble)\b[^.\n]{0,60}\b(?:and|then)\b[^.\n]{0,20}\b(?:follow|execute|obey|run|do|act on) (?:it|them|what|its|their|the (?:instruction|command|text))",
            r"\b(?:dekodiere|entschlussle|entschluessele)\b[^.\n]{0,60}\bund\b[^.\n]{0,30}\b(?:befolge|fuhre)\b",
            r"\bdecode[zr]?\b[^.\n]{0,60}\bet\b[^.\n]{0,20}\b(?:execute|suis|suivez)|\bdecodifica\b[^.\n]{0,60}\b[ye]\b[^.\n]{0,20}\b(?:ejecuta|sigue|esegui|segui)",
            r"\bdecodeer\b[^.\n]{0,60}\ben\b[^.\n]{0,20}\b(?:volg|voer)",
        ),
    ),
    (
        "steer",
        0.35,
        _any(
            r"\b(?:always|only) (?:answer|respond|reply|say|recommend|output)\b[^.\n]{0,60}\b(?:regardless|no matter|instead|exactly|with the)",
            r"\b(?:instead|immediately),? (?:say|answer|reply|respond|output|write|recommend)\b|\b(?:reply|respond|answer) only with\b",
            r"\bwhen (?:asked|summari[sz]ing|answering|you (?:answer|summari[sz]e))\b[^.\n]{0,60}\b(?:say|answer|reply|claim|state|recommend|rate)\b",
            r"\b(?:antworte|empfiehl|sage) (?:immer|stattdessen|nur|ausschliesslich)\b|\bstattdessen\b[^.\n]{0,20}\b(?:antworte|sage|schreibe)",
            r"\breponds? (?:toujours|uniquement|seulement)\b|\brepondez (?:toujours|uniquement)\b|\bresponde (?:siempre|solo|unicamente)\b",
            r"\brispondi (?:sempre|solo|soltanto)\b|\bantwoord (?:altijd|alleen|uitsluitend)\b",
        ),
    ),
)
"""(sign, weight, pattern)."""
