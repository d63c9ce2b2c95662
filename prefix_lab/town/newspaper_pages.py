"""How the two newspapers write: the sentences of the Larkhaven Courier and of the Brackwater Bugle.

<one|or|other> is a choice. {act} and {pas} are an event as active and passive clauses, {place} is where it happened
("at Quillby Bridge"), {spot} the same without its preposition, {day} and {hour} are when.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """A newspaper: its name, and how it opens an article where the place is known and where it is not.

    On its money page {firm} is whose news it is, {figure} and {move} what rose or fell, {deed} what it did, {more} how
    it stands beside another; {period} and {rival} are when and whom.
    """

    name: str
    placed: tuple[str, ...]
    unplaced: tuple[str, ...]
    figures: tuple[str, ...]
    deeds: tuple[str, ...]
    comparisons: tuple[str, ...]


COURIER = Paper(
    name="Courier",
    placed=(
        "{act} {place} on {day}, before the eyes of {n} onlookers.",
        "Larkhaven woke on {day} to the news that {act} {place}.",
        "By {hour} there was no doubt left: {act} {place}.",
        "{place}, where little happens, {act} on {day}.",
        "After {n} weeks of talk, {pas} {place}.",
        "{pas} {place} on {day}, and the bells <rang|stayed silent>.",
        "When the clock struck {hour}, {act} {place}.",
        "It took less than an hour: {act} {place}.",
        "<Contrary to rumour|As this paper foretold|To general relief>, {pas} {place}.",
        "All eyes were on {spot} on {day}, where {act}.",
        "The Courier can confirm that {act} {place}.",
        "Witnesses agree that {pas} {place} on {day}.",
        "{day} will be remembered {place} as the day when {act}.",
        "Before a <small|large|sleepy|damp> crowd, {act} {place}.",
        "Not everyone {place} believed it at first, but {act}.",
        "What had been whispered {place} is now certain: {act}.",
        "No flags flew {place} when {pas} on {day}.",
        "Our reporter {place} writes that {act}.",
        "Little else is spoken of {place}: {act} on {day}.",
        "Shortly after {hour}, {place}, {act}, and <two dogs|a brass band|half a choir> made the noise to go with it.",
        "The lanes {place} were full on {day}, for {act}.",
    ),
    unplaced=(
        "It is official: {act}.",
        "Few had expected it, yet {pas} on {day}.",
        "{act} on {day}, and Larkhaven is still talking.",
        "For the <second|third|first> time this year, {act}.",
        "The Courier learnt on {day} that {act}.",
        "To the sound of a <brass band|barrel organ|foghorn>, {act}.",
        "{act}, as our reporter saw with her own eyes.",
        "By {day} evening the matter was settled: {pas}.",
        "Without much ado, {act} on {day}.",
        "The great news of the week is soon told: {act}.",
        "{pas} on {day}, which surprised even the <mayor's cat|lamplighters|oldest readers>.",
        "Word ran through the lanes on {day}: {act}.",
        "The <morning|evening> edition was printed twice, for {act}.",
        "While the town <slept|dined|danced>, {pas}.",
        "So much for the rumours: {act}.",
        "It was a <grey|bright|noisy|quiet> {day} when {act}.",
        "Larkhaven has something to talk about, for {pas}.",
        "We stop the press: {act} at {hour}.",
    ),
    figures=(
        "{firm} told the {paper} that {figure} {move} {period}.",
        "Over the counter at {firm} one hears that {figure} {move}.",
        "In the ledgers of {firm}, {figure} {move} {period}.",
        "The partners of {firm} met on {day} and learnt that {figure} {move}.",
        "{period}, {figure} at {firm} {move}.",
        "A line from {firm}: {figure} {move} {period}.",
        "The head clerk of {firm} writes that {figure} {move}.",
        "As for {firm}, {figure} {move} {period}.",
        "{figure} at {firm} {move} {period}, as the accounts show.",
        "Nobody at {firm} will deny that {figure} {move}.",
    ),
    deeds=(
        "{firm} {deed}, we read on the door.",
        "According to the money changers, {firm} {deed}.",
        "On {day} it became known that {firm} {deed}.",
        "{firm} {deed}, writes our man in the counting house.",
        "The exchange heard {period} that {firm} {deed}.",
        "From the Rope Walk comes word that {firm} {deed}.",
        "{firm}, {age} years in business, {deed}.",
        "{friend} of {firm} let slip that the house {deed}.",
        "For the record, {firm} {deed}.",
        "One line on {firm}, which {deed}.",
    ),
    comparisons=(
        "{firm} {more} {than} in the year before.",
        "{period} {firm} {more} {than} {rival}.",
        "{rival} will have read it: {firm} {more} {than} in any other year.",
        "Put beside last {season}, {firm} {more} {than} then.",
        "{firm} {more} {than} {rival}, if the books are right.",
        "The {season} is over, and {firm} {more} {than} a twelvemonth ago.",
    ),
)
BUGLE = Paper(
    name="Bugle",
    placed=(
        "Well now, {act} {place}.",
        "You will not believe it, but {pas} {place} on {day}.",
        "Our cousin {place} swears that {act}.",
        "{pas} {place}: so says the whole fish queue.",
        "Hear, hear, {act} {place} on {day}!",
        "Brackwater may yawn, but {act} {place}.",
        "The Bugle blows for {spot}, where {act}.",
        "<Three cheers|No cheers>, please: {pas} {place}.",
        "If you missed it {place}, you missed this: {act}.",
        "{day} saw a fine to-do {place}, since {act}.",
    ),
    unplaced=(
        "Well now, {act} on {day}.",
        "You will not believe it, but {pas}.",
        "Our cousin swears that {act} on {day}.",
        "{pas}: so says the whole fish queue.",
        "Hear, hear, {act}!",
        "Brackwater may yawn, but {act}.",
        "The Bugle blows this week because {act}.",
        "<Three cheers|No cheers>, please: {pas}.",
        "If you slept through {day}, you missed this: {act}.",
        "{day} saw a fine to-do, since {act}.",
    ),
    figures=(
        "Psst: {figure} {move} at {firm}.",
        "A little bird sings that {figure} {move} at {firm} {period}.",
        "Poor or rich, {firm} cannot hide it: {figure} {move}.",
        "Ask {friend} of {firm}, who knows that {figure} {move} {period}.",
        "{firm}, they whisper at the pump: {figure} {move} {period}.",
    ),
    deeds=(
        "Psst: {firm} {deed}.",
        "A little bird sings that {firm} {deed}.",
        "Guess who {deed}: {firm}, of all houses.",
        "{friend} swears on the family goose that {firm} {deed}.",
        "At the pump one hears that {firm} {deed}.",
    ),
    comparisons=(
        "Psst: {firm} {more} {than} {rival}.",
        "A little bird sings that {firm} {more} {than} a year back.",
        "Take that, {rival}: {firm} {more} {than} you.",
        "{friend} of {firm} can count: the house {more} {than} {rival}.",
    ),
)

WHERE = (  # where the first sentence does not say it
    "The scene was {spot}.",
    "It all came to pass {place}.",
    "Those who were {place} will not forget it.",
    "{spot} had not seen such a crowd for years.",
    "Readers will find the spot {place}.",
    "None of it would have happened anywhere but {place}.",
)
# What may follow an event: as the house says it in one line, and as articles say it.
FOLLOWS = {
    "sale": ("the sale opens {when}", "Those who want their share should queue at the stalls {when}.",
        "Bidding is to begin {when}, cash in hand.", "Purses should be brought along {when}."),
    "sail": ("departure is {when}", "The crew has been told to be aboard {when}.", "Ropes will be cast off {when}.",
        "Whoever wants to travel should be packed {when}."),
    "work": ("the work takes {n} weeks", "Masons reckon with {n} weeks of dust.",
        "{n:cap} weeks of hammering lie ahead.", "Scaffolding will be seen there for {n} weeks."),
    "cost": ("the bill is {n} crowns", "Whoever asks for the price is told {n} crowns.",
        "The sum of {n} crowns changed hands.", "{n:cap} crowns had to be found for it."),
    "inquiry": ("an inquiry opens {when}", "The judge will want to know more {when}.",
        "Questions will be put to all concerned {when}.", "The constable expects every witness {when}."),
    "search": ("a search sets out {when}", "Volunteers with lanterns will comb the area {when}.",
        "Divers and dogs will be sent out {when}.", "Sharp eyes are wanted for the hunt {when}."),
    "feast": ("a feast follows {when}", "Long tables will be laid for everyone {when}.",
        "There will be fiddles, pies and dancing {when}.", "The brewers promise free cider {when}."),
    "reopen": ("all reopens {when}", "The barriers will be taken away {when}.",
        "Things should run as usual again {when}.", "Those who must pass are told to come back {when}."),
    "vote": ("a vote is due {when}", "The last word will be spoken at the ballot box {when}.",
        "The ayes and noes will be counted {when}.", "Every ward may say yes or no {when}."),
    "protest": ("a protest is called {when}", "Those who dislike it will march with drums {when}.",
        "Banners are being painted for a march {when}.", "The angriest mean to gather under the clock {when}."),
    "start": ("the new order starts {when}", "The town will feel the difference {when}.",
        "The change is to come {when}.", "Clerks will see to the change {when}."),
    "return": ("a return is set {when}", "Nobody has long to wait for the next round, which comes {when}.",
        "The same faces will be seen again {when}.", "More of the same is promised {when}."),
    "show": ("the public may see it {when}", "Curious folk may have a look for a penny {when}.",
        "Schoolchildren will be led past it {when}.", "It may be stared at, though not touched, {when}."),
    "report": ("the findings appear {when}", "Every figure will be read to the Society {when}.",
        "A pamphlet with all the details is to be had {when}.", "What it all means will be explained {when}."),
}  # fmt: skip
EXTRAS = {  # sentences beside the point, by kind
    "weather": (
        "A <thin|cold|warm|steady> rain fell <from noon on|all {day}|until {hour}|for {n} minutes>.",
        "The <gulls|swallows|geese> flew <low|high|in circles> <all {day}|until {hour}|for {n} minutes>.",
        "<Fog|Mist|Smoke|Haze> hung over the <river|roofs|marsh|market> <all {day}|until {hour}|for {n} hours>.",
        "{day} had been <as warm as May|too cold for hats|wet enough for ducks> <until {hour}|since {hour}>.",
        "The wind <turned at {hour}|dropped after {n} hours|stole {n} hats|blew from the marsh all {day}>.",
        "<Hail|Sleet|Snow> lay <knee-deep|thinly|for {n} hours> on the <quays|roofs|cobbles> on {day}.",
        "The thermometer <at|behind> the <chemist's|town hall|post office> showed {n} degrees at {hour}.",
    ),
    "quote": (
        '"<It was high time|I had my doubts|My feet are wet|Nobody asked me>," <said|sighed|remarked> {friend}.',
        '{friend}, {job:a}, told the {paper}: "<You should have seen it|I blame the moon|One gets used to it>."',
        '"<Put that in your paper|I shall write to my aunt|That calls for tea>," {friend} called out.',
        '"<My grandmother did it better|It smells of fish|I only blinked once>," was the view of {friend}.',
        '"<Tell my brother|Write that down|Mind the step>," {friend}, {job:a}, <advised us|shouted|begged>.',
        '"I have waited {n} years for this," {friend} <said|told the {paper}|whispered>.',
        'Asked for a word, {friend} said only "<yes|perhaps|Thursday|ask my wife>".',
    ),
    "people": (
        "{friend}, {job:a}, <sold {n} pies|lost a hat|fainted twice|kept the children quiet> meanwhile.",
        "{friend} <climbed a tree|stood on a barrel|paid {n} pennies> for a better view.",
        "{friend}, {n} years old, <danced a polka|held the ladder|was woken for it|saw nothing of it>.",
        "Among those present was {friend}, {job:a} <by trade|from {elsewhere}>.",
        "{n:cap} <children|choirboys|bargemen|apprentices> from {elsewhere} <sang|threw rice|blocked the road>.",
        "{elsewhere} sent <{n} visitors|its only policeman|a cake|a rather stiff letter>.",
        "{friend} from {elsewhere} had come <by mistake|on foot|with {n} cousins>.",
    ),
    "past": (
        "{n:cap} years ago nobody in {elsewhere} would have thought it possible.",
        "{elsewhere} is <known for its onions|{n} miles off|fond of such things|a place of {n} houses>.",
        "The {job} {friend} used to say that <nothing lasts|all things come in threes|haste is for herrings>.",
        "In {elsewhere} such things are settled <with a goose|by drawing straws|within {n} minutes>.",
        "A book on {elsewhere} devotes {n} pages to such matters.",
        "{friend} had foretold it {n} years ago, in verse.",
        "<Old|Older|Sober> readers will recall {friend} and the affair of the <goose|wet hymn books|glass piano>.",
    ),
    "old": (
        "In <spring|autumn|winter|{month}>, it will be remembered, {old}.",
        "Our archive tells that {old} <a century|{n} years|ten summers> ago.",
        "It is {n} years since {old}.",
        "The last time that people were so stirred, {old}.",
        "This comes {n} <weeks|months|days> after {old}.",
        "{old:cap}, but that was {n} years ago.",
    ),
}  # fmt: skip
JOBS = ("baker", "lamplighter", "fishwife", "schoolmistress", "cooper", "organist", "midwife", "clerk", "eel catcher",
    "tailor", "postman", "umbrella maker")  # fmt: skip
HOURS = ("noon", "dawn", "midnight", "sunset", "eight", "nine", "ten", "eleven", "three in the afternoon")
KICKERS = {"harbour": "Tide", "council": "Gavel", "sport": "Whistle", "trade": "Till", "world": "Post",
    "science": "Lens"}  # fmt: skip

# Notes of which one clause or expectation decides, in both papers.
CONTRASTS = (  # the clause {two} decides
    "{firm} has two things to report: {one}, but {two}.",
    "While {one} at {firm}, {two}.",
    "At {firm} {two}, though {one}.",
    "{one} at {firm}; what counts is that {two}.",
    "Despite everything {two} at {firm}, even if {one}.",
    "{firm} can say that {one}, and yet {two}.",
)
FEARED = ("The fear that {figure} {move} at {firm} was <groundless|unfounded>.",
    "It was feared that {figure} {move} at {firm}, and <wrongly so|the fear was idle>.")  # fmt: skip
HOPED = ("The hope that {figure} {move} at {firm} was <idle|in vain>.",
    "It was hoped that {figure} {move} at {firm}, but <in vain|the hope was idle>.")  # fmt: skip
PERIODS = ("this spring", "over the winter", "in {month}", "this quarter", "after {month}",
    "between {month} and {last}",
    "this autumn", "in the year just past")  # fmt: skip
