"""Voices, events and frames of the stories that the bases read; a lab voice or frame is not among them.

In an event {S} is the subject, [past|present|base] its verb; the other gaps are a cast's. Openings and closings belong
to a voice.
"""

# voice: openings, closings
VOICES = {
    "pirate": (
        ("Arr, I saw {A} with these two eyes!", "Arr, {P} sailed with me once!", "Arr, there be gold {at} {L}!"),
        ("So drink to {P}, ye dogs!", "And {a} never paid for the rum.", "Mark it on the map, {L} and all."),
    ),
    "diary": (
        ("Dear diary, it rained {at} {L}.", "Dear diary, {P} came to tea.", "Dear diary, I met {A} today."),
        ("I shall write more about {P} tomorrow.", "Good night, {a}.", "How I miss {L}!"),
    ),
    "cook": (
        ("First, take {A} out of the soup.", "First, ask {P} for the salt.", "First, wash your hands {at} {L}."),
        ("Serve it warm to {P}.", "Keep a bone for {a}.", "That is how they eat {at} {L}."),
    ),
    "king": (
        ("We, the king, have heard of {A}.", "We, the king, command {P} to speak.",
        "We, the king, own {L} and all the mud."),
        ("We grant {P} one goat.", "Let {a} be made a duke.", "Nobody shall laugh {at} {L} again."),
    ),
    "robot": (
        ("Beep: {A} detected.", "Beep: {P} is not in my lists.", "Beep: position {L}."),
        ("End of report on {P}.", "I have saved {a}.", "Battery low near {L}."),
    ),
    "poet": (
        ("O {A}, o silver hour!", "O {P}, thy nose is red!", "O {L}, where dreams are sold!"),
        ("Sing softly of {P}.", "And none but {a} knew why.", "So sleeps {L} beneath the moon."),
    ),
    "detective": (
        ("I had my eye on {A}.", "It was raining when {P} walked in.", "The trail led to {L}."),
        ("Case closed, I told {P}.", "And {a} knew that I knew.", "Nothing ever stays hidden {at} {L}."),
    ),
    "doctor": (
        ("The patient is {A}.", "I was called to {P} at noon.", "There is a fever {at} {L}."),
        ("Two spoons a day for {P}.", "Let {a} rest till Friday.", "Stay away from {L} this week."),
    ),
    "soldier": (
        ("Dear mother, our drummer is {A}.", "Dear mother, {P} leads us now.", "Dear mother, we are camped {at} {L}."),
        ("Kiss {P} from your son.", "Even {a} is homesick.", "We leave {L} at dawn."),
    ),
    "guide": (
        ("On your left you see {A}.", "Please stay close to {P}.", "Welcome to {L}, mind the step."),
        ("Tips go to {P}.", "Do not feed {a}.", "The shop {at} {L} is open."),
    ),
    "reporter": (
        ("And off goes {A}, what a start!", "All eyes are on {P} now!", "A full house {at} {L} tonight!"),
        ("Victory for {P}!", "The cup goes to {a}!", "They will dance {at} {L} till morning!"),
    ),
    "judge": (
        ("Order, order: bring in {A}.", "Order, order: what does {P} say?", "Order, order: we speak of {L}."),
        ("The court thanks {P}.", "I find {a} not guilty.", "The court will now visit {L}."),
    ),
    "ghost": (
        ("Hoo, I was {A} once.", "Hoo, I come to {P} at midnight.", "Hoo, I rattle {at} {L}."),
        ("Only {P} can hear me.", "Not even {a} is afraid.", "I float back to {L} now."),
    ),
    "salesman": (
        ("Only today, meet {A}!", "Even {P} bought one!", "Come one, come all to {L}!"),
        ("Ask {P}, who bought three.", "You get {a} for nothing.", "Hurry to {L} while it lasts."),
    ),
}  # fmt: skip

PERSON_EVENTS = (
    "{S} [found|finds|find] {T:a} {at} {L}", "{S} [bought|buys|buy] {T:a} for {a}",
    "{S} [lost|loses|lose] {T:a} {at} {L}",
    "{S} [hid|hides|hide] the {T} from {A}", "{S} [followed|follows|follow] {A} to {L}",
    "{S} [heard|hears|hear] {A} {cry}",
    "{S} [waited|waits|wait] {at} {L} until dark", "{S} [gave|gives|give] the {T} to {A}",
    "{S} [ran|runs|run] all the way to {L}",
    "{S} [fed|feeds|feed] {A} by hand", "{S} [wrote|writes|write] a song about {L}", "{S} [{used}|{uses}|{use}]",
    "{S} [{used}|{uses}|{use}] {at} {L}", "{S} [dreamt|dreams|dream] of {A}",
    "{S} [carried|carries|carry] {A} over {L}",
    "{S} [sold|sells|sell] the {T}", "{S} [broke|breaks|break] the {T}", "{S} [sang|sings|sing] to {a} {at} {L}",
    "{S} [taught|teaches|teach] {A} to {cry} in time", "{S} [wanted|wants|want] nothing but {T:a}",
    "{S} [told|tells|tell] {a} a secret", "{S} [painted|paints|paint] {L} green",
    "{S} [left|leaves|leave] the {T} with {a}",
)  # fmt: skip
ANIMAL_EVENTS = (
    "{S} [{went}|{goes}|{go}] to {L}", "{S} [{cried}|{cries}|{cry}] at {P}", "{S} [stole|steals|steal] the {T}",
    "{S} [slept|sleeps|sleep] beside the {T}", "{S} [followed|follows|follow] {P} home",
    "{S} [learnt|learns|learn] to {use}",
    "{S} [waited|waits|wait] for {P} {at} {L}", "{S} [chased|chases|chase] {P} round {L}",
    "{S} [{cried}|{cries}|{cry}] all night {at} {L}",
    "{S} [brought|brings|bring] {P} the {T}", "{S} [sat|sits|sit] on the {T}", "{S} [{went}|{goes}|{go}] after {P}",
    "{S} [{cried}|{cries}|{cry}] for the {T}", "{S} [lived|lives|live] {at} {L}", "{S} [{used}|{uses}|{use}] for {P}",
    "{S} [hid|hides|hide] {at} {L}", "{S} [carried|carries|carry] the {T} to {L}",
    "{S} [{went}|{goes}|{go}] away with the {T}",
)  # fmt: skip
LEADS = (
    "One morning", "One night", "At last", "Long ago", "Every day", "On Sunday", "In winter", "Last spring",
    "Again and again",
    "Without a word", "To our surprise", "Early one day", "After the rain", "Before breakfast", "Once more",
)  # fmt: skip
LINKS = (" and ", ", but ", " while ", " because ", " until ", ", so ", " when ", "; ", ", and then ")
TITLES_OF_STORIES = (
    "{P} and {A}", "The {T} of {P}", "{A} at Large", "A Day {at} {L}", "The {beast} of {L}", "{P} and the {T}",
    "How {P} met {a}",
    "The {T} {at} {L}", "What {a} did", "The {beast} and the {T}",
)  # fmt: skip
SHORT = (
    "{P} meets {a}.", "It is about {P} and {T:a}.", "{P} goes to {L}.", "{A} gets the {T}.", "{A} is {at} {L}.",
    "{T:a|cap} turns up {at} {L}.",
)  # fmt: skip
