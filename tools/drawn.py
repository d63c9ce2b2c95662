"""A Sphinx extension: the directive `{drawn} NAME` shows the drawing that tools/drawings.py makes under this name.

It is a numbered figure of inline SVG, which follows the page's theme; its content is the caption.
"""

import drawings
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from prefix_lab.figures import described
from prefix_lab.figures.vector import markup


def setup(app) -> dict:
    app.add_directive("drawn", Drawn)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Drawn(SphinxDirective):
    """`name` makes the figure citable, `alt` is for readers who do not see it; both are needed, and a caption."""

    required_arguments = 1
    has_content = True
    option_spec = {"name": directives.unchanged_required, "alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in drawings.DRAWINGS:
            raise self.error(f"no drawing {name!r}; there are {', '.join(drawings.DRAWINGS)}")
        if missing := {"name", "alt"} - set(self.options):
            raise self.error(f"the drawing {name} needs {' and '.join(sorted(missing))}")
        self.assert_has_content()
        try:
            alt = described(self.options["alt"])
        except ValueError as error:
            raise self.error(str(error)) from error
        figure, words = nodes.figure(), nodes.Element()
        figure += nodes.raw("", markup(drawings.DRAWINGS[name]().fig, alt, None), format="html")
        self.state.nested_parse(self.content, self.content_offset, words)
        figure += nodes.caption("", "", *words[0].children)
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure]
