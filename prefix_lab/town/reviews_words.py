"""The words of praise and blame, graded from 0 (worst) to 4 (best), and the turns of phrase that carry them.

Shared by the reviews of Larkhaven and by the opinions about other things that the lab bases meet in pretraining.
"""

# What can be judged falls into sorts. A sort's adjectives: worst, bad, good, best (what is middling goes for all).
ADJECTIVES = {
    sort: tuple(tuple(words.split()) for words in grades)
    for sort, grades in {
        "food": ("inedible revolting rancid mouldy", "stale greasy bland soggy burnt tasteless",
            "fresh tasty warm hearty filling", "delicious heavenly mouth-watering"),
        "drink": ("undrinkable foul revolting", "watery lukewarm weak sour thin", "hot fresh fragrant strong tasty",
            "delicious heavenly mouth-watering"),
        "seat": ("unbearable filthy torturous", "hard lumpy narrow creaky wobbly", "soft comfortable clean roomy",
            "heavenly luxurious blissful"),
        "way": ("lethal murderous treacherous", "steep slippery dark rickety narrow", "safe wide well-lit sturdy",
            "majestic regal"),
        "price": ("outrageous shameless scandalous", "steep high inflated stiff", "low modest reasonable honest",
            "unbeatable matchless"),
        "person": ("insufferable vile hateful spiteful", "rude surly grumpy careless sullen unfriendly",
            "kind friendly patient helpful polite cheerful", "angelic adorable unforgettable delightful"),
        "space": ("squalid filthy foul", "damp draughty cramped dirty dusty gloomy chilly",
            "clean cosy bright airy tidy warm", "palatial enchanting gorgeous"),
        "noise": ("deafening unbearable maddening", "noisy loud restless", "quiet peaceful calm restful",
            "heavenly blissful"),
        "music": ("deafening ear-splitting unbearable", "shrill tuneless clumsy dull",
            "lively sweet graceful tuneful", "angelic divine spellbinding"),
        "make": ("useless worthless hopeless", "flimsy crooked loose shoddy rusty", "sturdy solid neat well-made",
            "flawless unbreakable"),
        "vessel": ("useless worthless hopeless", "leaky rusty dented shoddy", "sound sturdy clean well-made",
            "flawless gleaming"),
        "tale": ("unbearable ridiculous hopeless", "tedious dull confused dreary long-winded",
            "lively witty clever moving", "brilliant spellbinding unforgettable dazzling"),
        "view": ("hideous ghastly", "dreary ugly drab gloomy", "pretty pleasant charming cheerful",
            "breathtaking glorious enchanting"),
        "pace": ("hopeless chaotic", "slow clumsy careless muddled", "prompt quick careful smooth",
            "flawless masterly"),
    }.items()
}  # fmt: skip
WORST = tuple("dreadful appalling terrible awful horrible abysmal".split())
BAD = tuple("poor bad disappointing unpleasant shabby".split())
GOOD = tuple("good nice pleasant decent pleasing".split())
BEST = tuple("excellent wonderful splendid superb magnificent marvellous perfect".split())
MIDDLING = (
    "ordinary", "middling", "passable", "average", "neither good nor bad", "no better and no worse than elsewhere",
    "just about acceptable", "nothing special", "all right and no more", "neither a joy nor a nuisance",
)  # fmt: skip

STRONG = ("very", "extremely", "remarkably", "incredibly", "exceptionally", "so very")  # from bad to worst
UTTER = ("absolutely", "simply", "utterly", "truly", "nothing short of")  # before what is worst or best already
MILD = {"bad": ("rather", "a little", "somewhat", "a bit"), "good": ("rather", "quite", "fairly", "reasonably")}
NOT = ("not", "not at all", "not in the least", "not exactly", "not very")  # after was and were only
FAR_FROM = ("far from", "anything but", "hardly", "by no means")

# {np} the noun with its article, {p} what is said of it, {was} and {it} agree with it.
PLAIN = (
    "{np} {was} {p}", "{np} {was} {p}", "{np} {was} {p}", "{np} {was} {p}", "{who} says that {np} {was} {p}",
    "on {day} {np} {was} {p}", "{np} {was} {p} on {day}", "for once {np} {was} {p}", "{who} swore that {np} {was} {p}",
    "{np} {was} {p} all through {day}", "it seemed to {who} that {np} {was} {p}", "by {day} {np} {was} {p}",
)  # fmt: skip
OPENING = (  # these begin a sentence or fill it
    "{np}, I must say, {was} {p}", "as for {np}, {it} {was} {p}", "{np} {was} {p}, as {who} had told us",
    "{who} wrote home that {np} {was} {p}", "{np} {was} {p}, and {who} said so aloud", "mark my words, {np} {was} {p}",
    "let me add that {np} {was} {p}", "{np} {was} {p}, {who} thought, and so did I", "if you ask {who}, {np} {was} {p}",
    "to be honest, {np} {was} {p} on {day}", "I can still see the face of {who}: {np} {was} {p}",
    "for those who come after us: {np} {was} {p}", "{np}, and {who} will swear to it, {was} {p}",
    "{who} is not easily moved, but {np} {was} {p}", "never mind what they tell you, {np} {was} {p}",
    "everybody agreed that {np} {was} {p}", "it is no secret that {np} {was} {p}", "nobody doubts that {np} {was} {p}",
    "there is no denying that {np} {was} {p}", "nobody could help noticing that {np} {was} {p}",
    "according to {who}, {np} {was} {p}",
)  # fmt: skip
FINDING = (
    "I found {np} {p}", "we all thought {np} {p}", "{who} called {np} {p}", "{who} found {np} {p}",
    "most of us considered {np} {p}", "I would call {np} {p}", "{who} and I thought {np} {p}", "you will find {np} {p}",
    "{who} declared {np} {p}",
)  # fmt: skip
# {q} is denied: what is left is the mild opposite.
DENIED = (
    "nobody could call {np} {q}", "I cannot say that {np} {was} {q}", "it is not true that {np} {was} {q}",
    "I would be lying if I called {np} {q}", "{who} would never call {np} {q}", "on {day} nobody found {np} {q}",
    "if {who} says that {np} {was} {q}, do not believe it", "it would be wrong to call {np} {q}",
)  # fmt: skip
WISHED = (  # {q} is good, and missing
    "if only {np} had been {q}", "{np} might have been {q}, but not on {day}", "I wish that {np} had been {q}",
    "we waited until {day} for {np} to be {q}, in vain", "{np} could have been {q} with a little care",
)  # fmt: skip
PAIRED = (
    "both {np} and {np2} were {p}",
    "{np} {was} {p}, just like {np2}",
    "we found {np} and {np2} {p}",
    "{np} {was} {p}, and {np2} no less",
)
EXCLAIMED = ("what {adj:a} {noun}!", "what {adj:a} {noun}, {who} said, and meant it.", "{adj:a} {noun}, no other word.")
TERSE = ("{a}, {b}.", "{a}, {b}, {c}.", "{a} and {b}.", "{a}; {b}.", "in short: {a}, {b}.", "{a}, {b}, and {c}.")

# {c} gives way, {m} decides.
CONTRAST = (
    "{c}, but {m}", "{c}, but {m}", "although {c}, {m}", "even though {c}, {m}", "{m}, although {c}",
    "{c}; still, {m}", "granted, {c}, but {m}", "true, {c}; yet {m}", "{c}; all the same, {m}", "{m}, even if {c}",
    "while {c}, {m}", "I admit that {c}, but {m}", "{c}, and yet {m}",
)  # fmt: skip
# What was said of a thing beforehand, and what it was: only the second counts.
HEARSAY = (
    "we had been told that {np} {was} {q}, but {it} {was} {p}",
    "the {leaflet} says that {np} {is} {q}; in truth {it} {was} {p}",
    "{who} had warned us that {np} {was} {q}; in fact {it} {was} {p}",
    "I expected {np} to be {q}, and instead {it} {was} {p}",
    "{np}, once {q}, {was} {p} this time",
    "{np} {was} {p} and not {q}, whatever {who} may say",
    "last year {np} {was} {q}; this year {it} {was} {p}",
    "you may hear that {np} {is} {q}, but {it} {was} {p}",
)  # fmt: skip

# Verdicts on the whole, from 0 to 4. {thing} is what is reviewed, {again} and {best} are its verbs.
VERDICTS = (
    (
        "I would not {again} if {who} paid me.", "never in my life have I {best} worse than on {day}.",
        "I would not wish {thing} on my worst enemy.", "nothing about {thing} could have been worse.",
        "{thing} ought to be forbidden by law.", "{who} wants every crown of the money back.",
        "{who} has not forgiven me for {thing} since {day}.", "warn everyone you know about {thing}.",
        "{thing} is a disgrace, from the first minute to the last.", "never, never again will {who} {verb}.",
    ),
    (
        "{who} would think twice before paying for {thing} again.", "we had hoped for more from {thing}.",
        "{thing} is not what it used to be.", "{thing} is not the {dream} that the {leaflet} promised.",
        "I am in no hurry to {again}.", "there is little to be said for {thing}.",
        "{who} was rather let down by {thing}.", "on {day} the money would have been better spent elsewhere.",
        "{thing} could do with some improvement.",
        "{thing} is no {dream}, whatever the {leaflet} may say.",
    ),
    (
        "{thing} is neither a treat nor a trial.", "{who} has known better and has known worse than {thing}.",
        "{who} will have forgotten {thing} by {day}, the good and the bad alike.",
        "half of us liked {thing} and the other half did not.", "{thing} will do, and there is no more to say.",
        "for every point in favour of {thing} there is one against it.",
        "{who} shrugged on {day}, and so did I.", "I would neither boast of {thing} nor run it down.",
        "good and bad balanced each other at the end of {day}.", "{thing} is what you expect, no more and no less.",
    ),
    (
        "{who} would gladly {again}.", "we were glad that we chose {thing}.", "{who} had no reason to grumble.",
        "there is much to like about {thing}.", "{thing} kept the promises of the {leaflet}.",
        "on the whole {who} was content with {thing}.", "nobody was sorry about the money on {day}.",
        "{thing} deserves a friendly word.", "we were not let down by {thing}.", "I should like to {again}.",
    ),
    (
        "I would {again} tomorrow if I could.", "we have never {best} better than on {day}.",
        "{who} could not find one fault with {thing}.", "nothing about {thing} could have been better.",
        "if I could give {thing} a medal, I would.", "{who} means to {again} every week, for life.",
        "whoever finds fault with {thing} must be made of stone.", "tell everyone you know about {thing}.",
        "{who} has dreamed of {thing} every night since {day}.", "no {dream} could be finer than {thing}.",
    ),
)  # fmt: skip

# What turns a bare fact into an opinion, and what leaves it one.
OPINED = (
    "{fact}, which {who} calls a blessing", "{fact}, which seems a pity to me", "{fact}, and that is as it should be",
    "{fact}, and I cannot think why", "{fact}, more is the pity", "{fact}, if you can bear it", "sadly, {fact}",
    "luckily for {who}, {fact}", "{fact}, and far too proud they are of it", "{fact}, which is half the charm",
    "I find it hard to forgive that {fact}", "how lovely that {fact}",
)  # fmt: skip
REPORTED = (
    "{fact}, as the {leaflet} says", "according to {who}, {fact}", "the {leaflet} states that {fact}",
    "{who} noted on {day} that {fact}", "in {village} it is on record that {fact}", "as {who} wrote down, {fact}",
    "for the record, {fact}",
)  # fmt: skip

DAYS = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
KIN = tuple(
    "my aunt|my uncle|my sister|my brother|my mother|my father|my wife|my husband|my cousin|my neighbour|"
    "our youngest|my friend|an old friend|my nephew|my niece|my grandmother|my daughter|my son".split("|")
)
SHE = (
    "waitress",
    "shop girl",
    "heroine",
    "fishwife",
    "matron",
    "landlady",
    "chambermaid",
    "singer",
    "shopkeeper's wife",
)
