"""What needs a running kernel: the reader's own text goes to the model of the notebook."""

from collections.abc import Callable

from ..extras import extra

with extra("book"):
    import ipywidgets


def ask(answer: Callable[[str], str], *, label: str, value: str):
    """A field for the reader's text, at first `value`, and a button that shows `answer(text)` under it."""
    field = ipywidgets.Textarea(value, description=label, layout=ipywidgets.Layout(width="100%", max_width="42rem"))
    button, shown = ipywidgets.Button(description="Run"), ipywidgets.Output()

    def run(_):
        shown.clear_output()
        with shown:
            print(answer(field.value))

    button.on_click(run)
    return ipywidgets.VBox([field, button, shown])
