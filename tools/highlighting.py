"""A Sphinx extension: code without a span around each plain name, comma and space, which halves its weight.

These have the colour of the text around them in the styles of `_config.yml`, on a light page and on a dark one.
"""

from pygments.formatters import HtmlFormatter
from pygments.token import Name, Punctuation, Text
from sphinx.highlighting import PygmentsBridge

PLAIN = {Name, Name.Namespace, Punctuation, Text, Text.Whitespace}


class LightFormatter(HtmlFormatter):
    """Pygments' formatter, which leaves plain tokens as they are."""

    def _get_css_classes(self, ttype) -> str:
        return "" if ttype in PLAIN else super()._get_css_classes(ttype)


def setup(app) -> dict:
    PygmentsBridge.html_formatter = LightFormatter
    return {"parallel_read_safe": True, "parallel_write_safe": True}
