"""Code on the book's pages."""

from plain_code import PlainFormatter
from pygments import highlight
from pygments.lexers import PythonLexer


def test_only_what_has_a_colour_of_its_own_is_marked():
    html = highlight("for row in rows[:3] + more:  # three\n", PythonLexer(), PlainFormatter(nowrap=True))
    assert '<span class="k">for</span>' in html
    assert '<span class="c1"># three</span>' in html
    assert 'row <span class="ow">in</span> rows[:<span class="mi">3</span>] + more:' in html
