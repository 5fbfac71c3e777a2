"""Words that people are called by besides their names, and words that are nobody's name."""

from __future__ import annotations

from typing import Final

_TITLES: Final = frozenset(
    (
        *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "lord", "lady", "rev", "judge"),
        *("justice", "captain", "capt", "herr", "herrn", "frau", "rechtsanwalt", "rechtsanw\u00e4ltin", "richter"),
        *(
            "richterin",
            "monsieur",
            "madame",
            "mme",
            "mlle",
            "me",
            "m",
            "se\u00f1or",
            "se\u00f1ora",
            "sr",
            "sra",
            "srta",
        ),
        *(
            "don",
            "do\u00f1a",
            "d\u00f1a",
            "d",
            "dott",
            "dottor",
            "dottoressa",
            "signor",
            "signora",
            "sig",
            "avv",
            "ing",
        ),
        *("meneer", "mevrouw", "dhr", "mevr", "honorable", "honourable", "hhj", "deacon", "counsel", "dipl-ing"),
    )
)
ROLES: Final = frozenset(
    (
        *("kc", "qc", "sc", "s\\.c", "bl", "b\\.l", "jj?", "cj", "lj", "esq", "esquire", "appellant", "appellee"),
        *("respondents?", "petitioners?", "plaintiffs?", "defendants?", "claimants?", "applicants?", "state bar"),
        *("appellants", "appellees", "(?:plaintiffs?|defendants?|petitioners?)-appell(?:ants?|ees?)"),
    )
)
"""What may stand behind a name and is no part of it; patterns."""
_RANKS: Final = frozenset(
    (
        *("district", "trooper", "officer", "sergeant", "sgt", "detective", "constable", "inspector", "investigator"),
        "lieutenant",
        *("nurse", "letrado", "letrada", "procurador", "procuradora", "testigo", "teste", "getuige", "notaris"),
        *("zeuge", "zeugin", "zeugen", "sachverst\u00e4ndige", "sachverst\u00e4ndiger", "dokter", "dossier", "pani"),
    )
)
"""Alone they are nobody's name."""
_RELATIVES: Final = frozenset(
    (
        *("mon", "mein", "meine", "meinem", "meinen", "meiner", "ihr", "ihre", "sein", "seine", "mijn"),
        *("schwester", "bruder", "mutter", "vater", "sohn", "tochter", "schwiegermutter", "schwiegervater"),
        *(
            "fr\u00e8re",
            "s\u0153ur",
            "soeur",
            "m\u00e8re",
            "p\u00e8re",
            "fils",
            "fille",
            "tante",
            "oncle",
            "oma",
            "opa",
        ),
        *("hermano", "hermana", "madre", "padre", "hijo", "hija", "marido", "abuela", "abuelo", "t\u00edo", "t\u00eda"),
        *("fratello", "sorella", "figlio", "figlia", "marito", "moglie", "nonno", "nonna", "broer", "zus", "moeder"),
        *("vader", "zoon", "dochter", "oom"),
    )
)
"""Whose, and what somebody is to him."""
NEVER: Final = frozenset(
    (
        *("i", "me", "you", "he", "she", "it", "we", "they", "us", "him", "her", "them", "my", "your", "his", "our"),
        *("their", "mr", "mrs", "ms", "dr", "hon", "esq", "iban", "vcard", "fyi", "btw", "asap", "fwd", "cc", "bcc"),
        *(
            "attn",
            "dept",
            "addy",
            "groet",
            "groeten",
            "gr\u00fc\u00dfe",
            "gru\u00df",
            "saludos",
            "saluti",
            "pozdrawiam",
        ),
        *("cheers", "regards", "thx", "affidavit", "appellee", "appellant", "respondent", "petitioner", "plaintiff"),
        *("defendant", "claimant", "queen", "king", "dhs", "osha", "n\u00e9e", "date", "judgment", "insolvency", "am"),
        *(
            "front",
            "condense",
            "bot",
            "irl",
            "sim",
            "idk",
            "lol",
            "omg",
            "podr\u00eda",
            "telephonic",
            "loo",
            "tks",
            "pls",
            "plz",
            "lovely",
            "perfect",
            "brilliant",
            "i'd",
        ),
        *("beneficiary", "parents", "gran", "helpdesk", "hr helpdesk", "driver", "rider", "seller", "buyer"),
        *("merci", "bonjour", "bonsoir", "salut", "coucou", "bonne journ\u00e9e", "oui", "gracias", "hola", "buenas"),
        *(
            "buenas tardes",
            "buenas noches",
            "buenos d\u00edas",
            "soy",
            "vale",
            "muchas gracias",
            "danke",
            "vielen dank",
        ),
        *("viele", "viele gr\u00fc\u00dfe", "hallo", "guten tag", "servus", "gr\u00fcezi", "ja", "nein"),
        *("genau", "leider", "bitte", "grazie", "ciao", "buongiorno", "buonasera", "salve", "prego", "dank u"),
        *("bedankt", "goedemorgen", "goedemiddag", "hoi", "gisteren", "vandaag", "hr", "betreff"),
        *("ehemann der", "ehefrau der", "obrigado", "obrigada", "ol\u00e1", "bom dia", "rejet", "dossier", "lease"),
    )
)
"""Nobody's name."""
NO_BODY: Final = frozenset(
    (
        *("al", "court", "courts", "trial court", "council", "tribunal", "circuit", "others", "ward", "chamber"),
        *("judge", "bench", "counsel", "appellee", "appellees", "appellant", "appellants", "claimant", "claimants"),
        *("respondents", "defendants", "plaintiffs", "petitioners", "foster parents", "krankmeldung", "and others"),
        *("court of appeals no", "home department"),
    )
)
"""No organisation that anybody could tell from another."""
CALLED: Final = _TITLES | _RANKS | _RELATIVES
"""What may stand before a name and is no part of it."""
NAMES_TOO: Final = frozenset(("don", "dame", "justice", "ing", "me", "m", "d", "sig"))
"""Titles that are names or words besides."""
NO_PART: Final = CALLED | NEVER
