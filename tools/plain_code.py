"""A Sphinx extension: in shown code only what has a colour of its own is marked, which halves a page's code."""

from pygments.formatters import HtmlFormatter
from pygments.token import Name, Operator, Punctuation, Text
from sphinx.highlighting import PygmentsBridge

PLAIN = {Name, Operator, Punctuation, Text.Whitespace}  # they have the colour of all code


class PlainFormatter(HtmlFormatter):
    """HTML of highlighted code, without marks around names, brackets and spaces."""

    def format_unencoded(self, tokensource, outfile):
        super().format_unencoded(((Text if kind in PLAIN else kind, text) for kind, text in tokensource), outfile)


def setup(app) -> dict:
    PygmentsBridge.html_formatter = PlainFormatter
    return {"parallel_read_safe": True, "parallel_write_safe": True}
