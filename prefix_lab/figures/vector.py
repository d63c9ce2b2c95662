"""A matplotlib figure as an inline SVG that follows the page's theme, letters as text, and as a PNG for elsewhere."""

import base64
import hashlib
import html
import io
import re
from collections import Counter
from importlib.resources import files

from ..extras import extra
from .colours import as_variables, definitions, for_letters

with extra("book"):
    import matplotlib.pyplot as plt
    from matplotlib.gridspec import GridSpec
    from PIL import Image

SIZE, LETTERS = "9.5px", "'DejaVu Sans', 'Bitstream Vera Sans', Verdana, Geneva, sans-serif"  # of nearly all text
COLUMN, PHONE = 7.0, 3.6  # inches: 672 and 346 CSS pixels, a page's column wide and on a phone


def theme() -> str:
    """The style that every figure and live part brings with it, so that it looks the same outside the book."""
    css = files(__package__).joinpath("theme.css").read_text(encoding="utf-8")
    return re.sub(r"\s*\n\s*", "\n", css.replace("COLOURS", definitions()))


def markup(fig, alt: str, caption: str | None, *, narrow=None) -> str:
    """`fig` as HTML: drawn at the column's width, and again for a phone with its panels one under another.

    `narrow` is another figure for the phone, where restacking the panels would not do. `fig` is left restacked.
    """
    uid = "pl" + hashlib.sha256(alt.encode()).hexdigest()[:8]
    wide = svg(fig, COLUMN, uid + "w", "pl-wide")
    if narrow is None and not is_drawing(fig):
        narrow = restack(fig)
    small = svg(narrow, PHONE, uid + "n", "pl-narrow") if narrow is not None else ""
    words = f'<p class="pl-caption">{html.escape(caption)}</p>' if caption else ""
    return (
        f'<style data-live="theme">{theme()}</style>\n'
        f'<div class="pl-figure" role="img" aria-label="{html.escape(alt)}">\n{wide}\n{small}\n{words}</div>'
    )


def svg(fig, width: float, uid: str, name: str) -> str:
    """`fig`, `width` inches wide, as an `<svg>`: text stays text, colours are variables, ids are its own."""
    fig.set_size_inches(min(width, fig.get_figwidth()) if is_drawing(fig) else width, fig.get_figheight())
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": uid}):
        text = _saved(fig, format="svg", transparent=True, metadata={"Date": None, "Creator": None}).decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", text, flags=re.S)
    text = re.sub(r'\b(?:d|x|y|transform)="[^"]*"', lambda numbers: _rounded(numbers.group()), text)
    text = re.sub(r'font: (italic )?([\d.]+px) [^;"]*', _font, text)
    if is_drawing(fig):
        text = re.sub(r' clip-path="[^"]*"|<clipPath.*?</clipPath>', "", text, flags=re.S)  # nothing leaves its sheet
    text = re.sub(rf"(?:font-size: {SIZE}|font-family: [^;\"]*|stroke-line(?:join|cap): \w+)(?:; )?", "", text)
    text = re.sub(r' transform="rotate\(-?0 [^"]*"| style=""|; (?=")', "", text)
    text = re.sub(
        r"<svg[^>]*?(viewBox=\"[^\"]*\")[^>]*>",
        rf'<svg class="{name}" width="{_pixels(fig)}" \1 style="font: {SIZE} {LETTERS}">',
        text,
        count=1,
    )
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
    text = re.sub(r' id="([^"]+)"', lambda i: f' id="{uid}{i[1]}"' if i[1] in used else "", text)
    text = re.sub(r'(href="|url\()#', rf"\1#{uid}", text)
    text = re.sub(r'<path d="[^"]*" style="fill: none"/>|<defs>\s*</defs>', "", _flat(text))
    text = re.sub(r"(?<=data:image/png;base64,)[^\"]+", lambda image: _lighter(image.group()), text)
    text = for_letters(as_variables(text)).replace("xlink:href", "href")
    return re.sub(r"\s*\n\s*", "\n", _looks_once(text, uid)).strip()


def _looks_once(text: str, uid: str) -> str:
    """`text` with each look that several shapes share, such as that of all lines of a grid, written once as a class."""
    shape = re.compile(r'(<(?:path|use|g|rect)\b[^>]*?) style="([^"]{30,})"')
    counts = Counter(look for _, look in shape.findall(text))
    names = {look: f"{uid}{number}" for number, look in enumerate(look for look, n in counts.items() if n > 2)}
    text = shape.sub(lambda m: f'{m[1]} class="{names[m[2]]}"' if m[2] in names else m[0], text)
    rules = "".join(f".{name}{{{look}}}" for look, name in names.items())
    return text.replace(">", f"><style>{rules}</style>", 1) if rules else text


def restack(fig):
    """`fig` with its panels, which stood beside one another, one under another; returns it."""
    panels = [ax for ax in fig.axes if ax.get_subplotspec() is not None]
    if len(panels) > 1:
        rows = max(ax.get_subplotspec().get_gridspec().nrows for ax in panels)
        grid = GridSpec(len(panels), 1, figure=fig)
        for place, ax in zip(grid, panels, strict=True):
            ax.set_subplotspec(place)
            ax.tick_params(labelleft=True, labelbottom=True)
        fig.set_figheight(fig.get_figheight() * len(panels) / rows)
    return fig


def png(fig) -> bytes:
    """`fig` as PNG bytes on white, with few colours so that it is small."""
    data = _saved(fig, format="png", facecolor="white", metadata={"Software": None})
    return few_colours(data, 96, dither=Image.Dither.NONE)


def few_colours(picture: bytes, colours: int, *, mode: str = "RGB", **how) -> bytes:
    """The PNG `picture` with a palette of so many colours, a fraction of its size; `how` is Pillow's `quantize`."""
    small = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert(mode).quantize(colours, **how).save(small, format="png", optimize=True)
    return small.getvalue()


def _saved(fig, **how) -> bytes:
    file = io.BytesIO()
    with plt.rc_context({"savefig.bbox": None, "figure.constrained_layout.use": not is_drawing(fig)}):
        fig.savefig(file, **how)
    return file.getvalue()


def is_drawing(fig) -> bool:
    """Whether `fig` is a `Drawing`, which keeps its own size and has no panels."""
    return fig.get_gid() == "drawing"


def _lighter(image: str) -> str:
    """A PNG, in base64, with a palette: a map of values keeps its look at half the size."""
    small = few_colours(base64.b64decode(image), 128, mode="RGBA", method=Image.Quantize.FASTOCTREE)
    return min(image, base64.b64encode(small).decode(), key=len)


def _pixels(fig) -> int:
    return round(96 * fig.get_figwidth())


def _rounded(path: str) -> str:
    path = re.sub(r"-?\d+\.\d{2,}", lambda n: f"{float(n.group()):.1f}".removesuffix(".0"), path).replace("\n", "")
    return re.sub(r"(?<=[\d\"MLQCzZ]) ?([MLQCzZ]) ?", r"\1", path).replace(' "', '"')


def _font(found) -> str:
    return ("font-style: italic; " if found[1] else "") + f"font-size: {found[2]}"


def _flat(svg: str) -> str:
    """`svg` without the groups that say nothing."""
    silent = []

    def keep(tag):
        if tag.group() == "</g>":
            return "" if silent.pop() else "</g>"
        silent.append(tag.group() == "<g>")
        return "" if silent[-1] else tag.group()

    return re.sub(r"<g\b[^>]*(?<!/)>|</g>", keep, svg)
