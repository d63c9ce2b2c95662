"""How the gallery says what a drawing shows, and what its visitors ask."""

IN_A_ROW = ("along the top", "across the centre", "along the bottom")
IN_A_COLUMN = ("down the left", "down the centre", "down the right")
SPREAD = "here and there"

# By the number of groups; the verb agrees with the first group.
CAPTIONS = {
    1: "nothing but {first}",
    2: "{first} {verb} {rest}",
    3: "{first} {verb} {rest}",
    4: "{first} {verb} a company of {rest}",
    5: "{first} {verb} a whole crowd, {rest}",
}
VERBS = {1: ("", ""), 2: ("faces", "face"), 3: ("leads", "lead"), 4: ("heads", "head"), 5: ("meets", "meet")}
SHARED = {2: ", both {colour}", 3: ", all three {colour}", 4: ", all four {colour}", 5: ", all five {colour}"}

# Every question names the artist, whose name belongs to one split, so that no question stands in two.
QUESTIONS = {
    "colour": (
        "What colour is the {kind} in {artist}'s drawing?",
        "Which colour did {artist} choose for the {kind}?",
        "In {artist}'s drawing, what is the colour of the {kind}?",
        "The {kind} that {artist} drew is what colour?",
    ),
    "colour there": (
        "What colour is the shape {at} of {artist}'s sheet?",
        "{artist} put a shape {at}; what colour is it?",
        "In which colour is the shape {at} of the drawing by {artist}?",
    ),
    "kind": (
        "Which shape did {artist} paint {colour}?",
        "What is {colour} in {artist}'s drawing?",
        "In the drawing by {artist}, which shape is the {colour} one?",
    ),
    "kind there": (
        "What did {artist} draw {at} of the sheet?",
        "Which shape stands {at} of {artist}'s drawing?",
        "In {artist}'s drawing, what is to be seen {at}?",
    ),
    "place": (
        "Where did {artist} put the {colour} {kind}?",
        "Where in {artist}'s drawing is the {colour} {kind}?",
        "The {colour} {kind} by {artist}: where on the sheet is it?",
    ),
    "count": (
        "How many {kind:s} did {artist} draw?",
        "How many {kind:s} are there in {artist}'s drawing?",
        "{artist} drew how many {kind:s}?",
    ),
    "count in colour": (
        "How many shapes in {artist}'s drawing are {colour}?",
        "How many times did {artist} reach for the {colour} chalk?",
    ),
    "count of all": (
        "How many shapes did {artist} draw in all?",
        "Counting everything, how many shapes are on {artist}'s sheet?",
    ),
    "count of size": (
        "How many of {artist}'s shapes are {size}?",
        "How many {size} shapes are there in {artist}'s drawing?",
    ),
    "size": (
        "Is the {kind} in {artist}'s drawing large or small?",
        "Did {artist} make the {kind} large or small?",
    ),
    "height": (
        "In {artist}'s drawing, is the {kind} above or below the {other}?",
        "Did {artist} put the {kind} above or below the {other}?",
    ),
    "side": (
        "In {artist}'s drawing, is the {kind} left or right of the {other}?",
        "Did {artist} put the {kind} left or right of the {other}?",
    ),
    "neighbour": (
        "Which shape comes next to the right of the {kind} in {artist}'s drawing?",
        "Going right from the {kind}, what shape did {artist} draw next?",
    ),
    "under": (
        "Which shape comes next under the {kind} in {artist}'s drawing?",
        "Going down from the {kind}, what shape did {artist} draw next?",
    ),
    "ground": (
        "On what colour of paper did {artist} draw?",
        "What colour is the paper of {artist}'s drawing?",
    ),
    "half": (
        "What colour is the {half} half of {artist}'s paper?",
        "Which colour did {artist} give the {half} half of the ground?",
    ),
    "is there": (
        "Is there {colour:a} {kind} in {artist}'s drawing?",
        "Did {artist} draw {colour:a} {kind}?",
        "Can {colour:a} {kind} be found in the drawing by {artist}?",
    ),
    "is it": (
        "Is the {kind} in {artist}'s drawing {colour}?",
        "Did {artist} paint the {kind} {colour}?",
    ),
    "is it there": (
        "Is there {kind:a} {at} of {artist}'s drawing?",
        "Did {artist} put {kind:a} {at} of the sheet?",
    ),
    "more": (
        "Are there more {kind:s} than {other:s} in {artist}'s drawing?",
        "Did {artist} draw more {kind:s} than {other:s}?",
    ),
    "alike": (
        "Are the {kind} and the {other} in {artist}'s drawing of one colour?",
        "Do the {kind} and the {other} that {artist} drew share a colour?",
    ),
    "plain": (
        "Is the paper of {artist}'s drawing all of one colour?",
        "Does {artist}'s drawing have paper of a single colour?",
    ),
}
