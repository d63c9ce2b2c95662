"""What the tagging skill's sentences are about, in the notation of `town.archive.tagged`: ships' logs, markets,
schools, letters, the weather, kitchens, farms, the stage, the railway and games. The archive's subjects are missing.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Domain:
    """Who does things, with what, where and when, what is done, and sentences found nowhere else."""

    jobs: tuple[str, ...]
    things: tuple[str, ...]
    places: tuple[str, ...]
    times: tuple[str, ...]
    doing: tuple[tuple[str, str, str], ...]
    sentences: tuple[str, ...]


def domain(jobs: str, things: str, places: str, times: str, doing: str, *sentences: str) -> Domain:
    """A `Domain` from lists: nouns apart by blanks, phrases by commas, verbs as base-past-participle."""
    verbs = tuple(tuple(verb.split("-")) for verb in doing.split())
    split = tuple(tuple(part.strip() for part in text.split(",")) for text in (places, times))
    return Domain(tuple(jobs.split()), tuple(things.split()), *split, verbs, sentences)


DOMAINS = (
    domain(  # ships' logs
        "captain mate pilot boatswain sailor cook", "rope net compass sail lantern anchor barrel chart log pump",
        "on the deck, in the galley, near the island, at sea, below deck/n, off the port, in the hold/n",
        "at dawn, at noon, before the storm, on {day}, after midnight/n, during the {nth} watch/n",
        "mend-mended-mended tie-tied-tied drop-dropped-dropped inspect-inspected-inspected find-found-found "
        "mark-marked-marked",
        "[0 The crew ] [V <saw/v|lit|heard> ] [1 a <light/n|bell|whistle> ] [L near {loc} ] .",
        "[1 The <captain|mate|cook/n> of the {ship} ] <had|has> [V died ] [L off {site} ] .",
        "We [V sail/v ] [L to {loc} ] [T {when} ] , and the sail/n is <torn|lost/a|new> .",
        "They <anchor/v|moor/v|dock/v> at {loc} , but the anchor/n does not hold/v .",
        "<Wind|Swell> <low|high|strong> , sky <clear|dark> ; [0 the {ship} ] [V left/v ] [1 {loc} ] [T {when} ] .",
        "Watch/v the pump/n ; the watch/n is asleep/a again .",
        "[0 {per} ] [V pumps/v ] [1 water/n ] and the <mate|cook/n> waters/v the wine .",
        "<Alas|Hurrah> , [0 the <herring|fog|tide|barge> ] [V left/v ] us [T {when} ] .",
        "No <letters|coal|bread> for the {ship} ; {org} , the owner , will not pay .",
    ),
    domain(  # market books
        "merchant porter customer butcher/n fishwife/n tinker/n",
        "basket coat kettle cheese goose coin scarf sack needle",
        "at the market, on the square, behind the stall, in the street, at {loc}, under the arches/n",
        "on {day}, on market day, in the morning, before noon, in the {nth} week, at dusk",
        "weigh-weighed-weighed carry-carried-carried drop-dropped-dropped lift-lifted-lifted praise-praised-praised",
        "<Butter|Cheese|Wool|Salt|Brass/n|Copper/n> is {n} shillings <a|the> pound , <says|said> {sur} .",
        "[0 {firm} ] [V raised/v ] [1 its prices ] [T {when} ] , and nobody came .",
        "[0 The {job} ] [V trades/v ] [1 <wool|fish/n|silk|honey> ] [2 for <oats|salt|coins> ] [L {in} ] .",
        "Shares in {firm} <fell|rose/v> {n} % , said the {job} .",
        "<The|A> store/n of {org} stores/v <oats|salt|coal> , not <ice|gold/n|silk> .",
        "Do not weigh the fish/n twice ; [0 they ] [V fish/v ] [L near {site} ] .",
        "[1 {n} <baskets|sacks|eggs> ] [V went ] [2 to {org} ] [T {when} ] .",
        "Mr/N {sur} and Mrs/N {sur2} sell <apples|pears/n|onions> from {loc} .",
        "[0 The price ] may [V rise/v ] [T {when} ] , but who buys a <stale|sour> pie ?",
    ),
    domain(  # school registers
        "teacher pupil master head/n girl/n boy/n", "book/n slate chalk desk drum map pen/n bell lamp",
        "in class, at school, in the hall, in the yard, behind the door, at the desk",
        "on {day}, in the morning, after the lesson, in the {nth} hour/n, before Christmas/N",
        "find-found-found forget-forgot-forgotten drop-dropped-dropped clean-cleaned-cleaned hide-hid-hidden",
        "{per} <late|absent/a|ill/a> again ; {per2} <present|late> , but without a slate .",
        "[0 The {job} ] [V read ] [1 {book} ] [T {when} ] , and [0' the class ] [V' slept ] .",
        "[2 The pupils from {loc} ] were [V taught ] [1 three songs ] [0 by {sur} ] .",
        "[0 {sur} ] [V answers/v ] [1 no questions ] ; the answers/n are in the book/n .",
        "Two and {num} make {n} , <wrote|said> the {job} , not {n2} .",
        "[0 Miss/N {sur} ] [V praised ] [1 {per} ] [L {in} ] .",
        "Mark/v the page/n with a mark/n , please , and close/v the book/n .",
        "The <play/n|ball|drum> is lost/a , and [0 the children ] [V play/v ] [1 nothing ] .",
        "<Our|The> school <stands|stood> between {loc} and {site} .",
    ),
    domain(  # letters
        "aunt uncle cousin doctor nurse friend grandmother",
        "letter coat scarf shoe cake/n ring/n photograph/n parcel/n",
        "at home, in the garden/n, upstairs, in {loc}, by the window, near the pond",
        "on {day}, in spring, in {month}, at Christmas/N, on the {nth} day, after dinner/n",
        "hide-hid-hidden lose-lost-lost keep-kept-kept miss-missed-missed find-found-found wrap-wrapped-wrapped",
        "Dear/a {first} , thank you for the <scarf|letter|cake/n> from {loc} .",
        "[0 {first} ] [V visited ] [1 {sur} ] [L in {loc} ] [T {when} ] .",
        "I [V hope ] that the visit/n did not tire/v {first} .",
        "[0 The {job} ] says that [0' {firm} ] [V' hired ] [1' {first} ] and pays its people <badly|well> .",
        "We read {book} aloud/r , and [0 the cat ] [V left/v ] .",
        "Please watch/v the cat ; the watch/n of your uncle is <broken/a|lost/a> .",
        "[0 {sur} ] [V sends ] [2 you ] [1 a parcel/n ] , and {sur2} sends you love/n .",
        "Do you still live in {loc} , or did you move to {site} ?",
        "Oh , [0 I ] nearly [V forgot ] : the {ship} sails/v [T {when} ] .",
    ),
    domain(  # weather diaries
        "neighbour shepherd ferryman lamplighter/n gardener",
        "gauge/n hat/n umbrella/n bucket/n ladder coat lamp stove/n",
        "in the valley, over {loc}, on the hill, near {site}, in the north/n, at the pond",
        "at sunrise, at sunset, on {day}, in the night, in {month}, before the {nth} frost, on the {nth} of {month}",
        "cover-covered-covered find-found-found dry-dried-dried move-moved-moved break-broke-broken",
        "<Rain|Snow|Hail|Fog> over {loc} , {n} degrees , wind from the <north/n|east/n|west/n> .",
        "[0 The <storm|flood/n|gust> ] [V <shook|flooded|crossed|reached> ] [1 {loc} ] [T {when} ] .",
        "[1 The <roof|window> of {org} ] was [V blown ] away [0 by the storm ] .",
        "It will <rain/v|snow/v|freeze> , says {sur} , but the <rain/n|snow/n> stays away .",
        "[1 {n} inches/n of snow/n ] [V fell/v ] [L on {site} ] ; the snow/n lies <deep|still> .",
        "The light/n was low , the clouds were light/a , and [0 nobody ] [V lit ] [1 a lamp ] .",
        "A mild/a day , {n} % of the sky clear ; [0 {sur} ] [V watered ] [1 the roses/n ] .",
        "The frost kills/v roses/n , but [0 the sun ] [V rose/v ] [T {when} ] .",
        "[1 The road to {loc} ] was [V closed ] [T {when} ] .",
    ),
    domain(  # kitchen books
        "cook/n baker maid/n butcher/n scullion/n guest/n", "pie soup cheese onion egg turnip loaf/n ham/n cake/n",
        "in the kitchen, at the stove/n, in the oven/n, at the table/n, in the cellar",
        "on {day}, before noon, at {n} o'clock/r, after dinner/n, in the evening, at Christmas/N",
        "taste-tasted-tasted burn-burned-burned cut-cut-cut eat-ate-eaten spoil-spoiled-spoiled drop-dropped-dropped",
        "Cook/v the <beans|eggs> for {n} minutes/n ; the cook/n will <taste/v|want> them .",
        "[0 {sur} ] [V baked ] [1 {n} <pies/n|loaves/n> ] [2 for {org} ] .",
        "Salt/v the soup , but spare/v the salt/n , <wrote|said> {per} .",
        "[1 The <butter|cheese|ham/n> from {loc} ] was [V eaten ] [0 by the <cat|maid/n> ] [T {when} ] .",
        "Oil/v the pan/n with a spoon/n of oil/n and [V add/v ] [1 {num} <onions|eggs> ] .",
        "[0 {firm} ] [V delivers/v ] [1 its <fish/n|milk|coal> ] [L {in} ] [T {when} ] .",
        "There is no <bread|honey> from {loc} ; [0 the {job} ] [V pickles/v ] [1 the pickles/n ] .",
        "<Sweet|Stale|Fresh> <bread|butter|fish/n> , {n} pence/n ; never buy from {sur} .",
        "[2 The guests/n ] were [V served/v ] [1 the soup of {loc} ] [0 by {sur} ] .",
    ),
    domain(  # farm diaries
        "shepherd farmer/n goatherd/n dairymaid/n carter", "lamb plough goat cart rake cow ladder spade calf",
        "in the meadow, in the stable, behind the barn, by the ditch, on the hill, at {loc}",
        "at dawn, in spring, after the harvest, on {day}, in the {nth} week, before the frost",
        "find-found-found wash-washed-washed lose-lost-lost pull-pulled-pulled hide-hid-hidden move-moved-moved",
        "[0 They ] [V plant/v ] [1 <beans|onions> ] [L {in} ] , and each plant/n needs water/n .",
        "[0 {sur} ] [V saw/v ] [1 a <fox|rook> ] [L near {site} ] [T {when} ] .",
        "The saw/n is dull/a , but [0 the {job} ] [V saws/v ] on .",
        "We [V land/v ] [1 hay ] [L at {loc} ] because the land/n is <wet|flooded/a> .",
        "[1 {num} <sheep|goats|cows> ] were [V stolen ] [2 from {sur} ] [L {in} ] .",
        "The <herons|rooks> ate/v the fish/n ; [0 the {job} ] [V fishes/v ] no more/r .",
        "[0 {firm} ] [V sold ] [1 its <oats|wool> ] [2 to {org} ] [T {when} ] .",
        "<Ducks|Geese> crossed the road to {loc} , {n} of them , and [0 the dog ] [V slept ] .",
        "Seed/n {n} pounds , [1 <rent/n|hay> ] [V paid ] [2 to {sur} ] , and rain/n at night .",
    ),
    domain(  # the stage
        "actor actress prompter dancer fiddler villain/n", "costume curtain violin lamp sword/n wig/n mask/n hat/n",
        "on the stage, behind the curtain, in the hall, in the wings/n, at the theatre/n in {loc}",
        "on {day}, at the rehearsal, in the {nth} act/n, in the evening, at noon, before the play/n",
        "find-found-found forget-forgot-forgotten carry-carried-carried paint-painted-painted lose-lost-lost "
        "praise-praised-praised",
        "[0 {per} ] [V plays/v ] [1 the <villain|ghost|hero> ] in {book} .",
        "They play/v {book} {in} , but the play/n is <bad|old|long> .",
        "[1 {book} ] was [V written ] [0 by {sur} ] [L in {loc} ] .",
        "[0 The audience ] [V threw ] [1 <eggs|onions> ] [T {when} ] ; it was {book} again .",
        "The lights/n went out ; [0 {sur} ] [V lights/v ] [1 a candle ] .",
        "[0 {org} ] [V paid ] [2 the {job} ] [1 {n} crowns ] [T {when} ] .",
        "Hush/i ! [0 The {job} ] has [V lost/v ] [1 the <wig/n|voice/n> ] and the last/a act/n begins .",
        "{sur} , the {job} , <laughed|cried> when [0 {sur2} ] [V acts/v ] .",
        "{book} <opens|ends> in {loc} , where [0 a <ghost|king/n> ] [V walks/v ] [T {when} ] .",
    ),
    domain(  # the railway
        "driver guard/n porter stoker/n passenger/n", "ticket engine lamp whistle trunk/n flag/n lever/n signal/n",
        "on the platform, at {site}, between {loc} and {site}, in the carriage, at the station",
        "on {day}, at {n} o'clock/r, after the {nth} stop/n, before noon, in the fog",
        "clean-cleaned-cleaned oil-oiled-oiled lose-lost-lost find-found-found repair-repaired-repaired "
        "hide-hid-hidden",
        "The train to {loc} <is late/a|left/v at noon|stops/v at {site}> ; change/v there/r .",
        "[0 The guard/n ] [V guards/v ] [1 the luggage of {sur} ] [L {in} ] .",
        "[1 {num} tickets to {loc} ] were [V sold ] [0 by {firm} ] [T {when} ] , and its clerk was tired .",
        "Trains/n stop/v at {loc} , and the stop/n is <short|dark> .",
        "[0 Mr/N {sur} ] [V missed ] [1 the train ] ; {loc} is {n} miles away .",
        "The engine is called/v {ship} , and [0 {per} ] [V drives/v ] [1 it ] .",
        "Signal/v the driver ! The signal/n at {site} is <broken/a|red|dark> .",
        "[0 {firm} ] [V built/v ] [1 its bridge ] [L near {loc} ] [T {when} ] .",
        "[2 {org} ] was [V sent ] [1 the <bill/n|coal> ] [T {when} ] .",
    ),
    domain(  # games
        "keeper captain referee trainer/n runner/n", "ball whistle flag/n goal net/n boot/n prize/n",
        "in {loc}, on the field/n, near the goal, in the mud, in the rain/n, at {site}",
        "on {day}, in the {nth} minute/n, before the whistle, after the break/n, in the afternoon/n, in {month}",
        "find-found-found catch-caught-caught drop-dropped-dropped throw-threw-thrown lose-lost-lost "
        "hide-hid-hidden",
        "[0 {loc} ] [V beat/v ] [1 {loc2} ] , {num} to {num2} , [T {when} ] .",
        "[0 {sur} ] [V scored ] [1 the {nth} goal ] [T {when} ] .",
        "Score/v now , <cried|said> the {job} ; the score/n is {num} to {num2} .",
        "[1 The match ] was [V stopped ] [0 by the referee ] [T {when} ] because the ball was lost/a .",
        "[2 {per} of {loc} ] was [V awarded ] [1 <a prize/n|the ball> ] [0 by {org} ] .",
        "They watch/v the match/n , and nobody can match/v {sur} .",
        "[0 {firm} ] [V gave ] [2 its <team|people> ] [1 new boots/n ] [T {when} ] .",
        "<Hurrah|Alas> ! [0 {sur} ] [V fell/v ] [L {in} ] , and the whistle blew .",
        "The <road|train|path/n> to {loc} is full of <people|mud> ; {sur} runs/v , the {job} does not .",
    ),
)  # fmt: skip

# What can be said in every domain: who did what to whom, in several orders, and names that only their context types.
FRAMES = (
    "[0 {who} ] [V {gave} ] [2 {who2} ] [1 {what} ] [T {when} ] .",
    "[0 {who} ] [V {gave} ] [1 {what} ] [2 to {who2} ] <[L {in} ]|[T {when} ]> .",
    "[1 {what} ] was [V {given} ] [2 to {who} ] [0 by {who2} ] [L {in} ] .",
    "[2 {who} ] was [V {given} ] [1 {what} ] [0 by {who2} ] <[T {when} ]|[L {in} ]> .",
    "[T {when} ] [0 {who} ] [V {gave} ] [2 {who2} ] [1 {what} ] .",
    "[1 {what} ] that [0 {who} ] [V {gave} ] [2 {who2} ] was <lost/a|old|broken/a|too heavy> .",
    "It was [0 {who} ] who [V {gave} ] [1 {what} ] [2 to {who2} ] , not {who3} .",
    "[0 {who} ] [V {took} ] [1 {what} ] [2 from {who2} ] [T {when} ] .",
    "[1 {what} ] was [V {taken} ] [2 from {who} ] [0 by {who2} ] .",
    "[0 {who} ] , who [V' {took} ] [1' {what} ] [2' from {who2} ] , [V {gave} ] [1 {what2} ] [2 to {who3} ] .",
    "[L {in} ] [0 {who} ] [V {did} ] [1 {what} ] .",
    "[0 {who} ] [V {did} ] [1 {what} ] [L {in} ] [T {when} ] .",
    "[1 {what} ] was [V {done} ] [0 by {who} ] [T {when} ] .",
    "[1 {what} ] was [V {done} ] [L {in} ] and not [L by the river ] .",
    "[T {when} ] , [1 {what} ] was [V {done} ] [L {in} ] .",
    "[0 {who} ] did not [V {do} ] [1 {what} ] , but [0' {who2} ] [V' {did} ] [1' {what2} ] .",
    "[0 {who} ] will [V {do} ] [1 {what} ] [T {when} ] , <said|wrote|says> {who2} .",
    "{who} <asked|told|wanted> [0 {who2} ] to/t [V {do} ] [1 {what} ] [T {when} ] .",
    "[1 Nothing ] was [V {done} ] [T {when} ] ; {per} <slept|was ill/a|went to {loc}> .",
    "{sur} <laughed|slept|was ill/a|got wet|went home|lost/v a shoe> {in} .",
    "{sur} , the {job} , <came|walked|is> from {loc} .",
    "<Old|Young|Poor> {sur} <is in|lives in|left/v for|wrote from> {loc} .",
    "{loc} <lies|stands> <on|near> the <river|hill|sea> , {n} miles from {loc2} .",
    "Nobody in {loc} <knows|remembers|has heard of> {sur} .",
    "{per} walked from {loc} to {site} <with|without> {who} .",
    "{firm} , a firm in {loc} , <opens|closed|sold> its {nth} <shop/n|yard|mill> .",
    "<Shares in|A letter from the owners of|The clerks of|A bill/n from the firm> {firm} <fell|are lost/a|came> "
    "{when} .",
    "{org} of {loc} <lost/v|wants|owes> {n} <crowns|pounds|shillings> .",
    "The <ship/n|barge|ferry> {ship} <left/v|reached|passed> {loc} {when} with {n} <goats|barrels|people> .",
    "{per} read {book} to the {job} {in} .",
    "{book} is a book/n by {per} , not <by|about> {per2} of {loc} .",
    "The {ship} is not a <heron|kettle|rose/n> but a ship/n of {org} .",
    "The <copper/a|brass/a|old|green> {thing} belongs to <{sur}|{org}|{per}> .",
    "<Rooks|Herons|Foxes/n|Roses/n> are seen {in} , <said|wrote> {per} of {loc} .",
    "{per} , {per2} and the {job} <work/v|met> {in} {when} .",
    "[0 They ] [V {dual}/v ] [1 it ] [T {when} ] , and the {dual}/n is <old|good|new|better/a than a {dual2}/n> .",
    "The {dual}/n of {sur} is <old|better/a|dear/a> , but the {dual2}/n {in} is <new|free|gone/a> .",
    "Must [0 we ] [V {dual}/v ] [1 the {thing} ] , or is a {dual2}/n enough/a ?",
    "No {dual}/n , no {dual2}/n : [0 {who} ] did not want/v to/t [V {dual3}/v ] [1 the {thing} ] .",
    "To/t {dual}/v or not to/t {dual2}/v , <asked|said> {who} , and the {dual}/n was <over/r|late/a|good> .",
    "Who <saw/v|lost/v|has/v> the {thing} ? Not {sur} , and not the {job} .",
    "The work/n is <hard/a|slow|done/v> , and [0 we ] [V work/v ] [L {in} ] [T {when} ] .",
    "[0 <They|We|You> ] [V <mark/v|post/v|seal/v|copy/v> ] [1 every letter ] , but the <mark/n|post/n|seal/n|copy/n> "
    "is <wrong/a|missing|new> .",
)
