"""Words that say a name follows, and words in capitals that are no names. Labels are lower case, with blanks."""

from __future__ import annotations

from typing import Final


def _listed(text: str) -> frozenset[str]:
    return frozenset(" ".join(entry.split()) for entry in text.split(","))


SURE: Final = _listed("""
    account holder, account holder name, apellido, apellidos, applicant name, author name, beneficiary name,
    candidate name, cardholder, cardholder name, client name, cognome, contact name, customer name, display name,
    emergency contact, employee, employee full name, employee name, family name, father, first name, forename, full
    name, given name, guardian, kundin, last name, legal name, maiden name, manager name, member name, middle name,
    mitarbeiter, mitarbeiterin, mother, nachname, name, next of kin, nom, nombre, owner name, partner, patient,
    patient name, preferred name, prénom, signatory name, spouse, student name, surname, tenant name, user name,
    vorname, witness name
""")
"""Labels after which a single word is a name."""

LIKELY: Final = _listed("""
    account manager, ansprechpartner, ansprechpartnerin, applicant, approved by, assignee, attendee, attendees,
    attention, attn, author, authors, bcc, beneficiary, buyer, candidate, cc, claimant, client, co authored by,
    colleague, contact, contact person, created by, customer, defendant, director, driver, from, head of department,
    hr partner, interviewed by, interviewer, kunde, landlord, line manager, manager, owner, participant,
    participants, person in charge, plaintiff, prepared by, project manager, reported by, reporter, representative,
    requested by, respondent, responsible, responsible person, reviewed by, reviewer, seller, signatory, signed,
    signed by, signed off by, submitted by, supervisor, team lead, tenant, to, visitor, witness, witnessed by,
    written by
""")
"""Labels after which it takes two words: "Owner: Finance" names nobody."""

NOT_NAMES: Final = _listed("""
    A, Accounts, Address, Admin, Administrator, All, An, And, April, As, At, Audit, August, Bcc, Board, But, By, Cc,
    Client, Colleagues, Committee, Company, Compliance, Confidential, Contact, Corporation, Customer, Date,
    December, Department, Dept, Desk, Email, Employee, End, Engineering, Everyone, February, Finance, For, Friday, From,
    GmbH, Grade, Group, HR, He, Her, Hiring, His, How, Human, I, ID, IT, If, In, Inc, Internal, Is, It, Its,
    January, July, June, LLC, Legal, Limited, Location, Ltd, Madam, Manager, March, Marketing, Monday, My, Name, No,
    None, November, Number, October, Of, Office, On, Operations, Or, Our, Owner, Payroll, Phone, Please, Policy,
    Position, Procurement, Public, Re, Resources, Role, Salary, Sales, Saturday, Security, Sent, September, Service,
    Services, She, Sir, Staff, Start, Status, Subject, Sunday, Support, System, Team, Tel, Thank, Thanks, That, The,
    Their, There, These, They, This, Those, Thursday, Title, To, Tuesday, Unknown, User, Was, We, Wednesday, What,
    When, Where, Who, Why, With, Yes, You, Your
""")
"""Words with a capital that begin the next sentence, or stand where a name could and are none."""
