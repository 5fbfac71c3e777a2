"""Words that names share with the language, titles, and what may stand inside a name. Lower case."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMON: Final = _words(
    """
    abbot angel apple april archer art ash august autumn baker ball banks bar barber baron bass bay beck bell
    berg best bill bird bishop black bliss bloom blue bond book booth bow bowl box brand braun bright brook
    brooks brown buck bull bush butler can cannon carpenter carter case cash castle cave chance chandler chase
    chief church clay clerk cliff close cloud coin cole cook cooper cotton crane crow cross crystal dale daisy
    dawn day dean dell dent destiny divine dove drake drew driver duke dust early earl east english even faith
    farmer farrow field fields finch fish fisher flint flowers forbes ford forest foster fox frank free french
    friend frost gale garden gardener gay ginger glass glen glory gold golden good grace grand grant graves gray
    green grey guy hall hand hank harmony harper hart haven hawk hazel heath heaven hedge hill hills holiday
    hood hook hope horn house hunt hunter iris ivory ivy jack jade jar jean jet jewel jordan josh joy judge june
    jung justice kaiser king klein knight koch lake lamb land lane lang large law lawless leaf lee lily link
    little long love low major manager marble march mark marks marsh marshall mason may mead melody mercy merry
    miles mill miller mills mine mint miracle moon moor moore moss much myrtle nails neal new nick noble noon
    north olive page paige palm park parker parks pat patience pearl penny pepper person pike piper poet pond
    poole pope porter potter power powers price pride prince prior prudence queen rain raven ray read reader red
    reed rice rich richter river rivers rob robin rock rod roman root rose rowan royal ruby rush rusty sage
    sailor salt sand sandy sawyer scott sharp shepherd short silver singer sky slater small smart smith snow
    south sparks spear spring star steel stein stern stone storm street strong sue summer summers sun sunny swan
    sweet swift taylor temple thorn tiger tower towers trust tucker turner van victor violet virtue wade walker
    wall walls ward waters way weaver webb weeks weiss wells west wheat wheeler white will wills wind winter
    winters wise wolf wood woods worth wren wright young
    """
)
"""Replaced only where a name is sure: not wherever the word stands."""

TITLES: Final = _words(
    """
    mr mrs ms miss mx dr doctor prof professor sir dame lord lady rev reverend judge justice captain capt herr
    herrn frau monsieur madame mme mlle m señor señora sr sra srta dott dottoressa signor signora sig meneer
    mevrouw president senator minister officer detective sergeant lieutenant colonel general father sister
    brother nurse attorney counsel chancellor ambassador councillor inspector director manager engineer dean
    rabbi imam sheikh hon honourable
    """
)
SUFFIXES: Final = _words("jr sr ii iii iv phd md esq mba msc bsc dds jd rn")
PARTICLES: Final = _words("von van vom zu zur de der den del della di da dos du la le bin ibn al el ter ten af av y e")
PLAIN_CAPITALS: Final = _words(
    """
    the a an and or but in on at of to by for from with as if when while after before since that this these
    those then than so because although though i he she we they it his her their our my your its who what where
    why how not no yes please dear hi hello hey thanks regards sincerely best also both either neither later
    meanwhile however today yesterday tomorrow monday tuesday wednesday thursday friday saturday sunday january
    february april june july september october november december re cc bcc fwd subject from to und oder aber der
    die das wenn als et ou mais le la les y o pero el los en een de het maar
    """
)
"""Words that stand in front of a name with a capital and are no part of one."""
NO_ANSWER: Final = _words(
    """
    a above account address already also an and are as at below both but can city company correct could country
    danke date details do does done dont email false fine first for forgot full good gracias great he hello here hey
    hi hold how i if in is it its ja just last let login merci middle mine moment my n name nee nein no non none
    nope not null number of ok okay on one only optional or order oui password perfect phone please pourquoi
    required right same sec second send sent she si so sorry state still string sure surname sí text thank thanks
    that the then there they this title to true unknown username wait warum was we what when where which who why
    with would yeah yes you your
    """
)
"""What says, where a name was asked for, that none was given."""
