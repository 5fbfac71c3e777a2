"""Values to fill templates with: names of many origins, places, organisations, addresses. Seeded, so that runs repeat."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

LOCALES: Final = {
    "en": ("en_US", "en_GB", "en_IN", "en_AU", "en_CA", "en_IE", "en_NZ"),
    "de": ("de_DE", "de_AT", "de_CH"),
    "fr": ("fr_FR", "fr_CA", "fr_CH", "fr_BE"),
    "es": ("es_ES", "es_MX", "es_AR", "es_CO"),
    "it": ("it_IT",),
    "nl": ("nl_NL", "nl_BE"),
}
OTHER_NAMES: Final = (
    *("pl_PL", "sv_SE", "da_DK", "no_NO", "fi_FI", "cs_CZ", "hu_HU", "ro_RO", "pt_BR", "pt_PT", "tr_TR", "hr_HR"),
    *("sl_SI", "sk_SK", "lt_LT", "lv_LV", "et_EE", "id_ID", "vi_VN", "en_NG", "yo_NG", "zu_ZA", "tw_GH", "fil_PH"),
)
_ASIAN_LAST: Final = (
    "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Tang Song "
    "Deng Han Feng Cao Peng Zeng Xiao Tian Dong Pan Yuan Cai Jiang Yu Du Ye Cheng Wei Su Lu Ding Ren Kim Lee Park "
    "Choi Jung Kang Cho Yoon Jang Lim Shin Kwon Hwang Ahn Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura "
    "Kobayashi Kato Yoshida Yamada Sasaki Matsumoto Inoue Kimura Hayashi Saito Shimizu Mori Abe Ikeda Hashimoto Ogawa "
    "Nguyen Tran Pham Hoang Vu Dang Bui Ngo Duong"
).split()
_ASIAN_FIRST: Final = (
    "Wei Fang Na Min Jing Lei Qiang Yan Jie Juan Tao Xia Ming Ping Gang Hui Jun Ling Hao Yi Xin Mei Xiaoming Jiahao "
    "Zihan Yuxuan Minjun Seoyeon Jiwoo Jihoon Hyun-woo Eun-ji Soo-jin Min-ho Ji-young Seung-hyun Haruto Yuto Sota "
    "Hina Yui Aoi Sakura Kenji Takashi Hiroshi Yuki Akira Naoko Keiko Tomoko Satoshi Makoto Linh Anh Huong Tuan Minh "
    "Duc"
).split()
_ARAB_FIRST: Final = (
    "Mohammed Ahmed Ali Omar Hassan Hussein Ibrahim Khalid Youssef Mahmoud Mustafa Abdullah Tariq Bilal Hamza Karim "
    "Samir Rashid Faisal Nasser Fatima Aisha Mariam Layla Zainab Noor Yasmin Amina Huda Salma Rania Dina Farah Leila "
    "Reza Mehdi Arash Farhad Shirin Parisa Nasrin Kaveh Imran Asif Saima Nadia Sana Zoya Avraham Moshe Yael Noa Tamar"
).split()
_ARAB_LAST: Final = (
    (
        "Al-Sayed El-Masri Haddad Khoury Mansour Hassan Ibrahim Al-Farsi bin Rashid Abbas Qureshi Siddiqui Malik Hussain "
        "Rahman Karimi Ahmadi Tehrani Hosseini Rezaei Nasser Saleh Aziz Farouk Said Hamdan Khan Mirza Cohen Levi Mizrahi "
        "Peretz Biton Friedman Azoulay Ben-David Katz Al-Rashid Abu-Zaid"
    )
    .replace("bin Rashid", "Rashid")
    .split()
)
_AFRICAN_LAST: Final = (
    "Okafor Adeyemi Nwosu Okonkwo Mensah Owusu Boateng Diallo Traore Keita Ndiaye Mbeki Dlamini Nkosi Mwangi Otieno "
    "Wanjiru Kamau Abebe Tesfaye Bekele Chukwu Balogun Achebe Kone Toure Sesay Kamara Banda Phiri Moyo Ncube Asante"
).split()
_AFRICAN_FIRST: Final = (
    "Chinedu Ngozi Adaeze Kwame Kofi Ama Akosua Yaw Fatou Mamadou Ousmane Aminata Thabo Sipho Nomsa Lerato Wanjiku "
    "Kiprop Achieng Tendai Rutendo Chipo Abebe Selam Hanna Dawit Oluwaseun Temitope Folake Babajide Uche Emeka "
    "Zainabu"
).split()
_SLAVIC: Final = (
    ("Ivan", "Sergei", "Dmitri", "Olga", "Natalia", "Svetlana", "Vladimir", "Mikhail", "Anastasia", "Andriy", "Oksana"),
    ("Ivanov", "Petrov", "Smirnova", "Kuznetsov", "Volkov", "Sokolova", "Shevchenko", "Kovalenko", "Bondarenko"),
)
KNOWN_ORGS: Final = (
    "Microsoft|Google|Apple|Amazon|Meta|Facebook|Twitter|IBM|Intel|Oracle|SAP|Siemens|Bosch|"
    "Volkswagen|BMW|Daimler|Toyota|Sony|Samsung|Nokia|Ericsson|Vodafone|BT|Deutsche Telekom|Orange|"
    "Telefónica|Barclays|HSBC|Lloyds|Santander|ING|UBS|Credit Suisse|Deutsche Bank|Commerzbank|"
    "BNP Paribas|Société Générale|Goldman Sachs|JPMorgan|Morgan Stanley|Citigroup|BBC|CNN|Reuters|"
    "Bloomberg|The Guardian|The New York Times|Le Monde|Der Spiegel|El País|NATO|UN|United Nations|EU|"
    "European Union|European Commission|European Parliament|European Court of Human Rights|Supreme Court|"
    "High Court|World Health Organization|WHO|UNICEF|Red Cross|Amnesty International|Greenpeace|FBI|CIA|"
    "NSA|NASA|IRS|FDA|SEC|NHS|Home Office|Ministry of Justice|Ministry of Defence|Department of Health|"
    "Treasury|Parliament|Congress|Senate|Manchester United|Real Madrid|FC Barcelona|Bayern Munich|Chelsea|"
    "Arsenal|New York Yankees|Los Angeles Lakers|Harvard University|Oxford University|MIT|Stanford|"
    "ETH Zürich|Sorbonne|Pfizer|Novartis|Roche|Bayer|AstraZeneca|Shell|BP|TotalEnergies|Enron|"
    "ExxonMobil|Chevron|Boeing|Airbus|Lufthansa|KLM|Air France|Ryanair|Tesco|Walmart|Aldi|Lidl|IKEA|"
    "Carrefour|Starbucks|McDonald's|Coca-Cola|Nestlé|Unilever|Netflix|Spotify|Uber|Airbnb|PayPal|Stripe|"
    "Visa|Mastercard|DHL|FedEx|UPS|Royal Mail|Deutsche Bahn|SNCF|Renfe|Labour Party|Conservative Party|"
    "Republican Party|Democratic Party|SPD|CDU|PKK|Hamas|Taliban|IRA|AOK|TUI|Allianz|AXA|Generali|"
    "Zurich Insurance|KPMG|PwC|Deloitte"
).split("|")
NATIONALITIES: Final = {
    "en": "American British English Scottish Welsh Irish French German Italian Spanish Dutch Belgian Swiss Austrian Polish "
    "Czech Hungarian Romanian Bulgarian Greek Turkish Russian Ukrainian Swedish Norwegian Danish Finnish Portuguese "
    "Brazilian Mexican Argentine Chilean Colombian Canadian Australian Chinese Japanese Korean Indian Pakistani Iranian "
    "Iraqi Syrian Lebanese Israeli Palestinian Egyptian Moroccan Algerian Tunisian Nigerian Kenyan Ethiopian Somali "
    "Ghanaian Kurdish Chechen Roma Arab African Asian European Latino Hispanic Muslim Christian Catholic Protestant Jewish "
    "Buddhist Hindu Sikh Sunni Shia Mormon Republican Democrat Liberal Conservative Communist Serbian Croatian Bosnian "
    "Albanian Afghan Vietnamese Thai Filipino Indonesian Malaysian Cuban Jamaican Haitian Uruguayan Peruvian Lithuanian "
    "Latvian Estonian Slovenian Slovak Icelandic Maltese Cypriot Armenian Georgian",
    "de": "deutsche österreichische schweizerische türkische polnische syrische italienische katholisch evangelisch "
    "muslimisch jüdisch russische ukrainische französische spanische afghanische Deutscher Türkin Pole Syrer Katholik",
    "fr": "française français belge suisse marocaine algérien tunisienne catholique musulmane juif protestante espagnole "
    "italien allemande portugais sénégalaise malien kurde",
    "es": "española español mexicano argentina colombiana marroquí católico musulmana judío rumana ecuatoriano peruana "
    "boliviano china ucraniana",
    "it": "italiana italiano rumena albanese marocchino cattolico musulmana ebreo ucraina cinese tedesco francese",
    "nl": "Nederlandse Belgische Turkse Marokkaanse Surinaamse Poolse katholiek protestants islamitische joodse Duitse",
}
JOBS: Final = {
    "en": "software engineer|nurse|teacher|accountant|sales manager|project manager|attorney|lawyer|solicitor|judge|driver"
    "|electrician|plumber|architect|consultant|data analyst|product manager|HR manager|chief executive officer|CEO|CFO|CTO"
    "|managing director|vice president of sales|office manager|receptionist|civil servant|police officer|journalist"
    "|photographer|chef|waiter|cashier|student|professor of law|research assistant|pharmacist|dentist|general practitioner"
    "|surgeon|psychologist|social worker|marketing director|head of finance|warehouse supervisor|senior auditor|farmer"
    "|truck driver|security guard|flight attendant|pilot|translator|editor|librarian|Sales Executive|Chief Operating Officer"
    "|Senior Developer|Team Lead|Account Manager|Head of Legal|Paralegal|Systems Administrator|Financial Controller",
    "de": "Krankenschwester|Lehrer|Ingenieurin|Rechtsanwalt|Steuerberaterin|Geschäftsführer|Buchhalter|Elektriker|Ärztin"
    "|Verkäuferin|Projektleiter|Sachbearbeiterin|Softwareentwickler|Polizist|Maurer|Köchin|Betriebsrat",
    "fr": "infirmière|enseignant|ingénieur|avocate|comptable|directeur général|médecin|vendeuse|chauffeur|plombier"
    "|cheffe de projet|secrétaire|développeur|policier|journaliste",
    "es": "enfermera|profesor|ingeniero|abogada|contable|director general|médico|vendedora|conductor|fontanero"
    "|jefa de proyecto|secretaria|albañil|policía|periodista|administrativo",
    "it": "infermiera|insegnante|ingegnere|avvocato|commercialista|direttore generale|medico|commessa|autista|idraulico"
    "|responsabile vendite|impiegata|muratore|giornalista",
    "nl": "verpleegkundige|leraar|ingenieur|advocaat|boekhouder|directeur|huisarts|verkoper|chauffeur|loodgieter"
    "|projectleider|secretaresse|ontwikkelaar|journalist",
}
_ORG_TAILS: Final = {
    "en": ("Ltd", "Ltd.", "Inc", "Inc.", "LLC", "LLP", "plc", "Corp.", "Corporation", "Group", "Holdings", "& Co", "& Sons",
           "Partners", "Solutions", "Technologies", "Systems", "Bank", "Insurance", "Consulting", "Foundation", "Labs"),
    "de": ("GmbH", "AG", "KG", "GmbH & Co. KG", "e.V.", "SE", "Versicherung", "Stiftung", "Bau GmbH"),
    "fr": ("SARL", "SA", "SAS", "et Fils", "S.A.", "& Associés", "Conseil"),
    "es": ("S.L.", "S.A.", "e Hijos", "y Asociados", "SLU", "Consultores"),
    "it": ("S.r.l.", "S.p.A.", "e Figli", "& Associati", "SNC"),
    "nl": ("B.V.", "N.V.", "BV", "& Zonen", "Groep", "Advies"),
}  # fmt: skip
_ORG_PLACE: Final = {
    "en": ("University of {c}", "{c} University", "{c} General Hospital", "{c} City Council", "{c} County Court", "Bank of {c}",
           "{c} Police Department", "{c} Chamber of Commerce", "{c} High School", "St Mary's Hospital {c}", "{c} FC",
           "{c} Medical Center", "{c} Times", "{c} District Council", "Port of {c}", "{c} Crown Court"),
    "de": ("Universität {c}", "Stadtwerke {c}", "Amtsgericht {c}", "Landgericht {c}", "Klinikum {c}", "Sparkasse {c}",
           "FC {c}", "Oberlandesgericht {c}", "Finanzamt {c}", "Universitätsklinikum {c}", "Stadt {c}"),
    "fr": ("Université de {c}", "Mairie de {c}", "Tribunal de {c}", "CHU de {c}", "Lycée de {c}", "Cour d'appel de {c}"),
    "es": ("Universidad de {c}", "Ayuntamiento de {c}", "Hospital General de {c}", "Juzgado de {c}", "Banco de {c}"),
    "it": ("Università di {c}", "Comune di {c}", "Ospedale di {c}", "Tribunale di {c}", "Banca di {c}", "Questura di {c}"),
    "nl": ("Universiteit {c}", "Gemeente {c}", "Rechtbank {c}", "Ziekenhuis {c}", "Politie {c}"),
}  # fmt: skip
_SYLLABLES: Final = (
    "ac ar ba bel ber bio bra ca cel cor cy da del di do dyn el em en er ex fi flex fu ga gen glo gra hy in jo ka ko "
    "la len li lo lu lum ma max me mi mo na neo net no nor nu om op or ox pa per pi plex po pro qua ra re ri ro sa "
    "sen si sol son sta syn ta tek ter ti to tra tri tron ul va vel ver vi vo wa wel xi ya yo za zen zo"
).split()


@dataclass(slots=True)
class Pools:
    """Values for one language. `rng` alone decides; Faker is seeded from it."""

    language: str
    rng: random.Random
    _fakers: dict[str, Any] = field(default_factory=dict)
    cities: Sequence[str] = ()
    countries: Sequence[str] = ()

    def faker(self, locale: str) -> Any:
        """Faker for one locale, made once."""
        if locale not in self._fakers:
            faker: Any = __import__("faker").Faker(locale)
            faker.seed_instance(self.rng.randrange(1 << 30))
            self._fakers[locale] = faker
        return self._fakers[locale]

    def own(self) -> Any:
        """A Faker of this language."""
        return self.faker(self.rng.choice(LOCALES[self.language]))

    def first(self) -> str:
        """A given name, now and then from elsewhere."""
        return self._name()[0]

    def last(self) -> str:
        """A family name."""
        return self._name()[1]

    def _name(self) -> tuple[str, str]:
        rng = self.rng
        draw = rng.random()
        if draw < 0.62:
            one = self.own()
            return one.first_name(), _one(one.last_name())
        if draw < 0.80:
            one = self.faker(rng.choice(OTHER_NAMES))
            return one.first_name(), _one(one.last_name())
        if draw < 0.87:
            return rng.choice(_ASIAN_FIRST), rng.choice(_ASIAN_LAST)
        if draw < 0.92:
            return rng.choice(_ARAB_FIRST), rng.choice(_ARAB_LAST)
        if draw < 0.96:
            return rng.choice(_AFRICAN_FIRST), rng.choice(_AFRICAN_LAST)
        if draw < 0.98:
            return rng.choice(_SLAVIC[0]), rng.choice(_SLAVIC[1])
        # A name nobody has heard: no list will hold it.
        return self.invented(), self.invented()

    def invented(self) -> str:
        """A word that sounds like a name."""
        return "".join(self.rng.choice(_SYLLABLES) for _ in range(self.rng.choice((2, 2, 3)))).capitalize()

    def person(self) -> str:
        """A whole name as people write it."""
        rng = self.rng
        first, last = self._name()
        draw = rng.random()
        if self.language == "es" and draw < 0.5:
            return f"{first} {last} {self.last()}"
        forms: list[tuple[float, Callable[[], str]]] = [
            (0.56, lambda: f"{first} {last}"),
            (0.64, lambda: f"{first} {rng.choice(string.ascii_uppercase)}. {last}"),
            (0.69, lambda: f"{first[0]}. {last}"),
            (0.72, lambda: f"{first[0]}.{rng.choice(string.ascii_uppercase)}. {last}"),
            (0.75, lambda: f"{first} {self.first()} {last}"),
            (0.79, lambda: f"{first} {last}-{self.last()}"),
            (0.82, lambda: f"{first} {rng.choice(('von', 'van', 'de', 'van der', 'di', 'da', 'del', 'O', 'Mc'))} {last}"
                .replace(" O ", " O'").replace(" Mc ", " Mc")),
            (0.85, lambda: f"{first} {last[0]}."),
            (0.87, lambda: f"{first} {last} {rng.choice(('Jr.', 'Sr.', 'III', 'II'))}"),
            (0.93, lambda: first),
            (1.01, lambda: last),
        ]  # fmt: skip
        return next(form for limit, form in forms if draw < limit)()

    def full(self) -> str:
        """Given and family name."""
        first, last = self._name()
        return f"{first} {last}"

    def reversed(self) -> str:
        """Family name first, as in lists."""
        first, last = self._name()
        return f"{last}, {first}"

    def place(self) -> str:
        """A city, region or country."""
        rng = self.rng
        draw = rng.random()
        if draw < 0.45 and self.cities:
            return rng.choice(self.cities)
        if draw < 0.7:
            return _tidy(self.own().city())
        if draw < 0.9:
            return _country(self.own(), self.countries, rng)
        one = self.own()
        maker = getattr(one, "state", None) or getattr(one, "administrative_unit", None) or one.city
        return _tidy(maker())

    def city(self) -> str:
        """A city."""
        return self.rng.choice(self.cities) if self.cities and self.rng.random() < 0.6 else _tidy(self.own().city())

    def organisation(self) -> str:
        """A company, an authority, a school, an invented word."""
        rng = self.rng
        draw = rng.random()
        tails = _ORG_TAILS[self.language]
        if draw < 0.28:
            return str(self.own().company())
        if draw < 0.45:
            return rng.choice(KNOWN_ORGS)
        if draw < 0.6:
            return rng.choice(_ORG_PLACE[self.language]).format(c=self.city())
        if draw < 0.72:
            return f"{self.last()} {rng.choice(tails)}"
        if draw < 0.78:
            return f"{self.last()} & {self.last()}"
        if draw < 0.9:
            word = self.invented()
            return word if rng.random() < 0.4 else f"{word} {rng.choice(tails)}"
        if draw < 0.95:
            return "".join(rng.choice(string.ascii_uppercase) for _ in range(rng.choice((2, 3, 3, 4))))
        return f"{self.invented()}{rng.choice(('soft', 'tech', 'ware', 'media', 'bank', 'com', 'sys', 'pharma'))}"

    def address(self) -> str:
        """A street address, with or without its city."""
        rng = self.rng
        one = self.own()
        draw = rng.random()
        if draw < 0.45:
            full = str(one.address())
            return full if rng.random() < 0.3 else full.replace("\n", ", " if rng.random() < 0.8 else " ")
        street = str(one.street_address()).replace("\n", ", ")
        if draw < 0.75:
            return street
        if draw < 0.85:
            return f"{street}, {self.city()}"
        if draw < 0.95:
            return f"{street}\n{one.postcode()} {self.city()}"
        return f"{street} {self.city()} {one.postcode()}"

    def nationality(self) -> str:
        """A nationality, a faith or a party."""
        return self.rng.choice(NATIONALITIES[self.language].split())

    def job(self) -> str:
        """What somebody works as."""
        if self.language == "en" and self.rng.random() < 0.35:
            job = str(self.own().job()).split(",")[0].split("(")[0].strip()
            return job if self.rng.random() < 0.5 else job.lower()
        return self.rng.choice(JOBS[self.language].split("|"))


def _one(last: str) -> str:
    return last.split(" ", maxsplit=1)[0] if len(last) > 22 else last


def _tidy(place: str) -> str:
    return place.strip().rstrip(",")


def _country(one: Any, countries: Sequence[str], rng: random.Random) -> str:
    if countries and rng.random() < 0.5:
        return rng.choice(countries)
    return str(one.country()).split(" (")[0]
