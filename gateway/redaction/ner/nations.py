"""Words for where people come from, what they believe and how they vote, which a model may take for places. Pure."""

from __future__ import annotations

from typing import Final

_ENGLISH: Final = """
afghan albanian algerian american andorran angolan argentine argentinian armenian australian austrian
azerbaijani azeri bahraini bangladeshi barbadian basque belarusian belgian beninese bhutanese bolivian
bosnian botswanan brazilian british bulgarian burmese burundian cambodian cameroonian canadian catalan
chadian chechen chilean chinese colombian congolese croatian cuban cypriot czech danish dominican dutch
ecuadorian egyptian english eritrean estonian ethiopian fijian filipino filipina finnish flemish french
gabonese gambian georgian german ghanaian greek guatemalan guinean guyanese haitian honduran hungarian
icelandic indian indonesian iranian iraqi irish israeli italian ivorian jamaican japanese jordanian kazakh
kenyan korean kosovan kurdish kuwaiti kyrgyz laotian latvian lebanese liberian libyan lithuanian malagasy
malawian malaysian maldivian malian maltese mauritanian mauritian mexican moldovan mongolian montenegrin
moroccan mozambican namibian nepalese nepali nicaraguan nigerian nigerien norwegian omani pakistani
palestinian panamanian paraguayan peruvian polish portuguese qatari romanian russian rwandan salvadoran
samoan saudi scottish senegalese serbian singaporean slovak slovakian slovene slovenian somali somalian
spanish sudanese surinamese swazi swedish swiss syrian taiwanese tajik tanzanian thai tibetan togolese
tongan tunisian turkish turkmen ugandan ukrainian uruguayan uzbek venezuelan vietnamese welsh yemeni zambian
zimbabwean roma romani sinti tamil sikh uyghur uighur rohingya hmong hazara pashtun yoruba igbo hausa maori
m\u0101ori p\u0101keh\u0101 cherokee navajo lakota cree inuit anglican baptist buddhist catholic christian
coptic evangelical hindu jewish lutheran maronite methodist mormon muslim orthodox pentecostal presbyterian
protestant quaker shia shiite sunni yazidi afghans albanians algerians americans australians brazilians
britons bulgarians chechens croats danes dutchman egyptians eritreans ethiopians germans ghanaians greeks
hungarians indians iranians iraqis italians jews kurds lebanese mexicans moroccans muslims nigerians
norwegians pakistanis palestinians poles romanians russians serbs sikhs somalis spaniards swedes syrians
tamils turks ukrainians venezuelans gypsies gypsy
"""
_OTHERS: Final = """
deutsche deutscher deutschen t\u00fcrkisch t\u00fcrkische t\u00fcrkischer syrisch syrische syrischer
afghanisch afghanische afghanischer polnisch polnische polnischer rum\u00e4nisch rum\u00e4nische russisch
russische irakisch irakische kurdisch kurdische italienisch italienische griechisch griechische katholisch
evangelisch muslimisch franz\u00f6sisch franz\u00f6sische portugais portugaise alg\u00e9rien alg\u00e9rienne
marocain marocaine tunisien tunisienne s\u00e9n\u00e9galais malien malienne irakien irakienne syrien
syrienne albanais albanaise roumain roumaine fran\u00e7ais fran\u00e7aise congolais congolaise espa\u00f1ol
espa\u00f1ola marroqu\u00ed colombiano colombiana venezolano venezolana ecuatoriano rumano rumana peruano
italiano italiana rumeno rumena marocchino albanese poolse turkse marokkaanse syrische duitse nederlandse
"""
PEOPLES: Final = frozenset((*_ENGLISH.split(), *_OTHERS.split(), "sri lankan", "south african", "new zealander"))
"""In small letters."""
