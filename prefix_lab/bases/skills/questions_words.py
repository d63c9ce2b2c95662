"""What the passages of pretraining's questions tell: relations between people, things, places and numbers.

Timetables and letters are missing on purpose: chapters tune for them.
"""

from prefix_lab.bases.skills.domains import ANIMALS, COLOURS, DAYS, DISHES, GOODS, POOL, clock
from prefix_lab.town import names
from prefix_lab.town.facts import Drawer, Relation


def coined(make: Drawer) -> Drawer:
    return lambda rng: names.coin(rng, make, POOL)


def among(*values: str) -> Drawer:
    return lambda rng: rng.choice(values)


def upto(low: int, high: int, unit: str = "") -> Drawer:
    return lambda rng: f"{rng.randint(low, high)}{unit}"


PERSON, FAMILY, PLACE, SPOT = map(coined, (names.person, names.surname, names.village, names.landmark))
FIRST, SIGN, WORD = among(*names.FIRST_NAMES), coined(names.sign), coined(names.word)
WHO = lambda rng: rng.choice((PERSON, PERSON, FIRST))(rng)  # noqa: E731
DAY, DISH = among(*DAYS), among(*(dish for dish in DISHES if not dish.endswith("s")))
WARES = among(*(goods for goods in GOODS if goods.endswith("s")))
PRICE = lambda rng: f"{rng.randint(2, 90)} {rng.choice(('pence', 'crowns'))}"  # noqa: E731
SUBJECT = among(
    "history", "algebra", "drawing", "music", "spelling", "nature", "singing", "sewing", "reading", "botany"
)
PLANT = among("beans", "onions", "roses", "tulips", "pumpkins", "carrots", "peas", "lilies", "radishes", "leeks",
    "cabbages", "strawberries")  # fmt: skip
MONTH = among("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December")  # fmt: skip
THING = among("the kettle", "the clock", "the ladder", "the lamp", "the radio", "the rug", "the mirror", "the piano",
    "the old chest", "the globe", "the armchair", "the bird cage", "the sewing machine", "the blue vase")  # fmt: skip
ROOM = among("the kitchen", "the hall", "the attic", "the cellar", "the study", "the nursery", "the pantry",
    "the garden shed", "the parlour", "the bathroom")  # fmt: skip
SKY = among("fog", "hail", "thunder", "heavy rain", "bright sun", "snow", "a storm", "drizzle", "frost", "a rainbow")
SEEN = among("a whale", "two sails", "an iceberg", "a seal", "a lighthouse", "a drifting barrel", "a gull",
    "a grey cliff", "a column of smoke", "a fishing boat")  # fmt: skip
PIECE = among("the overture", "the waltz", "the march", "the lullaby", "the hymn", "the finale", "the polka",
    "the sonata")  # fmt: skip
PLAYED = among("the drum", "the fiddle", "the flute", "the harp", "the trumpet", "the organ", "the cello", "the bells")
GAME = among("chess", "skittles", "darts", "marbles", "draughts", "dominoes", "croquet", "cards", "bowls", "tag")
MIX = among("flour", "butter", "sugar", "salt", "milk", "rice", "honey", "cheese", "cream", "yeast", "ginger", "cocoa")
BEAST = among(*ANIMALS)

DOMAINS: dict[str, tuple[Relation, ...]] = {
    "weather diary": (
        Relation({"place": PLACE, "deg": upto(1, 35), "day": DAY},
            ("On {day} it was {deg} degrees in {place}.", "{place} had {deg} degrees on {day}.",
             "The thermometer at {place} showed {deg} on {day}.", "{day}, {place}: {deg} degrees."),
            {"deg": ("How warm was it in {place}?", "What did the thermometer at {place} show?",
                     "How many degrees were there on {day}?", "Temperature at {place}?"),
             "place": ("Where was it {deg} degrees?", "Which place had {deg} degrees?"),
             "day": ("When was it measured in {place}?", "On what day were there {deg} degrees?")},
            ("Was it {deg} degrees in {place}?", "Did {place} have {deg} degrees?"),
            ("deg", "place", "Where was it warmest?", "Where was it coldest?")),
        Relation({"day": DAY, "sky": SKY, "who": WHO},
            ("{who} saw {sky} on {day}.", "On {day} there was {sky}, says {who}.",
            "{day} brought {sky}; {who} stayed in."),
            {"sky": ("What did {day} bring?", "What was the weather on {day}?", "What did {who} note?"),
             "who": ("Who saw {sky}?", "Who speaks of {sky}?"),
             "day": ("On which day was there {sky}?", "When did {sky} come?")},
            ("Was there {sky} on {day}?",)),
    ),
    "kitchen": (
        Relation({"mix": MIX, "grams": upto(20, 900), "dish": DISH},
            ("For {dish} take {grams} grams of {mix}.", "{dish:cap} needs {grams} grams of {mix}.",
             "Stir {grams} grams of {mix} into the {dish}."),
            {"grams": ("How much {mix} is needed?", "How many grams of {mix} does it take?", "How much {mix}?"),
             "mix": ("What goes into {dish}?", "Of what do we need {grams} grams?"),
             "dish": ("What is the {mix} for?", "Which dish takes {grams} grams?")},
            ("Does {dish} need {grams} grams of {mix}?", "Does {dish} take {mix}?"),
            ("grams", "mix", "Of what is most needed?", "Of what is least needed?")),
        Relation({"who": WHO, "dish": DISH, "min": upto(5, 95)},
            ("{who} cooks {dish} in {min} minutes.", "{who} makes {dish}, which takes {min} minutes.",
             "After {min} minutes {who} takes out {dish}."),
            {"who": ("Who makes {dish}?", "Who cooks {dish}?", "Who needs {min} minutes?"),
             "dish": ("What does {who} cook?", "What is {who} making?", "Which dish takes {min} minutes?"),
             "min": ("How long does {dish} take?", "How many minutes does {who} need?")},
            ("Does {who} cook {dish}?", "Is {dish} done in {min} minutes?"),
            ("min", "dish", "What takes longest?", "What is done first?")),
    ),
    "market": (
        Relation({"item": WARES, "price": upto(2, 99, " pence"), "who": WHO},
            ("{who} sells {item} for {price}.", "{item:cap} cost {price} at the stall of {who}.",
             "At {price}, {who} will part with {item}.", "{item} | {price} | {who}"),
            {"price": ("How much are the {item}?", "What do the {item} cost?", "What does {who} charge?",
            "Price of {item}?"),
             "who": ("Who sells {item}?", "Whose {item} are they?", "Who asks for {price}?"),
             "item": ("What does {who} sell?", "What can be had for {price}?", "What costs {price}?")},
            ("Does {who} sell {item}?", "Do the {item} cost {price}?"),
            ("price", "item", "What is dearest?", "What is cheapest?")),
        Relation({"who": WHO, "n": upto(2, 60), "item": WARES, "day": DAY},
            ("On {day} {who} bought {n} {item}.", "{who} took home {n} {item} on {day}.",
            "{n} {item} went to {who} on {day}."),
            {"who": ("Who bought the {item}?", "Who came on {day}?", "To whom did the {item} go?"),
             "item": ("What did {who} buy?", "What was bought on {day}?"),
             "n": ("How many {item} were bought?", "How many {item} did {who} take?"),
             "day": ("When did {who} come?", "On what day were the {item} sold?")},
            ("Did {who} buy {item}?", "Did {who} come on {day}?"),
            ("n", "who", "Who bought most?", "Who bought least?")),
    ),
    "ship's log": (
        Relation({"time": clock, "seen": SEEN, "who": WHO},
            ("At {time} {who} sighted {seen}.", "{time}: {seen}, reported by {who}.",
            "{who} called out {seen} at {time}."),
            {"seen": ("What was sighted at {time}?", "What did {who} see?"),
             "who": ("Who sighted {seen}?", "Who was on deck at {time}?"),
             "time": ("When was {seen} sighted?", "At what time did {who} call out?")},
            ("Did {who} see {seen}?", "Was {seen} sighted at {time}?")),
        Relation({"place": PLACE, "deep": upto(2, 80), "course": upto(1, 359, " degrees")},
            ("Off {place} the water is {deep} fathoms deep.", "We found {deep} fathoms at {place}.",
             "{deep} fathoms under us near {place}; we steer {course}."),
            {"deep": ("How deep is the water off {place}?", "How many fathoms at {place}?"),
             "place": ("Where were {deep} fathoms found?", "Where is it {deep} fathoms deep?"),
             "course": ("What do we steer near {place}?",)},
            ("Are there {deep} fathoms at {place}?",),
            ("deep", "place", "Where is it deepest?", "Where is it shallowest?")),
    ),
    "school book": (
        Relation({"time": clock, "subject": SUBJECT, "who": PERSON},
            ("At {time} {who} teaches {subject}.", "{subject:cap} begins at {time} with {who}.",
             "{who} has {subject} at {time}.", "{time} {subject} ({who})"),
            {"time": ("When is {subject}?", "At what time does {who} teach?", "When does {subject} begin?"),
             "subject": ("What is taught at {time}?", "What does {who} teach?"),
             "who": ("Who teaches {subject}?", "With whom is {subject}?", "Who is there at {time}?")},
            ("Does {who} teach {subject}?", "Is {subject} at {time}?")),
        Relation({"who": FIRST, "subject": SUBJECT, "mark": upto(1, 20)},
            ("{who} got {mark} points in {subject}.", "In {subject} {who} has {mark} points.",
            "{who}: {mark} in {subject}."),
            {"mark": ("How many points did {who} get?", "What did {who} get in {subject}?"),
             "who": ("Who got {mark} points?", "Who was tested in {subject}?"),
             "subject": ("In what did {who} get {mark}?", "Which subject did {who} take?")},
            ("Did {who} get {mark} points?", "Was {who} tested in {subject}?"),
            ("mark", "who", "Who did best?", "Who did worst?")),
    ),
    "games": (
        Relation({"who": WHO, "game": GAME, "foe": WHO},
            ("{who} beat {foe} at {game}.", "At {game}, {who} won against {foe}.", "{foe} lost to {who} at {game}."),
            {"who": ("Who won at {game}?", "Who beat {foe}?", "Name the winner at {game}."),
             "foe": ("Who lost at {game}?", "Whom did {who} beat?"),
             "game": ("What did {who} win?", "At what did {foe} lose?")},
            ("Did {who} win at {game}?", "Did {foe} lose at {game}?")),
        Relation({"team": SIGN, "points": upto(1, 60), "place": PLACE},
            ("{team} made {points} points at {place}.", "At {place}, {team} came to {points} points.",
            "{team}, {place}: {points}"),
            {"points": ("How many points has {team}?", "What was the score at {place}?"),
             "team": ("Who made {points} points?", "Which team played at {place}?"),
             "place": ("Where did {team} play?", "Where were {points} points made?")},
            ("Did {team} make {points} points?", "Did {team} play at {place}?"),
            ("points", "team", "Which team is first?", "Which team is last?")),
    ),
    "garden": (
        Relation({"who": WHO, "plant": PLANT, "month": MONTH},
            ("{who} sows {plant} in {month}.", "In {month} {who} plants {plant}.", "{plant:cap}: {who}, {month}."),
            {"who": ("Who plants {plant}?", "Who sows in {month}?"),
             "plant": ("What does {who} sow?", "What is planted in {month}?"),
             "month": ("When are {plant} sown?", "In what month does {who} plant?")},
            ("Does {who} plant {plant}?", "Are {plant} sown in {month}?")),
        Relation({"plant": PLANT, "n": upto(3, 90), "colour": among(*COLOURS)},
            ("There are {n} {plant} in the {colour} bed.", "We picked {n} {plant} from the {colour} basket.",
             "The {colour} box holds {n} {plant}."),
            {"n": ("How many {plant} are there?", "How many are {colour}?"),
             "plant": ("What is in the {colour} one?", "Of what are there {n}?"),
             "colour": ("Which colour goes with the {plant}?", "By which colour do we find the {plant}?")},
            ("Are there {n} {plant}?",),
            ("n", "plant", "Of what are there most?", "Of what are there fewest?")),
    ),
    "house list": (
        Relation({"thing": THING, "room": ROOM, "who": FIRST},
            ("{thing:cap} is in {room}, where {who} put it.", "{who} moved {thing} to {room}.",
            "In {room} stands {thing}; it belongs to {who}."),
            {"room": ("Where is {thing}?", "In which room is {thing}?"),
             "thing": ("What is in {room}?", "What stands in {room}?"),
             "who": ("Who has to do with {thing}?", "Whose is {thing}?")},
            ("Is {thing} in {room}?",)),
        Relation({"who": PERSON, "year": upto(1780, 1999), "place": PLACE},
            ("{who} was born in {place} in {year}.", "In {year} {who} came into the world at {place}.",
            "{who} ({place}, {year})"),
            {"who": ("Who was born in {place}?", "Who was born in {year}?"),
             "year": ("When was {who} born?", "In what year was {who} born?"),
             "place": ("Where was {who} born?", "Where does {who} come from?")},
            ("Was {who} born in {place}?", "Was {who} born in {year}?"),
            ("year", "who", "Who is youngest?", "Who is oldest?")),
    ),
    "workshop": (
        Relation({"who": WHO, "thing": THING, "day": DAY},
            ("{who} mends {thing} on {day}.", "On {day} {who} will look at {thing}.",
            "{thing:cap} is ready on {day}, promises {who}."),
            {"who": ("Who mends {thing}?", "Who has work on {day}?"),
             "thing": ("What does {who} mend?", "What is ready on {day}?"),
             "day": ("When is {thing} ready?", "On what day does {who} work?")},
            ("Does {who} mend {thing}?", "Is {thing} ready on {day}?")),
        Relation({"who": WHO, "price": upto(2, 99, " crowns"), "thing": THING},
            ("{who} owes {price} for {thing}.", "{who} still has to pay {price} for {thing}.",
            "For {thing} {who} paid {price}."),
            {"price": ("How much is {thing}?", "How much does {who} pay?", "What is the bill of {who}?"),
             "who": ("Who pays {price}?", "Who pays for {thing}?"),
             "thing": ("What does {who} pay for?", "What costs {price}?")},
            ("Does {who} pay {price}?", "Is {thing} worth {price}?"),
            ("price", "who", "Who pays most?", "Who pays least?")),
    ),
    "animal show": (
        Relation({"name": WORD, "beast": BEAST, "who": WHO},
            ("{who} shows {name}, {beast:a}.", "{name} is {beast:a} and belongs to {who}.",
            "The {beast} {name} came with {who}."),
            {"name": ("What is the {beast} called?", "Which animal belongs to {who}?"),
             "beast": ("What is {name}?", "What does {who} bring?"),
             "who": ("To whom does {name} belong?", "Who owns the {beast}?", "Whose is {name}?")},
            ("Is {name} {beast:a}?", "Does {name} belong to {who}?")),
        Relation({"name": WORD, "kilos": upto(1, 80), "colour": among(*COLOURS)},
            ("{name} weighs {kilos} kilos and is {colour}.", "{name}, the {colour} one, weighs {kilos} kilos.",
            "{name}: {colour}, {kilos} kilos"),
            {"kilos": ("How heavy is {name}?", "What does the {colour} one weigh?", "How much does {name} weigh?"),
             "name": ("Who weighs {kilos} kilos?", "Which one is {colour}?"),
             "colour": ("What colour is {name}?",)},
            ("Is {name} {colour}?", "Does {name} weigh {kilos} kilos?"),
            ("kilos", "name", "Which is the heaviest?", "Which is the lightest?")),
    ),
    "orchestra": (
        Relation({"who": WHO, "played": PLAYED, "hall": SPOT},
            ("{who} plays {played} at {hall}.", "At {hall} we heard {who} on {played}.",
            "{played:cap} is played by {who} at {hall}."),
            {"who": ("Who plays {played}?", "Whom did we hear at {hall}?"),
             "played": ("What does {who} play?", "What was heard at {hall}?"),
             "hall": ("Where does {who} play?", "Where can {played} be heard?")},
            ("Does {who} play {played}?", "Can {who} be heard at {hall}?")),
        Relation({"piece": PIECE, "min": upto(2, 59), "who": FAMILY},
            ("{piece:cap} by {who} lasts {min} minutes.", "{who} wrote {piece}, {min} minutes long.",
            "{piece} ({who}), {min} minutes"),
            {"min": ("How long is {piece}?", "How many minutes does {piece} last?"),
             "piece": ("What did {who} write?", "What lasts {min} minutes?"),
             "who": ("Who wrote {piece}?", "By whom is {piece}?")},
            ("Did {who} write {piece}?", "Does {piece} last {min} minutes?"),
            ("min", "piece", "Which piece is longest?", "Which piece is shortest?")),
    ),
}  # fmt: skip
