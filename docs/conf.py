"""The documentation as a site: `make docs` writes it to site/, to be read without a network.

docs/*.md, README.md, docstrings ─sphinx→ site/

The pages of the API are written here, a page per room, in the order that import-linter checks.
"""

import ast
import re
import tomllib
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.ext.autodoc.mock import _MockObject

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SOURCE = PYPROJECT["project"]["urls"]["Source"]
PLUGINS = sorted(path.name for path in (ROOT / "plugins").glob("regplug_*"))

project = "regplug"
author = "regplug developers"
copyright = "2026, the regplug developers; MIT"
version = release = PYPROJECT["project"]["version"]
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["README.md"]
html_theme = "furo"
html_title = f"regplug {version}"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": []}
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline"]
default_role = "literal"
highlight_language = "none"
suppress_warnings = ["toc.empty_glob"]
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False  # types stand in the signature
# What the extras bring: reading docstrings needs none of it.
autodoc_mock_imports = [
    "h5py", "matplotlib", "memelite", "numba", "optuna", "pandas", "pyarrow",
    "pyjaspar", "safetensors", "scipy", "sklearn", "torch", "tritonclient",
]  # fmt: skip


def rooms() -> list[str]:
    """Return the rooms of the house, each above those that it may use; plugins below data."""
    contract = PYPROJECT["tool"]["importlinter"]["contracts"][0]
    names = [name for layer in contract["layers"] for name in layer.split(" | ")]
    below = names.index("data") + 1
    return [f"regplug.{name}" for name in names[:below]] + PLUGINS + [
        f"regplug.{name}" for name in names[below:]
    ]  # fmt: skip


def modules(room: str) -> list[str]:
    """Return a room and its modules, by name."""
    path = _path(room)
    if not path.is_dir():
        return [room]
    files = [file for file in path.rglob("*.py") if "standin" not in file.parts]
    names = {".".join([room, *file.relative_to(path).with_suffix("").parts]) for file in files}
    return sorted(name.removesuffix(".__init__") for name in names)


def _first_line(room: str) -> str:
    """Return the first line of a room's docstring."""
    path = _path(room)
    source = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def _path(room: str) -> Path:
    return ROOT / "plugins" / room if room in PLUGINS else ROOT.joinpath(*room.split("."))


def write_api(folder: Path) -> None:
    """Write a page for each room, and the list of them."""
    folder.mkdir(exist_ok=True)
    for room in rooms():
        lines = ["=" * len(room), room, "=" * len(room), ""]
        for module in modules(room):
            if module != room:
                lines += [module, "-" * len(module), ""]
            lines.append(f".. automodule:: {module}")
            lines += ["   :show-inheritance:", ""] if room == "regplug.errors" else [""]
        _write(folder / f"{room}.rst", lines)
    index = [
        "The rooms of the code, each above those that it may use; what a script needs is on the",
        "page :doc:`/python`." if (DOCS / "python.md").exists() else "code's own pages.",
    ]
    title = "Reference of the code"
    tree = [".. toctree::", "   :hidden:", "", *(f"   {room}" for room in rooms())]
    told = [f"- :doc:`{room}`: {_first_line(room)}" for room in rooms()]
    _write(folder / "index.rst", [title, "=" * len(title), "", *index, "", *told, "", *tree])


def _write(path: Path, lines: list[str]) -> None:
    """Write lines, if the file has others: what is unchanged need not be read again."""
    text = "\n".join(lines) + "\n"
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def link_to_source(_: Sphinx, name: str, source: list[str]) -> None:
    """Point links that leave docs/ to the repository; on GitHub they work as they are."""
    source[0] = re.sub(r"\]\(\.\./", f"]({SOURCE}/blob/main/", source[0])


def read_as_plain_text(
    _: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Keep docstrings, which are plain text, from being read as reStructuredText.

    Signs outside backticks that would mean something are escaped; in a module's docstring a
    paragraph with a drawing or with indented lines stays as it is.
    """
    paragraphs = re.split(r"\n{2,}", "\n".join(lines).strip("\n"))
    if what == "module":
        paragraphs = [
            _drawn(text) if re.search("[─→]|^ ", text, re.M) else _escaped(text)
            for text in paragraphs
        ]
    else:
        paragraphs = [_escaped(text) for text in paragraphs]
    lines[:] = ["", *"\n\n".join(paragraphs).split("\n"), ""]


def _drawn(text: str) -> str:
    return "::\n\n" + "\n".join(f"    {line}" for line in text.split("\n"))


def _escaped(text: str) -> str:
    parts = text.split("`")
    parts[::2] = [re.sub(r"([|*\\]|_(?!\w))", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def setup(app: Sphinx) -> None:
    """Register what is ours."""
    write_api(DOCS / "api")
    _MockObject.__or__ = _MockObject.__ror__ = lambda self, _: self  # `Tensor | None`
    app.connect("autodoc-process-docstring", read_as_plain_text, priority=400)  # before napoleon
    app.connect("source-read", link_to_source)
