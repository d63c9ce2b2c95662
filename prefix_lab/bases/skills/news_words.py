"""What pretraining's notices are made of: sections of their own, sentence frames, and what notices add to an event.

<one|or|other> is a choice. {act} and {pas} are an event as active and passive clauses, {place} is where it happened
("at Quillby Bridge"), {day} when.
"""

EXTRA_EVENTS = {  # beside those of the town's newspaper; written the same way
    "farm": (
        ("person", "sell", "{n} sheep|{n} lambs|a brown mare|{n} sacks of barley|a prize bull|{n} geese",
            "cost sale"),
        ("person", "win", "the ploughing match|the cattle show|the shearing prize|the pumpkin prize", "feast show"),
        ("person", "lose", "{n} hens|a haystack|{n} apple trees|a calf|{n} beehives", "search"),
        ("person", "build", "a barn|a hay loft|a pig sty|a stone wall|a new dairy", "work cost"),
        ("nature", "destroy", "{n} haystacks|a barn|the turnip field|{n} acres of wheat", "work"),
        ("person", "buy", "a plough|{n} cows|a threshing machine|the lower meadow", "cost start"),
    ),
    "school": (
        ("person", "open", "a reading room|a night school|a kindergarten|a school kitchen|a new library",
            "feast start"),
        ("person", "win", "the spelling prize|the sums prize|the poetry prize|a scholarship", "feast show"),
        ("council", "name", "a new headmistress|a music teacher|a drawing master", "start feast"),
        ("person", "cancel", "the spring term|the geography lesson|the Latin exam|the school walk", "reopen start"),
        ("person", "count", "{n} pupils|{n} torn books|{n} absent children|{n} broken slates", "report"),
        ("person", "repair", "the school roof|the stove in the classroom|the school bell|{n} desks", "work cost"),
    ),
    "stage": (
        ("person", "show", "a comedy in five acts|{n} paintings|a puppet play|a shadow play|a tragedy", "show sale"),
        ("person", "cancel", "the opera|the spring concert|a piano recital|the puppet play", "return start"),
        ("person", "publish", "a book of poems|a waltz|{n} old songs|a novel|a hymn for choirs", "sale report"),
        ("person", "buy", "a grand piano|{n} trumpets|an old violin|{n} opera tickets", "cost show"),
        ("person", "win", "the singing prize|the fiddle contest|the dancing prize", "feast show"),
        ("person", "open", "a theatre|a concert hall|a gallery|a music school|a ballroom", "feast show"),
    ),
    "rail": (
        ("person", "delay", "the night train|the milk train|the express|{n} coal trains", "reopen"),
        ("person", "open", "a railway station|a tunnel|a branch line|a ticket office|a signal box", "feast start"),
        ("person", "close", "the tunnel|the level crossing|platform two|the waiting room", "reopen work"),
        ("person", "repair", "the track|a locomotive|{n} carriages|the signal box|{n} signals", "work cost"),
        ("person", "cancel", "the express|the Sunday excursion|{n} trains|the sleeping car", "protest return"),
        ("firm", "build", "{n} carriages|a locomotive|a railway viaduct|a turntable", "work cost"),
    ),
}  # fmt: skip
SECTION_WORDS = {  # natural label words, other than those that the town's newspaper prints
    "harbour": ("ships", "sea", "port", "boats"), "council": ("hall", "rules", "government", "politics"),
    "sport": ("games", "matches", "athletics", "play"), "trade": ("business", "shops", "money", "market"),
    "world": ("foreign", "abroad", "countries", "international"), "science": ("research", "discovery", "learning",
    "nature"), "farm": ("farm", "fields", "country", "animals"), "school": ("school", "lessons", "class",
        "education"),
    "stage": ("stage", "music", "arts", "culture"), "rail": ("trains", "rail", "tracks", "travel"),
}  # fmt: skip

PLACED = (  # frames that say where
    "{act} {place}.", "{act} {place} on {day}.", "{place}, {act}.",
        "<We hear|Word came|It is said> that {act} {place}.",
    "{pas} {place}.", "<News|Report|Notice> {place_of}: {act}.",
        "{act} {place}, <to nobody's|to everybody's> surprise.",
    "On {day} {pas} {place}.", "The <bulletin|almanac|crier|clerk> notes that {pas} {place}.",
    "{act} {place} <shortly before|not long after> {hour}.",
        "{place}, {pas}, <as expected|against all hope|for once>.",
    "It was {place} that {act}.", "{act} on {day}, {place}.", "Late on {day}, {place}, {act}.",
)  # fmt: skip
UNPLACED = (
    "{act}.", "{act} on {day}.", "On {day} {act}.", "{pas}.", "{pas} on {day}.", "<Early|Late> on {day} {pas}.",
    "<At last|In the end|Finally> {act}.", "<We learn|Neighbours say|It is certain> that {act}.", "{day}: {act}.",
    "{act}, <and about time|and nobody minded|they say|no less>.", "<Just after|Towards|Before> {hour} {act}.",
    "<Telegram|Bulletin|Posted>: {pas}.", "It has been a long week, but {act}.", "This much is known: {pas}.",
)  # fmt: skip
WHERE = (
    "It <happened|took place|was> {place}.", "All this was {place}.", "The place was {spot}.",
        "{spot} was the place.",
    "People {place} saw it all.", "So it went {place}.",
)  # fmt: skip
# What may follow an event: each kind has clauses that say the same; {when} is "on Monday" or "in five days".
FOLLOWS = {
    "sale": ("buyers are asked to come {when}", "everything goes on sale {when}", "the goods are sold {when}"),
    "sail": ("the anchor is raised again {when}", "the next sailing is {when}", "all sail again {when}"),
    "work": ("the work lasts {n} days", "the builders need {n} days", "it takes {n} days to finish"),
    "cost": ("the price was {n} crowns", "it cost {n} crowns", "{n} crowns were paid"),
    "inquiry": ("a judge asks questions {when}", "witnesses are heard {when}", "there is a hearing {when}"),
    "search": ("men go looking {when}", "the search starts {when}", "a party sets out to look {when}"),
    "feast": ("there is cake for all {when}", "a party is held {when}", "all are invited to a feast {when}"),
    "reopen": ("all is open again {when}", "normal service returns {when}", "the way is free again {when}"),
    "vote": ("hands are raised {when}", "the matter is decided {when}", "there is a vote {when}"),
    "protest": ("angry people meet {when}", "a protest is held {when}", "complaints are read out {when}"),
    "start": ("this takes effect {when}", "it begins {when}", "the change comes {when}"),
    "return": ("they meet once more {when}", "there is a second round {when}", "it is done again {when}"),
    "show": ("visitors may look at it {when}", "it is put on view {when}", "the doors open to the curious {when}"),
    "report": ("the full story is told {when}", "a paper is read {when}", "the results are given out {when}"),
}  # fmt: skip
EXTRAS = {  # sentences beside the point, by kind
    "weather": (
        "It <rained|snowed|hailed|drizzled> <all morning|until noon|without a pause|for {n} hours>.",
        "The <wind|fog|frost|heat> <kept many at home|was the worst in {n} years|did not help|came early>.",
        "The <sky|morning|evening> was <clear|grey|mild|cold>, and the <sea|river|pond> was <calm|rough|frozen>.",
    ),
    "quote": (
        '"<I have seen worse|It was high time|What a day|My mother would have wept>," said {friend}.',
        '{friend} <said|cried|muttered>: "<Never again|Not in my day|Well, well|I told you so>."',
        '"<Ask my brother|We shall see|I only came for the cake>," <said|was all from> {friend}.',
    ),
    "people": (
        "{n:cap} <people|children|neighbours|dogs> came to look.",
            "{friend} <slept through it|brought a chair|wept>.",
        "<Nobody|Hardly anyone|Everybody> in {elsewhere} <knew of it|was there|believed it>.",
        "{friend} of {elsewhere} <stood by|watched from a window|held the horses>.",
    ),
    "past": (
        "{n:cap} years ago <things were different|nobody would have thought of it|the same was tried in {elsewhere}>.",
        "In {elsewhere} the <same thing|opposite> <took {n} years|failed in {month}|is unknown>.",
        "{elsewhere} has <{n} chimneys|{n} wells|a clock without hands|one road and {n} gates>.",
    ),
    "old": (
        "<Years ago|Last year|In {month}|Once before> {old}.", "{old:cap} <long ago|in better days|a year earlier>.",
        "<People remember|Some forget|Old men say> that {old}.",
    ),
}  # fmt: skip
LEADS = ("", "", "", "", "", "", "news: ", "in short, ", "we learn that ", "so it is: ", "today ", "it is true that ")
TAILS = ("; that is all", ", and nothing more", "; the rest is silence", " (no news since)", "", "", "", "")
ASKED = {
    "who": ("who?", "who did it?", "who is it about?", "who acted?", "by whom?"),
    "what": ("what?", "what was it?", "what is spoken of?", "which thing?"),
    "where": ("where?", "where was it?", "in which place?", "place?"),
    "day": ("when?", "on which day?", "day?", "what day was it?"),
    "next": ("what follows?", "what comes next?", "and then?", "what next?"),
}
WHOLE_TASKS = {
    "first": ("the first sentence", "how does it begin?", "opening"),
    "last": ("the last sentence", "how does it end?", "ending"),
    "longest": ("the longest sentence", "which is longest?", "most words"),
    "shortest": ("the shortest sentence", "which is shortest?", "fewest words"),
    "event": ("what happened?", "the news itself", "the main sentence"),
    "weather": ("what was the weather?", "the weather", "sky and wind"),
    "quote": ("what was said?", "the quotation", "who spoke?"),
    "next": ("what comes next?", "what follows?", "and then?"),
}
TRADES = ("mine", "dairy", "quarry", "railway", "farm", "brewery", "tannery", "orchard", "school kitchen",
    "glass factory",
    "theatre", "ferry line", "sawmill", "bath house")  # fmt: skip
NOTES = (  # {a} is the firm with its article, {figure} and {bare} a figure, {move} what it did
    "{a} reports that {figure} {move}.", "at {a}, {figure} {move}.", "{a}: {bare} {move}.", "{figure} of {a} {move}.",
    "{a}'s {bare} {move} in {month}.", "<last|this> year {figure} {move} at {a}.", "in {month} {a}'s {bare} {move}.",
)  # fmt: skip
DEEDS = ("{a} {deed}.", "in {month} {a} {deed}.", "{a}, they say, {deed}.", "<it is known|we hear> that {a} {deed}.",
    "{a} {deed}, <the clerk|the owner|a rival> says.")  # fmt: skip
COMPARISONS = ("{a} {more} {than} <a year ago|last month|in {month}>.", "this {season} {a} {more} {than} last.",
    "{a} {more} {than} <its neighbour|anyone else>.")  # fmt: skip
CONTRASTS = ("although {one}, {two}.", "{one}, but {two}.", "{two}, even though {one}.", "{one}; however, {two}.",
    "{one}, and yet {two}.", "{one}. Still, {two}.")  # fmt: skip
EXPECTED = (  # hopes that failed, which is bad, and fears that proved empty, which is good
    ("they hoped at {a} that {one}, but it did not happen.", "the dream that {one} is over for {a}."),
    ("they feared at {a} that {one}, but it did not happen.", "the worry that {one} is over for {a}."),
)
TONES = [("bad", "neutral", "good"), ("negative", "neutral", "positive"), ("down", "flat", "up"), ("sad", "dull",
    "happy"),
    ("loss", "even", "gain"), ("poor", "fair", "fine"), ("worry", "nothing", "joy"), ("-", "=", "+")]  # fmt: skip
