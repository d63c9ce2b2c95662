"""How each voice tells a story: what happens depends on the kinds of the keywords, how it is said on the voice.

The kinds are named by their letters: P is a person, A an animal, T a thing, L a place. What happens is what happens in
any story of the town; how a voice begins, goes on and ends is its own. Every sentence names someone, so that no
sentence of one cast can occur with another. The gaps are those of `stories_words.Cast`; {E} is what happens, {X} the
hero: the person, or where there is none the animal.
"""

HAPPENINGS = {
    "PAL": ("{P} followed {A} to {L}", "{a} chased {P} round {L}"),
    "PAT": ("{P} hid the {T} from {A}", "{a} {went} away with the {T}"),
    "PTL": ("{P} found {T:a} {at} {L}", "{P} {used}"),
    "ATL": ("{A} carried the {T} to {L}", "{a} learnt to {use}"),
}
VOICES = {
    "grandmother": ("My dears, {E}.", "You may laugh, but {E}.", "I think of {X} to this day."),
    "ship's log": ("Wind fair, soup thin; {E}.", "Before supper {E}.", "Extra pudding for {X}."),
    "news crier": ("Hear ye: {E}!", "What is more, {E}!", "Three cheers for {X}!"),
    "shy child": ("Um, {E}.", "I am almost sure that {E}.", "Please do not tell {X}."),
    "boastful uncle": ("Believe it or not, {E}.", "With my own eyes I saw how {E}.", "Nobody but me could stop {X}."),
    "schoolteacher": ("Eyes to the front: {E}.", "Note well that {E}.", "Now spell {X} with care."),
    "night watchman": ("Ten o'clock, and {E}.", "Eleven o'clock, and {E}.", "Midnight, and {X} snores like a saw."),
    "nosy neighbour": ("You did not hear it from me, but {E}.", "I only say that {E}.", "And they call {X} decent!"),
}


def frame(voice: tuple[str, str, str], kinds: str) -> tuple[str, ...]:
    """The three sentences in which a voice, its beginning, middle and end, tells of keywords of these `kinds`."""
    first, second = HAPPENINGS[kinds]
    begin, go_on, end = voice
    return (
        begin.replace("{E}", first),
        go_on.replace("{E}", second),
        end.replace("{X}", "{P}" if "P" in kinds else "{a}"),
    )


FRAMES = {voice: {kinds: frame(parts, kinds) for kinds in HAPPENINGS} for voice, parts in VOICES.items()}
