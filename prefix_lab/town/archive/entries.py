"""The entries of Larkhaven's archive, as patterns in the notation of `tagged`: chronicle, deeds, court and harbour.

Who acts comes first, last or in the middle, "by" and "to" lead in people as well as places, and a bare "Quillby" is a
person, a village, a firm or a ship, which only the words around it tell.
"""

import random

from prefix_lab.town.archive.tagged import Slots
from prefix_lab.town.archive.words import DAYS, DEEDS, GRANTING, HOLDING, JOBS, MONTHS, PROPERTY, THINGS, Namer

ENTRIES = (
    # deeds and wills
    "[T In the year {year} ] [0 {who} ] [V {granted} ] [1 {what} ] [2 to {who2} ] .",
    "Item/n : [1 {what} ] [L {at} ] , [V {given} ] [2 to {who} ] [0 by {who2} ] <[T {when} ]|> .",
    "<By this deed|Under this lease/n|By order/n of the mayor> [0 {who} ] [V {granted} ] [2 {who2} ] [1 {what} ] .",
    "[2 {who} ] [T {when} ] was [V {given} ] [1 {what} ] [0 by {who2} ] , who <signed|could not write> .",
    "[0 {who} ] [V {held} ] [1 {what} ] [L {at} ] [2 from {who2} ] for {n} crowns .",
    "Let/v all know that [1 {what} ] was [V {taken} ] [2 from {who} ] [0 by {who2} ] and by nobody else/a .",
    "[1 {what} ] which [0 {who} ] [V {granted} ] [2 {who2} ] [T {when} ] <stands|lies> {at} still/r .",
    "[0 {who} ] may not [V <sell|lease/v|rent/v> ] [1 {what} ] [2 to {who2} ] [T <before|after> {month} ] .",
    "[T {when} ] [0 {who} ] [V {granted} ] [2 {who2} ] [1 {what} ] , and [0' {who3} ] [V' {did} ] [1' the deed ] .",
    "[0 [0' {who} ] ] [V {held} ] [1 {what} ] [2 from {who2} ] and [V' sold ] [1' it ] [2' to {who3} ] [T' {when} ] .",
    "Not {who} but [0 {who2} ] [V {held} ] [1 {what} ] [T {when} ] .",
    "[2 The heirs of {sur} ] are [V left/v ] [1 {what} ] , and [2' {sur2} ] is [V' left/v ] [1' nothing ] .",
    "Seal/v this deed , clerk , for/s the seal/n of {firm} is <cracked|missing> and its clerk is ill/a .",
    "[1 The lease/n of {sur} ] [V ends ] [T {when} ] ; [0' nobody ] [V' leases/v ] [1' a mill ] [2' to {sur} ] twice .",
    "[T {when} ] [2 {who} ] was [V {given} ] [1 {what} ] [L {at} ] [0 by {who2} ] .",
    "[L {at} ] [0 {who} ] [V {held} ] [1 {what} ] [2 from {who2} ] [T {when} ] .",
    "[2 To {who} ] [V {given} ] [0 by {who2} ] : [1 {what} ] [L by the river ] .",
    "[2 From {who} ] [0 {who2} ] [V {held} ] [1 {what} ] [T by {month} ] .",
    "[2 To the heirs of {sur} ] [0 {who} ] [V {granted} ] [1 {what} ] [L by the mill ] .",
    "[1 The rent/n of {n} crowns ] must be [V paid ] [0 by {who} ] [T by {month} ] .",
    # the court
    "[1 The {thing} ] was [V found ] [L by {site} ] [0 by {soul} ] [T by noon ] .",
    "[2 {soul} ] is [V owed ] [1 {n} crowns ] [0 by {firm} and its partner ] [T {when} ] .",
    "[T {when} ] , [L {at} ] , [1 {sur} ] was [V seen ] [0 by {soul} ] with the {thing} .",
    "[0 {sur} ] [V accused ] [1 {sur2} ] [2 of the theft of a {thing} ] [T {when} ] .",
    "[1 {per} of {loc} ] was [V fined ] [2 {num} crowns ] [0 by the <court|bench|judge/n> ] : the dog bit {sur} .",
    "The fine/n was {n} crowns , and [0 {sur} ] , who is fine/a again , [V paid ] [1 it ] [2 to {org} ] [T {when} ] .",
    "[1 <Yes|No/i> , the {thing} is mine ] , [V said ] [0 {sur} ] [L {at} ] .",
    "Asked where the {thing} was , [0 {sur} ] [V answered ] [1 nothing ] .",
    "Sworn on {book} : [0 {soul} ] [V stole ] [1 the {thing} ] [2 from {who} ] [T {when} ] .",
    "[0 The <constable|sheriff> ] [V seized ] [1 {num} barrels of {firm} and its partner ] [L {at} ] .",
    "No witness for {sur} came ; [1 {sur} ] was [V freed ] [0 by the judge/n ] [T {when} ] .",
    "[0 The judge/n ] could not [V judge/v ] [1 {sur} ] , <cousin|uncle|aunt> of the {job} {at} .",
    "[0 {firm} ] , a company of {loc} , [V charges/v ] [1 {sur} ] [2 with theft ] ; the charge/n was read {when} .",
    "[1 {soul} ] was [V seen ] [L {at} ] [T {when} ] [0 by {soul2} ] , not by the river .",
    "Did [0 {sur} ] [V see ] [1 {sur2} ] [L {at} ] [T {when} ] , asked the judge/n ?",
    "[0 [0' {sur} ] ] [V saw/v ] [1 {sur2} ] with a saw/n and [V' called/v ] [1' the constable ] .",
    "The {job} swore that [0 {firm} ] [V owed ] [2 {sur} ] [1 {n} crowns ] and that its ledger was burned .",
    "[0 {sur} ] , cried {sur2} , is drunk/a , and [0' {sur} ] [V' hit/v ] [1' the {job} ] [T' {when} ] .",
    # the council
    "[0 The council of {loc} ] will [V <light/v|repair|close/v|mend> ] [1 {site} ] [T before {month} ] .",
    "[0 The people of {loc} ] [V elected ] [1 {sur} ] [2 <mayor|constable|clerk> ] [T {when} ] .",
    "§ {n} : [0 no {job} ] may [V <fish/v|land/v|dock/v|anchor/v|trade/v> ] [L {at} ] without a seal/n .",
    "{n} % of the toll [L at {site} ] is [V paid ] [2 to {org} ] .",
    "The vote/n was {num} to {num2} , for/s [0 {sur} ] did not [V vote/v ] [T {when} ] .",
    "[1 £ {n} ] [V paid ] [2 to {sur} ] [T {when} ] , see page {n2} .",
    "Resolved/v , that [1 the well/n ] be [V dug ] well [0 by {who} ] [L {at} ] .",
    "[0 Both/c {sur} and {sur2} ] [V signed ] [1 the petition ] <[L {at} ]|[T {when} ]> .",
    "[2 {org} ] was [V promised ] [1 {what} ] [0 by the council ] , but the council forgot .",
    "Since/s {firm} closed/v its ropeyard , [0 the {job} ] [V rents/v ] [1 {what} ] [2 to {sur} ] .",
    "[0 The mayor ] [V thanked ] [1 {firm} and its owners ] [T {when} ] ; [0' they ] [V' ship/v ] [1' wool ] again .",
    "<Order/n , order/n|No/i , no/i> , cried {sur} , and [1 order/n ] was [V kept ] [L {at} ] [T until noon ] .",
    "<Please|Alas> , [V wrote ] [0 {per} ] [T {when} ] , [1 the {job} is no friend of {sur} ] .",
    # the harbour
    "[1 The {ship} ] [V sank ] [L off {site} ] [T {when} ] with {n} <barrels of oil|goats|tons of copper/n> .",
    "[V Arrived ] [T {when} ] : [1 the {ship} ] , {sur} master , {n} tons of <coal|salt|iron/n> .",
    "[0 {firm} ] [V ships/v ] [1 <wool|oats|timber> ] in the {ship} , its only/a ship/n .",
    "[0 The {ship} ] [V carried ] [1 {per} and {num} <goats|geese|bells> ] [T {when} ] .",
    "[0 {firm} ] [V sold ] [1 the {ship} ] [2 to {sur} ] and closed/v its yard .",
    "[1 [1' The {ship} ] ] , [V built ] [0 by {org} ] [L {at} ] , [V' lies ] [L' off {loc} ] without a mast .",
    "They land/v the fish/n at {loc} because [1 the land/n of {sur} ] is [V flooded ] .",
    "[1 A {thing} ] was [V thrown ] overboard/r [0 by the crew of the {ship} ] [L off {loc} ] .",
    "The sail/n of the {ship} is torn , so/r [0 {sur} ] must [V stay ] [L {at} ] [T until {month} ] .",
    "[V Left/v ] [L off {site} ] : [1 a anchor/n of the {ship} ] ; they anchor/v badly .",
    # the chronicle
    "[0 [0' The <flood/n|fire|frost> ] ] [V reached ] [1 {loc} ] [T {when} ] and [V' left/v ] [1' {site} ] dry/a .",
    "[1 [1' {per} ] ] was [V born ] [L in {loc} ] [T {when} ] and [V' buried ] [L' at {loc2} ] .",
    "[0 {per} ] , child of {sur} , [V married ] [1 {per2} ] [L {at} ] [T {when} ] .",
    "[1 {book} ] was [V written ] [0 by {sur} ] [L in {loc} ] [T {when} ] .",
    "[0 Old {sur} ] [V left/v ] [1 {book} ] [2 to {org} ] , not to the {job} .",
    "See {book} , page {n} , where [0 {firm} ] [V burned ] [1 its own mill ] [T {when} ] .",
    "Anno/X Domini/X {year} : [0 {org} ] [V built ] [1 a <chapel|bridge|forge> ] [L {at} ] .",
    "[1 The bell ] , alas , [V fell/v ] [T {when} ] ; [0' nobody in {loc} ] [V' rings/v ] [1' it ] now .",
    "Amen : here/r [V ends ] [1 {book} ] , [V' copied ] [0' by {sur} ] [L' {at} ] .",
    "What became/v of {sur} nobody knows , but [0 all {loc} ] [V remembers ] [1 the {thing} ] .",
    "[1 A heron ] [V stood ] [L on {site} ] [T {when} ] , and the {ship} did not sail/v .",
    "<Copper/n|Brass/n|Iron/n|Honey|Salt> was dear/a ; [0 {sur} ] [V {held} ] [1 {what} ] [2 from {who} ] .",
    "[1 The road from {loc} to {loc2} ] was [V closed/v ] [T {when} ] , but [1' the {ship} ] [V' sailed ] .",
    "{loc} lies {n} miles from {loc2} , so/r [0 {sur} ] [V walked ] [T {when} ] .",
    "[1 Half of {loc} ] was [V burned ] [T {when} ] , but not the <well/n|chapel|ducks> of {sur} .",
    "[0 {sur} ] [V painted ] [1 {loc} ] [T {when} ] ; the picture/n hangs/v in {site} .",
    "[0 The {job} of {loc} and the {job2} of {site} ] [V quarrelled/v ] [L {at} ] [T {when} ] .",
    "<Rooks|Herons|Ducks|Geese> , [V wrote ] [0 {per} ] , [1 are the only/a birds/n in {loc} ] .",
)  # fmt: skip


def slots(pool: str) -> Slots:
    """What fills the gaps of ENTRIES, with names of `pool`."""
    namer = Namer(pool)

    def who(rng: random.Random) -> str:
        job = rng.choice(JOBS)
        forms = (f"the {job}", f"the <old|young|former> {job}", namer.person(rng), namer.surname(rng), namer.house(rng))
        return rng.choices(forms, (2, 1, 3, 2, 2))[0]

    def soul(rng: random.Random) -> str:
        return rng.choice((f"the {rng.choice(JOBS)}", namer.person(rng), namer.surname(rng)))

    def what(rng: random.Random) -> str:
        thing = rng.choice(PROPERTY)
        return rng.choice(
            (f"the {thing}/n", f"a {thing}/n", f"a <small|old|good> {thing}/n", f"half/n of the {thing}/n")
        )

    def at(rng: random.Random) -> str:
        village, site = namer.place(rng), namer.site(rng)
        common = ("on the quay", "by the river", "at the market", "before the bench", "behind the church/n")
        return rng.choice((f"in {village}", f"at {village}", f"near {site}", f"at {site}", rng.choice(common)))

    def when(rng: random.Random) -> str:
        month, day, year = f"{rng.choice(MONTHS)}/N", f"{rng.choice(DAYS)}/N", _year(rng)
        nth = rng.choice(("first/a", "second/a", "third/a", "fourth/a", "tenth/a"))
        return rng.choice((
            f"on the {nth} of {month} {year}", f"in {month} {year}", f"on {day}", f"in the winter of {year}", "at noon",
            f"on the {nth} {day} of {month}", f"in {year}", "before the harvest", "after the fair/n", "at dusk",
        ))  # fmt: skip

    def noun(words: tuple[str, ...]):
        return lambda rng: rng.choice(words) + "/n"

    def verb(verbs: tuple[tuple[str, str, str], ...], form: int):
        return lambda rng: rng.choice(verbs)[form] + "/v"

    return namer.slots() | {
        "who": who, "soul": soul, "what": what, "at": at, "when": when, "job": noun(JOBS), "thing": noun(THINGS),
        "year": _year, "month": lambda rng: rng.choice(MONTHS) + "/N", "n": lambda rng: str(rng.randint(2, 90)),
        "num": lambda rng: rng.choice(("two", "three", "four", "five", "six", "seven", "eight", "nine")),
        "granted": verb(GRANTING, 1), "given": verb(GRANTING, 2), "held": verb(HOLDING, 1), "taken": verb(HOLDING, 2),
        "did": verb(DEEDS, 1),
    }  # fmt: skip


def _year(rng: random.Random) -> str:
    return str(rng.randint(1610, 1899))
