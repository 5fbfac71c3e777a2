"""Words that invented names are made with, and words that they are not made of. Nothing but constants."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COMMON: Final = _words("""
    abril adams admin africa agudo ale alfred ali allen aller allison altman amber america amor ampere anders andersen
    anderson andersson andrea andy angel angela angie anna ante antero apple april archer arco armani arnold art arts
    arturo asensio ashley asia asta august austin autumn bach baker bakker ball banks barber barilla baron bass bauer
    bean beard becker beer beethoven bell benigna benigno benjamin bennett bent benz berg bergmann berlusconi bernard
    berry bertram best beste bezos bianchi biden bien bill bird bishop bitten black blair blanca blanco blot bo boer
    bond booth bos bosch bourgeois bradley branch brands brandy bridges bright brit brittany brooklyn brouwer brown
    bruder bruno bryant bueno bull burns bush butcher butler cabello cabeza cabezas cabo cadenas cal cameron campbell
    campo campos camps canal canales canals cannon cant carina carl carlson carmen carolina carpenter carroll case
    cases cash catherine cervantes chad chambers chan chance chang chapman chase chelsea cherry cheyenne china chirac
    chloe christensen christian christina christopher church cindy clara clark clarke clay cliff clinton cohen cole
    coles colombo colon colt company conor conti conway cook coral cord corona cortes costa cousin craig crane cross
    crystal cuadrado cunningham curry cámara daisy dakota dale dallas dalí dam dan dana danielle darin darwin dash
    david davies dawn day dean dekker del delgado dell delle demo denver destiny diamond diana dias diaz dick diez
    dijk dollar dolores dominic don donna douglas downs draghi drew dubois duke duran durand durante earl eco edit edu
    edwards efe einer einstein elizabeth ella elliott else emily emma engel eric eriksson ernst español espejo
    esposito ester euler euro eva evans faith fargo farmer fay fermat fernandes fernandez fernández ferrari ferreira
    ferrero field fields finch fischer floor flora florence flowers ford foster fox franca franco frank freeman french
    friday frisk frost fry fuchs fuente fuller gage gallo gamble garcia garcía garner gates gauss gay gene gentry
    georgia gerard giordano glass glasses glen goethe golden goldstein gonzalez gonzález good grace graf graham grande
    grant graves gray greco green gregory griffith groot gross guardia gucci guest gun gunner guy gärtner gómez haase
    hahn hall hamel hans hansen harley harm harris hartmann hayes hazel heath heather heck hegel heinz hella hendriks
    herzog hess hidalgo hierro hill hirsch hitler ho hoes hofer hoffmann holder holly holmes holz hood hope horn house
    houston howarth huang hubbard huber hunt hunter ian ib india iris israel ivy izquierdo jackson jade jake jan
    jansen january jasmine jay jeffrey jennifer jensen jessica jesus jet job jobs johansson johns johnson jones jordan
    jorge joshua joy joyce julie julio june jung junior junk justin jäger jørgensen kaiser kant karlsson katelyn
    kathleen kaufmann keller kelly kemp kennedy key kick killer kimberly king klein knapp knight knudsen koch kohl
    kolb kraft kramer krause krebs krieger kurz kühn lamb lampe lane lang lange larsen larson larsson lasse lassen
    lauren laurent law le lee lees lefebvre legendre lehmann leigh lena lenin leo leon leroy lester levi levy lewis
    lex li lily lin lincoln lindsay line lips lisa little lo lombardi lombardo london lone long lopez lord lot love
    lovelace luna lundquist luz lyons lópez macron madeleine madison magnus major mancini mar march marco maria marie
    marin marina marine marino mark marks marsh marshall marta martin martinez martins martínez marx mas mason mate
    mater mathieu matthew maurer maverick max maxim may mayer mayo mayoral mcconnell megan meijer meister melody
    meloni memphis mens merkel meta metzger meyer michael michel michelle michielsen miles miller millet mills miner
    mir mitchell mitterrand mohr mol moles monday montana moon moore moreau moretti morgan mozart mulder murphy murray
    musk my máxima máximo müller nada nadella nagel nash natalie natasha neo nestle neu newton nicholas nick nielsen
    nietzsche nilsson nixon niño noble noel north nova obama olive oliveira olsson omar opal oracle orlando oscuro owe
    owen pace page pages palm palmer pamela paredes pareja parent paris park parker parks pascal pat patricia
    patterson paw paz pearl pedersen peer penny per pereira perez pero peters peterson petra pfeifer pfeiffer pham
    phillips phoenix pi pia picasso pichai pier pierre pilar plana plaza pohl polo pons pope porsche porta post potter
    pound powell power powers prada preston price primitiva primitivo prince puccini puck puente puerta putin pérez
    quinn raquel rasmussen ray read reagan real rebecca reed reich reid reine reuter reynolds ricci rice rich
    richardson richmond richter rick ring ritter rivers rizzo roach rob roberto roberts robinson rodrigues rodríguez
    rogers rojas romano romeo room rosa rosales rose ross rossi rot roth rowan roy ruby rush russo ryan römer saga
    sage said sala sales salmon salud salvo samantha samuel sanchez sandy santana santos sara sarah sauer savage
    savannah sayin schaf scheibe schiller schlosser schmidt schmied schneider scholz schreiber schubert schulz
    schumacher schuster schwarz schäfer schüler schütze sean seco seda seidel sellers sep sergeant serna server seven
    severo shannon sharp shepherd shields short siemens sierra silva simmons simon sine sitters small smart smit smith
    snape snow sol sole sommer sonia sousa sparks spears spence spencer spies stalin stanton stark stein stephen
    steuer steve steven stokes stone storm strand strong stumpf sue summer sunday sutton swift sydney sánchez sørensen
    süß tammy tan tanner taylor team teresa tesla test theres thom thomas thompson ties till tins tomas tore townsend
    toy tracy trinity trump ture turing uno urban us user verde verdi versace vi vial victor vienna vigil villa violet
    virginia visser vogel vogt volta vos voss vries wagner walker wall walls ward warmer warren washington waters
    watkins watson watts weaver weber weeks weiss weiß wells wende wendy west white wild wiley will william williams
    willy wilson winkel winter winters wirt wirth wise wish wolf wood woods wright wu wächter yan yang yates young
    zander ziegler zimmer émile étienne
""")
"""Names that are ordinary words too, or that everybody knows somebody by: a model may write them on its own account.

Most were found as names that stand in lower case, or behind an article, in open text in English, German and Spanish.
"""

NEUTRAL: Final = _listed("""
    Alexis Avery Bailey Billie Blake Casey Charlie Corey Darcy Devon Eden Ellis Emerson Finley Frankie Harper Hayden
    Jamie Jesse Jody Kai Kendall Kerry Kim Kit Kyle Lennon Lesley Logan Marley Merle Mika Morgan Nico Parker Peyton
    Presley Quincy Reese Remy Riley Robin Rory Rowan Sam Sascha Shay Skyler Tatum Terry Toby Toni Tracey Val Wren Yael
""")
"""First names that say nothing about gender, for those of which nothing is known."""

TITLES: Final = _words("""
    dr prof professor doctor mr mrs ms miss mx sir dame lady lord herr frau fräulein m mm mme mlle monsieur madame
    mademoiselle sr sra srta señor señora don doña sig signor signora signore dott dottoressa dottore ing dipl mag
    dhr mevr mw meneer mevrouw drs hr fr judge justice rev father sister
""")
PARTICLES: Final = _words("""
    von van de der den da di la le du des bin ibn al el ter zu zum dos das del della degli af av y e und and of
""")
ENDINGS: Final = _words("jr sr ii iii iv phd md msc ba esq")

ORGANISATIONAL: Final = _words("""
    inc incorporated ltd limited llc llp lp plc corp corporation co company gmbh mbh ag kg kgaa ohg gbr ug se ev e.v sa
    s.a sas sarl s.a.r.l srl s.r.l spa s.p.a sl s.l bv b.v nv n.v ab oy as aps a/s pty group gruppe holding holdings
    bank university universität université hospital clinic klinik college school institute institut foundation stiftung
    ministry department office agency association council court city of the and & und et y e for für de des du la der
    international services systems solutions partners consulting technologies engineering logistics insurance
    pharma energy capital trust union club society committee commission authority
""")
STREETS: Final = _words("""
    street st road rd avenue ave lane ln drive dr way court ct place pl boulevard blvd square sq terrace close crescent
    row hill park gardens highway hwy parkway pkwy circle apt apartment suite ste unit floor flat house no nr po p.o box
    north south east west n s e w ne nw se sw the of on at upper lower
    rue chemin allée place quai cours impasse route bis ter calle avenida plaza paseo camino carretera via viale corso
    piazza largo vicolo straße strasse str weg platz allee gasse ring ufer damm straat laan plein gracht kade
    de la le les du des del della delle dei di da den der am an auf im in zum zur bei van het el los las y
""")
STREET_ENDS: Final = (
    "straße",
    "strasse",
    "str",
    "weg",
    "platz",
    "allee",
    "gasse",
    "ring",
    "ufer",
    "damm",
    "straat",
    "laan",
    "plein",
    "gracht",
    "kade",
)
STATES: Final = _listed("""
    AL AK AZ AR CA CO CT DE FL GA ID IL IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC
    SD TN TX UT VT VA WA WV WI WY
""")
COUNTRIES: Final = _listed("""
    Andorra Barbados Belize Benin Bhutan Botswana Brunei Burundi Comoros Djibouti Dominica Eritrea Eswatini Fiji Gabon
    Gambia Grenada Guyana Kiribati Lesotho Liberia Malawi Maldives Mauritius Micronesia Moldova Mongolia Namibia
    Nauru Palau Paraguay Rwanda Samoa Seychelles Suriname Tajikistan Togo Tonga Tuvalu Vanuatu Zambia
""")
CITY_ENDS: Final = {
    "en": ("ton", "bury", "field", "stead", "wick"),
    "de": ("hausen", "dorf", "stadt", "heim", "burg"),
    "fr": ("ville", "court"),
    "es": ("ería", "edo"),
    "it": ("ano", "ate"),
    "nl": ("dam", "veen", "hoven"),
    "sv": ("torp", "sta"),
    "da": ("borg", "rup"),
}
ROLE_BOXES: Final = _words("""
    info office admin support sales contact hello help service billing accounts accounting hr jobs careers press legal
    privacy security noreply no-reply donotreply postmaster webmaster abuse team mail newsletter marketing
""")
