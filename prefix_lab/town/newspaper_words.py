"""What newspapers tell of: verbs with their equals, and in each section who does what to what."""

import random
import re
from dataclasses import dataclass

from prefix_lab.town import names
from prefix_lab.town.grammar import Pattern, spell

# A verb and others that say the same; a summary or a headline uses the first.
VERBS = {
    "open": ("throw open", "inaugurate"), "close": ("shut", "seal off"), "repair": ("mend", "patch up"),
    "build": ("put together", "construct"), "buy": ("acquire", "take over"), "sell": ("auction", "dispose of"),
    "rescue": ("save", "bring to safety"), "land": ("bring in", "unload"), "strike": ("hit", "ram"),
    "lose": ("mislay", "drop"), "approve": ("pass", "agree to", "back"),
    "reject": ("throw out", "turn down", "vote down"), "raise": ("put up", "increase"),
    "cut": ("lower", "trim", "reduce"), "name": ("appoint", "choose", "pick"),
    "beat": ("defeat", "overcome", "outplay"), "win": ("carry off", "take", "claim"),
    "break": ("smash", "better"), "sign": ("engage", "take on"), "hire": ("employ", "recruit"),
    "dismiss": ("lay off", "let go"), "ban": ("forbid", "outlaw"), "send": ("dispatch", "send off"),
    "discover": ("find", "come upon", "bring to light"), "count": ("tally", "number"),
    "test": ("try out", "put to the test"), "publish": ("print", "bring out"), "measure": ("gauge", "work out"),
    "cancel": ("call off", "scrap"), "delay": ("postpone", "put off", "hold up"), "promise": ("pledge", "announce"),
    "destroy": ("wreck", "ruin"), "visit": ("tour", "inspect"), "conclude": ("seal", "settle"),
    "sink": ("go down", "founder"), "resign": ("step down", "give up the seat"), "retire": ("stop playing",
        "bow out"),
    "miss": ("sit out", "skip"), "show": ("display", "exhibit"),
}  # fmt: skip
IRREGULAR = {
    "build": "built built", "buy": "bought bought", "sell": "sold sold", "bring": "brought brought",
    "strike": "struck struck", "hit": "hit hit", "lose": "lost lost", "throw": "threw thrown", "put": "put put",
    "cut": "cut cut", "choose": "chose chosen", "beat": "beat beaten", "overcome": "overcame overcome",
    "win": "won won", "take": "took taken", "break": "broke broken", "lay": "laid laid", "let": "let let",
    "forbid": "forbade forbidden", "send": "sent sent", "find": "found found", "come": "came come",
    "hold": "held held", "sink": "sank sunk", "go": "went gone", "step": "stepped stepped", "give": "gave given",
    "stop": "stopped stopped", "bow": "bowed bowed", "shut": "shut shut", "trim": "trimmed trimmed",
    "ban": "banned banned", "drop": "dropped dropped", "mislay": "mislaid mislaid", "sit": "sat sat",
    "skip": "skipped skipped", "scrap": "scrapped scrapped", "ram": "rammed rammed", "show": "showed shown",
        "cancel": "cancelled cancelled", "patch": "patched patched",
}  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = tuple("January February March April May June July August September October November December".split())

# Gaps: {n} a number in words, {p} marks a plural, {land} and {team} are names, the others lists of words.
FILLERS = {
    "fish": ("herring", "cod", "mackerel", "eels", "crabs", "sprats", "oysters"),
    "cargo": ("coffee", "salt", "wool", "tea", "flax", "pepper", "coal", "timber", "cork"),
    "good": ("candles", "bread", "cheese", "rope", "lamp oil", "boots", "soap", "cloth", "ink", "butter", "honey"),
    "taxed": ("dogs", "chimneys", "bay windows", "cats", "shop signs", "hats", "pigeons", "umbrellas", "doorbells"),
    "works": ("a new well", "a second bridge", "wider pavements", "a town clock", "street lamps", "a public bath",
        "a tram line", "a park", "new drains", "a fire station"),
}  # fmt: skip
TEAMS = ("United", "Athletic", "Rowing Club", "Bowling Club", "Albion", "Skittles Club", "Town", "Cricket Club")
FIRMS = ("and Sons", "and Daughters", "Brothers", "and Company", "Stores", "Mills", "Traders")
PLACES = ("Pier", "Fountain", "Bridge", "Tower", "Steps", "Gate", "Square", "Arches", "Market", "Green")

# section -> (who, verb, what, what may follow); several choices are parted by a bar.
EVENTS = {
    "harbour": (
        ("ship", "land", "{n} crates of {fish}|{n} barrels of {fish}|{n} sacks of {cargo}|{n} bales of {cargo}",
            "sale sail"),
        ("person", "repair", "the sea wall|the slipway|the harbour crane|the lighthouse lamp|the lock gate|the fog "
            "bell|the breakwater", "work cost"),
        ("ship", "strike", "the mole|a sandbank|a buoy|the north quay|a coal barge|a sunken rock|a ferry|the "
            "breakwater", "inquiry work"),
        ("person|ship", "rescue",
            "{n} sailors|{n} oarsmen|a drifting pilot|the crew of a ketch|{n} divers|a deckhand",
            "feast inquiry"),
        ("person", "close", "the north quay|the ferry landing|the lock|the dry dock|the fish hall|the east jetty",
            "reopen work"),
        ("person|firm", "buy", "a steam tug|a trawler|an old schooner|a ferry|a dredger|{n} fishing boats",
            "cost sail"),
        ("ship", "lose", "an anchor|a rudder|{n} nets|a mast|a lifeboat|{n} crates of {fish}", "search inquiry"),
        ("person", "delay", "the night ferry|the mail boat|the herring fleet|the tide pilot|the launch of a cutter",
            "sail reopen"),
        ("person", "open", "a new jetty|a boat school|a sailors' home|a pilot station|a second slipway",
            "feast cost"),
        ("ship", "sink", "", "search inquiry"),
    ),
    "council": (
        ("council", "approve", "a tax on {taxed}|a plan for {works}|the budget for {works}|a petition for {works}",
            "work vote"),
        ("council", "reject", "a tax on {taxed}|a plan for {works}|the budget for {works}|a petition for {works}",
            "vote protest"),
        ("council", "raise", "the bridge toll|the dog licence|the water rate|the chimney tax|the stall rent|the fine "
            "for litter", "protest start"),
        ("council", "cut",
            "the bridge toll|the dog licence|the water rate|the chimney tax|the stall rent|the mayor's "
            "salary", "start vote"),
        ("council", "name", "a new lamplighter|a new town clerk|a new bell ringer|a new night watchman|a new rat "
            "catcher|a new mayor", "start feast"),
        ("council", "ban", "{p}loud carts|{p}hens in the street|{p}street organs|{p}bonfires|{p}kites near the "
            "tower|{p}tall hedges", "start protest"),
        ("council", "cancel", "the harvest fair|the lantern parade|the winter market|the mayor's ball",
            "vote protest"),
        ("councillor", "promise", "{p}new street lamps|a school roof|a second well|{n} new benches|a night coach",
            "work vote"),
        ("councillor", "resign", "", "vote start"),
        ("council", "sell", "the old town hall|the gas works|{n} street lamps|the fire cart|the poor house",
            "cost protest"),
    ),
    "sport": (
        ("team", "beat", "{team}", "return feast"),
        ("person|player", "win",
            "the regatta|the sack race|the chess cup|the long race|the archery prize|the swimming "
            "cup|the cycling race|the wrestling title|the skittles medal", "feast return"),
        ("person|player", "break", "the mile record|the high jump record|the swimming record|the skittles record|the "
            "rowing record|the hurdles record", "feast show"),
        ("team", "sign", "a new goalkeeper|a young bowler|a left-handed batsman|a new trainer|{n} players|a retired "
            "striker", "return cost"),
        ("team", "win", "the cup final|the derby|the opening match|the skittles final|the tug of war|the relay",
            "return protest"),
        ("player", "miss", "the cup final|the derby|the opening match|the boat race|the relay", "return inquiry"),
        ("team", "cancel", "the derby|the cup match|the summer races|the training camp|the boat race",
            "return protest"),
        ("player", "retire", "", "feast show"),
        ("person|firm", "promise", "a silver cup|a new pitch|a running track|{n} footballs|a cinder track",
            "show start"),
    ),
    "trade": (
        ("firm", "open", "a second shop|a bakery|a candle works|a warehouse|a shoe shop|a counting house|a branch",
            "feast sale"),
        ("firm", "hire", "{n} bakers|{n} clerks|{n} weavers|{n} apprentices|a new bookkeeper|{n} coopers",
            "start feast"),
        ("firm", "dismiss", "{n} bakers|{n} clerks|{n} weavers|{n} apprentices|the head bookkeeper|{n} coopers",
            "protest start"),
        ("firm", "raise", "the price of {good}|{p}the wages of {n} clerks|the rent of {n} stalls", "protest start"),
        ("firm", "cut", "the price of {good}|{p}the wages of {n} clerks|the price of {cargo}", "sale protest"),
        ("firm|person", "buy",
            "a rival mill|a candle works|a printing house|a brewery|the corner bakery|a soap factory",
            "cost start"),
        ("firm", "sell", "{n} boxes of {good}|an old warehouse|{n} crates of {good}|a brewery|{n} looms",
            "cost sale"),
        ("firm", "close", "a shop|the corner bakery|a candle works|the soap factory|a weaving shed", "sale protest"),
        ("firm", "delay", "the wage rise|the autumn sale|the delivery of {n} looms|the accounts", "start inquiry"),
        ("person", "show", "a folding ladder|a new kind of {good}|{n} patent kettles|a wind-proof umbrella",
            "sale show"),
    ),
    "world": (
        ("state", "conclude", "a treaty with {land}|a peace with {land}|a trade pact with {land}|a loan from {land}",
            "start vote"),
        ("state", "send", "an envoy to {land}|{n} warships to {land}|{n} horses to {land}|a royal doctor to {land}",
            "sail return"),
        ("state", "ban", "{p}exports of {cargo}|{p}foreign newspapers|{p}travellers from {land}|{p}coins from {land}",
            "start protest"),
        ("state", "open", "the border with {land}|a canal to {land}|an embassy in {land}|a railway to {land}",
            "feast start"),
        ("state", "close", "the border with {land}|the embassy in {land}|the mountain pass to {land}",
            "reopen protest"),
        ("nature", "destroy", "{n} villages|the royal palace|half the harvest|a railway bridge|{n} vineyards|the old "
            "capital", "work search"),
        ("state", "visit", "{p}the islands of {land}|the king of {land}|{p}the ruins of {land}|{n} distant provinces",
            "return feast"),
        ("state", "reject", "the peace with {land}|a treaty with {land}|the crown of {land}|a loan from {land}",
            "vote protest"),
        ("state", "name", "a new prime minister|{n} ministers|a new ambassador|an heir to the throne", "start feast"),
    ),
    "science": (
        ("scholar", "discover", "a new comet|a blind beetle|a moss that glows|a lost star map|{p}the bones of a giant "
            "lizard|a new kind of moth|an unknown metal", "show report"),
        ("scholar", "count", "{n} kinds of moss|{n} sunspots|{n} rare moths|{n} falling stars|{n} rings in an oak",
            "report show"),
        ("scholar", "test", "a flying machine|a steam carriage|a speaking tube|an electric lamp|a diving bell|a "
            "weather glass", "report show"),
        ("scholar", "build", "a telescope|a calculating machine|a weather station|a mechanical loom|a microscope",
            "show cost"),
        ("scholar", "measure",
            "the depth of the lake|the weight of the moon|the age of an oak|the speed of sound|the "
            "height of the tide", "report show"),
        ("scholar", "publish",
            "a map of the moon|an atlas of {n} stars|a book on beetles|a table of the tides|a study "
            "of frogs", "sale report"),
        ("scholar", "reject", "a theory of the tides|the theory of light|a rival's proof|a study of frogs",
            "report protest"),
        ("scholar", "repair",
            "the great telescope|the weather station|the town's oldest clock|the calculating machine",
            "show cost"),
        ("person", "discover", "a fossil fish|the tooth of a mammoth|a stone from the sky|a two-headed newt",
            "show report"),
    ),
}  # fmt: skip
TROUBLING = ("inquiry", "search", "protest", "reopen", "cost")  # of what may follow, that which means trouble
RULERS = ("queen", "king", "senate", "duke", "empress", "parliament")
PLAYERS = ("goalkeeper", "rower", "bowler", "sprinter", "wrestler", "archer", "captain")


def conjugate(verb: str, form: str) -> str:
    """`verb` as "base", "present" (third person), "past" or "participle"; of a phrase the first word changes."""
    head, space, rest = verb.partition(" ")
    if form == "present":
        if re.search(r"[^aeiou]y$", head):
            head = head[:-1] + "ies"
        else:
            head += "es" if re.search(r"(s|x|z|ch|sh|go)$", head) else "s"
    elif form in ("past", "participle"):
        if head in IRREGULAR:
            head = IRREGULAR[head].split()[form == "participle"]
        elif re.search(r"[^aeiou]y$", head):
            head = head[:-1] + "ied"
        else:
            head += "d" if head.endswith("e") else "ed"
    return head + space + rest


@dataclass(frozen=True)
class Event:
    """Who did what, and where; `what` is empty where the verb takes no object."""

    section: str
    who: str
    verb: str
    what: str
    where: str
    plural: bool
    follows: tuple[str, ...]

    def active(self, form: str = "past", verb: str | None = None) -> str:
        """ "Ada Quillby opened a new jetty" """
        return f"{self.who} {conjugate(verb or self.verb, form)} {self.what}".strip()

    def passive(self, verb: str | None = None) -> str:
        """ "a new jetty was opened by Ada Quillby", or the active where there is no object."""
        if not self.what:
            return self.active("past", verb)
        be = "were" if self.plural else "was"
        return f"{self.what} {be} {conjugate(verb or self.verb, 'participle')} by {self.who}"


def draw_who(rng: random.Random, kind: str, pool: str) -> str:
    """Somebody or something of `kind`, named from `pool`; a noun phrase as it stands within a sentence."""
    coin = names.coin
    match kind:
        case "ship":
            return "the " + coin(rng, names.sign, pool).removeprefix("The ")
        case "team":
            return coin(rng, lambda r: f"{names.surname(r)} {r.choice(TEAMS)}", pool)
        case "firm":
            return coin(rng, lambda r: f"{names.surname(r)} {r.choice(FIRMS)}", pool)
        case "council":
            return f"the {coin(rng, names.village, pool)} council"
        case "councillor":
            return f"Councillor {coin(rng, names.person, pool)}"
        case "player":
            return f"{rng.choice(PLAYERS)} {coin(rng, names.person, pool)}"
        case "state":
            return f"the {rng.choice(RULERS)} of {coin(rng, names.word, pool)}"
        case "nature":
            return f"the {rng.choice(('river', 'volcano'))} {coin(rng, names.word, pool)}"
        case "scholar":
            return f"{rng.choice(('Professor', 'Dr'))} {coin(rng, rng.choice((names.surname, names.person)), pool)}"
    return coin(rng, names.person, pool)


def draw_event(rng: random.Random, pool: str, section: str, table: dict = EVENTS) -> Event:
    """One event of `section`, its names from `pool`."""
    who, verb, whats, follows = rng.choice(table[section])
    what = rng.choice(whats.split("|"))
    gaps = {key: rng.choice(words) for key, words in FILLERS.items()}
    gaps |= {"n": spell(rng.randint(2, 60)), "p": ""}
    if "{land}" in what:
        gaps["land"] = names.coin(rng, names.word, pool)
    if "{team}" in what:
        gaps["team"] = draw_who(rng, "team", pool)
    where = f"in {names.coin(rng, names.word if section == 'world' else names.village, pool)}"
    if section != "world" and rng.random() < 0.6:
        where = "at " + names.coin(rng, lambda r: f"{names.surname(r)} {r.choice(PLACES)}", pool)
    plural = what.startswith(("{n}", "{p}"))
    who = draw_who(rng, rng.choice(who.split("|")), pool)
    return Event(section, who, verb, Pattern().format(what, **gaps), where, plural, tuple(follows.split()))
