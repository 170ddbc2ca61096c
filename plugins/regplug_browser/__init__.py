"""Views over finished tracks: a UCSC hub, an IGV session, a page that needs no network.

`hub.Hub`, `igv.Igv` and `page.Page` are the three track writers. What they share: `panels` (which
files are shown together, and where a browser opens), `assembly` (the genome's name), `bases` (the
reference as text) and `igv_js` (the settings of igv.js).
"""

from regplug.hooks.hookspecs import hookimpl
from regplug.hooks.track_writer import TrackWriter
from regplug_browser.hub import Hub
from regplug_browser.igv import Igv
from regplug_browser.page import Page


@hookimpl
def regplug_track_writers() -> list[TrackWriter]:
    """Return the hub, the session and the page."""
    return [Hub(), Igv(), Page()]
