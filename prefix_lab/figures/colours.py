"""What each colour of the book means, on a light page and on a dark one.

A figure is drawn with the light colours; on a page each becomes a CSS variable of the same name, so that it
follows the reader's theme. Greys become shares of the text's colour.
"""

import re

# role -> (on white, on the dark page)
COLOURS = {
    "frozen": ("#12355b", "#86a9e0"),  # the model as it was, which nobody trains
    "trained": ("#9b2d7f", "#de86c8"),  # what a method trains, where it is not a prefix
    "prefix": ("#d9600a", "#ef8e42"),  # the prefix: its keys, its values, its share of the attention
    "text": ("#5ab4e5", "#5cc0e8"),  # the tokens of the text
    "other": ("#f2c14e", "#f2c14e"),  # whatever a figure sets against these
}
FROZEN, TRAINED, PREFIX, TEXT, OTHER = (light for light, dark in COLOURS.values())
# From dark to light, at least ten steps of lightness apart: readable in grey and by colour-blind eyes.
PALETTE = (FROZEN, TRAINED, PREFIX, TEXT, OTHER)

# method -> (colour, marker): the same in every comparison of the book. Methods of a family share a colour; a
# combination has the prefix's colour, and the marker of what it adds.
_ADAPTER, _LORA, _BITFIT = "#5f7f3f", "#1f8a8a", "#8a6d5b"
METHODS = {
    "frozen": (FROZEN, "x"),
    "in context": (TEXT, "P"),
    "prompt": (OTHER, "o"),
    "p-tuning": (OTHER, "p"),
    "prefix": (PREFIX, "s"),
    "p-tuning-v2": (PREFIX, "d"),
    "mam": (PREFIX, ">"),
    "prefix-lora": (PREFIX, "^"),
    "unipelt": (PREFIX, "*"),
    "adapter": (_ADAPTER, "v"),
    "parallel": (_ADAPTER, ">"),
    "lora": (_LORA, "^"),
    "adalora": (_LORA, "<"),
    "bitfit": (_BITFIT, "h"),
    "ia3": (_BITFIT, "X"),
    "full": (TRAINED, "D"),
    "last-layers": (TRAINED, "8"),
    "head": (TRAINED, "P"),
}
_EXTRA = {"adapter": "#9fc47a", "lora": "#4fc4c0", "bitfit": "#c4a592"}  # their colours on the dark page

_INK = {"text": 45, "other": 40, "bitfit": 70, "frozen": 92, "trained": 92}  # percent of the colour left in letters

_VARIABLES = {  # light colour -> (name, light, dark)
    **{light: (role, light, dark) for role, (light, dark) in COLOURS.items()},
    **{METHODS[name][0]: (name, METHODS[name][0], dark) for name, dark in _EXTRA.items()},
}


def as_variables(svg: str) -> str:
    """`svg` with each colour of the book as a CSS variable, black as the text's colour, white as the page's ground.

    Other greys become that share of the text's colour; any other colour stays as it is.
    """
    return re.sub(r"#[0-9a-fA-F]{6}\b", lambda found: _variable(found.group().lower()), svg)


def _variable(colour: str) -> str:
    if colour in _VARIABLES:
        return f"var(--pl-{_VARIABLES[colour][0]})"
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    if not red == green == blue:
        return colour
    if red in (0, 255):
        return "var(--pl-ink)" if red == 0 else "var(--pl-ground)"
    return f"color-mix(in srgb, var(--pl-ink) {round(100 * (255 - red) / 255)}%, var(--pl-ground))"


def for_letters(svg: str) -> str:
    """`svg` whose coloured letters take the darker `-ink` of their colour, which can be read at 13 pixels."""
    return re.sub(
        r"<(?:text|tspan)[^>]*>",
        lambda tag: re.sub(r"fill: var\(--pl-(?!ink|ground)(\w+)\)", r"fill: var(--pl-\1-ink)", tag.group()),
        svg,
    )


def definitions() -> str:
    """The CSS variables of the book's colours for both themes: `--pl-prefix`, and `--pl-prefix-ink` for letters."""
    return "".join(
        f"--pl-{name}:light-dark({light},{dark});"
        f"--pl-{name}-ink:color-mix(in srgb,var(--pl-{name}) {_INK.get(name, 74)}%,var(--pl-ink));"
        for name, light, dark in _VARIABLES.values()
    )
