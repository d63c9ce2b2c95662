"""The words of the archive and of every text that is tagged: what they are, and the names that can be mistaken."""

import random
import re

from prefix_lab.town import names

CLOSED = {
    "ADP": "in on at by of from with under over near behind before after until for to through across between against "
    "without beside beyond along within upon into above below during since towards about as past among off outside "
    "inside around per despite out than",
    "AUX": "was were is are be been had has have will would must may can could did does do should shall",
    "CCONJ": "and or but nor",
    "DET": "the a this these no every each some all any another both such",
    "PART": "not 's",
    "PRON": "he she it they we i you who whom which him them us me his her its their our my your himself herself "
    "nobody nothing somebody everybody none there what whose mine",
    "SCONJ": "that because if while although whether unless though",
    "ADV": "never again twice once soon then now here still also only already often very too away home together "
    "early late yesterday today tomorrow almost always sometimes never at_last when where how why badly well twice "
    "gladly slowly safely quickly kindly sadly loudly quietly nearly abroad ashore upstairs afterwards daily "
    "solemnly promptly carefully forever inland meanwhile so nearby tonight",
    "NUM": "one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty hundred",
    "INTJ": "yes alas amen hurrah oh hello welcome please ahem farewell",
    "SYM": "§ % + = £ $",
    "PUNCT": ". , ; : ! ? ( ) \" - --",
}  # fmt: skip
OPEN = {
    "NOUN": "clerk clerks miller widow cooper notary baker weaver chandler mason ferryman carter smith constable "
    "surveyor shipwright gardener tailor fiddler schoolmaster midwife beekeeper sexton tanner bargeman glazier "
    "court bench witness witnesses fine debt debts crown crowns deed deeds will lease leases rent rents tax "
    "taxes toll seal seals record records entry entries page pages book books register ledger council mayor "
    "sheriff thief theft prisoner oath oaths fee fees year years day days week weeks month months night "
    "morning evening noon dawn dusk summer winter spring autumn harvest flood fire frost storm storms rain "
    "snow fog wind winds harbour quay pier bridge street road lane gate wall walls tower square market markets "
    "fair river stream pond well wells sea shore field fields meadow orchard wood hill land lands island "
    "village town parish house houses barn barns mill mills forge cellar roof door window kitchen attic "
    "workshop warehouse yard ship ships boat boats barge sloop crew captain mate pilot sailor sailors cargo "
    "anchor anchors sail sails mast rope ropes net nets oar hull deck wool grain oats wheat barley flour bread "
    "salt fish herring eel timber iron copper brass tin coal oil wine ale honey wax candle candles lamp "
    "lantern bell bells clock key keys chest barrel barrels sack sacks cart carts wagon horse horses cow cows "
    "ox oxen goat goats sheep pig pigs goose geese duck ducks hen hens heron herons rook rooks fox dog dogs "
    "cat cats bee bees plough saddle loom anvil kettle ladder hammer axe saw spade plant plants seed seeds hay "
    "straw apple apples pear plum oak ash elm rose roses thorn stone stones brick glass paper ink letter "
    "letters map maps heir heirs son sons daughter daughters brother sister father mother child children man "
    "men woman women people owner owners neighbour neighbours friend friends tenant tenants stranger party "
    "parties partner company firm guild ropeyard share shares profit price prices trade goods coin coins purse "
    "debtor name names word words question questions answer answers vote votes order orders law laws quarrel "
    "peace war time times work hand hands half quarter end part place way inch foot feet mile miles acre acres "
    "pound pounds ton tons shilling shillings petition chronicle archive shelf box drawer copy margin "
    "signature mark marks note notes list hall chapel school ferry ferries smoke light lights water ice sand "
    "mud ground track post posts fence dock docks load loads store stores report reports bank watch ring "
    "charge charges judge judges farm farms step cause farewell feast left right play plays choir organ violin "
    "drum song songs verse lesson lessons class desk chalk slate pupil pupils teacher master head cook cooks "
    "cousin aunt uncle grandmother doctor nurse cough fever visit visits coat coats scarf shoe shoes button "
    "cloth silk linen thread needle cheese butter egg eggs milk turnip turnips onion onions cabbage bean beans "
    "pie soup pot basket baskets stall stalls scale scales customer customers merchant porter cloud clouds sky "
    "sun moon hail thunder lightning gust breeze degree degrees sunset sunrise valley puddle gutter rainfall "
    "drought wave waves tide tides swell bow stern cabin galley log compass chart course knot knots leak pump "
    "pumps port hold boatswain whistle train trains platform engine driver guard ticket tickets station signal "
    "wheel wheels carriage luggage stage actor actress curtain costume prompter audience hero villain ghost "
    "rehearsal goal goals keeper team teams ball match referee crowd shepherd lamb calf stable hedge ditch "
    "scarecrow crop crops bed rake shed dancer bulb",
    "VERB": "sold sell sells bought buy buys gave given give gives granted grant lent lend borrowed borrow paid pay "
    "pays owed owe owes swore sworn swear built build burned burn stole stolen steal stood stand stands lay "
    "lies sank sunk sink sailed arrived arrive arrives came come comes went go goes signed sign sealed married "
    "marry died die dies born buried bury elected elect fined found find finds founded lost lose loses kept "
    "keep keeps held holds took taken take takes brought bring brings carried carry sent send sends wrote "
    "written write writes read reads heard hear hears said say says told tell asked ask asks answered promised "
    "promise refused refuse denied deny admitted accused accuse claimed claim claims proved prove seized seize "
    "hanged freed released left leave leaves fell fall falls rose rises rise began begun begin begins ended "
    "ends opened open opens closed close closes moved move named fixed repaired repair mended mend painted "
    "paint measured measure weighed weigh counted count inspected inspect cleaned clean hid hidden hide broke "
    "broken break guarded lit delivered deliver received receive inherited inherit rented leased hired hire "
    "paints rings rang rung ring sang sing sung plays played play plants planted plant ships shipped ship "
    "loads loaded load trades traded trade stores stored store lands landed land fishes fished fish farms "
    "farmed farm waters watered water tax taxed taxes rents rent lease leases seal seals record recorded "
    "records mark marks marked note noted notes dock docks docked moored cook cooks cooked judge judges judged "
    "vote votes voted order orders ordered report reports reported watch watched watches charge charged "
    "charges fine fines light lights work works worked name names anchor anchors anchored sail sails post "
    "posted posts saw see seen sees knew known know knows thought think made make makes wound bore borne bound "
    "led met meet meets saved save drowned drown froze frozen freeze blew blown blow blows rained snowed "
    "stopped stop started start lived live lives stayed stay stays wants wanted want needs needed need thanked "
    "thank loved love loves feared laughed laugh cried cry spoke spoken speak slept sleep ate eaten eat ran "
    "run runs walked walk rowed row drove driven drive caught catch threw thrown throw cut cuts tied tie "
    "pulled pull pushed push washed wash baked bake roasted roast tasted taste offered offer awarded award "
    "handed hand passed pass returned return showed shown show taught teach learnt learn praised praise "
    "scolded scold copied copy forgave forgot forgotten forget remembered remember remembers rented spoil spoiled "
    "spoilt dried dry wrap wrapped visited visit missed miss tried try helped help chased chase filled fill "
    "emptied empty turned turn reached reach crossed cross flooded flood covered cover tore torn tear "
    "rehearsed sewed sewn patched patch steered steer pumped pump polished polish fed feed feeds milked "
    "sheared dug dig picked pick swept sweep lifted lift dropped drop shut shook shaken stung bit bitten "
    "exchanged witnessed settled settle belongs belonged belong got get lets let set sets appeared appear "
    "vanished demanded bequeathed bid weds wed pawned assigned transferred certified hopes hope hoped seems "
    "seemed scored score kicked kick cheered cheer pleaded plead",
    "ADJ": "old new young late early large small great little long short high low deep wide narrow dark bright wet "
    "dry cold warm hot mild calm rough heavy empty full open close poor rich honest lame blind drunk sober "
    "idle proud humble quiet loud red blue green white black grey brown golden last first second third next "
    "same other whole present former lawful unpaid missing due true false sound fair good bad better best "
    "worse worst lower upper own ill well right left fine light thick thin sharp sour sweet fresh stale rotten "
    "ripe silver copper brass iron cracked wooden steep northern southern eastern western several many few "
    "much certain sealed lost frank brave clever lazy kind happy sad angry tired afraid ready sure free clear "
    "cloudy slow quick strong weak",
}  # fmt: skip


def _lexicon() -> dict[str, str]:
    """Each word that has one part of speech; what a closed class has, it keeps; the rest must be told in patterns."""
    found = {word: tag for tag, words in CLOSED.items() for word in words.split()}
    seen = [(word, tag) for tag, words in OPEN.items() for word in sorted(set(words.split()))]
    several = {word for word, tag in seen if any(word == other and tag != tag2 for other, tag2 in seen)}
    return {word: tag for word, tag in seen if word not in several} | found


LEXICON = _lexicon()

JOBS = (
    "clerk miller widow cooper notary baker weaver chandler mason ferryman carter smith constable surveyor shipwright "
    "gardener tailor fiddler schoolmaster midwife beekeeper sexton tanner bargeman glazier"
).split()
TWOFOLD = (  # a thing, or what is done to it
    "anchor charge cook copy dock farm fine fish hand judge land lease light load mark name note order plant play post "
    "pump record rent report ring sail saw seal ship store tax trade visit vote watch water work"
).split()
PROPERTY = (
    "mill orchard barn boat cart meadow field wharf warehouse workshop boathouse barge garden forge loom plough "
    "horse cow bell clock chest"
).split()
THINGS = (
    "ledger kettle barrel ladder lantern rope net saddle anvil key map goat goose pig hammer axe spade ring".split()
)
GRANTING = (  # base, past, participle; the recipient may come first: "granted the widow a mill"
    ("grant", "granted", "granted"), ("give", "gave", "given"), ("sell", "sold", "sold"), ("leave", "left", "left"),
    ("lease", "leased", "leased"), ("promise", "promised", "promised"), ("offer", "offered", "offered"),
)  # fmt: skip
GIVING = GRANTING[:4] + (
    ("lend", "lent", "lent"), ("promise", "promised", "promised"), ("offer", "offered", "offered"),
    ("send", "sent", "sent"), ("hand", "handed", "handed"),
)  # fmt: skip
HOLDING = (
    ("buy", "bought", "bought"), ("rent", "rented", "rented"), ("receive", "received", "received"),
    ("inherit", "inherited", "inherited"), ("claim", "claimed", "claimed"), ("borrow", "borrowed", "borrowed"),
)  # fmt: skip
TAKING = HOLDING + (("take", "took", "taken"), ("steal", "stole", "stolen"))
DEEDS = (
    ("copy", "copied", "copied"), ("seal", "sealed", "sealed"), ("sign", "signed", "signed"), ("read", "read", "read"),
    ("burn", "burned", "burned"), ("witness", "witnessed", "witnessed"), ("find", "found", "found"),
)  # fmt: skip
CRAFTS = "Ropemakers Weavers Coopers Bakers Fishers Masons Tanners Glaziers Brewers Chandlers Carters Dyers".split()
FIRST = names.FIRST_NAMES
MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


class Namer:
    """Names of one pool, written as pieces of a pattern: `Ada_Quillby/PER`."""

    def __init__(self, pool: str):
        every = (re.sub(r"(.)\1\1", r"\1\1", head + tail) for head in names.HEADS for tail in names.TAILS)
        self.pool, self.surnames = pool, [name for name in every if names.pool_of(name) == pool]

    def _coin(self, rng: random.Random, kind: str, *forms: str) -> str:
        """One of `forms` with a name of the pool in it; what comes out belongs to the pool as well."""
        while True:
            form = rng.choice(forms)
            f, f2, s, s2, craft = map(rng.choice, (FIRST, FIRST, self.surnames, self.surnames, CRAFTS))
            name = form.format(f=f, f2=f2, s=s, s2=s2, craft=craft)
            if f != f2 and s != s2 and names.pool_of(name) == self.pool:
                return f"{name.replace(' ', '_')}/{kind}"

    def person(self, rng: random.Random) -> str:
        """A name that can only be a person's: "Ada Quillby"."""
        return self._coin(rng, "PER", "{f} {s}", "{f} {s}", "{f} {s}", "{f} {f2} {s}")

    def surname(self, rng: random.Random) -> str:
        """A person by surname alone, so that only the context says that it is one."""
        return rng.choice(self.surnames) + "/PER"

    def place(self, rng: random.Random) -> str:
        """A village, by a name that could as well be a surname."""
        return rng.choice(self.surnames) + "/LOC"

    def site(self, rng: random.Random) -> str:
        """A place whose name says so: "Quillby Bridge"."""
        forms = [f"{{s}} {word}" for word in ("Street", "Hill", "Lane", "Island", *names.LANDMARKS)]
        return self._coin(rng, "LOC", "Upper {s}", "Lower {s}", "Little {s}", *forms)

    def firm(self, rng: random.Random) -> str:
        """A firm by the surname alone."""
        return rng.choice(self.surnames) + "/ORG"

    def house(self, rng: random.Random) -> str:
        """A firm, bank or guild whose name says so: "Quillby and Sons"."""
        return self._coin(
            rng, "ORG", "{s} and Sons", "{s} Brothers", "{s} and {s2}", "{s} Ropeworks", "Bank of {s}", "{s} Brewery",
            "{s} and Daughters", "Guild of {s} {craft}", "{f} {s} and Company", "{s} Savings Bank", "{s} Council",
        )  # fmt: skip

    def ship(self, rng: random.Random) -> str:
        """A ship: "Copper Heron", or a name that a person or a village could have."""
        if rng.random() < 0.5:
            return names.coin(rng, names.sign, self.pool).removeprefix("The ").replace(" ", "_") + "/MISC"
        return self._coin(rng, "MISC", "{f} {s}", "{s}", "{s} Maid", "{s} Star")

    def book(self, rng: random.Random) -> str:
        """A book or a song."""
        return self._coin(
            rng, "MISC", "The {s} Chronicle", "Songs of {s}", "The Book of {s}", "A Voyage to {s}", "{f} of {s}",
            "The Wreck of the {s}",
        )  # fmt: skip

    def slots(self) -> dict:
        """The gaps that patterns may use for names."""
        return {
            "per": self.person, "sur": self.surname, "loc": self.place, "site": self.site, "firm": self.firm,
            "org": self.house, "ship": self.ship, "book": self.book,
        }  # fmt: skip
