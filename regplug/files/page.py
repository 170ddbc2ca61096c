"""A report as one HTML file that needs nothing else: Sections ─page_of→ text.

Pictures are inside, there is no script, and its policy lets nothing be fetched.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

from regplug.files.extras import needs
from regplug.files.version import VERSION

TEMPLATE = "page_template.html"


class Section(NamedTuple):
    """A part of the page.

    Attributes:
        title: its heading.
        text: a paragraph below it, or "".
        pictures: addresses (`figures.svg_address`) and what they show.
        table: rows of cells, a header first; none: no table.
    """

    title: str
    text: str = ""
    pictures: Sequence[tuple[str, str]] = ()
    table: Sequence[Sequence[str]] = ()


def page_of(title: str, facts: Sequence[str], sections: Sequence[Section]) -> str:
    """Return the page; whatever it is given is escaped.

    Args:
        title: its heading.
        facts: lines below it.
        sections: its parts.

    Raises:
        MissingLibraryError: jinja2 is not installed.
    """
    with needs("motifs"):
        import jinja2
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(files("regplug.files").joinpath(TEMPLATE).read_text("utf-8"))
    return template.render(title=title, facts=facts, sections=sections, version=VERSION)
