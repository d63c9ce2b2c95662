"""What Larkhaven's departure boards and letters tell, and the questions that people ask of them."""

import random
from functools import cache

from prefix_lab.town import names
from prefix_lab.town.facts import Drawer, Relation

CRAFTS = (
    "mail boat", "ferry", "post coach", "omnibus", "milk cart", "night boat", "tram", "steam launch", "slow train",
    "hay barge", "market cart", "fish van", "excursion boat", "school coach", "oyster boat", "mule train",
)  # fmt: skip
QUAYS = (
    "pier 1", "pier 2", "pier 3", "pier 4", "the north steps", "the coal shed", "the customs house", "the weighbridge",
    "the back gate", "platform 1", "platform 2", "the pump", "the fish hall",
)  # fmt: skip
THINGS = (
    "a crate of plums", "the wedding cake", "a stuffed owl", "two live geese", "the tuba", "a barrel of herring",
    "an umbrella stand", "the christening spoon", "six jars of honey", "a whistling kettle", "the family portrait",
    "a folding bath", "the cuckoo clock", "a wheel of cheese", "forty candles", "a smoked ham", "the good silver",
    "a box of seeds", "the spare anchor", "a ship in a bottle", "the brass bed", "an old concertina", "three hats",
    "a bag of sand", "the church flag", "a model lighthouse", "a rocking chair", "the second oar", "an ear trumpet",
    "the hat box",
)  # fmt: skip
AILMENTS = (
    "a cough", "the hiccups", "a sprained ankle", "toothache", "a cold", "too much cake", "sunburn", "a black eye",
    "a stiff neck", "chicken pox", "a sore throat", "a bee sting", "hay fever", "a bad conscience",
)  # fmt: skip
JOBS = (
    "lamplighter", "harbour master", "postman", "lock keeper", "choirmaster", "pastry cook", "bell ringer",
    "rat catcher", "clock winder", "toll keeper", "oyster inspector", "night watchman", "ticket collector",
)  # fmt: skip
DAYS = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
NEWS = (  # each with a name, so that no sentence can stand in two splits
    "It has rained for {n:words} days and nobody minds but {who}.", "Thank you for the {n:words} pears, says {who}.",
    "The cat has had {n:words} kittens, and one is called {who}.", "We had fish soup {n:words} times because of {who}.",
    "Nothing is new here but the paint on {house}.", "I write this on {day} with a pen from {house}.",
    "Your letter of {day} lay {n:words} days on the butter at {house}.",
        "The fog came on {day} and has moved into {house}.",
    "{who} has counted {n:words} swans and is proud of every one.", "Forgive the ink, {who} sat on the bottle.",
    "On {day} a band played at {house} until the neighbours paid it.", "We miss you, and so does {who}.",
    "There is a new pane in the window of {house}.", "{who} keeps {n:words} hens and is vain about them.",
    "Write before {day}, or {who} will worry.", "The stairs at {house} still creak, you will be glad to hear.",
)  # fmt: skip
ENDS = (
    "Yours, {writer}", "With love, {writer}", "In haste, {writer}", "Your friend {writer}", "As ever, {writer}",
    "Until soon, {writer}", "Keep well, {writer}",
)  # fmt: skip
HEADS = (
    "Departures from {spot}.", "{spot} timetable.", "Board of {spot}.", "Leaving {spot} today.",
        "{spot}, all services.",
    "Winter service from {spot}.", "Summer service from {spot}.",
)  # fmt: skip
# How a slot's value is phrased in an answer; every other value stands as it is.
PHRASES = {
    "time": "at {a}", "day": "on {a}", "place": "to {a}", "spot": "at {a}", "house": "at {a}", "craft": "the {a}",
    "quay": "from {a}", "town": "in {a}", "job": "{a:a}",
}  # fmt: skip


def clock(rng: random.Random) -> str:
    return f"{rng.randint(5, 22)}:{rng.randrange(0, 60, 5):02d}"


def among(*values: str) -> Drawer:
    return lambda rng: rng.choice(values)


@cache
def departures(pool: str) -> tuple[Relation, ...]:
    """What a board tells; its first relation is the departures."""
    place, who = (lambda rng, make=make: names.coin(rng, make, pool) for make in (names.village, names.person))
    return (
        Relation(
            {"time": clock, "craft": among(*CRAFTS), "place": place, "quay": among(*QUAYS),
             "fare": lambda rng: f"{rng.randint(2, 60)} pence"},
            ("{time} {craft} to {place}, {quay}.", "{time} {craft} to {place}, {fare}.",
            "{place}: {craft}, {time}, {fare}.",
             "{craft:cap} for {place} at {time} from {quay}.", "At {time} the {craft} goes to {place} for {fare}.",
             "The {craft} to {place} leaves {quay} at {time}.", "For {place} take the {craft} at {time} from {quay}.",
             "Whoever wants {place} must catch the {craft} at {time}.",
             "{fare} will carry you to {place} on the {craft} at {time}.",
             "From {quay} the {craft} sets out for {place} at {time}.",
             "The {craft} calls at {place}, leaves at {time} and costs {fare}.",
             "Nobody has ever been late in {place} who took the {craft} at {time}.",
             "At {time}, weather and crew permitting, the {craft} to {place}."),
            {"time": ("When does the {craft} to {place} leave?", "When can I leave for {place}?",
            "At what time is there something to {place}?",
                      "When must I be ready for the {craft} to {place}?"),
             "craft": ("What goes to {place}?", "How do I get to {place}?", "What leaves for {place} at {time}?",
             "What takes me to {place}?"),
             "place": ("Where does the {craft} at {time} go?", "Where can I go at {time} on the {craft}?"),
             "quay": ("Where do I board for {place}?", "Where does the {craft} to {place} leave from?",
             "From where do they go to {place}?"),
             "fare": ("How much is it to {place}?", "What is the fare to {place}?",
             "What does the {craft} to {place} cost?")},
            ("Does the {craft} to {place} leave at {time}?", "Is the {craft} to {place} the one at {time}?",
            "Do I get to {place} on the {craft}?",
             "Is the fare to {place} {fare}?", "Do I board for {place} at {quay}?"),
        ),
        Relation(
            {"craft": among(*CRAFTS), "who": who, "day": among(*DAYS)},
            ("{who} is at the wheel of the {craft} except on {day}.",
            "No {craft} on {day}, when {who} has the day off.",
             "On {day} {who} washes the {craft} and it stays in.", "Ask {who} about the {craft}, which rests on {day}.",
             "The {craft} does not run on {day} and {who} will not be argued with."),
            {"who": ("Who is to be asked about the {craft}?", "Who looks after the {craft}?",
            "Who has to do with the {craft} that rests on {day}?"),
             "day": ("When does the {craft} not run?", "On which day is there no {craft}?",
             "When does {who} stay at home?"),
             "craft": ("What is the business of {who}?", "What does {who} look after?")},
            ("Does the {craft} rest on {day}?", "Is {who} in charge of the {craft}?"),
        ),
    )  # fmt: skip


@cache
def news(pool: str) -> tuple[Relation, ...]:
    """What letters tell."""
    who, place, spot, house = (lambda rng, make=make: names.coin(rng, make, pool)
        for make in (names.person, names.village, names.landmark, names.sign))  # fmt: skip
    thing, day, price = among(*THINGS), among(*DAYS), lambda rng: f"{rng.randint(2, 90)} crowns"
    return (
        Relation({"who": who, "day": day, "craft": among(*CRAFTS)},
            ("{who} comes on {day} with the {craft}.", "Expect {who} on {day}, off the {craft}.",
             "{who} has a seat on the {craft} for {day}.", "On {day} the {craft} brings us {who}."),
            {"who": ("Who comes on {day}?", "Who travels with the {craft}?", "Whom does the {craft} bring?"),
             "day": ("When does {who} come?", "On which day is {who} expected?", "When do we see {who}?"),
             "craft": ("How does {who} travel?", "With what does {who} come?", "What brings {who}?")},
            ("Does {who} come on {day}?", "Will {who} be on the {craft}?")),
        Relation({"who": who, "thing": thing},
            ("{who} is bringing {thing}.", "{who} cannot be talked out of {thing}.",
            "Make room, because {who} will carry {thing}.",
             "{who} has packed {thing} and little else.", "The surprise of {who} is {thing}."),
            {"who": ("Who brings {thing}?", "Who comes with {thing}?", "Who has packed {thing}?"),
             "thing": ("What does {who} bring?", "What is in the luggage of {who}?", "What has {who} packed?")},
            ("Does {who} bring {thing}?", "Has {who} packed {thing}?")),
        Relation({"who": who, "house": house},
            ("{who} sleeps at {house}.", "A bed is kept for {who} at {house}.", "{house} has taken {who} in.",
             "{who} has the room over the door of {house}.", "You will find {who} asleep at {house}."),
            {"who": ("Who sleeps at {house}?", "Who has a bed at {house}?", "Whom has {house} taken in?"),
             "house": ("Where does {who} sleep?", "Where is there a bed for {who}?", "Where does {who} stay?")},
            ("Does {who} sleep at {house}?", "Is there a bed for {who} at {house}?")),
        Relation({"who": who, "spot": spot, "time": clock},
            ("Meet {who} at {spot} at {time}.", "{who} waits at {spot} from {time} on.",
            "At {time} {who} will stand at {spot} with a lantern.",
             "Be at {spot} at {time}, where {who} will wave."),
            {"who": ("Who waits at {spot}?", "Whom do I meet at {spot}?", "Who will be there at {time}?"),
             "spot": ("Where does {who} wait?", "Where do I meet {who}?", "Where is {who} to be found at {time}?"),
             "time": ("When do I meet {who}?", "At what time is {who} at {spot}?", "When must one be at {spot}?")},
            ("Do I meet {who} at {spot}?", "Is {who} at {spot} at {time}?")),
        Relation({"who": who, "thing": thing, "price": price},
            ("{who} wants {price} for {thing}.", "I paid {who} {price} for {thing}.",
            "{who} got {price} for {thing} and danced home.",
             "At the auction {who} gave {price} for {thing}."),
            {"price": ("How much is {thing}?", "What is the price of {thing}?", "How many crowns is {thing}?"),
             "thing": ("What costs {price}?", "What is worth {price}?", "Over what did {who} haggle?"),
             "who": ("Who haggled over {thing}?", "Who haggled for {price}?")},
            ("Is the price of {thing} {price}?",)),
        Relation({"who": who, "mate": who, "day": day},
            ("{who} marries {mate} on {day}.", "On {day} {who} and {mate} are getting married.",
            "The wedding of {who} and {mate} is on {day}.",
             "{who} will say yes to {mate} on {day}."),
            {"mate": ("Whom does {who} marry?", "With whom is {who} getting married?"),
             "who": ("Whose wedding with {mate} is it?", "Who marries {mate}?"),
             "day": ("When is the wedding of {who}?", "When does {mate} marry?",
             "On which day do {who} and {mate} marry?")},
            ("Does {who} marry {mate}?", "Is the wedding of {who} on {day}?")),
        Relation({"who": who, "thing": thing, "spot": spot},
            ("{who} left {thing} at {spot}.", "{who} has lost {thing}, most likely at {spot}.",
            "Somewhere at {spot} {who} put down {thing} and forgot it.",
             "Go to {spot} and ask after {thing}, for {who} is in tears."),
            {"who": ("Who lost something at {spot}?", "Who has forgotten {thing}?", "Who misses {thing}?"),
             "thing": ("What did {who} lose?", "What was left at {spot}?", "What does {who} miss?"),
             "spot": ("Where did {who} lose something?", "Where should one ask after {thing}?",
             "Where was {thing} left?")},
            ("Did {who} lose {thing}?", "Was {thing} left at {spot}?")),
        Relation({"who": who, "ail": among(*AILMENTS)},
            ("{who} is in bed with {ail}.", "{who} has {ail} and tells everybody.",
            "Do not visit {who}, who is down with {ail}.",
             "It is {ail} that keeps {who} at home."),
            {"who": ("Who has {ail}?", "Who is down with {ail}?", "Who stays at home because of {ail}?"),
             "ail": ("What is wrong with {who}?", "Why is {who} at home?", "What does {who} suffer from?")},
            ("Does {who} have {ail}?", "Is {who} down with {ail}?")),
        Relation({"who": who, "job": among(*JOBS), "town": place},
            ("{who} is now {job:a} in {town}.", "They have made {who} {job} in {town}.",
            "{who} went to {town} and became {job:a}.",
             "In {town} the new {job} is {who}, of all people."),
            {"who": ("Who works in {town}?", "Who became {job:a}?", "Who has moved to {town}?"),
             "job": ("What has become of {who}?", "What does {who} do for a living?", "What is the work of {who}?"),
             "town": ("Where does {who} work?", "To which town did {who} go?", "Where has {who} gone?")},
            ("Does {who} work in {town}?", "Is {who} {job:a}?")),
    )  # fmt: skip
