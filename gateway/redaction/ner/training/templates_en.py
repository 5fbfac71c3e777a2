"""English texts with slots, of the kinds a gateway sees. Capital slots are labelled, small ones are filler."""

from __future__ import annotations

from typing import Final

CHAT: Final = """\
my name is {FULL} and i live in {CITY}
hi, i'm {FIRST}. can you help me write a cover letter for {ORG}?
Can you draft an email to {PER} about the meeting on {date}?
what did {FIRST} say about the budget?
I talked to {FULL} yesterday and she wants the contract back.
summarise the complaint of {FULL} from {CITY}
Who is {FULL}?
Is {FIRST} still working for {ORG}?
please translate this for {FIRST}: the parcel arrives on {date}
My colleague {FULL} ({JOB}) was born in {LOC} and speaks {NRP} fluently.
tell {FIRST} and {FIRST} that the invoice {id} is overdue
I need a reference letter for {FULL}, who worked at {ORG} from {year} to {year} as {JOB}.
should i tell my boss {FIRST} that i am pregnant?
My doctor, Dr. {LAST}, gave me {num} mg. Is that too much?
my ex {FULL} keeps calling me from {phone}, what can i do?
How do I get from {CITY} to {CITY} by train?
What is the capital of {LOC}?
Compare the economy of {LOC} and {LOC} in {year}.
I moved from {LOC} to {LOC} last year, do i pay taxes twice?
Write a birthday poem for {FIRST}, she loves gardening and cats
Rewrite: "{FULL} owes {ORG} {money} since {date}."
{FIRST} asked me to forward this to {FIRST}.
hey {first_lower}, did you see what {FIRST} posted?
Thanks {FIRST}!
Hello {FIRST}, hope you are well.
ok thx {FIRST}, ill ask {FIRST} tmrw
lol {FIRST} is late again
can u check if {FULL} paid? acct {num}
@{user} {FIRST} said the demo in {CITY} went fine
We are meeting {FIRST} and {FULL} at the {CITY} office at {time}.
Explain to a {NRP} customer why the delivery to {LOC} failed.
i think {FULL} from accounting leaked it
Does {ORG} have an office in {LOC}?
draft a termination letter for {FULL}, employee {id}, effective {date}
My son {FIRST} is {num2} and my daughter {FIRST} is {num2}.
My husband {FULL} and I want to buy a flat at {ADR}.
where does {FULL} live? i need the address for the invoice
I live at {ADR}. Which council do I belong to?
Ship it to {ADR} please, attention {FULL}.
How far is {ADR} from the airport?
Find me a plumber near {ADR}
as a {JOB} at {ORG}, how do i deal with {NRP} clients?
I am {NRP}, can I work as a {JOB} in {LOC}?
{FULL} is a {NRP} {JOB} who lives in {CITY}.
User: what's {FIRST}'s number? Assistant: I cannot share {FIRST}'s number.
{FIRST}: are you coming?\\n{FIRST}: yes, at {time}\\n{FIRST}: great, tell {FIRST}
[{time}] {FIRST}: please ask {FULL} to call {phone}
<{user}> anyone seen {FIRST}? {ORG} called
"""

MAIL: Final = """\
Dear {FIRST},\\n\\nthank you for your message of {date}. {FULL} will visit our {CITY} office next week.\\n\\nBest regards,\\n{FULL}\\n{JOB}\\n{ORG}
Hi {FIRST},\\n\\nAttached is the draft for {ORG}. {FIRST} and {FIRST} have already commented.\\n\\nThanks,\\n{FIRST}
Dear Mr. {LAST},\\n\\nWe regret to inform you that your application at {ORG} was not successful.\\n\\nSincerely,\\n{FULL}\\n{ORG}\\n{ADR}
From: {FULL} <{email}>\\nTo: {FULL} <{email}>\\nCc: {FULL}\\nSubject: {word} {id}\\n\\n{FIRST}, please call me at {phone}.\\n\\n{FIRST}
From: {REV}\\nSent: {date} {time}\\nTo: {REV}; {REV}; {REV}\\nSubject: RE: {ORG} deal\\n\\nI spoke to {FIRST} at {ORG}; they will sign on {date}.
----- Forwarded by {FULL}/HOU/ECT on {date} {time} -----\\n\\n{FULL}\\n{date} {time}\\nTo: {FULL}/HOU/ECT@ECT\\ncc:\\nSubject: {ORG}\\n\\n{FIRST},\\nplease see below.
To: {FULL}/Corp/Enron@ENRON, {FULL}/NA/Enron@Enron\\ncc: {FULL}/HOU/ECT@ECT
{FIRST},\\n\\nCould you set up {FULL} with access to the {CITY} drive? He starts on {date}.\\n\\nThanks\\n{FIRST} {LAST}\\nx{num}
On {date}, {FULL} <{email}> wrote:\\n> {FIRST}, can we meet {FIRST} on Monday?\\n> {FIRST}
Good morning {FIRST}, good morning {FIRST},\\njust a reminder that {FULL} from {ORG} arrives in {CITY} at {time}.\\nKind regards\\n{FULL}
Dear Ms {LAST}, dear Mr {LAST},\\n\\nyour tenant {FULL} has moved to {ADR}.\\n\\nYours faithfully\\n{FULL}
All,\\n\\n{FULL} has left {ORG}. Please direct questions to {FULL} ({phone}) or {FULL} ({email}).
Hi all, {FIRST} is out sick today. {FIRST} will cover for {him} in {CITY}. - {FIRST}
Sent from my iPhone\\n\\n> On {date}, at {time}, {FULL} wrote:\\n> I'm with {ORG} in {LOC} until Friday.
Dear Sir or Madam,\\nI, {FULL}, residing at {ADR}, hereby cancel my contract {id}.\\n{FULL}
Dear Professor {LAST},\\nmy name is {FULL} and I study at {ORG}. I am {NRP}.\\nRegards, {FULL}
{FULL}\\n{ADR}\\n\\n{ORG}\\n{ADR}\\n\\n{date}\\n\\nDear {FULL},
Regards,\\n\\n{FULL}\\n{JOB} | {ORG}\\n{ADR}\\nT {phone} | M {phone}\\n{email}
Team, congratulations to {FULL}, {FULL} and {FULL} on their promotion!
{FIRST} - {FIRST} mentioned that {LAST} wants to move the {CITY} closing to {date}. Any issue? - {initials}
Message from {FULL} on behalf of {FULL}: call {FIRST} back re {ORG}.
"""

OFFICE: Final = """\
Ticket {ticket}: user {FULL} in {CITY} cannot log in since {date}. Assigned to {FULL}.
Customer {FULL} (customer no. {num}) reports that the parcel to {ADR} was never delivered.
Caller: {FULL}, {phone}. Issue: {word}. Agent: {FIRST}.
{ticket} opened by {FULL}: printer in the {CITY} office is offline
Reported by: {FULL}\\nAssignee: {FULL}\\nLocation: {CITY}\\nDescription: {ORG} portal shows error {num}
Resolved by {FIRST} {LAST} on {date}; customer {LAST} informed by phone.
This agreement is made on {date} between {ORG}, {ADR} ("the Company"), and {FULL}, {ADR} ("the Employee").
The Borrower, {FULL}, a {NRP} citizen born on {date}, owes the Lender, {ORG}, the sum of {money}.
IN WITNESS WHEREOF, the parties have executed this Agreement.\\n\\nBy: {FULL}\\nName: {FULL}\\nTitle: {JOB}
Landlord: {FULL}\\nTenant: {FULL}\\nProperty: {ADR}\\nRent: {money} per month
Name: {FULL}\\nDate of birth: {date}\\nAddress: {ADR}\\nPhone: {phone}\\nEmail: {email}\\nNationality: {NRP}
First name: {FIRST}\\nLast name: {LAST}\\nCity: {CITY}\\nCountry: {LOC}\\nOccupation: {JOB}
Applicant: {FULL}; Employer: {ORG}; Position: {JOB}; Salary: {money}
Patient {FULL}, {num2}-year-old {JOB}, was admitted to {ORG} on {date} with chest pain.
Pt {LAST}, {FIRST}, MRN {num}, seen by Dr. {LAST} at {ORG}. Lives alone in {CITY}.
Emergency contact: {FULL} ({phone}), relationship: sister
Discharged home to {CITY} with daughter {FIRST}. Follow-up with Dr {FULL} on {date}.
Attendees: {FULL}, {FULL}, {FULL} ({ORG}), {FIRST}\\nApologies: {FULL}
Minutes: {FIRST} presented the figures. {LAST} asked about {LOC}. Action: {FIRST} to contact {ORG} by {date}.
{FULL} joined {ORG} as {JOB} in {year}. Before that {he} worked for {ORG} in {LOC}.
Invoice {id}\\nBill to: {FULL}, {ADR}\\nShip to: {ORG}, {ADR}\\nTotal: {money}
Please transfer {money} to {FULL}, IBAN {iban}, reference {id}.
Passenger: {REV}  Flight {flight}  {CITY} - {CITY}  {date}
Reservation for {FULL}, {num2} nights in {CITY}, card {card}
Beneficiary: {FULL}\\nBank: {ORG}\\nAccount: {iban}
Witness statement of {FULL}\\n1. I am a {JOB} and live in {CITY}.\\n2. On {date} I saw {FULL} leave the building at {ADR}.
The applicant, Mr {FULL}, is a {NRP} national who was born in {year} and lives in {CITY}. He was represented before the Court by Mr {LAST}, a lawyer practising in {CITY}.
The {NRP} Government ("the Government") were represented by their Agent, Ms {INITIAL_LAST}, of the {ORG}.
On {date} the {ORG} convicted the applicant of murder and sentenced him to {num2} years' imprisonment.
The case originated in an application (no. {num}/{num2}) against the Republic of {LOC} lodged with the Court by a {NRP} national, {FULL} ("the applicant"), on {date}.
According to {FULL}, the {JOB} in charge, {LAST} had been seen in {CITY} on {date}.
In {FULL} v. {LOC}, the Court held that {LAST} had been a victim.
{LAST} v {LAST} [{year}] concerned a house in {CITY} owned by {ORG}.
Judge {FULL} of the {ORG} granted the motion of plaintiff {FULL} against {ORG}.
Plaintiff {FULL} ("{LAST}") appeals the judgment in favor of defendant {ORG}.
The appellant's brother, {FULL}, testified that {FIRST} was in {CITY} that night.
The police searched the flat of {INITIAL_LAST} at {ADR} and arrested {INITIAL_LAST}.
Counsel for the claimant: {FULL} and {FULL} (instructed by {ORG})
"""

NEWS: Final = """\
{CITY} ({ORG}) - {LOC} will send {num2} observers to {LOC}, {JOB} {FULL} said on Tuesday.
{FULL}, a spokeswoman for {ORG}, declined to comment on the {money} deal with {ORG}.
{NRP} {JOB} {FULL} beat {FULL} of {LOC} 6-4 7-5 in the final in {CITY}.
Shares of {ORG} fell {num2} percent in {CITY} after {ORG} cut its forecast.
{FULL} scored twice as {ORG} beat {ORG} 3-1 in {CITY} on Saturday.
"{LAST} was a friend to {LOC}," said {FULL}, who met {LAST} in {year}.
The {NRP} parliament in {CITY} elected {FULL} with {num} votes.
{LAST} told reporters in {CITY} that {ORG} would appeal.
Born in {CITY}, {FULL} studied at {ORG} before moving to {LOC} in {year}.
{FULL} ({LOC}) {num2}.{num2} seconds, {FULL} ({LOC}) {num2}.{num2}
1. {FULL} ({LOC}) 2. {FULL} ({LOC}) 3. {FULL} ({LOC})
Police in {CITY}, {LOC}, said {FULL}, {num2}, was found near {LOC}.
{FULL} and {FULL} founded {ORG} in {CITY} in {year}.
{ORG} chief {FULL} met {NRP} President {FULL} in {CITY}.
The novel by {FULL} tells of a {NRP} family in {LOC}.
Talks between {LOC} and {LOC} resume in {CITY}, the {ORG} said.
"{FULL} listed {his} top {num2} songs for {ORG}"
{ORG} at {ORG}, {ORG} at {ORG}
{LAST} , {LAST} and {LAST} were out for {num2} , {num2} and {num2} .
{FULL} replaced {FULL} as {JOB} of {ORG}.
Its subsidiary {ORG} operates in {LOC}, {LOC} and {LOC}.
"""

DATA: Final = """\
id,first_name,last_name,city,country\\n{num},{FIRST},{LAST},{CITY},{LOC}\\n{num},{FIRST},{LAST},{CITY},{LOC}
name;employer;job\\n{FULL};{ORG};{JOB}\\n{FULL};{ORG};{JOB}
| Name | Department | Phone |\\n|---|---|---|\\n| {FULL} | Sales | {phone} |\\n| {FULL} | IT | {phone} |
{{"name": "{FULL}", "email": "{email}", "city": "{CITY}", "age": {num2}}}
{{"first_name": "{FIRST}", "last_name": "{LAST}", "address": "{ADR}"}}
{{"customer": {{"name": "{FULL}", "company": "{ORG}"}}, "total": {num}}}
[{{"author": "{FULL}", "text": "please call {FIRST}"}}]
user_name: {FULL}\\ncompany: {ORG}\\nlocation: {CITY}, {LOC}
<td>{FULL}</td><td>{CITY}</td><td>{phone}</td>
<name>{FULL}</name><employer>{ORG}</employer>
{date} {time} INFO login ok user="{FULL}" ip={ip}
{date} {time} WARN payment of {FULL} refused by {ORG} code={num}
{date} {time} audit: {FULL} exported {num} rows from {CITY}
commit {hex}\\nAuthor: {FULL} <{email}>\\nDate: {date}\\n\\n    fix login for {FIRST}
Signed-off-by: {FULL} <{email}>
Reviewed-by: {FULL}
# TODO({first_lower}): ask {FIRST} about this
INSERT INTO people (name, city) VALUES ('{FULL}', '{CITY}');
SELECT * FROM orders WHERE customer = '{FULL}' AND city = '{CITY}';
{LAST}\\t{FIRST}\\t{date}\\t{CITY}
{REV} ........ {phone}
- {FULL} ({JOB})\\n- {FULL} ({JOB})\\n- {FULL}
1. {FULL}\\n2. {FULL}\\n3. {FULL}
{FULL}, {ADR}, {phone}
{FULL} / {date} / {CITY} / {id}
Dr. {FULL}, Prof. {FULL}, {FULL} MD, {FULL} PhD
owner={first_lower} contact="{FULL}" team={word}
"""

YARD: Final = """\
The address of {ORG} is {ADR}
I want to increase limit on my card # {card} for certain duration of time. is it possible?
My credit card {card} has been lost, can I request you to block it? - {FULL}
Need to see last 10 transaction of card {card}, thanks {FIRST}
How do I change the address linked to my credit card to {ADR}?
{FULL}\\n{ADR}\\n{phone} office\\n{phone} fax
please transfer {money} from {iban} to {iban}, {FULL}
The {NRP} embassy in {CITY} is at {ADR}
{FULL} lives at {ADR}, his number is {phone}. He works at {ORG} as {JOB}.
{Title} {FULL} was employed by {ORG} from {LOC}, call {phone}
You can find {ORG} at {ADR} near {CITY}
My name appears wrong on the card, could you correct it to {FULL}?
I was born in {LOC}, my passport was issued in {LOC}. {FULL}
{FIRST}'s social security number is {ssn}. Please update it.
A tribute to {FULL} - sadly, {she} wasn't impressed.
{FULL}, the {NRP} {JOB}, moved to {CITY}, {LOC} {zip}
When: {date} {time}\\nWhere: {ORG} {CITY}.
Who's coming to {CITY} with me? {FIRST}? {FIRST}?
{ORG}\\n{ADR}\\nTel: {phone}
The delivery for {FULL} was left at {ADR} with {FIRST} next door.
{FULL}\n\n{ADR}\n{CITY}
{FULL}\n{ORG}\n{ADR}\n{LOC}
{FULL_UP}\n{ORG}\n{ADR}\n{LOC_UP}
> {FULL}\n> {ORG}\n> {ADR}
??? {FULL}\n??? {ORG}
{FULL}\n{JOB}\n{ORG}\n{ADR}\n{LOC_UP}
They had {num2} children: {FIRST}, {FIRST}, {FIRST}, {FIRST} and {FIRST}.
the kids are called {first_lower}, {first_lower} and {first_lower}
a film directed by {FULL} and starring {FULL}
{FULL} had given {FIRST} his address: {ADR}
Her maiden name is {LAST}.
Unlike the {LAST} novel, the {LAST} version ends in {CITY}.
Don't go to town, {FIRST}!
I'm originally from {LOC}, my wife from {CITY}.
i am in {city_low_LOC} for a business trip, card {num} does not work
My home city is {CITY}. I live in {CITY}, {LOC}.
the {ORG} office is at {ADR}
my new address is {ADR}
the parcel was sent to {ADR}, {LOC}
{street_ADR} is a street in {CITY}.
How do I get to {street_ADR}?
Meet me at {street_ADR}, corner of {street_ADR}.
bands like {ORG}, {ORG} and {ORG} played in {CITY}
{ORG} is the brainchild of {FULL}.
During the 1990s, {ORG} invested in {LOC}.
The song was recorded for {ORG} and became a hit in {LOC}.
{FULL} is from {ORG}, {FULL} from {ORG}.
{FIRST} grants access to {ORG} until {date}.
The invoice from {ORG} was signed by {FULL} on {date}.
{FULL} starts at {ORG} next month.
About the {ORG} contract: {FULL} owns it.
The {ORG} account belongs to {FULL}, age {num2}.
The headquarters of {ORG} is at {ADR}.
Verify identity for {FULL}, passport {id}.
The car {id} is registered to {FULL} in {CITY}, {LOC}.
New hire {FULL}, age {num2}, born on {date} in {CITY}, {LOC}.
{FIRST}'s date of birth is {date}.
SSN on file for {FIRST} is {ssn}.
{FULL}, the {JOB}, said so.
my friends call me {FIRST}, my surname is {LAST}
{FULL} - {JOB} at {ORG} | {LOC} | LinkedIn
PERSON: {FULL_UP}, {CITY_UP}, DOB {date}
name {full_low}, city {city_low_LOC}, tel {phone}
call {full_low} at {phone} asap, shes in {city_low_LOC}
hi {first_lower} its {first_lower}, can u send me the {word} for {full_low}
i work with {full_low} at {org_low}
"""

PLAIN: Final = """\
What are my options?
How do I open a new account online?
The quick brown fox jumps over the lazy dog.
Please restart the server and check the log for error {num}.
The deployment of version {version} to the EKS cluster failed with exit code {num2}.
Upload the file to the S3 bucket and run the Lambda function again.
I think the meeting on Monday at {time} should be moved to Thursday.
Merry Christmas and a Happy New Year!
The Board approved the Annual Report for {year}.
Chapter {num2}: Introduction to Linear Algebra
Turn Left, then press the Green Button on the Control Panel.
Error: Cannot read property 'name' of undefined at line {num}
See Section {num2}.{num2} of the Agreement and Exhibit A.
Our Return Policy allows returns within {num2} days.
USE THE FORM BELOW TO SUBMIT YOUR REQUEST
THIS AGREEMENT IS GOVERNED BY THE LAWS OF THE STATE
Does the Premium Plan include Priority Support?
def main(argument: str) -> int: return len(argument)
GET /api/v1/users/{num} HTTP/1.1 200 OK in {num2} ms
kubectl get pods -n monitoring | grep Running
ticket {ticket} depends on {ticket} and was closed on {date}
Product Owner and Scrum Master agree on the Sprint Goal.
The Data Protection Officer reviews Incident Reports every Quarter.
Click Settings, then Privacy, then Export Data.
Python {version} removed the asyncore module; Java and Rust are not affected.
Windows Server and Ubuntu LTS are supported, Docker and Kubernetes as well.
PostgreSQL, Redis and Kafka run on three nodes.
The Terraform module creates a VPC, two Subnets and a NAT Gateway.
Q3 Revenue grew by {num2} % to {money}.
May I ask what the Total Amount Due is?
Will the Mark be enough for April and June?
Grace period: {num2} days. Hope this helps. Faith is not required.
The Bill was paid; the Rose garden opens in August.
I can Sue, Mark or Drew a line: art is long, Gene is short.
He Will Carry The Case On Monday
Jira, Confluence, GitHub Actions and Jenkins are linked.
Hello World
Good Morning Everyone
Kind Regards
To Whom It May Concern
Terms and Conditions apply. All Rights Reserved.
Dear Customer, your order {id} has been shipped.
Dear Sir or Madam,
Hi there, hi team, hello everybody
Thank you for your patience.
import numpy as np; from pathlib import Path
Total: {num} items, {money} net, VAT {num2} %
Latency P99 rose from {num2} ms to {num} ms after release {version}.
Set MAX_RETRIES={num2} and LOG_LEVEL=DEBUG in the .env file.
sha256:{hex} is the digest of image app:{version}
The President of the Court and the Registrar signed the judgment.
Article {num2} of the Convention was violated.
the applicant complained under Article {num2} about the length of the proceedings
"""

GROUPS: Final = {"chat": CHAT, "mail": MAIL, "office": OFFICE, "news": NEWS, "data": DATA, "yard": YARD, "plain": PLAIN}
