"""German, French, Spanish, Italian and Dutch texts with slots."""

from __future__ import annotations

from typing import Final

DE: Final = """\
Sehr geehrte Frau {LAST},\\n\\nvielen Dank für Ihre Nachricht vom {date}. {FULL} wird sich bei Ihnen melden.\\n\\nMit freundlichen Grüßen\\n{FULL}\\n{JOB}\\n{ORG}
Sehr geehrter Herr Dr. {LAST},\\nanbei die Unterlagen für {FULL} aus {CITY}.\\nFreundliche Grüße\\n{FULL}
Hallo {FIRST}, kannst du {FIRST} bitte sagen, dass {LAST} heute krank ist?
hallo ich bin {first_low_PER} und wohne in {city_low_LOC}
Ich heiße {FULL}, bin am {date} in {CITY} geboren und wohne {ADR}.
Der Kläger {FULL} wohnt in {CITY} und arbeitet bei der {ORG} als {JOB}.
Die Beklagte, die {ORG} mit Sitz in {CITY}, {ADR}, bestreitet den Anspruch.
Name: {FULL}\\nGeburtsdatum: {date}\\nAnschrift: {ADR}\\nTelefon: {phone}\\nBeruf: {JOB}
Vorname: {FIRST}\\nNachname: {LAST}\\nOrt: {CITY}\\nLand: {LOC}
Zwischen {FULL}, {ADR}, und der {ORG} wird folgender Vertrag geschlossen:
{FULL} wechselt von {ORG} zu {ORG} nach {CITY}.
Wer ist {FULL}?
Schreibe bitte einen Brief an {FULL} wegen der Rechnung {id}.
Unsere Kollegin {FULL} ist {NRP} und kommt aus {LOC}.
Die Patientin {FULL} wurde am {date} in das {ORG} aufgenommen.
Ticket {ticket}: {FULL} aus {CITY} kann sich nicht anmelden, bitte an {FIRST} weiterleiten.
{CITY} - Der {NRP} Minister {FULL} traf in {CITY} seinen Kollegen {FULL}.
Nach Angaben von {FULL} kostete das Projekt in {LOC} {money}.
Bitte überweisen Sie {money} an {FULL}, IBAN {iban}.
Lieferung an {ADR}, zu Händen {FULL}.
{FULL} und {FULL} haben in {LOC} geheiratet.
Das {ORG} hat mit Urteil vom {date} die Klage des {FULL} abgewiesen.
Rechtsanwältin {FULL} vertritt den Beschwerdeführer {FULL}.
Richterin {LAST} und Richter {LAST} am {ORG}
Teilnehmer: {FULL}, {FULL}, {FULL} ({ORG})
Von: {FULL} <{email}>\\nAn: {FULL}\\nBetreff: {ORG}\\n\\nLiebe {FIRST}, bis morgen in {CITY}!
Die Bundesregierung hat den Entwurf des Gesetzes am Montag beschlossen.
Der Antrag auf Zulassung der Revision wird abgelehnt. Die Kosten des Verfahrens trägt die Klägerin.
Bitte starten Sie den Server neu und prüfen Sie die Protokolldatei.
Der Vertrag, die Rechnung und der Lieferschein liegen im Ordner Buchhaltung.
Die Frist beträgt drei Monate zum Ende des Quartals nach § {num2} Abs. 1 BGB.
Wie hoch ist der Urlaubsanspruch im ersten Jahr der Probezeit?
"""

FR: Final = """\
Bonjour {FIRST},\\n\\nMerci pour votre message du {date}. {FULL} vous rappellera.\\n\\nCordialement,\\n{FULL}\\n{JOB}, {ORG}
Madame {LAST},\\nveuillez trouver ci-joint le contrat de {FULL}.\\nBien à vous,\\n{FULL}
Je m'appelle {FULL}, je suis né le {date} à {CITY} et j'habite {ADR}.
salut {FIRST}, tu peux demander à {FIRST} si {LAST} vient demain ?
je suis {first_low_PER}, j'habite à {city_low_LOC}
Le requérant, M. {FULL}, est un ressortissant {NRP} né en {year} et résidant à {CITY}.
La société {ORG}, dont le siège est situé {ADR}, est représentée par Me {LAST}.
Nom : {LAST}\\nPrénom : {FIRST}\\nAdresse : {ADR}\\nProfession : {JOB}\\nPays : {LOC}
Entre {FULL}, demeurant {ADR}, et {ORG}, il est convenu ce qui suit.
Qui est {FULL} ?
{FULL} a quitté {ORG} pour rejoindre {ORG} à {CITY}.
Le patient {FULL} a été admis à {ORG} le {date}.
Ticket {ticket} : {FULL} ({CITY}) ne peut plus se connecter, voir avec {FIRST}.
{CITY} - Le ministre {FULL} a rencontré {FULL} en {LOC} mardi.
Merci de virer {money} à {FULL}, IBAN {iban}.
Livrer à {ADR}, à l'attention de {FULL}.
Selon {FULL}, l'usine de {CITY} fermera en {year}.
L'arrêt rendu par {ORG} le {date} a condamné {FULL} à payer {money}.
Présents : {FULL}, {FULL}, {FULL} ({ORG})
De : {FULL} <{email}>\\nÀ : {FULL}\\nObjet : {ORG}\\n\\nChère {FIRST}, à demain à {CITY} !
Notre collègue {FULL}, {JOB}, est {NRP}.
{FULL} et sa femme {FIRST} vivent en {LOC} depuis {year}.
Le conseil d'administration a approuvé les comptes de l'exercice.
Veuillez redémarrer le serveur et vérifier le journal des erreurs.
Quels sont les jours fériés en cas de travail à temps partiel ?
La Cour déclare la requête recevable et dit qu'il y a eu violation de l'article {num2} de la Convention.
"""

ES: Final = """\
Hola {FIRST}:\\n\\nGracias por tu mensaje del {date}. {FULL} te llamará.\\n\\nUn saludo,\\n{FULL}\\n{JOB}\\n{ORG}
Estimada Sra. {LAST}:\\nadjunto el contrato de {FULL}.\\nAtentamente,\\n{FULL}
Me llamo {FULL}, nací el {date} en {CITY} y vivo en {ADR}.
oye {FIRST}, dile a {FIRST} que {LAST} no viene mañana
soy {first_low_PER} y vivo en {city_low_LOC}
El demandante, D. {FULL}, vecino de {CITY}, reclama a {ORG} la cantidad de {money}.
La empresa {ORG}, con domicilio en {ADR}, está representada por {FULL}.
Nombre: {FIRST}\\nApellidos: {LAST}\\nDomicilio: {ADR}\\nProfesión: {JOB}\\nPaís: {LOC}
Entre {FULL}, con domicilio en {ADR}, y {ORG}, se acuerda lo siguiente.
¿Quién es {FULL}?
{FULL} deja {ORG} para fichar por {ORG} en {CITY}.
El paciente {FULL} ingresó en {ORG} el {date}.
Incidencia {ticket}: {FULL} ({CITY}) no puede entrar, avisar a {FIRST}.
{CITY} - El ministro {FULL} se reunió con {FULL} en {LOC} el martes.
Transferir {money} a {FULL}, IBAN {iban}.
Enviar a {ADR}, a la atención de {FULL}.
Según {FULL}, la fábrica de {CITY} cerrará en {year}.
La sentencia de {ORG} de {date} condenó a {FULL}.
Asistentes: {FULL}, {FULL}, {FULL} ({ORG})
De: {FULL} <{email}>\\nPara: {FULL}\\nAsunto: {ORG}\\n\\nQuerida {FIRST}, nos vemos en {CITY}.
Nuestra compañera {FULL}, {JOB}, es {NRP}.
{FULL} y su mujer {FIRST} viven en {LOC} desde {year}.
El Consejo de Administración aprobó las cuentas del ejercicio.
Reinicie el servidor y revise el registro de errores.
¿Cuántos días de vacaciones corresponden al primer año?
La Sala desestima el recurso y confirma la sentencia de instancia.
"""

IT: Final = """\
Ciao {FIRST},\\n\\ngrazie per il tuo messaggio del {date}. {FULL} ti richiamerà.\\n\\nCordiali saluti\\n{FULL}\\n{JOB}, {ORG}
Gentile Dott.ssa {LAST},\\nin allegato il contratto di {FULL}.\\nDistinti saluti\\n{FULL}
Mi chiamo {FULL}, sono nato il {date} a {CITY} e abito in {ADR}.
ehi {FIRST}, puoi dire a {FIRST} che {LAST} domani non viene?
sono {first_low_PER} e vivo a {city_low_LOC}
Il ricorrente, sig. {FULL}, residente a {CITY}, chiede a {ORG} la somma di {money}.
La società {ORG}, con sede in {ADR}, è rappresentata dall'avv. {FULL}.
Nome: {FIRST}\\nCognome: {LAST}\\nIndirizzo: {ADR}\\nProfessione: {JOB}\\nPaese: {LOC}
Tra {FULL}, residente in {ADR}, e {ORG} si conviene quanto segue.
Chi è {FULL}?
{FULL} lascia {ORG} per {ORG} a {CITY}.
Il paziente {FULL} è stato ricoverato presso {ORG} il {date}.
Segnalazione {ticket}: {FULL} ({CITY}) non riesce ad accedere, sentire {FIRST}.
{CITY} - Il ministro {FULL} ha incontrato {FULL} in {LOC} martedì.
Bonifico di {money} a {FULL}, IBAN {iban}.
Spedire a {ADR}, all'attenzione di {FULL}.
Secondo {FULL}, la fabbrica di {CITY} chiuderà nel {year}.
La sentenza del {ORG} del {date} ha condannato {FULL}.
Presenti: {FULL}, {FULL}, {FULL} ({ORG})
Da: {FULL} <{email}>\\nA: {FULL}\\nOggetto: {ORG}\\n\\nCara {FIRST}, ci vediamo a {CITY}.
La nostra collega {FULL}, {JOB}, è {NRP}.
{FULL} e sua moglie {FIRST} vivono in {LOC} dal {year}.
Il Consiglio di Amministrazione ha approvato il bilancio.
Riavviare il server e controllare il registro degli errori.
Quanti giorni di ferie spettano nel primo anno?
La Corte rigetta il ricorso e compensa le spese.
"""

NL: Final = """\
Hoi {FIRST},\\n\\nBedankt voor je bericht van {date}. {FULL} belt je terug.\\n\\nMet vriendelijke groet,\\n{FULL}\\n{JOB}\\n{ORG}
Geachte mevrouw {LAST},\\nbijgaand het contract van {FULL}.\\nHoogachtend,\\n{FULL}
Ik heet {FULL}, ik ben geboren op {date} in {CITY} en woon op {ADR}.
hee {FIRST}, kun je {FIRST} zeggen dat {LAST} morgen niet komt?
ik ben {first_low_PER} en woon in {city_low_LOC}
Eiser, de heer {FULL}, wonende te {CITY}, vordert van {ORG} een bedrag van {money}.
{ORG}, gevestigd aan de {ADR}, wordt vertegenwoordigd door mr. {LAST}.
Voornaam: {FIRST}\\nAchternaam: {LAST}\\nAdres: {ADR}\\nBeroep: {JOB}\\nLand: {LOC}
Tussen {FULL}, wonende {ADR}, en {ORG} wordt het volgende overeengekomen.
Wie is {FULL}?
{FULL} verlaat {ORG} voor {ORG} in {CITY}.
Patiënt {FULL} is op {date} opgenomen in {ORG}.
Melding {ticket}: {FULL} ({CITY}) kan niet inloggen, graag naar {FIRST}.
{CITY} - Minister {FULL} sprak dinsdag in {LOC} met {FULL}.
Maak {money} over aan {FULL}, IBAN {iban}.
Bezorgen op {ADR}, ter attentie van {FULL}.
Volgens {FULL} sluit de fabriek in {CITY} in {year}.
De {ORG} veroordeelde {FULL} op {date}.
Aanwezig: {FULL}, {FULL}, {FULL} ({ORG})
Van: {FULL} <{email}>\\nAan: {FULL}\\nOnderwerp: {ORG}\\n\\nBeste {FIRST}, tot morgen in {CITY}.
Onze collega {FULL}, {JOB}, is {NRP}.
{FULL} en zijn vrouw {FIRST} wonen sinds {year} in {LOC}.
De raad van bestuur heeft de jaarrekening goedgekeurd.
Start de server opnieuw en controleer het logboek.
Hoeveel vakantiedagen heb ik in het eerste jaar?
De rechtbank wijst de vordering af en veroordeelt eiser in de kosten.
"""

LANGUAGES: Final = {"de": DE, "fr": FR, "es": ES, "it": IT, "nl": NL}
