"""A slider over ready-made figures. It moves without a kernel, so it works on the book's static pages."""

import base64
import html
from collections.abc import Sequence

from .extras import extra
from .figures import described, png

with extra("book"):
    import ipywidgets


def slider(figures: Sequence, alts: Sequence[str], *, labels: Sequence | None = None, name: str = "step"):
    """A slider that shows one of `figures` at a time, each with its own alt text.

    `labels` are the values that the slider shows, by default 0, 1, 2, ... ; `name` stands before it.
    Raises ValueError when the lengths differ or fewer than two figures are given.
    """
    labels = [str(i) for i in range(len(figures))] if labels is None else [str(label) for label in labels]
    if not len(figures) == len(alts) == len(labels) >= 2:
        raise ValueError(
            f"a slider needs as many alt texts and labels as figures, two or more; "
            f"got {len(figures)} figures, {len(alts)} alt texts, {len(labels)} labels"
        )
    frames = [ipywidgets.HTML(_image(figure, alt)) for figure, alt in zip(figures, alts, strict=True)]
    stack = ipywidgets.Stack(frames, selected_index=0)
    control = ipywidgets.SelectionSlider(
        options=labels, description=name, layout=ipywidgets.Layout(width="100%", max_width="32rem")
    )
    ipywidgets.jslink((control, "index"), (stack, "selected_index"))
    return ipywidgets.VBox([control, stack])


def _image(figure, alt: str) -> str:
    source = "data:image/png;base64," + base64.b64encode(png(figure)).decode()
    return f'<img alt="{html.escape(described(alt))}" src="{source}" style="max-width: 100%">'
